"""Payloads of invocations: their sizes, and what is said when one is not JSON.

The wording is that of the JSON reader AWS uses. [LS:test_lambda_invoke_payload_encoding_error]
"""

from __future__ import annotations

import json
import re

from outfall.services.lambda_.errors import InvalidRequestContentException, RequestEntityTooLargeException

SYNC_SIZE_MAX = 6_291_456
EVENT_SIZE_MAX = 1_048_576
INVOKE_ASYNC_SIZE_MAX = 262_144

_SORRY = "Could not parse request body into json: Could not parse payload into json: "
_TOKEN = re.compile(r"[A-Za-z0-9_$]+")


def require_sync_size(payload: bytes) -> None:
    """Raises for a payload that RequestResponse does not take."""
    if len(payload) > SYNC_SIZE_MAX:
        raise RequestEntityTooLargeException(
            f"Request must be smaller than {SYNC_SIZE_MAX} bytes for the InvokeFunction operation"
        )


def require_event_size(size: int, limit: int = EVENT_SIZE_MAX) -> None:
    """Raises for a payload that Event does not take [async-024]."""
    if size > limit:
        raise RequestEntityTooLargeException(
            f"{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
        )


def require_json(payload: bytes) -> bytes:
    """The payload, `{}` for an empty one; raises when it is not JSON."""
    if not payload:
        return b"{}"
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise _problem(f"Invalid UTF-8 start byte 0x{payload[error.start]:x}", payload, error.start + 1) from error
    try:
        # A number of any length is JSON; Python alone would refuse to make an int of a long one.
        json.loads(text, parse_constant=_refuse_constant, parse_int=float)
    except RecursionError as error:
        raise _problem("Document nesting depth exceeds the maximum allowed", payload, 0) from error
    except ValueError as error:
        position = error.pos if isinstance(error, json.JSONDecodeError) else 0
        raise _problem(_said(text, position), payload, len(text[:position].encode())) from error
    return payload


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _said(text: str, position: int) -> str:
    expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    rest = text[position:]
    token = _TOKEN.match(rest)
    if not rest:
        return "Unexpected end-of-input: expected close marker"
    if token:
        return f"Unrecognized token '{token[0]}': was expecting {expected}"
    shown = f"'{rest[0]}' (code {ord(rest[0])})" if rest[0].isprintable() else f"(CTRL-CHAR, code {ord(rest[0])})"
    return f"Unexpected character ({shown}): expected a valid value {expected}"


def _problem(said: str, payload: bytes, offset: int) -> InvalidRequestContentException:
    before = payload[:offset]
    line, column = before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1
    where = (
        "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); "
        f"line: {line}, column: {column}]"
    )
    return InvalidRequestContentException(_SORRY + said + where)
