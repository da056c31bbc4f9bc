"""The invocation record and the dead letter: what arrives at the end of the road, to the byte.

Key order and absence of keys follow the recordings in the destination tests of AWS itself [LS:test_retries,
LS:test_maxeventage, LS:test_reserved_concurrency]; the dead letter follows [LS:test_dead_letter_queue,
SD:dlq_ownership].
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from outfall.core.arn import Arn, function_name
from outfall.core.invocation import LATEST, AsyncEvent, Condition, Response
from outfall.core.parcel import Attribute

DEAD_LETTER_MESSAGE_SIZE_MAX = 1024
"""ErrorMessage keeps that many bytes of UTF-8; a character that is cut becomes U+FFFD. [SDdoc]"""

ZERO_CONCURRENCY_MESSAGE = "Function not invoked. Function isconfigured with zero reserved concurrent executions"
"""The missing space is AWS's."""


SECONDS_MAX = 64


def timestamp(at_ms: int) -> str:
    """`2025-11-24T22:11:08.123Z`: UTC with three digits."""
    return f"{_second(at_ms // 1000)}.{at_ms % 1000:03d}Z"


@lru_cache(maxsize=SECONDS_MAX)
def _second(at_s: int) -> str:
    """Much of what is written down is of the same second."""
    return datetime.fromtimestamp(at_s, UTC).isoformat()[:19]


def qualified(function: str) -> str:
    """The function ARN with what was invoked at its end: `:$LATEST` if nothing was said."""
    return function if function_name(Arn.parse(function))[1] else f"{function}:{LATEST}"


def invocation_record(event: AsyncEvent, condition: Condition, at_ms: int) -> bytes:
    """The record that a destination receives, compact JSON in AWS's key order.

    Payloads keep every number and string as it was written; only space between them goes.
    """
    count = 1 if condition == "Success" else event.attempts
    head = {
        "version": "1.0",
        "timestamp": timestamp(at_ms),
        "requestContext": {
            "requestId": event.id,
            "functionArn": qualified(event.function),
            "condition": condition,
            "approximateInvokeCount": count,
        },
    }
    text = _compact(head)[:-1] + ',"requestPayload":' + _json_text(event.payload)
    if event.last is not None and condition != "ZeroReservedConcurrency":
        text += ',"responseContext":' + _compact(_response_context(event.last))
        if event.last.payload is not None:
            text += ',"responsePayload":' + _json_text(event.last.payload)
    return (text + "}").encode()


def _response_context(last: Response) -> dict[str, object]:
    context: dict[str, object] = {"statusCode": last.status_code}
    if last.executed_version:
        context["executedVersion"] = last.executed_version
    if last.function_error:
        context["functionError"] = last.function_error
    return context


def dead_letter(event: AsyncEvent, condition: Condition) -> tuple[bytes, Mapping[str, Attribute]]:
    """The message of a function's dead-letter queue: the event's own bytes, and AWS's three attributes."""
    attributes = {"RequestID": Attribute("String", event.id)}
    if condition == "ZeroReservedConcurrency":
        attributes["ErrorMessage"] = Attribute("String", ZERO_CONCURRENCY_MESSAGE)
        return event.payload, attributes
    last = event.last or Response(200)
    attributes["ErrorCode"] = Attribute("Number", str(last.status_code))
    message = error_message(event, last)
    if message:
        attributes["ErrorMessage"] = Attribute("String", message)
    return event.payload, attributes


def error_message(event: AsyncEvent, last: Response) -> str:
    """What a dead letter says went wrong, in at most 1 KiB. [dlq.md]"""
    if last.status_code == 404:
        return f"Function not found: {qualified(event.function)}"
    if last.status_code == 400:
        return "Detected recursive invocation."
    if last.status_code == 429:
        return "Rate Exceeded."
    try:
        said = json.loads(last.payload or b"null", parse_int=str)
    except (ValueError, RecursionError):
        return ""
    text = said.get("errorMessage", "") if isinstance(said, dict) else ""
    return str(text or "").encode("utf-8", "replace")[:DEAD_LETTER_MESSAGE_SIZE_MAX].decode("utf-8", "replace")


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _compact(value: object) -> str:
    return _encode(value)


_OUTSIDE_STRINGS = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\n\r]+')
_SPACE = re.compile(rb"[ \t\n\r]").search


def _check_json(payload: bytes) -> None:
    """Raises ValueError if this is no JSON. Python's parser is asked only where the strict one says no: it also takes
    what Python's runtime writes, as NaN."""
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
    except msgspec.DecodeError:
        json.loads(payload, parse_int=str, parse_float=str)


def _json_text(payload: bytes) -> str:
    """A payload as part of a record: compact, every number and string as it was written; no JSON becomes a string."""
    try:
        _check_json(payload)
    except ValueError:
        return _compact(payload.decode("utf-8", "replace"))
    except RecursionError:
        pass  # Nested deeper than this parser goes; a runtime wrote it, so it is JSON.
    if _SPACE(payload):
        payload = _OUTSIDE_STRINGS.sub(lambda found: found[1] or b"", payload)
    return payload.decode("utf-8", "replace")
