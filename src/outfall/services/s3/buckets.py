"""Buckets: create, head, delete, list, location. What is set on a bucket is in `settings.py` and `notifications.py`."""

from __future__ import annotations

from typing import Any

from outfall.core.effects import Respond
from outfall.core.errors import NotServed
from outfall.core.s3ids import canonical_user_id
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.s3 import acl, errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.acls import OWNERSHIPS
from outfall.services.s3.model import (
    ALL_BLOCKED,
    BUCKETS,
    OBJECTS,
    OWNED,
    SEQUENCES,
    SETTINGS,
    UPLOADS,
    VERSIONS,
    Bucket,
    Grant,
    LockDefault,
    Owned,
)
from outfall.services.s3.names import OLD_NAMES, REGIONS, valid_bucket_name
from outfall.services.s3.storage import abandon_upload
from outfall.services.s3.tags import checked_tags
from outfall.services.s3.tokens import from_token, to_token

HOME_REGION = "us-east-1"
BUCKETS_PER_PAGE_MAX = 10_000
PAGE_OF_S3 = "https://aws.amazon.com/s3/"


def _new_bucket_arn(call: Call, request: Request) -> str:
    """The ARN of a bucket to be; `*` where somebody else has the name, who is not to be asked whether one may."""
    there = call.tx.get(BUCKETS, (request["Bucket"],))
    return "*" if there is not None and there.account != call.account else bucket_arn(call, request)


def _locked(call: Call, request: Request) -> bool:
    return bool(request.get("ObjectLockEnabledForBucket"))


@operation(
    "CreateBucket",
    action="s3:CreateBucket",
    resource=_new_bucket_arn,
    also=(
        Permission("s3:PutBucketAcl", _new_bucket_arn, when=lambda call, request: acl.speaks_of_access(request)),
        Permission("s3:PutBucketObjectLockConfiguration", _new_bucket_arn, when=_locked),
        Permission("s3:PutBucketVersioning", _new_bucket_arn, when=_locked),
        Permission(
            "s3:TagResource",
            _new_bucket_arn,
            when=lambda call, request: bool((request.get("CreateBucketConfiguration") or {}).get("Tags")),
        ),
        Permission(
            "s3:PutBucketOwnershipControls",
            _new_bucket_arn,
            when=lambda call, request: bool(request.get("ObjectOwnership")),
        ),
    ),
)
def create_bucket(call: Call, request: Request) -> Output:
    """A new, empty bucket. Creating one's own bucket again in us-east-1 answers 200 and changes nothing.

    Errors: InvalidBucketName, MalformedXML, InvalidLocationConstraint, IllegalLocationConstraintException,
    BucketAlreadyExists, BucketAlreadyOwnedByYou. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """
    name = request["Bucket"]
    if not valid_bucket_name(name):
        raise errors.InvalidBucketName(BucketName=name)
    configuration = request.get("CreateBucketConfiguration")
    if configuration == {}:
        raise errors.MalformedXML  # [LS:test_get_bucket_location]
    configuration = configuration or {}
    location = configuration.get("LocationConstraint") or ""
    region = _region(call.region, location)
    there = call.tx.get(BUCKETS, (name,))
    if there is not None:
        if there.account != call.account:
            raise errors.BucketAlreadyExists(BucketName=name)
        if not call.region == region == there.region == HOME_REGION:
            raise errors.BucketAlreadyOwnedByYou(BucketName=name)
        return _created(name, region)
    ownership, grants = _ownership(call, request)
    tags = checked_tags(configuration.get("Tags"))
    locked = bool(request.get("ObjectLockEnabledForBucket"))
    bucket = Bucket(
        name,
        call.account,
        region,
        call.now,
        location,
        versioning="Enabled" if locked else "",
        tags=tags,
        ownership=ownership,
        grants=grants,
        public=ALL_BLOCKED,
        lock=LockDefault() if locked else None,
    )
    call.tx.put(BUCKETS, (name,), bucket)
    call.tx.put(OWNED, (call.account, name), Owned(call.now, region))
    return _created(name, region)


def _ownership(call: Call, request: Request) -> tuple[str, tuple[Grant, ...] | None]:
    """ObjectOwnership and ACL of a new bucket. Errors: InvalidArgument, InvalidBucketAclWithObjectOwnership,
    AccessDenied for public ACLs (new buckets block them), 501 for what this server does not have."""
    if request.get("BucketNamespace") not in (None, "", "global"):
        raise errors.not_served("x-amz-bucket-namespace")
    if (request.get("CreateBucketConfiguration") or {}).get("Bucket"):
        raise NotServed("Directory buckets are not served.")
    ownership: str = request.get("ObjectOwnership", OWNERSHIPS[0])
    if ownership not in OWNERSHIPS:
        raise errors.InvalidArgument(
            "Invalid x-amz-object-ownership header: " + ownership, ArgumentName="x-amz-object-ownership"
        )
    grants = acl.grants_in(request, call.account, call.account)
    if grants is not None and ownership == acl.ENFORCED:
        raise errors.InvalidBucketAclWithObjectOwnership
    if acl.is_public(grants):
        raise errors.AccessDenied
    return ownership, grants


def _created(name: str, region: str) -> Output:
    location = f"/{name}" if region == HOME_REGION else f"http://{name}.s3.amazonaws.com/"
    return {"Location": location, "BucketArn": f"arn:aws:s3:::{name}"}


def _region(here: str, location: str) -> str:
    """The region that a LocationConstraint means, sent to the endpoint of region `here`. The endpoint of us-east-1
    creates anywhere, but does not want to be named itself."""
    if not location:
        if here != HOME_REGION:
            raise errors.IllegalLocationConstraintException
        return HOME_REGION
    region = OLD_NAMES.get(location, location)
    if here == HOME_REGION and (region == HOME_REGION or region not in REGIONS):
        raise errors.InvalidLocationConstraint(LocationConstraint=location)
    if here not in (HOME_REGION, region):
        raise errors.IllegalLocationConstraintException(
            f"The {location} location constraint is incompatible for the region specific endpoint this request was "
            "sent to."
        )
    return region


@operation("HeadBucket", action="s3:ListBucket", resource=bucket_arn)
def head_bucket(call: Call, request: Request) -> Output:
    """Whether there is such a bucket, and where."""
    bucket = require(call, request)
    told = {"BucketArn": f"arn:aws:s3:::{bucket.name}", "BucketRegion": bucket.region, "AccessPointAlias": False}
    return Respond(told, headers=(("Content-Type", "application/xml"),))


@operation("DeleteBucket", action="s3:DeleteBucket", resource=bucket_arn)
def delete_bucket(call: Call, request: Request) -> Output:
    """Deletes an empty bucket, with its unfinished uploads. Errors: NoSuchBucket, BucketNotEmpty."""
    bucket = require(call, request)
    inside = (bucket.name,)
    if any(True for _ in call.tx.scan(OBJECTS, inside, limit=1)):
        raise _not_empty(bucket)
    if any(True for _ in call.tx.scan(VERSIONS, inside, limit=1)):
        raise _not_empty(bucket)
    for _, upload in list(call.tx.scan(UPLOADS, inside)):
        abandon_upload(call, bucket.name, upload)
    for key, _ in list(call.tx.scan(SEQUENCES, inside)):
        call.tx.delete(SEQUENCES, key)
    for key, _ in list(call.tx.scan(SETTINGS, inside)):
        call.tx.delete(SETTINGS, key)
    call.tx.delete(BUCKETS, inside)
    call.tx.delete(OWNED, (bucket.account, bucket.name))
    return None


def _not_empty(bucket: Bucket) -> errors.BucketNotEmpty:
    message = str(errors.BucketNotEmpty.__doc__)
    if bucket.versioning:
        message += ". You must delete all versions in the bucket."
    return errors.BucketNotEmpty(message, BucketName=bucket.name)


def _all_of_somebody(call: Call, request: Request) -> str:
    """The resource of ListBuckets. Who is nobody has no buckets, and is sent elsewhere. Errors: TemporaryRedirect."""
    if call.principal.kind != "anonymous":
        return "*"
    elsewhere = errors.TemporaryRedirect()
    elsewhere.headers = (("Location", PAGE_OF_S3),)
    raise elsewhere


@operation("ListBuckets", action="s3:ListAllMyBuckets", resource=_all_of_somebody)
def list_buckets(call: Call, request: Request) -> Output:
    """The buckets of the caller's account, by name; in pages if MaxBuckets is given.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
    """
    paged = request.get("MaxBuckets") is not None
    limit = request["MaxBuckets"] if paged else BUCKETS_PER_PAGE_MAX
    if not 1 <= limit <= BUCKETS_PER_PAGE_MAX:
        raise errors.InvalidArgument(
            "Argument max-buckets must be an integer between 1 and 10000",
            ArgumentName="max-buckets",
            ArgumentValue=str(limit),
        )
    prefix, region = request.get("Prefix") or "", request.get("BucketRegion")
    if region and region not in REGIONS:
        raise errors.InvalidArgument(f"Argument value {region} is not a valid AWS Region", ArgumentName="bucket-region")
    after = from_token(request["ContinuationToken"]) + "\0" if request.get("ContinuationToken") else ""
    found: list[dict[str, Any]] = []
    more = False
    start = (after,) if after else ()
    for (_, name), owned in call.tx.scan(OWNED, (call.account,), start=start, starts_with=prefix):
        if region and owned.region != region:
            continue
        if len(found) == limit:
            more = True
            break
        found.append(_listed(name, owned, detailed=paged or bool(region)))
    output: dict[str, Any] = {"Owner": {"ID": canonical_user_id(call.account)}, "Buckets": found}
    if more:
        output["ContinuationToken"] = to_token(found[-1]["Name"])
    if request.get("Prefix"):
        output["Prefix"] = prefix
    return output


def _listed(name: str, owned: Owned, *, detailed: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"Name": name, "CreationDate": owned.created_ms // 1000 * 1000}
    if detailed:
        told["BucketRegion"] = owned.region
    return told | {"BucketArn": f"arn:aws:s3:::{name}"}


@operation("GetBucketLocation", action="s3:GetBucketLocation", resource=bucket_arn)
def get_bucket_location(call: Call, request: Request) -> Output:
    """The bucket's LocationConstraint; empty for us-east-1."""
    bucket = require(call, request)
    return {"LocationConstraint": bucket.location} if bucket.location else {}


OPERATIONS = (create_bucket, head_bucket, delete_bucket, list_buckets, get_bucket_location)
