"""Uploads in parts."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import md5
from typing import Any
from zlib import crc32

import pytest

from outfall.core.body import Segment
from outfall.core.errors import AwsError
from outfall.services.s3.parts import cut
from tests.services.s3.kit import S3, body, crc32_text

FIVE_MIB = b"x" * 5 * 1024**2


class Upload:
    """An upload of key `k` in progress."""

    def __init__(self, s3: S3, **more: Any) -> None:
        self.s3 = s3
        self.id: str = s3("CreateMultipartUpload", Bucket="bucket", Key="k", **more)["UploadId"]

    def __call__(self, name: str, **more: Any) -> dict[str, Any]:
        return self.s3(name, Bucket="bucket", Key="k", UploadId=self.id, **more)

    def part(self, number: int, data: bytes, **more: Any) -> dict[str, Any]:
        said = {"ChecksumCRC32": crc32_text(data)} if more.get("crc") else {}
        etag = self("UploadPart", PartNumber=number, Body=body(data, **more), **said)["ETag"]
        return {"PartNumber": number, "ETag": etag} | said

    def complete(self, *parts: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self("CompleteMultipartUpload", MultipartUpload={"Parts": list(parts)}, **more)


def test_parts_become_one_object(s3: S3) -> None:
    upload = Upload(s3, ContentType="text/plain", Metadata={"who": "me"})
    second, first = upload.part(2, b"end"), upload.part(1, FIVE_MIB)
    done = upload.complete(first, second)
    digests = md5(FIVE_MIB).digest() + md5(b"end").digest()
    assert done["ETag"] == f'"{md5(digests).hexdigest()}-2"'
    assert s3.get("k") == FIVE_MIB + b"end"
    head = s3("HeadObject", Bucket="bucket", Key="k")
    assert (head["ContentLength"], head["ContentType"]) == (5 * 1024**2 + 3, "text/plain")


def test_a_part_can_be_read_by_its_number(s3: S3) -> None:
    upload = Upload(s3)
    upload.complete(upload.part(1, FIVE_MIB), upload.part(2, b"end"))
    assert s3.get("k", PartNumber=2) == b"end"
    answer = s3.answer("HeadObject", Bucket="bucket", Key="k", PartNumber=2)
    assert answer.status == 206
    assert (answer.output["PartsCount"], answer.output["ContentRange"]) == (2, "bytes 5242880-5242882/5242883")
    with pytest.raises(AwsError) as refused:
        s3.get("k", PartNumber=3)
    assert (refused.value.code, refused.value.status) == ("InvalidPartNumber", 416)


def test_a_part_that_is_uploaded_again_replaces_the_first(s3: S3) -> None:
    upload = Upload(s3)
    upload("UploadPart", PartNumber=1, Body=body(b"a", blob="blob-1"))
    upload.complete(upload.part(1, b"b"))
    assert s3.get("k") == b"b"
    assert s3.garbage() == ["blob-1"]


def test_blobs_of_parts_go_over_to_the_object_and_those_of_unnamed_parts_go(s3: S3) -> None:
    upload = Upload(s3)
    named = upload.part(1, b"a", blob="named")
    upload.part(2, b"b", blob="unnamed")
    upload.complete(named)
    assert s3.garbage() == ["unnamed"]
    s3("DeleteObject", Bucket="bucket", Key="k")
    assert s3.garbage() == ["unnamed", "named"]


def test_abandoned_parts_are_let_go(s3: S3) -> None:
    upload = Upload(s3)
    upload.part(1, b"a", blob="blob-1")
    upload("AbortMultipartUpload")
    assert s3.garbage() == ["blob-1"]
    with pytest.raises(AwsError) as refused:
        upload("ListParts")
    assert (refused.value.code, refused.value.fields) == ("NoSuchUpload", {"UploadId": upload.id})


def test_a_part_too_small_in_front_of_another(s3: S3) -> None:
    upload = Upload(s3)
    parts = upload.part(1, b"small"), upload.part(2, b"end")
    with pytest.raises(AwsError) as refused:
        upload.complete(*parts)
    assert refused.value.code == "EntityTooSmall"
    assert refused.value.fields["MinSizeAllowed"] == "5242880"
    assert refused.value.fields["PartNumber"] == "1"


@pytest.mark.parametrize(
    "named, code",
    [
        ([(2, "b"), (1, "a")], "InvalidPartOrder"),
        ([(1, "b")], "InvalidPart"),
        ([(3, "a")], "InvalidPart"),
        ([], "MalformedXML"),
    ],
)
def test_parts_that_are_named_wrongly(s3: S3, named: list[tuple[int, str]], code: str) -> None:
    upload = Upload(s3)
    upload.part(1, b"a")
    upload.part(2, b"b")
    parts = [{"PartNumber": number, "ETag": md5(data.encode()).hexdigest()} for number, data in named]
    with pytest.raises(AwsError) as refused:
        upload.complete(*parts)
    assert refused.value.code == code


def test_a_part_number_out_of_bounds(s3: S3) -> None:
    upload = Upload(s3)
    for number in (0, 10_001):
        with pytest.raises(AwsError, match="between 1 and 10000, inclusive"):
            upload.part(number, b"a")


def test_a_composite_checksum(s3: S3) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32")
    parts = upload.part(1, FIVE_MIB, crc=True), upload.part(2, b"end", crc=True)
    done = upload.complete(*parts)
    digests = b"".join(b64decode(crc32_text(data)) for data in (FIVE_MIB, b"end"))
    expected = b64encode(crc32(digests).to_bytes(4, "big")).decode()
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (f"{expected}-2", "COMPOSITE")


def test_a_checksum_of_the_whole_is_put_together_from_the_parts(s3: S3) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    parts = upload.part(1, FIVE_MIB, crc=True), upload.part(2, b"end", crc=True)
    done = upload.complete(*parts)
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (crc32_text(FIVE_MIB + b"end"), "FULL_OBJECT")


def test_a_wrong_claim_about_the_whole(s3: S3) -> None:
    upload = Upload(s3, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    part = upload.part(1, b"a", crc=True)
    with pytest.raises(AwsError, match="The crc32 you specified did not match the calculated checksum") as refused:
        upload.complete(part, ChecksumCRC32="AAAAAA==")
    assert refused.value.code == "BadDigest"


def test_a_checksum_type_that_an_algorithm_does_not_have(s3: S3) -> None:
    with pytest.raises(AwsError, match="The FULL_OBJECT checksum type cannot be used with the sha256"):
        Upload(s3, ChecksumAlgorithm="SHA256", ChecksumType="FULL_OBJECT")


def test_parts_are_listed_in_pages(s3: S3) -> None:
    upload = Upload(s3)
    for number in (1, 2, 10):
        upload.part(number, b"a")
    first = upload("ListParts", MaxParts=2)
    assert [part["PartNumber"] for part in first["Parts"]] == [1, 2]
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == (True, 2)
    rest = upload("ListParts", PartNumberMarker=2)
    assert [part["PartNumber"] for part in rest["Parts"]] == [10]
    assert rest["IsTruncated"] is False


def test_uploads_are_listed_in_pages(s3: S3) -> None:
    for key in ("a/1", "a/2", "b", "b"):
        s3("CreateMultipartUpload", Bucket="bucket", Key=key)
        s3.now += 1
    first = s3("ListMultipartUploads", Bucket="bucket", MaxUploads=3)
    assert [upload["Key"] for upload in first["Uploads"]] == ["a/1", "a/2", "b"]
    rest = s3(
        "ListMultipartUploads",
        Bucket="bucket",
        KeyMarker=first["NextKeyMarker"],
        UploadIdMarker=first["NextUploadIdMarker"],
    )
    assert [upload["Key"] for upload in rest["Uploads"]] == ["b"]
    assert rest["IsTruncated"] is False
    grouped = s3("ListMultipartUploads", Bucket="bucket", Delimiter="/")
    assert grouped["CommonPrefixes"] == [{"Prefix": "a/"}]
    assert [upload["Key"] for upload in grouped["Uploads"]] == ["b", "b"]


def test_a_part_is_copied_from_a_range_of_another_object(s3: S3) -> None:
    s3.put("source", b"0123456789")
    upload = Upload(s3)
    copied = upload("UploadPartCopy", PartNumber=1, CopySource="bucket/source", CopySourceRange="bytes=2-5")
    etag = copied["CopyPartResult"]["ETag"]
    assert etag == f'"{md5(b"2345").hexdigest()}"'
    upload.complete({"PartNumber": 1, "ETag": etag})
    assert s3.get("k") == b"2345"
    with pytest.raises(AwsError, match="Range specified is not valid for source object of size: 10"):
        Upload(s3)("UploadPartCopy", PartNumber=1, CopySource="bucket/source", CopySourceRange="bytes=2-10")


def test_a_part_is_copied_from_the_beginning_of_a_blob_without_reading_it(s3: S3) -> None:
    s3("PutObject", Bucket="bucket", Key="source", Body=body(b"0123456789", blob="blob-1"))
    upload = Upload(s3)
    copied = upload("UploadPartCopy", PartNumber=1, CopySource="bucket/source", CopySourceRange="bytes=0-3")
    upload.complete({"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]})
    content = s3("GetObject", Bucket="bucket", Key="k")["Body"]
    assert [(one.blob, one.size) for one in content.segments] == [("blob-1", 4)]
    s3("DeleteObject", Bucket="bucket", Key="source")
    assert s3.garbage() == []
    s3("DeleteObject", Bucket="bucket", Key="k")
    assert s3.garbage() == ["blob-1"]


def test_a_part_from_the_middle_of_a_blob_refers_to_that_run_of_it(s3: S3) -> None:
    segments = (Segment(10, blob="blob-1"), Segment(10, blob="blob-2", offset=5))
    assert cut(segments, 2, 12) == (Segment(8, blob="blob-1", offset=2), Segment(4, blob="blob-2", offset=5))


@pytest.mark.parametrize("start, length, data", [(0, 9, b"abcdefghi"), (2, 3, b"cde"), (3, 3, b"def"), (8, 1, b"i")])
def test_segments_are_cut_wherever_they_meet(start: int, length: int, data: bytes) -> None:
    segments = tuple(Segment(3, data=piece) for piece in (b"abc", b"def", b"ghi"))
    pieces = cut(segments, start, length)
    assert b"".join(piece.data for piece in pieces) == data
    assert sum(piece.size for piece in pieces) == length


def test_completion_keeps_its_conditions(s3: S3) -> None:
    s3.put("k")
    upload = Upload(s3)
    part = upload.part(1, b"a")
    with pytest.raises(AwsError, match="pre-conditions"):
        upload.complete(part, IfNoneMatch="*")
    assert s3.get("k") == b"data"


def test_an_unfinished_upload_does_not_keep_a_bucket(s3: S3) -> None:
    Upload(s3).part(1, b"a", blob="blob-1")
    s3("DeleteBucket", Bucket="bucket")
    assert s3.garbage() == ["blob-1"]
