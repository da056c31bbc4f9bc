"""Uploads by browsers' forms: which fields there have to be, what the signed policy demands, how it is answered.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html and the recordings
[LS:TestS3PresignedPost].
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from outfall.core.service import Call, Operation, Output, Request
from outfall.services.s3 import errors
from outfall.services.s3.writing import put, put_object

FIELDS_SIZE_MAX = 20 * 1024
V4_FIELDS = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
V2_FIELDS = ("AWSAccessKeyId", "Signature")
UNCOVERED = frozenset({"policy", "x-amz-signature", "signature", "awsaccesskeyid", "file", "content-md5"})
UNCOVERED_BEGINNINGS = ("x-ignore-", "x-amz-checksum-")
EXPIRATION = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z")
MEMBERS = ("expiration", "conditions")
STATUSES = {"200": 200, "201": 201}
REFUSED = "Invalid according to Policy: "
Fields = Mapping[str, str]
"""Fields of a form by their names in lower case."""


class Sizes(msgspec.Struct, frozen=True):
    """How small and how large the file may be."""

    least: int = 0
    most: int | None = None


def missing(name: str) -> errors.InvalidArgument:
    """The error for a form that lacks a field, or has it behind the file."""
    return errors.InvalidArgument(
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.",
        ArgumentName=name,
        ArgumentValue="",
    )


def signed_how(fields: Fields) -> int:
    """Which version of signature a form has: 4, 2, or 0 for none. Errors: InvalidArgument for half of one."""
    for version, names in ((4, V4_FIELDS), (2, V2_FIELDS)):
        lower = [name.lower() for name in names]
        if any(name in fields for name in lower):
            for name in ("Policy", *names) if all(one in fields for one in lower) else names:
                if name.lower() not in fields:
                    raise missing(name)
            return version
    return 0


def check_policy(text: str, fields: Fields, bucket: str, now_ms: int) -> Sizes:
    """Whether the fields are what the policy (base64) demands, and how large the file may be.

    Errors: InvalidPolicyDocument, AccessDenied.
    """
    policy = _policy(text)
    _check_expiration(policy.get("expiration"), now_ms)
    conditions = policy.get("conditions")
    if not isinstance(conditions, list):
        raise _invalid("Policy missing conditions.")
    known = {**fields, "bucket": bucket}
    sizes = Sizes()
    covered = set()
    for condition in conditions:
        operator, name, value = _condition(condition)
        if operator == "content-length-range":
            sizes = _sizes(condition)
            continue
        covered.add(name)
        if not _holds(operator, known.get(name), value, name):
            shown = [operator, f"${name}" if isinstance(condition, dict) else condition[1], value]
            raise errors.AccessDenied(f"{REFUSED}Policy Condition failed: {json.dumps(shown)}")
    extra = [
        name
        for name in known
        if name not in covered and name not in UNCOVERED and not name.startswith(UNCOVERED_BEGINNINGS)
    ]
    if extra:
        raise errors.AccessDenied(f"{REFUSED}Extra input fields: {', '.join(extra)}")
    return sizes


def _policy(text: str) -> dict[str, Any]:
    try:
        found = json.loads(b64decode(text))
    except ValueError:
        raise _invalid("Invalid JSON.") from None
    if not isinstance(found, dict):
        raise _invalid("Invalid JSON.")
    for name in found:
        if name not in MEMBERS:
            raise _invalid(f"Unexpected: '{name.lower()}'")
    return found


def _invalid(what: str) -> errors.InvalidPolicyDocument:
    return errors.InvalidPolicyDocument(f"Invalid Policy: {what}")


def _check_expiration(given: Any, now_ms: int) -> None:
    if given is None:
        raise _invalid("Policy missing expiration.")
    found = EXPIRATION.fullmatch(given) if isinstance(given, str) else None
    try:
        at = datetime.fromisoformat(found.group(1)).replace(tzinfo=UTC) if found else None
    except ValueError:
        at = None
    if at is None:
        raise _invalid(f"Invalid 'expiration' value: '{given}'")
    if at.timestamp() * 1000 <= now_ms:
        raise errors.AccessDenied(f"{REFUSED}Policy expired.")


def _condition(given: Any) -> tuple[str, str, Any]:
    """Operator, field in lower case (without `$`; empty if it has none), and value."""
    if isinstance(given, dict):
        if len(given) != 1:
            raise _invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        ((name, value),) = given.items()
        if not isinstance(value, str):
            raise _invalid("Invalid Simple-Condition: value must be a string.")
        return "eq", name.lower(), value
    if not isinstance(given, list) or len(given) != 3 or not isinstance(given[0], str):
        raise _invalid("Invalid Condition: wrong number of arguments.")
    operator, name, value = given[0].lower(), given[1], given[2]
    if operator not in ("eq", "starts-with", "content-length-range"):
        raise _invalid(f"Invalid Condition: unknown operation '{given[0]}'.")
    return operator, str(name).lower().removeprefix("$") if str(name).startswith("$") else "", value


def _holds(operator: str, given: str | None, value: Any, name: str) -> bool:
    if given is None or not name or not isinstance(value, str):
        return False
    if operator == "eq":
        return given == value
    if name == "content-type" and "," in given:
        return all(one.strip().startswith(value) for one in given.split(","))
    return given.startswith(value)


def _sizes(condition: list[Any]) -> Sizes:
    try:
        least, most = int(condition[1]), int(condition[2])
    except (TypeError, ValueError):
        raise errors.AccessDenied(f"{REFUSED}Policy Condition failed: {json.dumps(condition)}") from None
    if least < 0 or most < least:
        raise _invalid("Invalid content-length-range: the bounds must not be negative, nor the first above the second.")
    return Sizes(least, most)


def check_size(sizes: Sizes, size: int) -> None:
    """Errors: EntityTooLarge, EntityTooSmall."""
    if sizes.most is not None and size > sizes.most:
        raise errors.EntityTooLarge(ProposedSize=str(size), MaxSizeAllowed=str(sizes.most))
    if size < sizes.least:
        raise errors.EntityTooSmall(ProposedSize=str(size), MinSizeAllowed=str(sizes.least))


def key_of(fields: Fields, file_name: str | None) -> str:
    """The key, with the file's own name where the form leaves it to the browser. Errors: InvalidArgument."""
    key = fields.get("key")
    if not key:
        raise missing("key")
    if file_name is None:
        return key
    return key.replace("${filename}", re.split(r"[/\\]", file_name)[-1])


def _post_object(call: Call, request: Request) -> Output:
    return put(call, request, "Post")


POST_OBJECT = Operation("PostObject", _post_object, put_object.permissions)
"""What is done for a form: as PutObject, told of as `ObjectCreated:Post`."""


def redirect_of(fields: Fields, bucket: str, key: str, etag: str) -> str:
    """Where the browser is sent after the upload, or empty."""
    wanted = fields.get("success_action_redirect") or fields.get("redirect") or ""
    parts = urlsplit(wanted)
    if not parts.scheme or not parts.netloc:
        return ""
    told = f"bucket={quote(bucket, safe='')}&key={quote(key, safe='')}&etag={quote(etag, safe='')}"
    return f"{wanted}{'&' if parts.query else '?'}{told}"


def status_of(fields: Fields) -> int:
    """The status that the form asks for, if it may; else 204."""
    return STATUSES.get(fields.get("success_action_status", ""), 204)
