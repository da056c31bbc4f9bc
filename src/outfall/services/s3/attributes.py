"""What a writer says of an object: headers, metadata, tags, storage class, ACL, and what may be said.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from outfall.core.service import Call, Request
from outfall.services.s3 import acl, encryption, errors
from outfall.services.s3.model import Attributes, Bucket, Grant, Pairs, Version
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
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
REDIRECTS = ("/", "http://", "https://")
"""What a redirect of a website may begin with."""
UNSERVED = {"WriteOffsetBytes": "x-amz-write-offset-bytes"}
"""Options whose meaning would be lost silently, and the headers that carry them."""


def attributes_of(call: Call, request: Request, bucket: Bucket) -> Attributes:
    """The attributes that a request gives a new object. Errors: KeyTooLongError, MetadataTooLarge,
    InvalidStorageClass, InvalidArgument, AccessControlListNotSupported, InvalidTag, NotImplemented, and those of
    `encryption.asked`."""
    if not UNSERVED.keys().isdisjoint(request):
        for member, header in UNSERVED.items():
            if request.get(member):
                raise errors.not_served(header)
    check_key(request["Key"])
    grants, owner = access_of(call, request, bucket)
    return Attributes(
        content_type=request.get("ContentType") or "binary/octet-stream",
        headers=_headers(request),
        metadata=_metadata(request.get("Metadata") or {}),
        tags=header_tags(request.get("Tagging")),
        storage_class=storage_class(request),
        grants=grants,
        owner=owner,
        encryption=encryption.asked(call, request, bucket),
    )


def access_of(call: Call, request: Request, bucket: Bucket) -> tuple[tuple[Grant, ...] | None, str]:
    """The ACL of a new object, and the account that owns it if that is not the bucket's. Errors: InvalidArgument,
    AccessControlListNotSupported, AccessDenied for what the public access block forbids.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    if bucket.ownership == acl.ENFORCED:
        if acl.speaks_of_access(request):
            acl.refuse_disabled(bucket, request)
        return None, ""
    owner = call.account if call.principal.kind != "anonymous" else bucket.account
    if bucket.ownership == "BucketOwnerPreferred" and request.get("ACL") == "bucket-owner-full-control":
        owner = bucket.account
    grants = acl.checked(bucket, acl.grants_in(request, owner, bucket.account))
    return grants, "" if owner == bucket.account else owner


def check_key(key: str) -> None:
    """Errors: KeyTooLongError."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > KEY_BYTES_MAX:
        raise errors.KeyTooLongError(Size=str(size), MaxSizeAllowed=str(KEY_BYTES_MAX))


def _headers(request: Request) -> Pairs:
    given = {name: request[name] for name in HEADERS if request.get(name)}
    if not str(given.get("WebsiteRedirectLocation", "/")).startswith(REDIRECTS):
        raise errors.InvalidRedirectLocation
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


def storage_class(request: Request, default: str = "STANDARD") -> str:
    """The storage class that a request names. Errors: InvalidStorageClass."""
    named: str = request.get("StorageClass") or default
    if named not in STORAGE_CLASSES:
        raise errors.InvalidStorageClass(StorageClassRequested=named)
    return named


def described(version: Version) -> dict[str, Any]:
    """The members of GetObject's and HeadObject's outputs that tell a version's attributes. Metadata that no header can
    carry is counted. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""
    attributes = version.attributes
    told: dict[str, Any] = dict(attributes.headers)
    told["ContentType"] = attributes.content_type
    told |= encryption.told(attributes.encryption)
    spoken = {name: _speakable(value) for name, value in attributes.metadata if not CONTROL.search(value)}
    told["Metadata"] = spoken
    if len(spoken) < len(attributes.metadata):
        told["MissingMeta"] = len(attributes.metadata) - len(spoken)
    if attributes.storage_class != "STANDARD":
        told["StorageClass"] = attributes.storage_class
    if attributes.tags:
        told["TagCount"] = len(attributes.tags)
    return told


def _speakable(text: str) -> str:
    """Metadata as a header can carry it: what is not ASCII is encoded after RFC 2047. [LS:TestS3PresignedPost]"""
    if text.isascii() and text.isprintable():
        return text
    data = text.encode("utf-8", "surrogatepass")
    if sum(byte > 127 for byte in data) * 2 > len(data):
        return f"=?UTF-8?B?{b64encode(data).decode()}?="
    written = "".join(
        chr(byte) if chr(byte).isalnum() and byte < 128 else "_" if byte == 32 else f"={byte:02X}" for byte in data
    )
    return f"=?UTF-8?Q?{written}?="


def quoted(etag: str) -> str:
    """An ETag as S3 writes it."""
    return f'"{etag}"'


def checksum_members(checksums: Pairs, kind: str = "") -> dict[str, Any]:
    """`ChecksumCRC32` and so on, with `ChecksumType` if `kind` is given and there is a checksum."""
    told = {f"Checksum{algorithm}": value for algorithm, value in checksums}
    return told | {"ChecksumType": kind} if told and kind else told
