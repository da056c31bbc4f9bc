"""Tags of objects that are already there. Tags given with an upload are in `attributes.py`."""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.flow import notify
from outfall.services.s3 import errors, storage
from outfall.services.s3.access import by_version, require
from outfall.services.s3.finding import find_version, hidden_version, version_member
from outfall.services.s3.model import Bucket, Pairs, Version
from outfall.services.s3.tags import OBJECT_TAGS_MAX, checked_tags, tag_set
from outfall.services.s3.writing import told_version


def _found(call: Call, request: Request) -> tuple[Bucket, Version]:
    """Errors: NoSuchKey, NoSuchVersion; MethodNotAllowed for a delete marker."""
    bucket = require(call, request)
    return bucket, find_version(call, bucket, request["Key"], hidden_version(call, bucket, request))


def _retag(call: Call, request: Request, tags: Pairs, how: str) -> Output:
    bucket, version = _found(call, request)
    attributes = replace(version.attributes, tags=tags)
    storage.update(call.tx, bucket.name, request["Key"], replace(version, attributes=attributes))
    _tell(call, bucket, request["Key"], version, f"s3:ObjectTagging:{how}")
    return version_member(bucket, version)


def _tell(call: Call, bucket: Bucket, key: str, version: Version, event: str) -> None:
    change = notify.ObjectChange(event, key, etag=version.etag, version_id=told_version(version.id))
    notify.object_changed(call, bucket.notifying, change)


@operation("PutObjectTagging", action=None, also=by_version("s3:PutObjectTagging", "s3:PutObjectVersionTagging"))
def put_object_tagging(call: Call, request: Request) -> Output:
    """Replaces an object's tags. Errors: NoSuchKey, NoSuchVersion, InvalidTag, BadRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
    """
    tags = checked_tags((request.get("Tagging") or {}).get("TagSet"), count_max=OBJECT_TAGS_MAX)
    return _retag(call, request, tags, "Put")


@operation("GetObjectTagging", action=None, also=by_version("s3:GetObjectTagging", "s3:GetObjectVersionTagging"))
def get_object_tagging(call: Call, request: Request) -> Output:
    """An object's tags, by key. Errors: NoSuchKey, NoSuchVersion."""
    try:
        bucket, version = _found(call, request)
    except errors.NoSuchKey as missing:  # Told with its bucket by this operation alone. [LS:test_object_tagging_exc]
        missing.fields["Key"] = f"{request['Bucket']}/{request['Key']}"
        raise
    return version_member(bucket, version) | {"TagSet": tag_set(tuple(sorted(version.attributes.tags)))}


@operation(
    "DeleteObjectTagging", action=None, also=by_version("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging")
)
def delete_object_tagging(call: Call, request: Request) -> Output:
    """Removes an object's tags. Errors: NoSuchKey, NoSuchVersion."""
    return _retag(call, request, (), "Delete")


OPERATIONS: tuple[Operation, ...] = (
    put_object_tagging,
    get_object_tagging,
    delete_object_tagging,
)
