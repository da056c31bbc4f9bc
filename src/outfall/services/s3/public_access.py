"""The public access block of a bucket: what is put, what is got, what is removed. New buckets have all of it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.model import BUCKETS, PublicAccess

MEMBERS = {
    "BlockPublicAcls": "block_acls",
    "IgnorePublicAcls": "ignore_acls",
    "BlockPublicPolicy": "block_policy",
    "RestrictPublicBuckets": "restrict",
}


@operation("GetPublicAccessBlock", action="s3:GetBucketPublicAccessBlock", resource=bucket_arn)
def get_public_access_block(call: Call, request: Request) -> Output:
    """The block, switch by switch. Errors: NoSuchPublicAccessBlockConfiguration."""
    bucket = require(call, request)
    if bucket.public is None:
        raise errors.NoSuchPublicAccessBlockConfiguration(BucketName=bucket.name)
    set_to = msgspec.structs.asdict(bucket.public)
    return {"PublicAccessBlockConfiguration": {name: set_to[field] for name, field in MEMBERS.items()}}


@operation("PutPublicAccessBlock", action="s3:PutBucketPublicAccessBlock", resource=bucket_arn)
def put_public_access_block(call: Call, request: Request) -> Output:
    """Replaces the block; a switch that is not named is off. Errors: InvalidRequest if none is named."""
    bucket = require(call, request)
    given = request.get("PublicAccessBlockConfiguration") or {}
    if not any(given.get(name) is not None for name in MEMBERS):
        raise errors.InvalidRequest("Must specify at least one configuration.")
    block = PublicAccess(**{field: bool(given.get(name)) for name, field in MEMBERS.items()})
    call.tx.put(BUCKETS, (bucket.name,), replace(bucket, public=block))
    return None


@operation("DeletePublicAccessBlock", action="s3:PutBucketPublicAccessBlock", resource=bucket_arn)
def delete_public_access_block(call: Call, request: Request) -> Output:
    """Removes the block: policies and ACLs may let everybody in then."""
    call.tx.put(BUCKETS, (request["Bucket"],), replace(require(call, request), public=None))
    return None


OPERATIONS: tuple[Operation, ...] = (get_public_access_block, put_public_access_block, delete_public_access_block)
