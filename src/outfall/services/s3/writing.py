"""Writing objects: PutObject and CopyObject. Uploads in parts are in `multipart.py`."""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.body import Body
from outfall.core.service import Call, Operation, Output, Permission, Request, operation
from outfall.flow import notify
from outfall.services.s3 import errors, storage
from outfall.services.s3.access import object_arn, require
from outfall.services.s3.attributes import (
    SERVER_SIDE_ENCRYPTION,
    attributes_of,
    checksum_members,
    quoted,
    storage_class,
)
from outfall.services.s3.conditions import check_copy_source, check_write
from outfall.services.s3.copysource import READ_SOURCE, found_source
from outfall.services.s3.model import Attributes, Bucket, StoredBody, Version
from outfall.services.s3.reading import version_member

COPY_SIZE_MAX = 5 * 1024**3
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"

WRITE_ALSO = (
    Permission("s3:PutObjectTagging", object_arn, when=lambda call, request: bool(request.get("Tagging"))),
    Permission("s3:PutObjectAcl", object_arn, when=lambda call, request: bool(request.get("ACL"))),
)


@operation("PutObject", action="s3:PutObject", resource=object_arn, also=WRITE_ALSO)
def put_object(call: Call, request: Request) -> Output:
    """A new object, or a new version of one; tells who listens. Errors: those of `attributes_of` and `check_write`.

    The host has verified Content-MD5 and checksums. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    bucket = require(call, request)
    key, body = request["Key"], request.get("Body") or Body(0, (), EMPTY_MD5)
    attributes = attributes_of(request, bucket)
    check_write(request, storage.current(call.tx, bucket.name, key), key)
    draft = Version("", 0, call.now, body.size, body.md5, attributes, body.checksums)
    version = storage.write(call, bucket, key, draft, StoredBody(body.segments))
    created(call, bucket, key, version, "Put")
    output = {"ETag": quoted(version.etag), "ServerSideEncryption": SERVER_SIDE_ENCRYPTION}
    return output | checksum_members(version.checksums, version.checksum_type) | version_member(bucket, version)


def created(call: Call, bucket: Bucket, key: str, version: Version, how: str) -> None:
    """Tells who listens that an object was made: `how` is Put, Copy or CompleteMultipartUpload."""
    change = notify.ObjectChange(
        f"s3:ObjectCreated:{how}",
        key,
        size=version.size,
        etag=version.etag,
        version_id=told_version(version.id),
        sequencer=version.sequencer,
    )
    notify.object_changed(call, bucket.notifying, change)


def told_version(version_id: str) -> str:
    """The version id that an event record tells: none for the null version. [s3-notifications.md 4.2]"""
    return "" if version_id == "null" else version_id


@operation("CopyObject", action="s3:PutObject", resource=object_arn, also=(*READ_SOURCE, *WRITE_ALSO))
def copy_object(call: Call, request: Request) -> Output:
    """A new object with the bytes of another, which it shares. Errors: those of PutObject and of reading the source;
    InvalidRequest for a copy to itself that changes nothing, and for a source above 5 GiB.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    bucket = require(call, request)
    key = request["Key"]
    source = found_source(call, request)
    check_copy_source(request, source.version)
    if source.version.size > COPY_SIZE_MAX:
        raise errors.InvalidRequest(
            f"The specified copy source is larger than the maximum allowable size for a copy source: {COPY_SIZE_MAX}"
        )
    attributes = _copied_attributes(request, bucket, source.version)
    if (source.bucket.name, source.key) == (bucket.name, key) and not request.get("VersionId"):
        _refuse_pointless(request, source.version, named_version=source.version_id)
    check_write(request, storage.current(call.tx, bucket.name, key), key)
    stored = storage.body(call.tx, source.bucket.name, source.key, source.version)
    draft = replace(source.version, modified_ms=call.now, attributes=attributes)
    if source.version.parts:
        draft = replace(draft, parts=0, checksums=(), checksum_type="FULL_OBJECT")
        if source.version.checksum_type == "FULL_OBJECT":
            draft = replace(draft, checksums=source.version.checksums)
    version = storage.write(call, bucket, key, draft, StoredBody(stored.segments))
    created(call, bucket, key, version, "Copy")
    result = {"ETag": quoted(version.etag), "LastModified": version.modified_ms // 1000 * 1000}
    output: dict[str, object] = {
        "CopyObjectResult": result | checksum_members(version.checksums, version.checksum_type),
        "ServerSideEncryption": SERVER_SIDE_ENCRYPTION,
    }
    if source.bucket.versioning:
        output["CopySourceVersionId"] = source.version.id
    return output | version_member(bucket, version)


def _copied_attributes(request: Request, bucket: Bucket, source: Version) -> Attributes:
    """The source's attributes, or those of the request, as the two directives say."""
    for name in ("MetadataDirective", "TaggingDirective"):
        if request.get(name) not in (None, "", "COPY", "REPLACE"):
            header = "x-amz-metadata-directive" if name == "MetadataDirective" else "x-amz-tagging-directive"
            raise errors.InvalidArgument(
                f"Unknown {'metadata' if name == 'MetadataDirective' else 'tagging'} directive.",
                ArgumentName=header,
                ArgumentValue=request[name],
            )
    given = attributes_of(request, bucket)
    kept = source.attributes
    if request.get("MetadataDirective") != "REPLACE":
        website = tuple(pair for pair in given.headers if pair[0] == "WebsiteRedirectLocation")
        others = tuple(pair for pair in kept.headers if pair[0] != "WebsiteRedirectLocation")
        given = replace(given, content_type=kept.content_type, headers=others + website, metadata=kept.metadata)
    if request.get("TaggingDirective") != "REPLACE":
        given = replace(given, tags=kept.tags)
    return replace(given, storage_class=storage_class(request))


def _refuse_pointless(request: Request, source: Version, *, named_version: str) -> None:
    """A copy of an object onto itself has to change something. [LS:test_copy_in_place]"""
    changes = (
        request.get("MetadataDirective") == "REPLACE",
        bool(request.get("StorageClass")),
        bool(request.get("WebsiteRedirectLocation")),
        bool(request.get("ServerSideEncryption")),
        bool(request.get("ChecksumAlgorithm")),
        bool(named_version),
    )
    if not any(changes):
        raise errors.InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )


OPERATIONS: tuple[Operation, ...] = (put_object, copy_object)
