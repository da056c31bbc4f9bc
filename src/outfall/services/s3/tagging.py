"""Tags and ACLs of objects that are already there. Tags given with an upload are in `attributes.py`."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Operation, Output, Permission, Request, operation
from outfall.flow import notify
from outfall.services.s3 import storage
from outfall.services.s3.access import object_arn, of_current, of_version, require
from outfall.services.s3.attributes import canned_acl
from outfall.services.s3.errors import AccessControlListNotSupported, not_served
from outfall.services.s3.model import Bucket, Pairs, Version
from outfall.services.s3.reading import find_version, version_member
from outfall.services.s3.settings import owner_acl
from outfall.services.s3.tags import OBJECT_TAGS_MAX, checked_tags, tag_set
from outfall.services.s3.writing import told_version


def _by_version(current: str, version: str) -> tuple[Permission, ...]:
    return (Permission(current, object_arn, when=of_current), Permission(version, object_arn, when=of_version))


def _found(call: Call, request: Request) -> tuple[Bucket, Version]:
    bucket = require(call, request)
    return bucket, find_version(call, bucket, request["Key"], request.get("VersionId"))


def _retag(call: Call, request: Request, tags: Pairs, how: str) -> Output:
    bucket, version = _found(call, request)
    attributes = replace(version.attributes, tags=tags)
    storage.update(call.tx, bucket.name, request["Key"], replace(version, attributes=attributes))
    _tell(call, bucket, request["Key"], version, f"s3:ObjectTagging:{how}")
    return version_member(bucket, version)


def _tell(call: Call, bucket: Bucket, key: str, version: Version, event: str) -> None:
    change = notify.ObjectChange(event, key, etag=version.etag, version_id=told_version(version.id))
    notify.object_changed(call, bucket.notifying, change)


@operation("PutObjectTagging", action=None, also=_by_version("s3:PutObjectTagging", "s3:PutObjectVersionTagging"))
def put_object_tagging(call: Call, request: Request) -> Output:
    """Replaces an object's tags. Errors: NoSuchKey, NoSuchVersion, InvalidTag, BadRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
    """
    tags = checked_tags((request.get("Tagging") or {}).get("TagSet"), count_max=OBJECT_TAGS_MAX)
    return _retag(call, request, tags, "Put")


@operation("GetObjectTagging", action=None, also=_by_version("s3:GetObjectTagging", "s3:GetObjectVersionTagging"))
def get_object_tagging(call: Call, request: Request) -> Output:
    """An object's tags, by key. Errors: NoSuchKey, NoSuchVersion."""
    bucket, version = _found(call, request)
    return version_member(bucket, version) | {"TagSet": tag_set(tuple(sorted(version.attributes.tags)))}


@operation(
    "DeleteObjectTagging", action=None, also=_by_version("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging")
)
def delete_object_tagging(call: Call, request: Request) -> Output:
    """Removes an object's tags. Errors: NoSuchKey, NoSuchVersion."""
    return _retag(call, request, (), "Delete")


@operation("GetObjectAcl", action=None, also=_by_version("s3:GetObjectAcl", "s3:GetObjectVersionAcl"))
def get_object_acl(call: Call, request: Request) -> Output:
    """An object's ACL: its bucket's owner may do everything. Errors: NoSuchKey, NoSuchVersion."""
    bucket, _ = _found(call, request)
    return owner_acl(bucket.account)


@operation("PutObjectAcl", action=None, also=_by_version("s3:PutObjectAcl", "s3:PutObjectVersionAcl"))
def put_object_acl(call: Call, request: Request) -> Output:
    """Gives an object a canned ACL, where the bucket's ObjectOwnership allows ACLs; tells who listens if it changes.

    Errors: AccessControlListNotSupported; 501 for grants and policies in full.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
    """
    bucket, version = _found(call, request)
    if bucket.ownership == "BucketOwnerEnforced":
        raise AccessControlListNotSupported
    grants: dict[str, Any] = {name: value for name, value in request.items() if name.startswith("Grant") and value}
    if grants or not request.get("ACL"):
        raise not_served("x-amz-grant")
    acl = canned_acl(request, bucket)
    if acl != version.attributes.acl:
        changed = replace(version, attributes=replace(version.attributes, acl=acl))
        storage.update(call.tx, bucket.name, request["Key"], changed)
        _tell(call, bucket, request["Key"], changed, "s3:ObjectAcl:Put")
    return {}


OPERATIONS: tuple[Operation, ...] = (
    put_object_tagging,
    get_object_tagging,
    delete_object_tagging,
    get_object_acl,
    put_object_acl,
)
