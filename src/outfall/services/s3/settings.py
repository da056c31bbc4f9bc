"""What is set on a bucket: its policy, tags and versioning. Notifications are in `notifications.py`."""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.effects import Respond
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.model import BUCKETS, Bucket
from outfall.services.s3.policies import check_policy
from outfall.services.s3.publicity import is_public_policy
from outfall.services.s3.tags import checked_tags, tag_set


def _save(call: Call, bucket: Bucket) -> None:
    call.tx.put(BUCKETS, (bucket.name,), bucket)


@operation("PutBucketPolicy", action="s3:PutBucketPolicy", resource=bucket_arn)
def put_bucket_policy(call: Call, request: Request) -> Output:
    """Replaces the bucket's policy. Errors: MalformedPolicy; AccessDenied for one that lets everybody in, where the
    public access block forbids it. The status is 204, whatever the model says. [LS:test_bucket_policy]

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
    """
    bucket = require(call, request)
    policy = request.get("Policy") or ""
    check_policy(policy, bucket)
    if bucket.public is not None and bucket.public.block_policy and is_public_policy(policy):
        raise errors.AccessDenied
    _save(call, replace(bucket, policy=policy))
    return Respond({}, status=204)


def _policy(bucket: Bucket) -> str:
    if not bucket.policy:
        raise errors.NoSuchBucketPolicy(BucketName=bucket.name)
    return bucket.policy


@operation("GetBucketPolicy", action="s3:GetBucketPolicy", resource=bucket_arn)
def get_bucket_policy(call: Call, request: Request) -> Output:
    """The policy, to the byte. Errors: NoSuchBucketPolicy."""
    return {"Policy": _policy(require(call, request))}


@operation("GetBucketPolicyStatus", action="s3:GetBucketPolicyStatus", resource=bucket_arn)
def get_bucket_policy_status(call: Call, request: Request) -> Output:
    """Whether the policy lets everybody in. Errors: NoSuchBucketPolicy.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
    """
    return {"PolicyStatus": {"IsPublic": is_public_policy(_policy(require(call, request)))}}


@operation("DeleteBucketPolicy", action="s3:DeleteBucketPolicy", resource=bucket_arn)
def delete_bucket_policy(call: Call, request: Request) -> Output:
    """Removes the policy, if there is one."""
    _save(call, replace(require(call, request), policy=""))
    return None


@operation("PutBucketTagging", action="s3:PutBucketTagging", resource=bucket_arn)
def put_bucket_tagging(call: Call, request: Request) -> Output:
    """Replaces the bucket's tags. Errors: InvalidTag, BadRequest. The status is 204. [LS:test_bucket_tagging_crud]"""
    bucket = require(call, request)
    _save(call, replace(bucket, tags=checked_tags((request.get("Tagging") or {}).get("TagSet"))))
    return Respond({}, status=204)


@operation("GetBucketTagging", action="s3:GetBucketTagging", resource=bucket_arn)
def get_bucket_tagging(call: Call, request: Request) -> Output:
    """The bucket's tags. Errors: NoSuchTagSet."""
    bucket = require(call, request)
    if not bucket.tags:
        raise errors.NoSuchTagSet(BucketName=bucket.name)
    return {"TagSet": tag_set(bucket.tags)}


@operation("DeleteBucketTagging", action="s3:PutBucketTagging", resource=bucket_arn)
def delete_bucket_tagging(call: Call, request: Request) -> Output:
    """Removes the bucket's tags."""
    _save(call, replace(require(call, request), tags=()))
    return None


@operation("PutBucketVersioning", action="s3:PutBucketVersioning", resource=bucket_arn)
def put_bucket_versioning(call: Call, request: Request) -> Output:
    """Switches versioning on, or suspends it; it is never off again.

    Errors: IllegalVersioningConfigurationException. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
    """
    bucket = require(call, request)
    configuration = request.get("VersioningConfiguration") or {}
    if configuration.get("MFADelete") == "Enabled":
        raise errors.not_served("x-amz-mfa")
    status = configuration.get("Status")
    if not status:
        raise errors.IllegalVersioningConfigurationException
    if status not in ("Enabled", "Suspended"):
        raise errors.MalformedXML
    if status == "Suspended" and bucket.lock is not None:
        raise errors.InvalidBucketState(
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        )
    _save(call, replace(bucket, versioning=status))
    return None


@operation("GetBucketVersioning", action="s3:GetBucketVersioning", resource=bucket_arn)
def get_bucket_versioning(call: Call, request: Request) -> Output:
    """Enabled, Suspended, or nothing where it was never switched on."""
    bucket = require(call, request)
    return {"Status": bucket.versioning} if bucket.versioning else {}


OPERATIONS: tuple[Operation, ...] = (
    put_bucket_policy,
    get_bucket_policy,
    get_bucket_policy_status,
    delete_bucket_policy,
    put_bucket_tagging,
    get_bucket_tagging,
    delete_bucket_tagging,
    put_bucket_versioning,
    get_bucket_versioning,
)
