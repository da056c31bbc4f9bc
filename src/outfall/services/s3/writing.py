"""Writing objects: PutObject and CopyObject. Uploads in parts are in `multipart.py`."""

from __future__ import annotations

from hashlib import md5

from msgspec.structs import replace

from outfall.core.body import Body
from outfall.core.effects import DigestBytes
from outfall.core.errors import AwsError
from outfall.core.service import Call, Operation, Output, Permission, Request, operation
from outfall.flow import notify
from outfall.services.s3 import acl, checksums, encryption, errors, lock, storage
from outfall.services.s3.access import charged, find, object_arn, require
from outfall.services.s3.attributes import attributes_of, checksum_members, quoted, storage_class
from outfall.services.s3.conditions import check_copy_source, check_write
from outfall.services.s3.copysource import (
    READ_SOURCE,
    Source,
    copied_version,
    found_source,
    parse_source,
    source_arn,
)
from outfall.services.s3.encryption import check_readable
from outfall.services.s3.expiry import expiration
from outfall.services.s3.finding import find_version, version_member
from outfall.services.s3.model import (
    NULL_VERSION,
    Attributes,
    Bucket,
    Encryption,
    Lock,
    Pairs,
    StoredBody,
    Version,
)

COPY_SIZE_MAX = 5 * 1024**3
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"

WRITE_ALSO = (
    Permission("s3:PutObjectTagging", object_arn, when=lambda call, request: bool(request.get("Tagging"))),
    Permission("s3:PutObjectAcl", object_arn, when=lambda call, request: acl.speaks_of_access(request)),
    Permission("s3:PutObjectRetention", object_arn, when=lambda call, request: bool(request.get("ObjectLockMode"))),
    Permission(
        "s3:PutObjectLegalHold", object_arn, when=lambda call, request: bool(request.get("ObjectLockLegalHoldStatus"))
    ),
)


@operation("PutObject", action="s3:PutObject", resource=object_arn, also=WRITE_ALSO)
def put_object(call: Call, request: Request) -> Output:
    """A new object, or a new version of one; tells who listens. Errors: those of `attributes_of` and `check_write`.

    The host has verified Content-MD5 and checksums. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    return put(call, request, "Put")


def put(call: Call, request: Request, how: str) -> dict[str, object]:
    """Writes an object that came in one piece, by `Put` or `Post`; the output of PutObject."""
    bucket = require(call, request)
    key, body = request["Key"], request.get("Body") or Body(0, (), EMPTY_MD5)
    attributes = attributes_of(call, request, bucket)
    locked = lock.asked(call, request, bucket, upload=how == "Post")
    check_write(request, storage.current(call.tx, bucket.name, key), key)
    etag = encryption.etag_of(call, attributes.encryption, body.md5)
    draft = Version("", 0, call.now, body.size, etag, attributes, body.checksums, lock=locked)
    version = storage.write(call, bucket, key, draft, StoredBody(body.segments))
    created(call, bucket, key, version, how)
    return written(bucket, key, version) | charged(call, bucket)


def written(bucket: Bucket, key: str, version: Version) -> dict[str, object]:
    """What an answer to an upload in one piece tells of what was written."""
    output: dict[str, object] = {"ETag": quoted(version.etag)}
    output |= encryption.told(version.attributes.encryption, written=True)
    output |= expiration(bucket, key, version)
    return output | checksum_members(version.checksums, version.checksum_type) | new_version(version)


def new_version(version: Version) -> dict[str, object]:
    """`VersionId` of what was just uploaded: none for a null version. [LS:test_put_object_on_suspended_bucket]"""
    return {} if version.id == NULL_VERSION else {"VersionId": version.id}


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
    return "" if version_id == NULL_VERSION else version_id


def _copies_tags(call: Call, request: Request) -> bool:
    """Whether a copy takes tags with it from its source."""
    if request.get("TaggingDirective") == "REPLACE":
        return False
    name, key, version_id = parse_source(request["CopySource"])
    try:
        return bool(find_version(call, find(call.tx, name), key, version_id).attributes.tags)
    except AwsError:
        return False


COPY_TAGS = (
    Permission(
        "s3:GetObjectTagging",
        source_arn,
        when=lambda call, request: _copies_tags(call, request) and not parse_source(request["CopySource"])[2],
    ),
    Permission(
        "s3:GetObjectVersionTagging",
        source_arn,
        when=lambda call, request: _copies_tags(call, request) and bool(parse_source(request["CopySource"])[2]),
    ),
    Permission("s3:PutObjectTagging", object_arn, when=_copies_tags),
)


@operation("CopyObject", action="s3:PutObject", resource=object_arn, also=(*READ_SOURCE, *WRITE_ALSO, *COPY_TAGS))
def copy_object(call: Call, request: Request) -> Output:
    """A new object with the bytes of another, which it shares. Errors: those of PutObject and of reading the source;
    InvalidRequest for a copy to itself that changes nothing, and for a source above 5 GiB.

    Where the copy needs a digest that the source has not (it was put together of parts, or the copy is to have another
    checksum), the bytes are read for it. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    bucket, source, attributes, locked = _copy(call, request)
    name = (request.get("ChecksumAlgorithm") or "").upper()
    if name and name not in checksums.DEFAULT_TYPES:
        raise errors.InvalidRequest(checksums.UNKNOWN)
    known = dict(source.version.checksums) if not _composite(source.version) else {}
    wanted = name or next((algorithm for algorithm, _ in source.version.checksums), checksums.UNSAID)
    if not source.version.parts and (wanted in known or not name):
        checked = {wanted: known[wanted]} if wanted in known else {}
        return _copied(call, request, (bucket, source, attributes, locked), source.version.etag, tuple(checked.items()))
    stored = storage.body(call.tx, source.bucket.name, source.key, source.version)

    def resume(again: Call, found: Body | None) -> Output:
        if found is None:
            raise errors.NoSuchKey(Key=source.key)
        return _copied(again, request, _copy(again, request), found.md5, found.checksums)

    return DigestBytes(stored.segments, (wanted,), resume)


def _composite(version: Version) -> bool:
    return version.checksum_type == "COMPOSITE"


Copy = tuple[Bucket, Source, Attributes, Lock | None]
"""Where to, what, and how it is to be there."""


def _copy(call: Call, request: Request) -> Copy:
    bucket = require(call, request)
    if request.get("AnnotationDirective"):
        raise errors.not_served("x-amz-annotation-directive")
    key = request["Key"]
    source = found_source(call, request)
    check_readable(request, source.version, "CopySource")
    check_copy_source(request, source.version, call.now)
    if source.version.size > COPY_SIZE_MAX:
        raise errors.InvalidRequest(
            f"The specified copy source is larger than the maximum allowable size for a copy source: {COPY_SIZE_MAX}"
        )
    attributes = _copied_attributes(call, request, bucket, source.version)
    if (source.bucket.name, source.key) == (bucket.name, key):
        _refuse_pointless(request, bucket, source.version, named_version=source.version_id)
    locked = lock.asked(call, request, bucket, upload=True)
    check_write(request, storage.current(call.tx, bucket.name, key), key)
    return bucket, source, attributes, locked


def _copied(call: Call, request: Request, copy: Copy, etag: str, checked: Pairs) -> Output:
    bucket, source, attributes, locked = copy
    key = request["Key"]
    stored = storage.body(call.tx, source.bucket.name, source.key, source.version)
    kept = source.version.attributes.encryption
    if attributes.encryption is not None or kept is not None:
        etag = encryption.etag_of(call, attributes.encryption, _plain_etag(stored, etag, kept))
    draft = Version("", 0, call.now, source.version.size, etag, attributes, checked, lock=locked)
    version = storage.write(call, bucket, key, draft, StoredBody(stored.segments))
    created(call, bucket, key, version, "Copy")
    result = {"ETag": quoted(version.etag), "LastModified": version.modified_ms // 1000 * 1000}
    output: dict[str, object] = {"CopyObjectResult": result | checksum_members(checked, version.checksum_type)}
    output |= encryption.told(attributes.encryption, written=True) | expiration(bucket, key, version)
    # [LS:test_s3_copy_object_in_place_versioned]: a null version is told where it is written, not where it is read.
    output |= copied_version(source)
    return output | version_member(bucket, version) | charged(call, bucket)


def _plain_etag(stored: StoredBody, etag: str, kept: Encryption | None) -> str:
    """The MD5 of bytes whose ETag was none, where they are at hand; large ones keep a text that is none."""
    if kept is None or any(segment.blob for segment in stored.segments):
        return etag
    return md5(b"".join(one.data for one in stored.segments), usedforsecurity=False).hexdigest()


def _copied_attributes(call: Call, request: Request, bucket: Bucket, source: Version) -> Attributes:
    """The source's attributes, or those of the request, as the two directives say."""
    for name in ("MetadataDirective", "TaggingDirective"):
        if request.get(name) not in (None, "", "COPY", "REPLACE"):
            header = "x-amz-metadata-directive" if name == "MetadataDirective" else "x-amz-tagging-directive"
            raise errors.InvalidArgument(
                f"Unknown {'metadata' if name == 'MetadataDirective' else 'tagging'} directive.",
                ArgumentName=header,
                ArgumentValue=request[name],
            )
    given = attributes_of(call, request, bucket)
    kept = source.attributes
    if request.get("MetadataDirective") != "REPLACE":
        website = tuple(pair for pair in given.headers if pair[0] == "WebsiteRedirectLocation")
        others = tuple(pair for pair in kept.headers if pair[0] != "WebsiteRedirectLocation")
        given = replace(given, content_type=kept.content_type, headers=others + website, metadata=kept.metadata)
    if request.get("TaggingDirective") != "REPLACE":
        given = replace(given, tags=kept.tags)
    return replace(given, storage_class=storage_class(request))


def _refuse_pointless(request: Request, bucket: Bucket, source: Version, *, named_version: str) -> None:
    """A copy of an object onto itself has to change something. [LS:test_copy_in_place]"""
    changes = (
        request.get("MetadataDirective") == "REPLACE",
        bool(request.get("StorageClass")),
        bool(request.get("WebsiteRedirectLocation")),
        bool(request.get("ServerSideEncryption") or request.get("SSECustomerAlgorithm")),
        bool(request.get("ChecksumAlgorithm")),
        source.attributes.encryption != bucket.encryption,
        bool(named_version),
    )
    if not any(changes):
        raise errors.InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )


OPERATIONS: tuple[Operation, ...] = (put_object, copy_object)
