"""Reading objects: GetObject, HeadObject, GetObjectAttributes."""

from __future__ import annotations

from typing import Any

from outfall.core.body import Content
from outfall.core.effects import Respond
from outfall.core.service import Call, Operation, Output, Permission, Request, operation
from outfall.services.s3 import errors, lock, storage
from outfall.services.s3.access import bucket_arn, charged, object_arn, of_current, of_version, require
from outfall.services.s3.attributes import checksum_members, described, quoted
from outfall.services.s3.conditions import byte_range, unmodified
from outfall.services.s3.encryption import HEADER as SSE
from outfall.services.s3.encryption import check_readable
from outfall.services.s3.expiry import expiration, http_date
from outfall.services.s3.finding import find_version, version_member
from outfall.services.s3.model import BUCKETS, Bucket, Version

OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}
PART_NUMBER_MAX = 10_000
ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes whose objects are read only when they were restored."""
ATTRIBUTES = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


def _missing(call: Call, request: Request) -> bool:
    """Whether the key is not there: then S3 asks for s3:ListBucket before it says so. [iam.md 3]"""
    bucket = call.tx.get(BUCKETS, (request["Bucket"],))
    if bucket is None or request.get("VersionId"):
        return False
    return storage.current(call.tx, bucket.name, request["Key"]) is None


READ = (
    Permission("s3:GetObject", object_arn, when=of_current),
    Permission("s3:GetObjectVersion", object_arn, when=of_version),
    Permission("s3:ListBucket", bucket_arn, when=_missing),
)


@operation("GetObject", action=None, also=READ)
def get_object(call: Call, request: Request) -> Output:
    """An object's bytes, or a range or part of them. Errors: NoSuchKey, NoSuchVersion, PreconditionFailed,
    InvalidRange, InvalidPartNumber; 304 if it was not modified.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return read(call, request, with_body=True)


@operation("HeadObject", action=None, also=READ)
def head_object(call: Call, request: Request) -> Output:
    """What GetObject would tell, without the bytes."""
    return read(call, request, with_body=False)


def read(call: Call, request: Request, *, with_body: bool) -> Output:
    """The output of GetObject, or without the bytes that of HeadObject; permission has been asked."""
    bucket = require(call, request)
    version = find_version(call, bucket, request["Key"], request.get("VersionId"))
    if SSE in call.headers:
        raise errors.InvalidArgument(
            f"{SSE} header is not supported for this operation.", ArgumentName=SSE, ArgumentValue=call.headers[SSE]
        )
    check_readable(request, version)
    output = _head(call, bucket, version)
    if version.attributes.storage_class in ARCHIVES:
        _check_restored(call, version, with_body=with_body)
    if unmodified(request, version, call.now):
        return Respond({name: output[name] for name in ("LastModified", "ETag") if name in output}, status=304)
    start, length, partial = _chosen_bytes(call, bucket, version, request)
    output |= described(version) | lock.told(version) | restoration(call, version)
    if not request.get("VersionId"):
        output |= expiration(bucket, request["Key"], version)
    output["ContentLength"] = length
    if partial:
        output["ContentRange"] = f"bytes {start}-{start + length - 1}/{version.size}"
    if request.get("PartNumber") and version.parts:
        output["PartsCount"] = version.parts
    mode = request.get("ChecksumMode")
    if mode is not None and mode.upper() != "ENABLED":
        raise errors.InvalidRequest("Value for x-amz-checksum-mode header is invalid.")
    if mode is not None:
        output |= _checksums(call, bucket, version, request, length)
    output |= _overrides(call, request)
    if with_body:
        segments = storage.body(call.tx, bucket.name, request["Key"], version).segments
        output["Body"] = Content(segments, start, length)
    return Respond(output, status=206) if partial else output


def _check_restored(call: Call, version: Version, *, with_body: bool) -> None:
    """Errors: InvalidObjectState."""
    if with_body and version.restored_until_ms <= call.now:
        raise errors.InvalidObjectState(StorageClass=version.attributes.storage_class)


def restoration(call: Call, version: Version) -> dict[str, Any]:
    """The member `Restore`, where an archived object has a copy that can be read."""
    if version.restored_until_ms <= call.now:
        return {}
    return {"Restore": f'ongoing-request="false", expiry-date="{http_date(version.restored_until_ms)}"'}


def _checksums(call: Call, bucket: Bucket, version: Version, request: Request, length: int) -> dict[str, Any]:
    """Those of the whole, of the part that was asked for, or none for a range of fewer bytes than there are.
    [LS:test_get_object_range]"""
    number = request.get("PartNumber")
    if number is None and length < version.size:
        return {}
    if number is None or not version.parts:
        return checksum_members(version.checksums, version.checksum_type)
    parts = storage.body(call.tx, bucket.name, request["Key"], version).parts
    return checksum_members(parts[number - 1].checksums, version.checksum_type)


def _head(call: Call, bucket: Bucket, version: Version) -> dict[str, Any]:
    told: dict[str, Any] = charged(call, bucket) | {
        "AcceptRanges": "bytes",
        "LastModified": version.modified_ms // 1000 * 1000,
        "ETag": quoted(version.etag),
    }
    return told | version_member(bucket, version)


def _chosen_bytes(call: Call, bucket: Bucket, version: Version, request: Request) -> tuple[int, int, bool]:
    """Start, length, and whether that is an answer of part of the object (206)."""
    number = request.get("PartNumber")
    if number is not None:
        if request.get("Range"):
            raise errors.InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        return _part_bytes(call, bucket, version, request["Key"], number)
    chosen = byte_range(request.get("Range"), version.size)
    return (*chosen, True) if chosen else (0, version.size, False)


def _part_bytes(call: Call, bucket: Bucket, version: Version, key: str, number: int) -> tuple[int, int, bool]:
    count = version.parts or 1
    if not 1 <= number <= PART_NUMBER_MAX:
        raise errors.InvalidArgument(
            f"Part number must be an integer between 1 and {PART_NUMBER_MAX}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
    if number > count:
        raise errors.InvalidPartNumber(PartNumberRequested=str(number), ActualPartCount=str(count))
    if not version.parts:
        return 0, version.size, version.size > 0
    parts = storage.body(call.tx, bucket.name, key, version).parts
    size = parts[number - 1].size
    return sum(part.size for part in parts[: number - 1]), size, size > 0


def _overrides(call: Call, request: Request) -> dict[str, Any]:
    told = {name: request[member] for member, name in OVERRIDES.items() if request.get(member)}
    if told and call.principal.kind == "anonymous":
        raise errors.InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
    return told


READ_ATTRIBUTES = (
    *READ,
    Permission("s3:GetObjectAttributes", object_arn, when=of_current),
    Permission("s3:GetObjectVersionAttributes", object_arn, when=of_version),
)


@operation("GetObjectAttributes", action=None, also=READ_ATTRIBUTES)
def get_object_attributes(call: Call, request: Request) -> Output:
    """The named attributes of an object. Errors: as GetObject; InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
    """
    bucket = require(call, request)
    wanted = request.get("ObjectAttributes") or []
    if not wanted:
        raise errors.InvalidRequest(
            "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"
        )
    unknown = next((name for name in wanted if name not in ATTRIBUTES), None)
    if unknown is not None:
        raise errors.InvalidArgument(
            "Invalid attribute name specified.", ArgumentName="x-amz-object-attributes", ArgumentValue=unknown
        )
    version = find_version(call, bucket, request["Key"], request.get("VersionId"))
    check_readable(request, version)
    told: dict[str, Any] = {
        "ETag": version.etag,
        "Checksum": _bare_checksums(version),
        "StorageClass": version.attributes.storage_class,
        "ObjectSize": version.size,
    }
    if version.parts and "ObjectParts" in wanted:
        told["ObjectParts"] = _parts(call, request, bucket, version)
    output: dict[str, Any] = {"LastModified": version.modified_ms // 1000 * 1000} | version_member(bucket, version)
    output |= charged(call, bucket)
    return output | {name: told[name] for name in ATTRIBUTES if name in wanted and told.get(name) not in (None, {})}


def _bare_checksums(version: Version) -> dict[str, Any]:
    """The checksums of a version; a composite one without the number of its parts, which is told elsewhere.
    [LS:test_complete_multipart_parts_checksum]"""
    bare = tuple((name, value.partition("-")[0]) for name, value in version.checksums)
    return checksum_members(bare, version.checksum_type)


def _parts(call: Call, request: Request, bucket: Bucket, version: Version) -> dict[str, Any]:
    told: dict[str, Any] = {"TotalPartsCount": version.parts}
    parts = storage.body(call.tx, bucket.name, request["Key"], version).parts
    if not any(part.checksums for part in parts):
        return told  # S3 lists the parts only of objects that were uploaded with checksums.
    after = int(request.get("PartNumberMarker") or 0)
    limit = min(int(request.get("MaxParts") or 1000), 1000)
    rest = [part for part in parts if part.number > after]
    page = rest[:limit]
    return told | {
        "PartNumberMarker": after,
        "NextPartNumberMarker": page[-1].number if page else 0,
        "MaxParts": limit,
        "IsTruncated": len(rest) > limit,
        "Parts": [{"PartNumber": part.number, "Size": part.size} | checksum_members(part.checksums) for part in page],
    }


OPERATIONS: tuple[Operation, ...] = (get_object, head_object, get_object_attributes)
