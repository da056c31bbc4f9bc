"""Operations on access control lists and on who owns objects: bucket and object ACLs, ownership controls."""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.errors import AwsError
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.flow import notify
from outfall.services.s3 import acl, errors, storage
from outfall.services.s3.access import bucket_arn, by_version, charged, object_arn, require
from outfall.services.s3.finding import find_version, hidden_version
from outfall.services.s3.model import BUCKETS, Bucket, Grant, Version
from outfall.services.s3.writing import told_version

OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
OBJECT_WRITER = "ObjectWriter"
"""What holds where ownership controls were removed."""


@operation("GetBucketAcl", action="s3:GetBucketAcl", resource=bucket_arn)
def get_bucket_acl(call: Call, request: Request) -> Output:
    """The bucket's ACL; its owner's alone where ACLs are off."""
    bucket = require(call, request)
    return acl.told(bucket.account, None if bucket.ownership == acl.ENFORCED else bucket.grants)


@operation("PutBucketAcl", action="s3:PutBucketAcl", resource=bucket_arn)
def put_bucket_acl(call: Call, request: Request) -> Output:
    """Replaces the bucket's ACL. Errors: AccessControlListNotSupported, those of `_wanted`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
    """
    bucket = require(call, request)
    grants = _wanted(request, bucket, bucket.account)
    call.tx.put(BUCKETS, (bucket.name,), replace(bucket, grants=grants))
    return None


def _wanted(request: Request, bucket: Bucket, owner: str) -> tuple[Grant, ...] | None:
    """The ACL that a request asks for, in its body or its headers. Errors: AccessControlListNotSupported,
    UnexpectedContent, MissingSecurityHeader, MalformedACLError, InvalidArgument, AccessDenied."""
    policy = request.get("AccessControlPolicy")
    if policy is not None and acl.speaks_of_access(request):
        raise UnexpectedContent
    if policy is None and not acl.speaks_of_access(request):
        raise MissingSecurityHeader(MissingHeaderName="x-amz-acl")
    if bucket.ownership == acl.ENFORCED:
        acl.refuse_disabled(bucket, request)
        if policy is not None and acl.told(owner, acl.grants_of_document(policy, owner)) != acl.told(owner, None):
            raise errors.AccessControlListNotSupported
        return None
    grants = acl.grants_in(request, owner, bucket.account) if policy is None else acl.grants_of_document(policy, owner)
    return acl.checked(bucket, grants)


class UnexpectedContent(AwsError):
    """This request does not support content"""


class MissingSecurityHeader(AwsError):  # MissingHeaderName
    """Your request was missing a required header"""


def _found(call: Call, request: Request, *, change: bool = False) -> tuple[Bucket, Version, str]:
    """Bucket, version, and the account that owns it; as a `change` finds them or as a read does."""
    bucket = require(call, request)
    named = hidden_version(call, bucket, request) if change else request.get("VersionId")
    version = find_version(call, bucket, request["Key"], named)
    owner = bucket.account if bucket.ownership == acl.ENFORCED else version.attributes.owner or bucket.account
    return bucket, version, owner


@operation("GetObjectAcl", action=None, also=by_version("s3:GetObjectAcl", "s3:GetObjectVersionAcl", object_arn))
def get_object_acl(call: Call, request: Request) -> Output:
    """An object's ACL; the bucket owner's alone where ACLs are off. Errors: NoSuchKey, NoSuchVersion."""
    bucket, version, owner = _found(call, request)
    told = acl.told(owner, None if bucket.ownership == acl.ENFORCED else version.attributes.grants)
    return told | charged(call, bucket)


@operation("PutObjectAcl", action=None, also=by_version("s3:PutObjectAcl", "s3:PutObjectVersionAcl", object_arn))
def put_object_acl(call: Call, request: Request) -> Output:
    """Replaces an object's ACL; tells who listens if that changes it. Errors: those of `_wanted`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
    """
    bucket, version, owner = _found(call, request, change=True)
    grants = _wanted(request, bucket, owner)
    if acl.told(owner, grants) != acl.told(owner, version.attributes.grants):
        changed = replace(version, attributes=replace(version.attributes, grants=grants))
        storage.update(call.tx, bucket.name, request["Key"], changed)
        change = notify.ObjectChange(
            "s3:ObjectAcl:Put", request["Key"], etag=version.etag, version_id=told_version(version.id)
        )
        notify.object_changed(call, bucket.notifying, change)
    return charged(call, bucket)


@operation("GetBucketOwnershipControls", action="s3:GetBucketOwnershipControls", resource=bucket_arn)
def get_bucket_ownership_controls(call: Call, request: Request) -> Output:
    """Who owns objects that others write. Errors: OwnershipControlsNotFoundError."""
    bucket = require(call, request)
    if not bucket.ownership:
        raise errors.OwnershipControlsNotFoundError(BucketName=bucket.name)
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": bucket.ownership}]}}


@operation("PutBucketOwnershipControls", action="s3:PutBucketOwnershipControls", resource=bucket_arn)
def put_bucket_ownership_controls(call: Call, request: Request) -> Output:
    """Sets who owns objects that others write. Errors: MalformedXML; InvalidBucketAclWithObjectOwnership where the
    bucket's ACL lets others in and ACLs would be off."""
    bucket = require(call, request)
    rules = (request.get("OwnershipControls") or {}).get("Rules") or []
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in OWNERSHIPS:
        raise errors.MalformedXML
    wanted = rules[0]["ObjectOwnership"]
    if wanted == acl.ENFORCED and acl.told(bucket.account, bucket.grants) != acl.told(bucket.account, None):
        raise errors.InvalidBucketAclWithObjectOwnership
    call.tx.put(BUCKETS, (bucket.name,), replace(bucket, ownership=wanted))
    return None


@operation("DeleteBucketOwnershipControls", action="s3:PutBucketOwnershipControls", resource=bucket_arn)
def delete_bucket_ownership_controls(call: Call, request: Request) -> Output:
    """Removes the controls: writers own their objects then, and ACLs count."""
    bucket = require(call, request)
    call.tx.put(BUCKETS, (bucket.name,), replace(bucket, ownership=""))
    return None


OPERATIONS: tuple[Operation, ...] = (
    get_bucket_acl,
    put_bucket_acl,
    get_object_acl,
    put_object_acl,
    get_bucket_ownership_controls,
    put_bucket_ownership_controls,
    delete_bucket_ownership_controls,
)
