"""Finding a bucket, and what callers must be allowed: ARNs of buckets and objects, the bucket's policy and owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.ports import Tx
from outfall.core.service import Call, Request
from outfall.services.s3.errors import AccessDenied, NoSuchBucket
from outfall.services.s3.model import BUCKETS, Bucket


def require(call: Call, request: Request) -> Bucket:
    """The bucket that a request names. Errors: NoSuchBucket; AccessDenied if it is not `ExpectedBucketOwner`'s."""
    bucket = find(call.tx, request["Bucket"])
    expected = request.get("ExpectedBucketOwner")
    if expected and expected != bucket.account:
        raise AccessDenied
    return bucket


def find(tx: Tx, name: str) -> Bucket:
    """The bucket of that name, whoever owns it. Errors: NoSuchBucket."""
    bucket = tx.get(BUCKETS, (name,))
    if bucket is None:
        raise NoSuchBucket(BucketName=name)
    return bucket


def bucket_policy(ctx: Context, arn: Arn) -> str | None:
    """The policy of the bucket in the ARN of a bucket or object; None if there is none."""
    bucket = ctx.tx.get(BUCKETS, (arn.resource.split("/", 1)[0],))
    return bucket.policy or None if bucket else None


def owner_account(tx: Tx, bucket: str) -> str | None:
    """The account that owns a bucket; None if there is no such bucket."""
    found = tx.get(BUCKETS, (bucket,))
    return found.account if found else None


def bucket_arn(call: Call, request: Request) -> str:
    """The ARN of the bucket that a request names."""
    _must_exist_for_strangers(call, request)
    return f"arn:aws:s3:::{request['Bucket']}"


def object_arn(call: Call, request: Request) -> str:
    """The ARN of the object that a request names."""
    _must_exist_for_strangers(call, request)
    return f"arn:aws:s3:::{request['Bucket']}/{request['Key']}"


def _must_exist_for_strangers(call: Call, request: Request) -> None:
    """Who is nobody is told that a bucket is not there before being told that it is closed. Errors: NoSuchBucket."""
    if call.principal.kind == "anonymous" and call.operation != "CreateBucket":
        find(call.tx, request["Bucket"])


def of_version(call: Call, request: Request) -> bool:
    """Whether a request names a version, which other actions guard (`s3:GetObjectVersion`)."""
    return bool(request.get("VersionId"))


def of_current(call: Call, request: Request) -> bool:
    """Whether a request means the current version."""
    return not request.get("VersionId")


def listing_keys(call: Call, request: Request) -> Mapping[str, Any]:
    """Condition keys of listings."""
    keys = {"s3:prefix": request.get("Prefix"), "s3:delimiter": request.get("Delimiter")}
    told: dict[str, Any] = {name: value for name, value in keys.items() if value is not None}
    if request.get("MaxKeys") is not None:
        told["s3:max-keys"] = str(request["MaxKeys"])
    return told
