"""Finding a bucket, and what callers must be allowed: ARNs of buckets and objects, the bucket's policy and owner.

ACLs take part in authorisation as statements of the bucket's policy, made for the caller who asks: so there is one
point that decides, and where ACLs are off (as on every new bucket) they cost nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.ports import Tx
from outfall.core.s3ids import canonical_user_id
from outfall.core.service import Call, Permission, Request, Resource
from outfall.services.s3 import acl
from outfall.services.s3.errors import AccessDenied, InvalidArgument, InvalidBucketOwnerAWSAccountID, NoSuchBucket
from outfall.services.s3.model import BUCKETS, Bucket, Grant, Version
from outfall.services.s3.publicity import is_public_policy
from outfall.services.s3.storage import current, version

ON_BUCKETS: dict[str, tuple[str, ...]] = {
    "READ": ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"),
    "WRITE": (),
    "READ_ACP": ("s3:GetBucketAcl",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
}
ON_OBJECTS: dict[str, tuple[str, ...]] = {
    "READ": ("s3:GetObject", "s3:GetObjectVersion"),
    "WRITE": (),
    "READ_ACP": ("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "WRITE_ACP": ("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
}
WRITE_IN_BUCKET = ("s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:PutObjectTagging")
"""What WRITE on a bucket lets do to the objects in it. The two last ones belong to the upload that says them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
"""


def require(call: Call, request: Request) -> Bucket:
    """The bucket that a request names. Errors: NoSuchBucket; AccessDenied if it is not `ExpectedBucketOwner`'s, or if
    its requests cost the caller, who has not said that they may; InvalidArgument for an empty version id."""
    bucket = find(call.tx, request["Bucket"])
    expected = request.get("ExpectedBucketOwner")
    if expected:
        check_owner(expected, bucket)
    if request.get("VersionId") == "":
        raise InvalidArgument("Version id cannot be the empty string", ArgumentName="versionId", ArgumentValue="")
    if bucket.requester_pays and call.account != bucket.account:
        _check_payer(call, request)
    return bucket


def _check_payer(call: Call, request: Request) -> None:
    if request.get("RequestPayer") != "requester" or call.principal.kind == "anonymous":
        raise AccessDenied


def charged(call: Call, bucket: Bucket) -> dict[str, str]:
    """The member that tells who asks that the request is charged to them; `require` has seen that they want it."""
    return {"RequestCharged": "requester"} if bucket.requester_pays and call.account != bucket.account else {}


def check_owner(expected: str, bucket: Bucket) -> None:
    """Errors: InvalidBucketOwnerAWSAccountID for what is no account, AccessDenied for another one."""
    if not (len(expected) == 12 and expected.isascii() and expected.isdecimal()):
        raise InvalidBucketOwnerAWSAccountID
    if expected != bucket.account:
        raise AccessDenied


def find(tx: Tx, name: str) -> Bucket:
    """The bucket of that name, whoever owns it. Errors: NoSuchBucket."""
    bucket = tx.get(BUCKETS, (name,))
    if bucket is None:
        raise NoSuchBucket(BucketName=name)
    return bucket


def bucket_policy(ctx: Context, arn: Arn) -> str | None:
    """What the bucket in the ARN of a bucket or object allows and denies: its policy, and for a caller who may be a
    stranger its ACL and the object's; None if there is none of it."""
    name, _, key = arn.resource.partition("/")
    bucket = ctx.tx.get(BUCKETS, (name,))
    if bucket is None:
        return None
    return effective_policy(ctx, bucket, key)


def effective_policy(ctx: Context, bucket: Bucket, key: str) -> str | None:
    """The same, for a bucket that is known."""
    policy = bucket.policy
    if not isinstance(ctx, Call):
        return policy or None
    if policy and bucket.public is not None and bucket.public.restrict and ctx.account != bucket.account:
        policy = "" if is_public_policy(policy) else policy
    if bucket.ownership == acl.ENFORCED or ctx.account == bucket.account:
        return policy or None
    statements = _acl_statements(ctx, bucket, key)
    if not statements:
        return policy or None
    document = json.loads(policy) if policy else {"Version": "2012-10-17", "Statement": []}
    own = document["Statement"]
    document["Statement"] = (own if isinstance(own, list) else [own]) + statements
    return json.dumps(document)


def _acl_statements(call: Call, bucket: Bucket, key: str) -> list[dict[str, Any]]:
    """What the ACLs of bucket and object grant this caller, as statements of a policy."""
    own = f"arn:aws:s3:::{bucket.name}"
    made: list[dict[str, Any]] = []
    for principal, permission in _granted(call, bucket, bucket.grants):
        if ON_BUCKETS[permission]:
            made.append(_allow(principal, ON_BUCKETS[permission], own))
        if permission == "WRITE":
            made.append(_allow(principal, WRITE_IN_BUCKET, f"{own}/*"))
    if key:
        meant = _meant(call, bucket, key)
        # Who may list a bucket may learn that a key is not there.
        granted = _granted(call, bucket, _grants_of(meant) if meant is not None else _readers(bucket))
        named = f"{own}/{key}".replace("*", "?").replace("${", "?{")
        made += [_allow(who, ON_OBJECTS[permission], named) for who, permission in granted if ON_OBJECTS[permission]]
    return made


def _readers(bucket: Bucket) -> tuple[Grant, ...]:
    """The grants that let somebody list a bucket, as grants to read."""
    return tuple(
        Grant(one.grantee, "READ") for one in bucket.grants or () if one.permission in ("READ", "FULL_CONTROL")
    )


def _meant(call: Call, bucket: Bucket, key: str) -> Version | None:
    """The version whose ACL counts: the one that is named, else the current one."""
    if call.version_id:
        return version(call.tx, bucket.name, key, call.version_id)
    return current(call.tx, bucket.name, key)


def _grants_of(meant: Version) -> tuple[Grant, ...] | None:
    attributes = meant.attributes
    if attributes.grants is None and attributes.owner:
        return (Grant(canonical_user_id(attributes.owner), "FULL_CONTROL"),)
    return attributes.grants


def check_foreign(call: Call, bucket: Bucket, meant: Version) -> None:
    """Whether a caller may read an object that another account than the bucket's owns: only the object's own ACL lets
    anybody do so, and neither the bucket's owner nor its policy. Errors: AccessDenied.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    owner = meant.attributes.owner
    if not owner or bucket.ownership == acl.ENFORCED or owner == call.account:
        return
    wanted = FOREIGN.get(call.operation)
    if wanted and wanted not in (permission for _, permission in _granted(call, bucket, _grants_of(meant))):
        raise AccessDenied


FOREIGN = {
    "GetObject": "READ",
    "HeadObject": "READ",
    "GetObjectAttributes": "READ",
    "CopyObject": "READ",
    "UploadPartCopy": "READ",
    "GetObjectAcl": "READ_ACP",
    "PutObjectAcl": "WRITE_ACP",
}
"""What an operation needs of the ACL of an object that is not the bucket owner's. Tagging, restoring and removing are
the bucket owner's business all the same."""


def _granted(call: Call, bucket: Bucket, grants: tuple[Grant, ...] | None) -> list[tuple[Any, str]]:
    """Principal and permission of each grant that reaches the caller; full control is all four others."""
    ignored = bucket.public is not None and bucket.public.ignore_acls
    known = call.principal.kind != "anonymous"
    me = canonical_user_id(call.account) if known else ""
    found: list[tuple[Any, str]] = []
    for grant in grants or ():
        principal: Any = None
        if grant.grantee == acl.ALL_USERS and not ignored:
            principal = "*"
        elif (grant.grantee == acl.AUTHENTICATED_USERS and known and not ignored) or (known and grant.grantee == me):
            principal = {"AWS": call.account}
        if principal is not None:
            all_of_them = grant.permission == "FULL_CONTROL"
            found += [(principal, one) for one in (ON_BUCKETS if all_of_them else (grant.permission,))]
    return found


def _allow(principal: Any, actions: tuple[str, ...], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": resource}


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
    call.version_id = request.get("VersionId") or ""
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


def by_version(current: str, version: str, resource: Resource = object_arn) -> tuple[Permission, ...]:
    """The one action for requests that mean the current version, the other for those that name one."""
    return (Permission(current, resource, when=of_current), Permission(version, resource, when=of_version))


def listing_keys(call: Call, request: Request) -> Mapping[str, Any]:
    """Condition keys of listings."""
    keys = {"s3:prefix": request.get("Prefix"), "s3:delimiter": request.get("Delimiter")}
    told: dict[str, Any] = {name: value for name, value in keys.items() if value is not None}
    if request.get("MaxKeys") is not None:
        told["s3:max-keys"] = str(request["MaxKeys"])
    return told
