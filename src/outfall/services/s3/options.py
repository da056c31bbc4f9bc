"""Small settings of buckets: who pays, acceleration, access logs, and replication, of which there is none.

Access logs are configured and not written; acceleration has nothing to accelerate here.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.errors import AwsError
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import acl, documents, errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.model import BUCKETS, Bucket

ACCELERATION, LOGGING = "accelerate", "logging"
PAYERS = ("BucketOwner", "Requester")


class CrossLocationLoggingProhibitted(AwsError):  # SourceBucketLocation, TargetBucketLocation
    """Cross S3 location logging not allowed."""

    status = 403


@operation("PutBucketRequestPayment", action="s3:PutBucketRequestPayment", resource=bucket_arn)
def put_bucket_request_payment(call: Call, request: Request) -> Output:
    """Sets who pays for requests. Where it is the requester, others have to say that they know. Errors:
    MalformedXML."""
    bucket = require(call, request)
    payer = (request.get("RequestPaymentConfiguration") or {}).get("Payer")
    if payer not in PAYERS:
        raise errors.MalformedXML
    call.tx.put(BUCKETS, (bucket.name,), replace(bucket, requester_pays=payer == "Requester"))
    return None


@operation("GetBucketRequestPayment", action="s3:GetBucketRequestPayment", resource=bucket_arn)
def get_bucket_request_payment(call: Call, request: Request) -> Output:
    """Who pays for requests."""
    return {"Payer": PAYERS[require(call, request).requester_pays]}


@operation("PutBucketAccelerateConfiguration", action="s3:PutAccelerateConfiguration", resource=bucket_arn)
def put_bucket_accelerate_configuration(call: Call, request: Request) -> Output:
    """Switches acceleration on, or suspends it. Errors: MalformedXML; InvalidRequest for names with periods."""
    bucket = require(call, request)
    if "." in bucket.name:
        raise errors.InvalidRequest(
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )
    status = (request.get("AccelerateConfiguration") or {}).get("Status")
    if status not in ("Enabled", "Suspended"):
        raise errors.MalformedXML
    before = documents.kept(call.tx, bucket.name, ACCELERATION)
    if before is not None or status == "Enabled":
        documents.keep(call.tx, bucket.name, ACCELERATION, {"Status": status})
    return None


@operation("GetBucketAccelerateConfiguration", action="s3:GetAccelerateConfiguration", resource=bucket_arn)
def get_bucket_accelerate_configuration(call: Call, request: Request) -> Output:
    """Whether acceleration is on; nothing where it never was."""
    return documents.kept(call.tx, require(call, request).name, ACCELERATION) or {}


@operation("PutBucketLogging", action="s3:PutBucketLogging", resource=bucket_arn)
def put_bucket_logging(call: Call, request: Request) -> Output:
    """Says where access logs are to go; an empty status ends them. Errors: InvalidTargetBucketForLogging,
    CrossLocationLoggingProhibitted, InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
    """
    bucket = require(call, request)
    wanted = (request.get("BucketLoggingStatus") or {}).get("LoggingEnabled")
    if not wanted:
        documents.drop(call.tx, bucket.name, LOGGING)
        return None
    _check_target(call, bucket, wanted)
    documents.keep(call.tx, bucket.name, LOGGING, {"LoggingEnabled": wanted})
    return None


def _check_target(call: Call, bucket: Bucket, wanted: dict[str, Any]) -> None:
    name = wanted.get("TargetBucket") or ""
    target = call.tx.get(BUCKETS, (name,))
    if target is None:
        raise errors.InvalidTargetBucketForLogging(TargetBucket=name)
    if target.account != bucket.account:
        raise errors.InvalidTargetBucketForLogging(
            "The owner for the bucket to be logged and the target bucket must be the same.", TargetBucket=name
        )
    if target.region != bucket.region:
        # [LS:test_put_bucket_logging_cross_locations]: a bucket of us-east-1 is not told where it is itself.
        here = bucket.region if bucket.location else None
        said = f"{CrossLocationLoggingProhibitted.__doc__} "
        raise CrossLocationLoggingProhibitted(said, SourceBucketLocation=here, TargetBucketLocation=target.region)
    if wanted.get("TargetGrants") and target.ownership == acl.ENFORCED:
        raise errors.InvalidArgument(
            "Target grants are not supported for buckets with bucket owner enforced", ArgumentName="TargetGrants"
        )


@operation("GetBucketLogging", action="s3:GetBucketLogging", resource=bucket_arn)
def get_bucket_logging(call: Call, request: Request) -> Output:
    """Where access logs are to go; nothing where there are none."""
    return documents.kept(call.tx, require(call, request).name, LOGGING) or {}


@operation("GetBucketReplication", action="s3:GetReplicationConfiguration", resource=bucket_arn)
def get_bucket_replication(call: Call, request: Request) -> Output:
    """No bucket is replicated here: putting a configuration answers 501. Errors:
    ReplicationConfigurationNotFoundError."""
    raise errors.ReplicationConfigurationNotFoundError(BucketName=require(call, request).name)


@operation("DeleteBucketReplication", action="s3:PutReplicationConfiguration", resource=bucket_arn)
def delete_bucket_replication(call: Call, request: Request) -> Output:
    """Removes what is not there, as AWS does."""
    require(call, request)
    return None


OPERATIONS: tuple[Operation, ...] = (
    put_bucket_request_payment,
    get_bucket_request_payment,
    put_bucket_accelerate_configuration,
    get_bucket_accelerate_configuration,
    put_bucket_logging,
    get_bucket_logging,
    get_bucket_replication,
    delete_bucket_replication,
)
