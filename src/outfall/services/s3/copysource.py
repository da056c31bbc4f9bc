"""The source of a copy: the header `x-amz-copy-source`, what it points to, and what a caller must be allowed there."""

from __future__ import annotations

from urllib.parse import unquote

import msgspec

from outfall.core.service import Call, Permission, Request
from outfall.services.s3 import errors
from outfall.services.s3.access import find
from outfall.services.s3.finding import find_version
from outfall.services.s3.model import NULL_VERSION, Bucket, Version
from outfall.services.s3.reading import ARCHIVES

NO_SOURCE = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
NO_KEY = "Invalid copy source object key"
"""[LS:test_s3_copy_object_wrong_format]"""


class Source(msgspec.Struct, frozen=True):
    """What is copied. `version_id` is empty if the header names none."""

    bucket: Bucket
    key: str
    version_id: str
    version: Version


def parse_source(header: str) -> tuple[str, str, str]:
    """Bucket, key and version id (or empty) in `[/]bucket/key[?versionId=id]`, URL-encoded. Errors: InvalidArgument."""
    path, _, query = header.partition("?versionId=")
    bucket, _, key = unquote(path).removeprefix("/").partition("/")
    if bucket.startswith("arn:") or not bucket or not key:
        raise errors.InvalidArgument(
            NO_KEY if bucket and not bucket.startswith("arn:") else NO_SOURCE,
            ArgumentName="x-amz-copy-source",
            ArgumentValue="x-amz-copy-source",
        )
    return bucket, key, unquote(query)


def source_arn(call: Call, request: Request) -> str:
    """The ARN of the object that a request copies from."""
    bucket, key, call.version_id = parse_source(request["CopySource"])
    return f"arn:aws:s3:::{bucket}/{key}"


def copied_version(source: Source) -> dict[str, object]:
    """`CopySourceVersionId`; none for a null version."""
    return {} if source.version.id == NULL_VERSION else {"CopySourceVersionId": source.version.id}


READ_SOURCE = (
    Permission("s3:GetObject", source_arn, when=lambda call, request: not parse_source(request["CopySource"])[2]),
    Permission(
        "s3:GetObjectVersion", source_arn, when=lambda call, request: bool(parse_source(request["CopySource"])[2])
    ),
)


def found_source(call: Call, request: Request) -> Source:
    """The version that a request copies from. Errors: NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied if its
    bucket is not `ExpectedSourceBucketOwner`'s; InvalidRequest for a delete marker."""
    name, key, version_id = parse_source(request["CopySource"])
    bucket = find(call.tx, name)
    expected = request.get("ExpectedSourceBucketOwner")
    if expected and expected != bucket.account:
        raise errors.AccessDenied
    try:
        version = find_version(call, bucket, key, version_id)
        if version.attributes.storage_class in ARCHIVES and version.restored_until_ms <= call.now:
            raise errors.ObjectNotInActiveTierError
        return Source(bucket, key, version_id, version)
    except errors.MethodNotAllowed:
        raise errors.InvalidRequest(
            "The source of a copy request may not specifically refer to a delete marker by version id."
        ) from None
