"""What is set on a bucket: its policy, tags and versioning. Notifications are in `notifications.py`."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from outfall.core.effects import Respond
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.model import BUCKETS, Bucket
from outfall.services.s3.publicity import is_public_policy
from outfall.services.s3.tags import checked_tags, tag_set

POLICY_BYTES_MAX = 20 * 1024


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
    _check_policy(policy, bucket)
    if bucket.public is not None and bucket.public.block_policy and is_public_policy(policy):
        raise errors.AccessDenied
    _save(call, replace(bucket, policy=policy))
    return Respond({}, status=204)


def _check_policy(text: str, bucket: Bucket) -> None:
    if len(text.encode("utf-8", "surrogatepass")) > POLICY_BYTES_MAX:
        raise errors.MalformedPolicy("Normalized policy document exceeds the maximum allowed size of 20480 bytes.")
    if not text.startswith("{"):
        raise errors.MalformedPolicy
    try:
        document = json.loads(text)
    except ValueError:
        raise errors.MalformedPolicy("This policy contains invalid Json") from None
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        raise errors.MalformedPolicy("The policy must contain a valid version string")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise errors.MalformedPolicy("Could not parse the policy: Statement is empty!")
    for statement in statements:
        _check_statement(statement, bucket)


def _check_statement(statement: Any, bucket: Bucket) -> None:
    """Errors: MalformedPolicy, in the words of S3's own parser."""
    if not isinstance(statement, dict):
        raise errors.MalformedPolicy("Could not parse the policy: Statement is empty!")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise errors.MalformedPolicy(f"Invalid effect: {statement.get('Effect') or ''}")
    for element in ("Principal", "Action", "Resource"):
        if element not in statement and f"Not{element}" not in statement:
            raise errors.MalformedPolicy(f"Missing required field {element}")
    actions = statement.get("Action", statement.get("NotAction")) or []
    for action in [actions] if isinstance(actions, str) else actions:
        if action != "*" and not str(action).lower().startswith("s3:"):
            raise errors.MalformedPolicy("Policy has invalid action")
    own = f"arn:aws:s3:::{bucket.name}"
    resources = statement.get("Resource", statement.get("NotResource")) or []
    for resource in [resources] if isinstance(resources, str) else resources:
        if resource not in (own, "*") and not str(resource).startswith((f"{own}/", f"{own}*")):
            raise errors.MalformedPolicy("Policy has invalid resource")


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
    """Replaces the bucket's tags. Errors: InvalidTag, BadRequest."""
    bucket = require(call, request)
    _save(call, replace(bucket, tags=checked_tags((request.get("Tagging") or {}).get("TagSet"))))
    return None


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
