"""Conditional headers and ranges: whether a request goes on, and which bytes it means.

Rules: RFC 9110 (conditional requests, range requests), and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from __future__ import annotations

import re
from typing import Any

from outfall.core.service import Request
from outfall.services.s3 import errors
from outfall.services.s3.model import Upload, Version

ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def names_etag(header: str, etag: str) -> bool:
    """Whether a list of entity tags, quoted or not, or `*`, holds `etag`."""
    named = (one.strip().removeprefix("W/").strip('"') for one in header.split(","))
    return any(one in ("*", etag) for one in named)


def check_write(request: Request, there: Version | None, key: str, upload: Upload | None = None) -> None:
    """If-None-Match and If-Match of a write, against what is there. A completion may not find another version than its
    `upload` began with. Errors: PreconditionFailed, NoSuchKey, ConditionalRequestConflict, 501 for both headers at
    once, for an If-None-Match that is not `*` and an If-Match that is. [LS:TestS3ObjectWritePrecondition]"""
    none, match = request.get("IfNoneMatch"), request.get("IfMatch")
    if not (none or match):
        return
    _check_served(none, match)
    if none and there is not None:
        raise errors.PreconditionFailed(Condition="If-None-Match")
    if match and there is None:
        raise errors.NoSuchKey(Key=key)
    if match and there is not None and not names_etag(match, there.etag):
        raise errors.PreconditionFailed(Condition="If-Match")
    if upload is not None and upload.over != (there.sequence if there is not None else 0):
        raise errors.ConditionalRequestConflict(Condition="If-None-Match" if none else "If-Match", Key=key)


def _check_served(none: str | None, match: str | None) -> None:
    if none and match:
        raise errors.not_served("If-Match,If-None-Match", "Multiple conditional request headers present in the request")
    for name, refused in (
        ("If-None-Match", none and none.strip() != "*"),
        ("If-Match", match and match.strip() == "*"),
    ):
        if refused:
            raise errors.not_served(name, f"We don't accept the provided value of {name} header for this API")


def unmodified(request: Request, version: Version, now: int) -> bool:
    """Judges the conditions of a read: True if the answer is 304. Errors: PreconditionFailed.

    If-Match and If-None-Match outrank the dates beside them; an If-Modified-Since in the future is ignored.
    [LS:test_s3_copy_object_preconditions]
    """
    second = version.modified_ms // 1000
    match, none = request.get("IfMatch"), request.get("IfNoneMatch")
    since, until = request.get("IfModifiedSince"), request.get("IfUnmodifiedSince")
    if match:
        if not names_etag(match, version.etag):
            raise errors.PreconditionFailed(Condition="If-Match")
    elif until is not None and second > until // 1000:
        raise errors.PreconditionFailed(Condition="If-Unmodified-Since")
    if none:
        return names_etag(none, version.etag)
    return since is not None and second <= since // 1000 and since <= now


def check_copy_source(request: Request, source: Version, now: int) -> None:
    """The conditions on the source of a copy. Errors: PreconditionFailed."""
    conditions: dict[str, Any] = {
        name: request.get(f"CopySource{name}")
        for name in ("IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince")
    }
    try:
        same = unmodified(conditions, source, now)
    except errors.PreconditionFailed as failed:
        raise errors.PreconditionFailed(Condition=f"x-amz-copy-source-{failed.fields['Condition']}") from None
    if same:
        which = "If-None-Match" if conditions["IfNoneMatch"] else "If-Modified-Since"
        raise errors.PreconditionFailed(Condition=f"x-amz-copy-source-{which}")


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and length of the bytes that a Range header means; None for all of them.

    A header that is not one range of bytes is ignored, as on AWS. Errors: InvalidRange.
    """
    found = ONE_RANGE.fullmatch(header.strip().replace(" ", "")) if header else None
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        length = min(int(last), size)
        start, end = size - length, size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size or end < start:
        raise errors.InvalidRange(RangeRequested=header, ActualObjectSize=str(size))
    return start, end - start + 1
