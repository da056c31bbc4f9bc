"""Object Lock of versions: what an upload asks for, what the bucket gives by default, and what may not be removed.

The operations are in `locks.py`. Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html and the
recordings [LS:TestS3ObjectLock].
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from outfall.authz import Ask, authorize
from outfall.core.service import Call, Request
from outfall.services.s3 import errors
from outfall.services.s3.access import effective_policy
from outfall.services.s3.model import Bucket, Lock, LockDefault, Version

GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
MODES = (GOVERNANCE, COMPLIANCE)
HOLDS = ("ON", "OFF")
DAY_MS = 86_400_000
PROTECTED = "Access Denied because object protected by object lock."
MEMBERS = ("ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus")
MODE_HEADER, DATE_HEADER, HOLD_HEADER = (
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
)
EVENT_HOLDS = ("ObjectLockEventHold", "ObjectLockEventHoldDurationDays", "ObjectLockEventHoldDurationYears")
SPOKEN = frozenset((*MEMBERS, *EVENT_HOLDS))


def asked(call: Call, request: Request, bucket: Bucket, *, upload: bool = False) -> Lock | None:
    """The lock that a new version gets, by its request or else by its bucket. Errors: InvalidArgument,
    InvalidRequest; 501 for event holds. A request in parts (`upload`) need not bring a checksum itself."""
    if SPOKEN.isdisjoint(request):  # As nearly all uploads.
        given = default_of(bucket.lock, call.now) if bucket.lock is not None else None
        if given is not None and not upload:
            _check_integrity(call)
        return given
    for member in EVENT_HOLDS:
        if request.get(member) is not None:
            raise errors.not_served("x-amz-object-lock-event-hold")
    mode, until_ms, hold = (request.get(member) for member in MEMBERS)
    if bool(mode) != (until_ms is not None):
        lacking = DATE_HEADER if mode else MODE_HEADER
        raise errors.InvalidArgument(
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied", ArgumentName=lacking
        )
    if until_ms is not None and until_ms <= call.now:
        raise errors.InvalidArgument(
            "The retain until date must be in the future!", ArgumentName=DATE_HEADER, ArgumentValue=_iso(until_ms)
        )
    if mode and mode not in MODES:
        raise errors.InvalidArgument("Unknown wormMode directive.", ArgumentName=MODE_HEADER, ArgumentValue=mode)
    if hold and hold not in HOLDS:
        raise errors.InvalidArgument(
            "Legal Hold must be either of 'ON' or 'OFF'", ArgumentName=HOLD_HEADER, ArgumentValue=hold
        )
    if bucket.lock is None:
        raise errors.InvalidRequest("Bucket is missing Object Lock Configuration")
    if not upload:
        _check_integrity(call)
    default = default_of(bucket.lock, call.now) or Lock()
    return Lock(mode, until_ms or 0, hold or "") if mode else replace(default, hold=hold or "")


def _check_integrity(call: Call) -> None:
    named = ("x-amz-checksum-", "x-amz-trailer")
    if "content-md5" not in call.headers and not any(name.startswith(named) for name in call.headers):
        raise errors.InvalidRequest(
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters"
        )


def default_of(default: LockDefault | None, now: int) -> Lock | None:
    """The lock of a version that is written now where this is the bucket's default."""
    if default is None or not default.mode:
        return None
    return Lock(default.mode, now + (default.days + 365 * default.years) * DAY_MS)


def held(version: Version, now: int) -> bool:
    """Whether a version may not be removed by anybody who does not bypass its retention."""
    lock = version.lock
    return lock is not None and (lock.hold == "ON" or (bool(lock.mode) and lock.until_ms > now))


def check_removal(call: Call, bucket: Bucket, key: str, version: Version, *, bypass: bool) -> None:
    """Errors: AccessDenied for a version under a lock, but for who may bypass GOVERNANCE and says so."""
    lock = version.lock
    if lock is None or not held(version, call.now):
        return
    if lock.hold != "ON" and lock.mode == GOVERNANCE and bypass and may_bypass(call, bucket, key):
        return
    raise errors.AccessDenied(PROTECTED)


def may_bypass(call: Call, bucket: Bucket, key: str) -> bool:
    """Whether the caller is allowed s3:BypassGovernanceRetention on the object."""
    ask = Ask(
        call.principal,
        "s3:BypassGovernanceRetention",
        f"arn:aws:s3:::{bucket.name}/{key}",
        {"aws:SourceIp": call.source_ip},
        resource_policy=effective_policy(call, bucket, key),
        resource_account=bucket.account,
    )
    return authorize(call, ask).allowed


def told(version: Version) -> dict[str, Any]:
    """The members of an answer that tell a version's lock."""
    lock = version.lock
    if lock is None:
        return {}
    members: dict[str, Any] = {}
    if lock.mode:
        members = {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": lock.until_ms}
    return members | ({"ObjectLockLegalHoldStatus": lock.hold} if lock.hold else {})


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
