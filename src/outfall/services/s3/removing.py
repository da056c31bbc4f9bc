"""Removing objects: DeleteObject and DeleteObjects."""

from __future__ import annotations

from typing import Any

from outfall.authz import Ask, authorize, denial
from outfall.core.service import Call, Operation, Output, Permission, Request, operation
from outfall.flow import notify
from outfall.services.s3 import errors, lock, storage
from outfall.services.s3.access import charged, effective_policy, object_arn, of_current, of_version, require
from outfall.services.s3.conditions import names_etag
from outfall.services.s3.finding import check_version_id
from outfall.services.s3.model import Bucket, Version
from outfall.services.s3.writing import EMPTY_MD5, told_version

KEYS_PER_REQUEST_MAX = 1000
UNSERVED = {"IfMatchLastModifiedTime": "x-amz-if-match-last-modified-time", "IfMatchSize": "x-amz-if-match-size"}
"""Conditions that S3 has for directory buckets alone."""


@operation(
    "DeleteObject",
    action=None,
    also=(
        Permission("s3:DeleteObject", object_arn, when=of_current),
        Permission("s3:DeleteObjectVersion", object_arn, when=of_version),
    ),
)
def delete_object(call: Call, request: Request) -> Output:
    """Removes an object, hides it under a delete marker where the bucket is versioned, or removes a version for good.

    What is not there is removed as well, with 204. Errors: PreconditionFailed.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
    """
    bucket = require(call, request)
    bypass = _bypass(bucket, request)
    _check_conditions(call, bucket, request)
    removed = _removed(call, bucket, request["Key"], request.get("VersionId") or "", bypass=bypass)
    return removed | charged(call, bucket)


def _bypass(bucket: Bucket, request: Request) -> bool:
    """Whether a request means to bypass GOVERNANCE. Errors: InvalidArgument where there is nothing to bypass."""
    bypass = request.get("BypassGovernanceRetention")
    if bypass is not None and bucket.lock is None:
        raise errors.InvalidArgument(
            "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
            ArgumentName="x-amz-bypass-governance-retention",
        )
    return bool(bypass)


def _check_conditions(call: Call, bucket: Bucket, request: Request) -> None:
    for member, header in UNSERVED.items():
        if request.get(member) is not None:
            raise errors.not_served(header)
    match = request.get("IfMatch")
    there = storage.current(call.tx, bucket.name, request["Key"])
    if not match or (there is None and match.strip() != "*"):
        return
    if there is None or not names_etag(match, there.etag):
        raise errors.PreconditionFailed(Condition="If-Match")


def _removed(call: Call, bucket: Bucket, key: str, version_id: str, *, bypass: bool) -> dict[str, Any]:
    """Removes and tells; the output of DeleteObject. Errors: AccessDenied for a version under a lock."""
    if version_id:
        return _removed_version(call, bucket, key, version_id, bypass=bypass)
    if bucket.versioning:
        marker = storage.mark_deleted(call, bucket, key)
        _tell(call, bucket, key, marker, "DeleteMarkerCreated")
        return {"DeleteMarker": True, "VersionId": marker.id}
    there = storage.current(call.tx, bucket.name, key)
    if there is not None:
        storage.remove(call, bucket, key, there)
    _tell(call, bucket, key, None, "Delete")
    return {}


def _removed_version(call: Call, bucket: Bucket, key: str, version_id: str, *, bypass: bool) -> dict[str, Any]:
    check_version_id(bucket, version_id)
    there = storage.version(call.tx, bucket.name, key, version_id)
    output: dict[str, Any] = {"VersionId": version_id} if bucket.versioning else {}
    if there is None:
        return output
    if bucket.lock is not None:
        lock.check_removal(call, bucket, key, there, bypass=bypass)
    storage.remove(call, bucket, key, there)
    _tell(call, bucket, key, there, "Delete")
    return {"DeleteMarker": True} | output if there.delete_marker else output


def _tell(call: Call, bucket: Bucket, key: str, version: Version | None, how: str) -> None:
    change = notify.ObjectChange(
        f"s3:ObjectRemoved:{how}",
        key,
        etag=EMPTY_MD5 if how == "DeleteMarkerCreated" else "",
        version_id=told_version(version.id) if version else "",
        sequencer=f"{storage.next_sequence(call, bucket.name, key):018X}",
    )
    notify.object_changed(call, bucket.notifying, change)


@operation("DeleteObjects", action=None)
def delete_objects(call: Call, request: Request) -> Output:
    """Removes up to 1,000 keys, each for itself: what may not be removed is an error beside it. Errors: MalformedXML,
    InvalidArgument.

    Permission is asked for each key. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """
    bucket = require(call, request)
    if "content-md5" not in call.headers and not any(name.startswith("x-amz-checksum-") for name in call.headers):
        raise errors.InvalidRequest("Missing required header for this request: Content-MD5")
    wanted = (request.get("Delete") or {}).get("Objects") or []
    if not 1 <= len(wanted) <= KEYS_PER_REQUEST_MAX or not all(one["Key"] for one in wanted):
        raise errors.MalformedXML
    bypass = _bypass(bucket, request)
    deleted: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for one in wanted:
        key, version_id = one["Key"], one.get("VersionId") or ""
        named = {"Key": key} | ({"VersionId": version_id} if version_id else {})
        refusal = _refusal(call, bucket, one)
        if refusal is not None:
            failed.append(named | refusal)
            continue
        try:
            result = _removed(call, bucket, key, version_id, bypass=bypass)
        except errors.AccessDenied as refused:
            failed.append(named | {"Code": refused.code, "Message": refused.message})
            continue
        except errors.InvalidArgument:
            failed.append(named | {"Code": "NoSuchVersion", "Message": str(errors.NoSuchVersion.__doc__)})
            continue
        if result.get("DeleteMarker"):
            named |= {"DeleteMarker": True, "DeleteMarkerVersionId": result["VersionId"]}
        deleted.append(named)
    output: dict[str, Any] = dict(charged(call, bucket))
    if deleted and not request["Delete"].get("Quiet"):
        output["Deleted"] = deleted
    if failed:
        output["Errors"] = failed
    return output


def _refusal(call: Call, bucket: Bucket, one: dict[str, Any]) -> dict[str, str] | None:
    """Why one key of DeleteObjects is not removed: Code and Message; None if nothing stands against it."""
    action = "s3:DeleteObjectVersion" if one.get("VersionId") else "s3:DeleteObject"
    ask = Ask(
        call.principal,
        action,
        f"arn:aws:s3:::{bucket.name}/{one['Key']}",
        {"aws:SourceIp": call.source_ip},
        resource_policy=effective_policy(call, bucket, one["Key"]),
        resource_account=bucket.account,
    )
    decision = authorize(call, ask)
    if not decision.allowed:
        denied = denial(decision, "s3")
        return {"Code": denied.code, "Message": denied.message}
    try:
        _check_conditions(call, bucket, {"Key": one["Key"], "IfMatch": one.get("ETag")})
    except errors.PreconditionFailed as failed:
        return {"Code": failed.code, "Message": failed.message}
    return None


OPERATIONS: tuple[Operation, ...] = (delete_object, delete_objects)
