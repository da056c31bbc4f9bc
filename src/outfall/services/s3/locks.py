"""Operations on Object Lock: a bucket's configuration, a version's retention and legal hold."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.flow import notify
from outfall.services.s3 import errors, lock, storage
from outfall.services.s3.access import bucket_arn, object_arn, require
from outfall.services.s3.finding import find_version
from outfall.services.s3.model import BUCKETS, Bucket, Lock, LockDefault, Version
from outfall.services.s3.writing import told_version

DAYS_MAX = 36_500
YEARS_MAX = 100
NO_LOCK = "Bucket is missing Object Lock Configuration"


@operation("PutObjectLockConfiguration", action="s3:PutBucketObjectLockConfiguration", resource=bucket_arn)
def put_object_lock_configuration(call: Call, request: Request) -> Output:
    """Switches Object Lock on, for good, and sets how new objects are retained. Errors: InvalidBucketState,
    MalformedXML, InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
    """
    bucket = require(call, request)
    configuration = request.get("ObjectLockConfiguration")
    if bucket.versioning != "Enabled":
        raise errors.InvalidBucketState(
            "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        )
    if not configuration or configuration.get("ObjectLockEnabled") != "Enabled":
        raise errors.MalformedXML
    default = LockDefault()
    if "Rule" in configuration:
        default = _default((configuration["Rule"] or {}).get("DefaultRetention"))
    call.tx.put(BUCKETS, (bucket.name,), replace(bucket, lock=default))
    return {}


def _default(retention: dict[str, Any] | None) -> LockDefault:
    if not retention:
        raise errors.MalformedXML
    if retention.get("DefaultEventHold") is not None:
        raise errors.not_served("DefaultEventHold")
    mode, days, years = (retention.get(name) for name in ("Mode", "Days", "Years"))
    if mode not in lock.MODES or (days is None) == (years is None):
        raise errors.MalformedXML
    name, value, most = ("Days", days, DAYS_MAX) if days is not None else ("Years", years, YEARS_MAX)
    assert value is not None
    if value <= 0:
        raise errors.InvalidArgument(
            "Default retention period must be a positive integer value.", ArgumentName=name, ArgumentValue=str(value)
        )
    if value > most:
        raise errors.InvalidArgument("Default retention period too large.", ArgumentName=name, ArgumentValue=str(value))
    return LockDefault(mode, days or 0, years or 0)


@operation("GetObjectLockConfiguration", action="s3:GetBucketObjectLockConfiguration", resource=bucket_arn)
def get_object_lock_configuration(call: Call, request: Request) -> Output:
    """The configuration. Errors: ObjectLockConfigurationNotFoundError."""
    bucket = require(call, request)
    if bucket.lock is None:
        raise errors.ObjectLockConfigurationNotFoundError(BucketName=bucket.name)
    told: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    if bucket.lock.mode:
        retention: dict[str, Any] = {"Mode": bucket.lock.mode}
        retention |= {"Days": bucket.lock.days} if bucket.lock.days else {"Years": bucket.lock.years}
        told["Rule"] = {"DefaultRetention": retention}
    return {"ObjectLockConfiguration": told}


def _found(call: Call, request: Request) -> tuple[Bucket, Version]:
    bucket = require(call, request)
    if bucket.lock is None:
        raise errors.InvalidRequest(NO_LOCK)
    return bucket, find_version(call, bucket, request["Key"], request.get("VersionId"))


@operation("PutObjectRetention", action="s3:PutObjectRetention", resource=object_arn)
def put_object_retention(call: Call, request: Request) -> Output:
    """Retains a version until a date, or longer; ends a retention by GOVERNANCE for who may bypass it.

    Errors: MalformedXML, InvalidArgument, AccessDenied, InvalidRequest.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html
    """
    retention = request.get("Retention")
    if retention is None:
        raise errors.MalformedXML
    bucket, version = _found(call, request)
    if retention.get("EventHold") or retention.get("EventHoldDuration"):
        raise errors.not_served("EventHold")
    mode, until_ms = retention.get("Mode") or "", retention.get("RetainUntilDate")
    if bool(mode) != (until_ms is not None) or (mode and mode not in lock.MODES):
        raise errors.MalformedXML
    if until_ms is not None and until_ms <= call.now:
        raise errors.InvalidArgument("The retain until date must be in the future!", ArgumentName="RetainUntilDate")
    _check_change(call, bucket, request, version, mode, until_ms or 0)
    known = version.lock or Lock()
    _save(call, bucket, request["Key"], replace(version, lock=replace(known, mode=mode, until_ms=until_ms or 0)))
    change = notify.ObjectChange(
        "s3:ObjectRetention:Put", request["Key"], etag=version.etag, version_id=told_version(version.id)
    )
    notify.object_changed(call, bucket.notifying, change)
    return {}


def _check_change(call: Call, bucket: Bucket, request: Request, version: Version, mode: str, until_ms: int) -> None:
    """Errors: AccessDenied for a retention that would be weaker than it is."""
    known = version.lock
    if known is None or not known.mode or known.until_ms <= call.now:
        return
    if mode == known.mode and until_ms >= known.until_ms:
        return
    bypass = bool(request.get("BypassGovernanceRetention"))
    if known.mode == lock.GOVERNANCE and bypass and lock.may_bypass(call, bucket, request["Key"]):
        return
    raise errors.AccessDenied(lock.PROTECTED)


def _save(call: Call, bucket: Bucket, key: str, version: Version) -> None:
    storage.update(call.tx, bucket.name, key, version)


@operation("GetObjectRetention", action="s3:GetObjectRetention", resource=object_arn)
def get_object_retention(call: Call, request: Request) -> Output:
    """A version's retention. Errors: InvalidRequest, NoSuchObjectLockConfiguration."""
    _, version = _found(call, request)
    known = version.lock
    if known is None or not known.mode:
        raise errors.NoSuchObjectLockConfiguration
    return {"Retention": {"Mode": known.mode, "RetainUntilDate": known.until_ms}}


@operation("PutObjectLegalHold", action="s3:PutObjectLegalHold", resource=object_arn)
def put_object_legal_hold(call: Call, request: Request) -> Output:
    """Holds a version, or lets go of it. Errors: MalformedXML, InvalidRequest."""
    held = request.get("LegalHold")
    if held is None:
        raise errors.MalformedXML
    bucket, version = _found(call, request)
    if held.get("Status") not in lock.HOLDS:
        raise errors.MalformedXML
    known = version.lock or Lock()
    _save(call, bucket, request["Key"], replace(version, lock=replace(known, hold=held["Status"])))
    return {}


@operation("GetObjectLegalHold", action="s3:GetObjectLegalHold", resource=object_arn)
def get_object_legal_hold(call: Call, request: Request) -> Output:
    """Whether a version is held. Errors: InvalidRequest, NoSuchObjectLockConfiguration if it never was."""
    _, version = _found(call, request)
    if version.lock is None or not version.lock.hold:
        raise errors.NoSuchObjectLockConfiguration
    return {"LegalHold": {"Status": version.lock.hold}}


OPERATIONS: tuple[Operation, ...] = (
    put_object_lock_configuration,
    get_object_lock_configuration,
    put_object_retention,
    get_object_retention,
    put_object_legal_hold,
    get_object_legal_hold,
)
