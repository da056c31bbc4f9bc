"""Uploads in parts: created, completed, abandoned. Parts themselves, and listings, are in `parts.py`.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

from hashlib import md5
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from outfall.core.body import let_go
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.s3 import checksums, errors, storage
from outfall.services.s3.access import object_arn, require
from outfall.services.s3.attributes import SERVER_SIDE_ENCRYPTION, attributes_of, checksum_members, quoted
from outfall.services.s3.conditions import check_write
from outfall.services.s3.model import (
    PARTS,
    UPLOADS,
    Bucket,
    Part,
    PartOfObject,
    StoredBody,
    Upload,
    Version,
)
from outfall.services.s3.reading import version_member
from outfall.services.s3.writing import WRITE_ALSO, created

PART_SIZE_MIN = 5 * 1024**2
OBJECT_SIZE_MAX = 50 * 1024**4
UPLOAD_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"
UPLOAD_ID_RANDOM_LENGTH = 64
ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")


@operation("CreateMultipartUpload", action="s3:PutObject", resource=object_arn, also=WRITE_ALSO)
def create_multipart_upload(call: Call, request: Request) -> Output:
    """A new upload, to which parts can be added. Errors: those of `attributes_of`; InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
    """
    bucket = require(call, request)
    attributes = attributes_of(request, bucket)
    algorithm, kind = request.get("ChecksumAlgorithm") or "", request.get("ChecksumType") or ""
    if algorithm:
        kind = checksums.chosen_type(algorithm, kind)
    elif kind:
        raise errors.InvalidRequest(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
        )
    # The time in front keeps the uploads of one key in the order in which they began.
    upload_id = f"{call.now:012x}" + call.ids.text(UPLOAD_ID_ALPHABET, UPLOAD_ID_RANDOM_LENGTH)
    upload = Upload(upload_id, request["Key"], call.now, call.principal.arn, attributes, algorithm, kind)
    call.tx.put(UPLOADS, (bucket.name, upload.key, upload.id), upload)
    output: dict[str, Any] = {"Bucket": bucket.name, "Key": upload.key, "UploadId": upload.id}
    output["ServerSideEncryption"] = SERVER_SIDE_ENCRYPTION
    return output | ({"ChecksumAlgorithm": algorithm, "ChecksumType": kind} if algorithm else {})


def found_upload(call: Call, bucket: Bucket, request: Request) -> Upload:
    """The upload that a request names. Errors: NoSuchUpload."""
    upload = call.tx.get(UPLOADS, (bucket.name, request["Key"], request["UploadId"]))
    if upload is None:
        raise errors.NoSuchUpload(UploadId=request["UploadId"])
    return upload


def part_key(bucket: str, upload_id: str, number: int) -> tuple[str, str, str]:
    """Where a part lies."""
    return bucket, upload_id, f"{number:05d}"


@operation("CompleteMultipartUpload", action="s3:PutObject", resource=object_arn)
def complete_multipart_upload(call: Call, request: Request) -> Output:
    """An object of the named parts, put together without copying them; tells who listens. Parts that are not named
    are dropped.

    Errors: NoSuchUpload, MalformedXML, InvalidPart, InvalidPartOrder, EntityTooSmall, InvalidRequest, and those of
    `check_write`. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
    """
    bucket = require(call, request)
    upload = found_upload(call, bucket, request)
    named = (request.get("MultipartUpload") or {}).get("Parts") or []
    if not named:
        raise errors.MalformedXML
    check_write(request, storage.current(call.tx, bucket.name, upload.key), upload.key)
    parts = _named_parts(call, bucket, upload, named)
    size = sum(part.size for part in parts)
    _check_size(request, size)
    etag = md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False).hexdigest()
    draft = Version(
        "",
        0,
        call.now,
        size,
        f"{etag}-{len(parts)}",
        upload.attributes,
        _checksum(request, upload, parts),
        upload.checksum_type or "FULL_OBJECT",
        parts=len(parts),
    )
    stored = StoredBody(
        tuple(segment for part in parts for segment in part.segments),
        tuple(PartOfObject(part.number, part.size, part.checksums) for part in parts),
    )
    version = storage.write(call, bucket, upload.key, draft, stored)
    storage.abandon_upload(call, bucket.name, upload)
    created(call, bucket, upload.key, version, "CompleteMultipartUpload")
    output: dict[str, Any] = {
        "Location": f"{call.endpoint}/{bucket.name}/{quote(upload.key, safe='')}",
        "Bucket": bucket.name,
        "Key": upload.key,
        "ETag": quoted(version.etag),
        "ServerSideEncryption": SERVER_SIDE_ENCRYPTION,
    }
    return output | checksum_members(version.checksums, version.checksum_type) | version_member(bucket, version)


def _named_parts(call: Call, bucket: Bucket, upload: Upload, named: list[dict[str, Any]]) -> list[Part]:
    """The parts that a completion names. Errors: InvalidPartOrder, InvalidPart, EntityTooSmall."""
    numbers = [int(one.get("PartNumber") or 0) for one in named]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise errors.InvalidPartOrder(UploadId=upload.id)
    parts: list[Part] = []
    for number, one in zip(numbers, named, strict=True):
        part = call.tx.get(PARTS, part_key(bucket.name, upload.id, number))
        etag = str(one.get("ETag") or "").strip('"')
        if part is None or part.etag != etag or not _same_checksums(part, one):
            raise errors.InvalidPart(UploadId=upload.id, PartNumber=str(number), ETag=etag)
        parts.append(part)
    for part in parts[:-1]:
        if part.size < PART_SIZE_MIN:
            raise errors.EntityTooSmall(
                ProposedSize=str(part.size),
                MinSizeAllowed=str(PART_SIZE_MIN),
                PartNumber=str(part.number),
                ETag=part.etag,
            )
    return parts


def _same_checksums(part: Part, named: dict[str, Any]) -> bool:
    known = dict(part.checksums)
    return all(
        known.get(algorithm, named[member]) == named[member]
        for algorithm in ALGORITHMS
        if named.get(member := f"Checksum{algorithm}")
    )


def _check_size(request: Request, size: int) -> None:
    if size > OBJECT_SIZE_MAX:
        raise errors.EntityTooLarge(ProposedSize=str(size), MaxSizeAllowed=str(OBJECT_SIZE_MAX))
    expected = request.get("MpuObjectSize")
    if expected is not None and expected != size:
        raise errors.InvalidRequest(
            f"The provided 'x-amz-mp-object-size' header value {expected} does not match what was computed: {size}"
        )


def _checksum(request: Request, upload: Upload, parts: list[Part]) -> tuple[tuple[str, str], ...]:
    """The checksum of the whole, if the upload was begun with one; judged against the one the request names."""
    if not upload.checksum_algorithm:
        return ()
    value = checksums.of_upload(upload.checksum_algorithm, upload.checksum_type, parts)
    if not value:  # A part was copied out of a blob, which nobody read.
        return ()
    claimed = request.get(f"Checksum{upload.checksum_algorithm}")
    if claimed and claimed.split("-")[0] != value.split("-")[0]:
        raise errors.BadDigest(
            f"The {upload.checksum_algorithm.lower()} you specified did not match the calculated checksum."
        )
    return ((upload.checksum_algorithm, value),)


@operation("AbortMultipartUpload", action="s3:AbortMultipartUpload", resource=object_arn)
def abort_multipart_upload(call: Call, request: Request) -> Output:
    """Drops an upload and its parts; tells nobody. Errors: NoSuchUpload."""
    bucket = require(call, request)
    storage.abandon_upload(call, bucket.name, found_upload(call, bucket, request))
    return None


def replace_part(call: Call, bucket: Bucket, upload: Upload, part: Part) -> None:
    """Puts a part into its place; one that was there before is let go. The part's bytes have been referred to."""
    key = part_key(bucket.name, upload.id, part.number)
    before = call.tx.get(PARTS, key)
    if before is not None:
        let_go(call, before.segments)
    call.tx.put(PARTS, key, part)


OPERATIONS: tuple[Operation, ...] = (create_multipart_upload, complete_multipart_upload, abort_multipart_upload)
