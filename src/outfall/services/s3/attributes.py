"""What a writer says of an object: headers, metadata, tags, storage class, ACL, and what may be said.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

from __future__ import annotations

from typing import Any

from outfall.core.service import Request
from outfall.services.s3 import errors
from outfall.services.s3.model import Attributes, Bucket, Pairs, Version
from outfall.services.s3.tags import header_tags

KEY_BYTES_MAX = 1024
METADATA_BYTES_MAX = 2048
HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "Expires",
    "WebsiteRedirectLocation",
)
STORAGE_CLASS_NAMES = """
    STANDARD REDUCED_REDUNDANCY STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER DEEP_ARCHIVE GLACIER_IR
"""
STORAGE_CLASSES = frozenset(STORAGE_CLASS_NAMES.split())
CANNED_ACL_NAMES = """
    private public-read public-read-write authenticated-read aws-exec-read bucket-owner-read bucket-owner-full-control
"""
CANNED_ACLS = frozenset(CANNED_ACL_NAMES.split())
ACLS_OF_OWNER = frozenset({"private", "bucket-owner-full-control"})
"""Canned ACLs that change nothing where the bucket's owner owns every object."""
SERVER_SIDE_ENCRYPTION = "AES256"
UNSERVED = {
    "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "ObjectLockMode": "x-amz-object-lock-mode",
    "ObjectLockLegalHoldStatus": "x-amz-object-lock-legal-hold",
    "ObjectLockRetainUntilDate": "x-amz-object-lock-retain-until-date",
    "ObjectLockEventHold": "x-amz-object-lock-event-hold",
    "WriteOffsetBytes": "x-amz-write-offset-bytes",
    "GrantFullControl": "x-amz-grant-full-control",
    "GrantRead": "x-amz-grant-read",
    "GrantReadACP": "x-amz-grant-read-acp",
    "GrantWriteACP": "x-amz-grant-write-acp",
}
"""Options whose meaning would be lost silently, and the headers that carry them."""


def attributes_of(request: Request, bucket: Bucket) -> Attributes:
    """The attributes that a request gives a new object. Errors: KeyTooLongError, MetadataTooLarge,
    InvalidStorageClass, InvalidArgument, AccessControlListNotSupported, InvalidTag, NotImplemented."""
    if not UNSERVED.keys().isdisjoint(request):
        for member, header in UNSERVED.items():
            if request.get(member):
                raise errors.not_served(header)
    check_key(request["Key"])
    _check_encryption(request.get("ServerSideEncryption"))
    return Attributes(
        content_type=request.get("ContentType") or "binary/octet-stream",
        headers=_headers(request),
        metadata=_metadata(request.get("Metadata") or {}),
        tags=header_tags(request.get("Tagging")),
        storage_class=storage_class(request),
        acl=canned_acl(request, bucket),
    )


def check_key(key: str) -> None:
    """Errors: KeyTooLongError."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > KEY_BYTES_MAX:
        raise errors.KeyTooLongError(Size=str(size), MaxSizeAllowed=str(KEY_BYTES_MAX))


def _headers(request: Request) -> Pairs:
    given = {name: request[name] for name in HEADERS if request.get(name)}
    encoding = given.pop("ContentEncoding", "")
    # aws-chunked describes the transfer, not the object. [iam.md 5]
    kept = ",".join(part.strip() for part in encoding.split(",") if part.strip() not in ("aws-chunked", ""))
    if kept:
        given["ContentEncoding"] = kept
    return tuple((name, str(given[name])) for name in HEADERS if name in given)


def _metadata(metadata: dict[str, str]) -> Pairs:
    size = sum(len(name.encode()) + len(value.encode("utf-8", "surrogatepass")) for name, value in metadata.items())
    if size > METADATA_BYTES_MAX:
        raise errors.MetadataTooLarge(Size=str(size), MaxSizeAllowed=str(METADATA_BYTES_MAX))
    return tuple((name.lower(), value) for name, value in metadata.items())


def _check_encryption(named: str | None) -> None:
    if named not in (None, "", SERVER_SIDE_ENCRYPTION):
        if named in ("aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup"):
            raise errors.not_served("x-amz-server-side-encryption")
        raise errors.InvalidArgument(
            "The encryption method specified is not supported",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=named,
        )


def storage_class(request: Request, default: str = "STANDARD") -> str:
    """The storage class that a request names. Errors: InvalidStorageClass."""
    named: str = request.get("StorageClass") or default
    if named not in STORAGE_CLASSES:
        raise errors.InvalidStorageClass(StorageClassRequested=named)
    return named


def canned_acl(request: Request, bucket: Bucket) -> str:
    """The canned ACL that a request names. Errors: InvalidArgument, AccessControlListNotSupported.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    named: str = request.get("ACL") or "private"
    if named not in CANNED_ACLS:
        raise errors.InvalidArgument("", ArgumentName="x-amz-acl", ArgumentValue=named)
    if bucket.ownership == "BucketOwnerEnforced" and named not in ACLS_OF_OWNER:
        raise errors.AccessControlListNotSupported
    if named not in ACLS_OF_OWNER:  # New buckets block public ACLs, and others would grant what nobody looks at.
        raise errors.AccessDenied
    return named


def described(version: Version) -> dict[str, Any]:
    """The members of GetObject's and HeadObject's outputs that tell a version's attributes."""
    attributes = version.attributes
    told: dict[str, Any] = dict(attributes.headers)
    told["ContentType"] = attributes.content_type
    told["ServerSideEncryption"] = SERVER_SIDE_ENCRYPTION
    told["Metadata"] = dict(attributes.metadata)
    if attributes.storage_class != "STANDARD":
        told["StorageClass"] = attributes.storage_class
    if attributes.tags:
        told["TagCount"] = len(attributes.tags)
    return told


def quoted(etag: str) -> str:
    """An ETag as S3 writes it."""
    return f'"{etag}"'


def checksum_members(checksums: Pairs, kind: str = "") -> dict[str, Any]:
    """`ChecksumCRC32` and so on, with `ChecksumType` if `kind` is given and there is a checksum."""
    told = {f"Checksum{algorithm}": value for algorithm, value in checksums}
    return told | {"ChecksumType": kind} if told and kind else told
