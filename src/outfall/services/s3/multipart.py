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
from outfall.services.s3 import checksums, encryption, errors, lock, storage
from outfall.services.s3.access import charged, object_arn, require
from outfall.services.s3.attributes import attributes_of, checksum_members, quoted
from outfall.services.s3.conditions import check_write
from outfall.services.s3.expiry import abortion, expiration
from outfall.services.s3.finding import version_member
from outfall.services.s3.model import (
    PARTS,
    UPLOADS,
    Bucket,
    Pairs,
    Part,
    PartOfObject,
    StoredBody,
    Upload,
    Version,
)
from outfall.services.s3.writing import WRITE_ALSO, created

PART_SIZE_MIN = 5 * 1024**2
OBJECT_SIZE_MAX = 50 * 1024**4
UPLOAD_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"
UPLOAD_ID_RANDOM_LENGTH = 64
ALGORITHMS = tuple(checksums.DEFAULT_TYPES)


@operation("CreateMultipartUpload", action="s3:PutObject", resource=object_arn, also=WRITE_ALSO)
def create_multipart_upload(call: Call, request: Request) -> Output:
    """A new upload, to which parts can be added. Errors: those of `attributes_of`; InvalidRequest.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
    """
    bucket = require(call, request)
    attributes = attributes_of(call, request, bucket)
    locked = lock.asked(call, request, bucket, upload=True)
    algorithm, kind = (request.get("ChecksumAlgorithm") or "").upper(), request.get("ChecksumType") or ""
    if algorithm:
        kind = checksums.chosen_type(algorithm, kind)
    elif kind:
        raise errors.InvalidRequest(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
        )
    begun = storage.next_sequence(call, bucket.name, request["Key"])
    # In front, it keeps the uploads of one key in the order in which they began.
    upload_id = f"{begun:016x}" + call.ids.text(UPLOAD_ID_ALPHABET, UPLOAD_ID_RANDOM_LENGTH)
    there = storage.current(call.tx, bucket.name, request["Key"])
    over = there.sequence if there is not None else 0
    upload = Upload(upload_id, request["Key"], call.now, call.principal.arn, attributes, algorithm, kind, locked, over)
    call.tx.put(UPLOADS, (bucket.name, upload.key, upload.id), upload)
    output: dict[str, Any] = {"Bucket": bucket.name, "Key": upload.key, "UploadId": upload.id}
    output |= encryption.told(attributes.encryption, written=True) | abortion(bucket, upload.key, call.now)
    output |= charged(call, bucket)
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
    if request.get("MultipartUpload") is None:
        raise errors.InvalidRequest("You must specify at least one part")
    named = request["MultipartUpload"].get("Parts") or []
    if not named:
        raise errors.MalformedXML
    done = _done_before(call, bucket, request)
    if done is not None:
        return _completed(call, bucket, request["Key"], done)
    upload = found_upload(call, bucket, request)
    check_write(request, storage.current(call.tx, bucket.name, upload.key), upload.key, upload)
    _check_mode(request, upload)
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
        lock=upload.lock or lock.default_of(bucket.lock, call.now),
    )
    stored = StoredBody(
        tuple(segment for part in parts for segment in part.segments),
        tuple(PartOfObject(part.number, part.size, shown(upload, part)) for part in parts),
        upload.id,
    )
    version = storage.write(call, bucket, upload.key, draft, stored)
    storage.abandon_upload(call, bucket.name, upload)
    created(call, bucket, upload.key, version, "CompleteMultipartUpload")
    return _completed(call, bucket, upload.key, version)


def _completed(call: Call, bucket: Bucket, key: str, version: Version) -> dict[str, Any]:
    output: dict[str, Any] = {
        "Location": f"{call.endpoint}/{bucket.name}/{quote(key, safe='')}",
        "Bucket": bucket.name,
        "Key": key,
        "ETag": quoted(version.etag),
    }
    output |= encryption.told(version.attributes.encryption) | expiration(bucket, key, version)
    output |= charged(call, bucket)
    return output | checksum_members(version.checksums, version.checksum_type) | version_member(bucket, version)


def shown(upload: Upload, part: Part) -> Pairs:
    """The checksums of a part that are told: those that its upload was begun with. S3 keeps one beside them."""
    return tuple(pair for pair in part.checksums if pair[0] == upload.checksum_algorithm)


def _done_before(call: Call, bucket: Bucket, request: Request) -> Version | None:
    """The version that this very upload was completed to: who did not hear the answer may ask again."""
    key, upload_id = request["Key"], request["UploadId"]
    if call.tx.get(UPLOADS, (bucket.name, key, upload_id)) is not None:
        return None
    version = storage.current(call.tx, bucket.name, key)
    if version is None or not version.parts:
        return None
    return version if storage.body(call.tx, bucket.name, key, version).upload == upload_id else None


def _check_mode(request: Request, upload: Upload) -> None:
    """Whether a completion means the same kind of checksum as the upload was begun with. Errors: InvalidRequest."""
    kind = request.get("ChecksumType")
    known = upload.checksum_type or "FULL_OBJECT"
    if kind and kind != known:
        raise errors.InvalidRequest(
            f"The upload was created using the {known} checksum mode. The complete request must use the same checksum "
            "mode."
        )


def _named_parts(call: Call, bucket: Bucket, upload: Upload, named: list[dict[str, Any]]) -> list[Part]:
    """The parts that a completion names. Errors: InvalidPartOrder, InvalidPart, EntityTooSmall."""
    if any(one.get("PartNumber") is None or not one.get("ETag") for one in named):
        raise errors.MalformedXML
    numbers = [int(one["PartNumber"]) for one in named]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise errors.InvalidPartOrder(UploadId=upload.id)
    parts: list[Part] = []
    for number, one in zip(numbers, named, strict=True):
        part = call.tx.get(PARTS, part_key(bucket.name, upload.id, number))
        etag = str(one["ETag"]).strip('"')
        if part is None or part.etag != etag:
            raise errors.InvalidPart(UploadId=upload.id, PartNumber=str(number), ETag=etag)
        _check_checksums(upload, part, one)
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


def _check_checksums(upload: Upload, part: Part, named: dict[str, Any]) -> None:
    """Whether the checksums that a completion names of a part are those it was uploaded with. Errors: InvalidPart,
    InvalidRequest where one has to be named. [LS:test_complete_multipart_parts_checksum]"""
    wanted, known = upload.checksum_algorithm, dict(part.checksums)
    for algorithm in ALGORITHMS:
        value = named.get(f"Checksum{algorithm}")
        if value and known.get(algorithm, value if not wanted else "") != value:
            if wanted and algorithm != wanted:
                raise errors.BadDigest(
                    f"The {algorithm.lower()} you specified for part {part.number} did not match what we received."
                )
            raise errors.InvalidPart(UploadId=upload.id, PartNumber=str(part.number), ETag=part.etag)
    if wanted and upload.checksum_type == "COMPOSITE" and not named.get(f"Checksum{wanted}"):
        raise errors.InvalidRequest(
            f"The upload was created using a {wanted.lower()} checksum. The complete request must include the checksum "
            f"for each part. It was missing for part {part.number} in the request."
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
    """The checksum of the whole: the one that the upload was begun with, else CRC64NVME; judged against those that the
    request names. Errors: BadDigest."""
    algorithm = upload.checksum_algorithm or checksums.UNSAID
    value = checksums.of_upload(algorithm, upload.checksum_type or "FULL_OBJECT", parts)
    claimed = request.get(f"Checksum{algorithm}")
    if claimed and value and claimed.split("-")[0] != value.split("-")[0]:
        raise errors.BadDigest(f"The {algorithm.lower()} you specified did not match the calculated checksum.")
    return ((algorithm, value),) if value else ()


@operation("AbortMultipartUpload", action="s3:AbortMultipartUpload", resource=object_arn)
def abort_multipart_upload(call: Call, request: Request) -> Output:
    """Drops an upload and its parts; tells nobody. Errors: NoSuchUpload."""
    bucket = require(call, request)
    if request.get("IfMatchInitiatedTime") is not None:  # Of directory buckets alone.
        raise errors.not_served("x-amz-if-match-initiated-time")
    storage.abandon_upload(call, bucket.name, found_upload(call, bucket, request))
    return charged(call, bucket)


def replace_part(call: Call, bucket: Bucket, upload: Upload, part: Part) -> None:
    """Puts a part into its place; one that was there before is let go. The part's bytes have been referred to."""
    key = part_key(bucket.name, upload.id, part.number)
    before = call.tx.get(PARTS, key)
    if before is not None:
        let_go(call, before.segments)
    call.tx.put(PARTS, key, part)


OPERATIONS: tuple[Operation, ...] = (create_multipart_upload, complete_multipart_upload, abort_multipart_upload)
