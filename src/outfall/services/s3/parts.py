"""Parts of an upload: uploaded or copied."""

from __future__ import annotations

from functools import partial
from typing import Any

from outfall.core.body import Body, Segment, refer
from outfall.core.effects import DigestBytes
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import checksums, encryption, errors, storage
from outfall.services.s3.access import charged, object_arn, require
from outfall.services.s3.attributes import checksum_members, quoted
from outfall.services.s3.conditions import ONE_RANGE, check_copy_source
from outfall.services.s3.copysource import READ_SOURCE, Source, copied_version, found_source
from outfall.services.s3.encryption import check_part, check_readable, etag_of
from outfall.services.s3.model import Bucket, Pairs, Part, Upload
from outfall.services.s3.multipart import found_upload, replace_part, shown
from outfall.services.s3.writing import EMPTY_MD5

PART_NUMBER_MAX = 10_000
PART_SIZE_MAX = 5 * 1024**3


@operation("UploadPart", action="s3:PutObject", resource=object_arn)
def upload_part(call: Call, request: Request) -> Output:
    """Adds a part to an upload, or replaces it. Errors: NoSuchUpload, InvalidArgument, InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
    """
    bucket = require(call, request)
    number = _part_number(request)
    upload = found_upload(call, bucket, request)
    body = request.get("Body") or Body(0, (), EMPTY_MD5)
    check_part(request, upload.attributes.encryption)
    said = tuple(pair for pair in body.checksums if _said(call, request, pair[0]))
    _check_algorithm(upload, said)
    wanted = upload.checksum_algorithm
    if wanted and wanted not in dict(body.checksums):
        # The whole is to have a checksum that the client did not make of this part: S3 makes it.
        return DigestBytes(body.segments, (wanted, checksums.UNSAID), partial(_digested_part, request))
    return _kept_part(call, bucket, upload, number, body, said)


def _digested_part(request: Request, call: Call, body: Body | None) -> Output:
    bucket = require(call, request)
    upload = found_upload(call, bucket, request)
    if body is None:  # Nobody but a reset removes what a request has just brought.
        raise errors.NoSuchUpload(UploadId=upload.id)
    return _kept_part(call, bucket, upload, _part_number(request), body, ())


def _kept_part(call: Call, bucket: Bucket, upload: Upload, number: int, body: Body, said: Pairs) -> dict[str, Any]:
    refer(call, body.segments)
    etag = etag_of(call, upload.attributes.encryption, body.md5)
    part = Part(number, body.size, etag, call.now, body.segments, body.checksums)
    replace_part(call, bucket, upload, part)
    output: dict[str, Any] = {"ETag": quoted(part.etag)} | encryption.told(upload.attributes.encryption)
    return output | checksum_members(said or shown(upload, part)) | charged(call, bucket)


def _said(call: Call, request: Request, algorithm: str) -> bool:
    """Whether the client named the checksum itself; what S3 computes beside it is not told to it."""
    return bool(request.get(f"Checksum{algorithm}")) or (
        f"x-amz-checksum-{algorithm.lower()}" in call.headers.get("x-amz-trailer", "").lower()
    )


def _part_number(request: Request) -> int:
    number = int(request["PartNumber"])
    if not 1 <= number <= PART_NUMBER_MAX:
        raise errors.InvalidArgument(
            "Part number must be an integer between 1 and 10000, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=str(number),
        )
    return number


def _check_algorithm(upload: Upload, said: Pairs) -> None:
    """A part has to carry the checksum that its upload was begun with. [LS:test_multipart_upload checksums]"""
    wanted, given = upload.checksum_algorithm, [name for name, _ in said]
    if wanted and given and wanted not in given:
        raise errors.InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {wanted.lower()}, actual checksum Type: "
            f"{given[0].lower()}"
        )
    if wanted and not given and upload.checksum_type == "COMPOSITE":
        raise errors.InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {wanted.lower()}, actual checksum Type: null"
        )


@operation("UploadPartCopy", action="s3:PutObject", resource=object_arn, also=READ_SOURCE)
def upload_part_copy(call: Call, request: Request) -> Output:
    """Adds a part that consists of another object's bytes, or of a range of them. Errors: those of UploadPart and of
    reading the source; InvalidArgument for a range outside of it. The bytes are shared, not copied; they are read for
    their digests.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
    """
    _, upload, segments = _copied_bytes(call, request)
    names = tuple(dict.fromkeys((checksums.UNSAID, upload.checksum_algorithm or checksums.UNSAID)))

    def resume(again: Call, found: Body | None) -> Output:
        source, upload, now = _copied_bytes(again, request)
        if found is None or now != segments:
            raise errors.NoSuchKey(Key=source.key)
        bucket = require(again, request)
        refer(again, segments)
        etag = etag_of(again, upload.attributes.encryption, found.md5)
        part = Part(_part_number(request), found.size, etag, again.now, segments, found.checksums)
        replace_part(again, bucket, upload, part)
        output: dict[str, Any] = copied_version(source)
        result = {"ETag": quoted(part.etag), "LastModified": again.now // 1000 * 1000}
        result |= checksum_members(shown(upload, part))
        output |= charged(again, bucket)
        return output | {"CopyPartResult": result} | encryption.told(upload.attributes.encryption)

    return DigestBytes(segments, names, resume)


def _copied_bytes(call: Call, request: Request) -> tuple[Source, Upload, tuple[Segment, ...]]:
    """The source, the upload, and the bytes that are copied from the one to the other."""
    bucket = require(call, request)
    _part_number(request)
    upload = found_upload(call, bucket, request)
    source = found_source(call, request)
    check_readable(request, source.version, "CopySource")
    check_copy_source(request, source.version, call.now)
    check_part(request, upload.attributes.encryption)
    start, length = _copied_range(request.get("CopySourceRange"), source.version.size)
    if length > PART_SIZE_MAX:
        raise errors.InvalidRequest(
            f"The specified copy source is larger than the maximum allowable size for a copy source: {PART_SIZE_MAX}"
        )
    stored = storage.body(call.tx, source.bucket.name, source.key, source.version)
    return source, upload, cut(stored.segments, start, length)


def cut(segments: tuple[Segment, ...], start: int, length: int) -> tuple[Segment, ...]:
    """`length` bytes from `start` of these segments in a row, without reading a blob."""
    pieces: list[Segment] = []
    for segment in segments:
        first, last = max(start, 0), min(start + length, segment.size)
        if first < last and segment.blob:
            pieces.append(Segment(last - first, segment.blob, offset=segment.offset + first))
        elif first < last:
            pieces.append(Segment(last - first, data=segment.data[first:last]))
        start -= segment.size
    return tuple(pieces)


def _copied_range(header: str | None, size: int) -> tuple[int, int]:
    """Start and length; both ends have to be given, and to lie within the source. [LS:test_upload_part_copy_range]"""
    if not header:
        return 0, size
    found = ONE_RANGE.fullmatch(header.strip())
    first, last = (int(one or -1) for one in found.groups()) if found else (-1, -1)
    if not 0 <= first <= last:
        raise errors.InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    if first >= size:
        raise errors.InvalidRequest("The specified copy range is invalid for the source object size")
    if last >= size:
        raise errors.InvalidArgument(
            f"Range specified is not valid for source object of size: {size}",
            ArgumentName="x-amz-copy-source-range",
            ArgumentValue=header,
        )
    return first, last - first + 1


OPERATIONS: tuple[Operation, ...] = (upload_part, upload_part_copy)
