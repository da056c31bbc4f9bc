"""Named configurations of a bucket for what AWS reports or moves on its own: analytics, inventory, metrics, intelligent
tiering. They are validated, kept and listed; no report is written and nothing is tiered.

One table says what they have in common; the operations are made from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from outfall.core.effects import Respond
from outfall.core.errors import AwsError
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import documents, errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.tokens import from_token, to_token

PAGE = 100


class IdMismatch(AwsError):
    """Document ID does not match the specified configuration ID."""


class InvalidS3DestinationBucket(AwsError):
    """Invalid bucket ARN."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of named configuration: its name in operations and in the model, the name in IAM's actions, and values
    that its members may have (a path of members, and the values; `OPTIONAL` where none is one of them)."""

    name: str
    action: str
    allowed: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()

    @property
    def member(self) -> str:
        """The member of requests and answers that holds one configuration."""
        return f"{self.name}Configuration"


OPTIONAL = ""
INVENTORY_FIELDS = """
    Size LastModifiedDate StorageClass ETag IsMultipartUploaded ReplicationStatus EncryptionStatus
    ObjectLockRetainUntilDate ObjectLockMode ObjectLockLegalHoldStatus IntelligentTieringAccessTier BucketKeyStatus
    ChecksumAlgorithm ObjectAccessControlList ObjectOwner LifecycleExpirationDate
"""
BUCKET_ARN = re.compile(r"arn:[\w-]+:s3:::[^/]+")

KINDS = (
    Kind("Analytics", "AnalyticsConfiguration"),
    Kind(
        "Inventory",
        "InventoryConfiguration",
        (
            (("IncludedObjectVersions",), ("All", "Current")),
            (("Schedule", "Frequency"), ("Daily", "Weekly")),
            (("Destination", "S3BucketDestination", "Format"), ("CSV", "ORC", "Parquet")),
            (("OptionalFields",), (OPTIONAL, *INVENTORY_FIELDS.split())),
        ),
    ),
    Kind("Metrics", "MetricsConfiguration"),
    Kind("IntelligentTiering", "IntelligentTieringConfiguration", ((("Status",), ("Enabled", "Disabled")),)),
)


def _named(call: Call, request: Request, kind: Kind) -> tuple[str, dict[str, Any]]:
    """Bucket and document of the configuration that a request names. Errors: NoSuchConfiguration."""
    bucket = require(call, request)
    found = documents.kept(call.tx, bucket.name, kind.name, request["Id"])
    if found is None:
        raise errors.NoSuchConfiguration
    return bucket.name, found


def _put(kind: Kind) -> Operation:
    @operation(f"PutBucket{kind.name}Configuration", action=f"s3:Put{kind.action}", resource=bucket_arn)
    def put(call: Call, request: Request) -> Output:
        """Puts a configuration of that id. Errors: MalformedXML, IdMismatch, InvalidS3DestinationBucket.
        [LS:test_s3_put_inventory_report_exceptions]"""
        bucket = require(call, request)
        wanted = request.get(kind.member) or {}
        if wanted.get("Id") != request["Id"]:
            raise IdMismatch
        for path, values in kind.allowed:
            found = _at(wanted, path)
            if not all(one in values for one in (found if isinstance(found, list) else [found or OPTIONAL])):
                raise errors.MalformedXML
        target = _at(wanted, ("Destination", "S3BucketDestination", "Bucket"))
        if target is not None and not BUCKET_ARN.fullmatch(target):
            raise InvalidS3DestinationBucket
        documents.keep(call.tx, bucket.name, kind.name, wanted, request["Id"])
        return Respond({}, status=204)

    return put


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _get(kind: Kind) -> Operation:
    @operation(f"GetBucket{kind.name}Configuration", action=f"s3:Get{kind.action}", resource=bucket_arn)
    def get(call: Call, request: Request) -> Output:
        """The configuration of that id. Errors: NoSuchConfiguration."""
        return {kind.member: _named(call, request, kind)[1]}

    return get


def _delete(kind: Kind) -> Operation:
    @operation(f"DeleteBucket{kind.name}Configuration", action=f"s3:Put{kind.action}", resource=bucket_arn)
    def delete(call: Call, request: Request) -> Output:
        """Removes the configuration of that id. Errors: NoSuchConfiguration."""
        bucket, _ = _named(call, request, kind)
        documents.drop(call.tx, bucket, kind.name, request["Id"])
        return None

    return delete


def _list(kind: Kind) -> Operation:
    @operation(f"ListBucket{kind.name}Configurations", action=f"s3:Get{kind.action}", resource=bucket_arn)
    def list_(call: Call, request: Request) -> Output:
        """A page of configurations by id. Errors: InvalidArgument."""
        bucket, token = require(call, request), request.get("ContinuationToken") or ""
        found = documents.page(call.tx, bucket.name, kind.name, from_token(token) if token else "", PAGE + 1)
        output: dict[str, Any] = {"IsTruncated": len(found) > PAGE}
        if token:
            output["ContinuationToken"] = token
        if len(found) > PAGE:
            output["NextContinuationToken"] = to_token(found[PAGE - 1][0])
        listed = [document for _, document in found[:PAGE]]
        return output | ({f"{kind.member}List": listed} if listed else {})

    return list_


MAKERS: tuple[Callable[[Kind], Operation], ...] = (_put, _get, _delete, _list)
OPERATIONS: tuple[Operation, ...] = tuple(make(kind) for kind in KINDS for make in MAKERS)
