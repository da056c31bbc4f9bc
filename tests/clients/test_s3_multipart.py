"""Uploads in parts as boto3 makes them: every checksum, every reason to refuse, copies, listings."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import pytest

from .s3kit import S3

MIB5 = b"a" * 5 * 1024 * 1024
END = b"the end"


class Upload:
    """An upload of key `k`."""

    def __init__(self, s3: S3, **more: Any) -> None:
        self.s3 = s3
        self.begun = s3.call("create_multipart_upload", Key="k", **more)
        self.id = self.begun["UploadId"]
        self.parts: list[dict[str, Any]] = []

    def part(self, number: int, data: bytes, **more: Any) -> dict[str, Any]:
        told = self.s3.call("upload_part", Key="k", UploadId=self.id, PartNumber=number, Body=data, **more)
        named = {name: value for name, value in told.items() if name.startswith("Checksum") and name != "ChecksumType"}
        self.parts.append({"PartNumber": number, "ETag": told["ETag"], **named})
        return told

    @property
    def named(self) -> dict[str, Any]:
        return {"Key": "k", "UploadId": self.id, "MultipartUpload": {"Parts": self.parts}}

    def complete(self, **more: Any) -> dict[str, Any]:
        return self.s3.call("complete_multipart_upload", **self.named, **more)

    def refused(self, **more: Any) -> Any:
        return self.s3.refused("complete_multipart_upload", **{**self.named, **more})


def sha(data: bytes, name: str = "sha256") -> bytes:
    return hashlib.new(name, data).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def crc(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "big")


def test_parts_become_an_object_in_the_order_of_their_numbers(s3: S3) -> None:
    upload = Upload(s3, ContentType="text/x", Metadata={"a": "1"})
    upload.part(2, END)
    upload.part(1, MIB5)
    upload.parts.reverse()
    done = upload.complete()
    md5s = hashlib.md5(hashlib.md5(MIB5).digest() + hashlib.md5(END).digest()).hexdigest()
    assert done["ETag"] == f'"{md5s}-2"'
    assert (done["Bucket"], done["Key"], done["ChecksumType"]) == (s3.bucket, "k", "FULL_OBJECT")
    assert "ChecksumCRC64NVME" in done
    assert s3.get("k") == MIB5 + END
    head = s3.call("head_object", Key="k", ChecksumMode="ENABLED")
    assert (head["ContentType"], head["Metadata"], head["ETag"]) == ("text/x", {"a": "1"}, done["ETag"])
    assert head["ChecksumCRC64NVME"] == done["ChecksumCRC64NVME"]


@pytest.mark.parametrize(
    "algorithm, kind",
    [
        ("CRC32", "COMPOSITE"),
        ("CRC32", "FULL_OBJECT"),
        ("CRC32C", "COMPOSITE"),
        ("CRC32C", "FULL_OBJECT"),
        ("CRC64NVME", "FULL_OBJECT"),
        ("SHA1", "COMPOSITE"),
        ("SHA256", "COMPOSITE"),
    ],
)
def test_an_upload_has_the_checksum_that_it_was_begun_with(s3: S3, algorithm: str, kind: str) -> None:
    upload = Upload(s3, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    assert (upload.begun["ChecksumAlgorithm"], upload.begun["ChecksumType"]) == (algorithm, kind)
    parts = [upload.part(number, data, ChecksumAlgorithm=algorithm) for number, data in ((1, MIB5), (2, END))]
    member = f"Checksum{algorithm}"
    listed = s3.call("list_parts", Key="k", UploadId=upload.id)
    assert [one[member] for one in listed["Parts"]] == [one[member] for one in parts]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == (algorithm, kind)
    done = upload.complete()
    expected = {
        ("CRC32", "COMPOSITE"): b64(crc(crc(MIB5) + crc(END))) + "-2",
        ("CRC32", "FULL_OBJECT"): b64(crc(MIB5 + END)),
        ("SHA256", "COMPOSITE"): b64(sha(sha(MIB5) + sha(END))) + "-2",
        ("SHA1", "COMPOSITE"): b64(sha(sha(MIB5, "sha1") + sha(END, "sha1"), "sha1")) + "-2",
    }.get((algorithm, kind))
    assert done["ChecksumType"] == kind
    assert expected is None or done[member] == expected
    if kind == "FULL_OBJECT":
        whole = s3.call("put_object", Key="whole", Body=MIB5 + END, ChecksumAlgorithm=algorithm)
        assert done[member] == whole[member]
    told = s3.call("get_object_attributes", Key="k", ObjectAttributes=["ObjectParts", "Checksum"])
    assert told["ObjectParts"]["TotalPartsCount"] == 2
    told_behind = s3.call("get_object_attributes", Key="k", ObjectAttributes=["ObjectParts"], PartNumberMarker=10)
    assert told_behind["ObjectParts"].get("NextPartNumberMarker", 0) == 0
    # [LS:test_complete_multipart_parts_checksum]
    assert told["Checksum"] == {member: done[member].removesuffix("-2"), "ChecksumType": kind}


@pytest.mark.parametrize(
    "more, message",
    [
        (
            {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
            "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.",
        ),
        (
            {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"},
            "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.",
        ),
        (
            {"ChecksumType": "COMPOSITE"},
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        ),
    ],
)
def test_checksums_that_there_are_not(s3: S3, more: dict[str, str], message: str) -> None:
    answer = s3.refused("create_multipart_upload", Key="k", **more)
    assert (answer.code, answer.message) == ("InvalidRequest", message)


def test_a_completion_names_the_checksums_of_its_parts(s3: S3) -> None:
    upload = Upload(s3, ChecksumAlgorithm="SHA256")
    upload.part(1, END, ChecksumAlgorithm="SHA256")
    etag = {"PartNumber": 1, "ETag": upload.parts[0]["ETag"]}
    answer = upload.refused(MultipartUpload={"Parts": [etag]})
    assert (answer.code, answer.message) == (
        "InvalidRequest",
        "The upload was created using a sha256 checksum. The complete request must include the checksum for each part. "
        "It was missing for part 1 in the request.",
    )
    assert upload.refused(MultipartUpload={"Parts": [etag | {"ChecksumSHA256": b64(sha(b"x"))}]}).code == "InvalidPart"
    wrong = upload.refused(ChecksumSHA256=b64(sha(b"x")) + "-1")
    assert (wrong.code, wrong.message) == (
        "BadDigest",
        "The sha256 you specified did not match the calculated checksum.",
    )
    answer = upload.refused(ChecksumType="FULL_OBJECT")
    assert answer.message.startswith("The upload was created using the COMPOSITE checksum mode.")
    upload.complete()


def test_what_a_completion_may_not_say(s3: S3) -> None:
    upload = Upload(s3)
    upload.part(1, b"small")
    upload.part(2, END)
    answer = upload.refused()
    assert (answer.status, answer.code, answer.error["PartNumber"]) == (400, "EntityTooSmall", "1")
    assert (answer.error["ProposedSize"], answer.error["MinSizeAllowed"]) == ("5", "5242880")
    first, second = upload.parts
    assert upload.refused(MultipartUpload={"Parts": [second, first]}).code == "InvalidPartOrder"
    assert upload.refused(MultipartUpload={"Parts": [first, first]}).code == "InvalidPartOrder"
    answer = upload.refused(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"other"'}]})
    assert (answer.code, answer.error["PartNumber"], answer.error["ETag"]) == ("InvalidPart", "1", "other")
    assert upload.refused(MultipartUpload={"Parts": [{"PartNumber": 9, "ETag": first["ETag"]}]}).code == "InvalidPart"
    assert upload.refused(MultipartUpload={"Parts": []}).code == "MalformedXML"
    answer = s3.refused("complete_multipart_upload", Key="k", UploadId=upload.id)
    assert (answer.code, answer.message) == ("InvalidRequest", "You must specify at least one part")
    assert upload.refused(UploadId="nothing").code == "NoSuchUpload"
    answer = upload.refused(MultipartUpload={"Parts": [second]}, MpuObjectSize=3)
    assert answer.code == "InvalidRequest"


def test_a_completion_that_is_sent_again_is_answered_alike(s3: S3) -> None:
    upload = Upload(s3)
    upload.part(1, END)
    first, again = upload.complete(), upload.complete()
    for answer in (first, again):
        del answer["ResponseMetadata"]
    assert first == again
    assert s3.refused("upload_part", Key="k", UploadId=upload.id, PartNumber=1, Body=b"").code == "NoSuchUpload"
    assert s3.refused("list_parts", Key="k", UploadId=upload.id).code == "NoSuchUpload"


def test_an_upload_that_is_given_up(s3: S3) -> None:
    upload = Upload(s3)
    upload.part(1, END)
    assert s3.call("list_multipart_uploads")["Uploads"][0]["UploadId"] == upload.id
    assert s3.call("abort_multipart_upload", Key="k", UploadId=upload.id)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.refused("abort_multipart_upload", Key="k", UploadId=upload.id).status == 404
    assert "Uploads" not in s3.call("list_multipart_uploads")


@pytest.mark.parametrize("number", [0, 10_001])
def test_numbers_that_parts_may_not_have(s3: S3, number: int) -> None:
    answer = s3.refused("upload_part", Key="k", UploadId=Upload(s3).id, PartNumber=number, Body=b"")
    assert answer.message == "Part number must be an integer between 1 and 10000, inclusive"


def test_parts_can_be_read_one_by_one(s3: S3) -> None:
    upload = Upload(s3)
    upload.part(1, MIB5)
    upload.part(2, END)
    upload.complete()
    told = s3.call("get_object", Key="k", PartNumber=2)
    assert (told["Body"].read(), told["PartsCount"], told["ContentLength"]) == (END, 2, len(END))
    assert told["ContentRange"] == f"bytes {len(MIB5)}-{len(MIB5 + END) - 1}/{len(MIB5 + END)}"
    answer = s3.refused("get_object", Key="k", PartNumber=3)
    assert (answer.status, answer.code) == (416, "InvalidPartNumber")
    assert s3.refused("get_object", Key="k", PartNumber=1, Range="bytes=0-1").code == "InvalidRequest"


FORM = (
    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based "
    "offsets of the first and last bytes to copy"
)


@pytest.mark.parametrize(
    "asked, code, message",
    [
        ("0-8", "InvalidArgument", FORM),
        ("bytes=1-0", "InvalidArgument", FORM),
        ("bytes=1-", "InvalidArgument", FORM),
        ("bytes=-2", "InvalidArgument", FORM),
        ("bytes=0-1,3-4", "InvalidArgument", FORM),
        ("bytes=0-100", "InvalidArgument", "Range specified is not valid for source object of size: 10"),
        ("bytes=100-200", "InvalidRequest", "The specified copy range is invalid for the source object size"),
    ],
)
def test_ranges_that_are_not_copied(s3: S3, asked: str, code: str, message: str) -> None:
    """[LS:test_upload_part_copy_range]"""
    s3.put("from", b"0123456789")
    named = {"Key": "k", "UploadId": Upload(s3).id, "PartNumber": 1, "CopySource": f"{s3.bucket}/from"}
    answer = s3.refused("upload_part_copy", **named, CopySourceRange=asked)
    assert (answer.status, answer.code, answer.message) == (400, code, message)


def test_parts_are_copied(s3: S3) -> None:
    s3.put("source", MIB5 + END)
    upload = Upload(s3)
    source = {"Bucket": s3.bucket, "Key": "source"}
    for number, asked in ((1, f"bytes=0-{len(MIB5) - 1}"), (2, f"bytes={len(MIB5)}-{len(MIB5 + END) - 1}")):
        told = s3.call(
            "upload_part_copy", Key="k", UploadId=upload.id, PartNumber=number, CopySource=source, CopySourceRange=asked
        )
        upload.parts.append({"PartNumber": number, "ETag": told["CopyPartResult"]["ETag"]})
    assert upload.parts[1]["ETag"] == f'"{hashlib.md5(END).hexdigest()}"'
    upload.complete()
    assert s3.get("k") == MIB5 + END
    copy = s3.call("copy_object", Key="copy", CopySource=f"{s3.bucket}/k")
    assert copy["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(MIB5 + END).hexdigest()}"'
    for asked in ("bytes=0-99999999", "bytes=5-2", "0-2", "bytes=0-"):
        answer = s3.refused(
            "upload_part_copy", Key="k", UploadId=Upload(s3).id, PartNumber=1, CopySource=source, CopySourceRange=asked
        )
        assert answer.code == "InvalidArgument"


def test_pages_of_parts(s3: S3) -> None:
    upload = Upload(s3)
    for number in (1, 3, 7):
        upload.part(number, b"x")
    page = s3.call("list_parts", Key="k", UploadId=upload.id, MaxParts=2)
    assert ([one["PartNumber"] for one in page["Parts"]], page["IsTruncated"], page["NextPartNumberMarker"]) == (
        [1, 3],
        True,
        3,
    )
    page = s3.call("list_parts", Key="k", UploadId=upload.id, MaxParts=2, PartNumberMarker=3)
    assert ([one["PartNumber"] for one in page["Parts"]], page["IsTruncated"]) == ([7], False)
    assert page["StorageClass"] == "STANDARD"


def test_pages_of_uploads(s3: S3) -> None:
    made = [(key, s3.call("create_multipart_upload", Key=key)["UploadId"]) for key in ("a", "a", "b/1", "b/2", "c")]
    for size in (1, 2, 3):
        found, markers = [], {}
        while True:
            page = s3.call("list_multipart_uploads", MaxUploads=size, **markers)
            found += [(one["Key"], one["UploadId"]) for one in page.get("Uploads", [])]
            if not page["IsTruncated"]:
                break
            markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
        assert found == made
    page = s3.call("list_multipart_uploads", Delimiter="/")
    assert [one["Prefix"] for one in page["CommonPrefixes"]] == ["b/"]
    page = s3.call("list_multipart_uploads", Delimiter="/", Prefix="b")
    assert (page["NextKeyMarker"], page["NextUploadIdMarker"], page["IsTruncated"]) == ("", "", False)
    answer = s3.refused("list_multipart_uploads", KeyMarker="a", UploadIdMarker=made[-1][1])
    assert (answer.code, answer.message) == ("InvalidArgument", "Invalid uploadId marker")
    assert len(s3.call("list_multipart_uploads", Prefix="b/")["Uploads"]) == 2
    for key, upload in made:
        s3.call("abort_multipart_upload", Key=key, UploadId=upload)
        if key == "a":  # It is gone, and still marks its place.
            page = s3.call("list_multipart_uploads", MaxUploads=1, KeyMarker=key, UploadIdMarker=upload)
            assert page["Uploads"][0]["UploadId"] == made[made.index((key, upload)) + 1][1]


def test_a_part_without_a_checksum_gets_one_of_s3(s3: S3) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html"""
    quiet = s3.client(request_checksum_calculation="when_required")
    made = quiet.create_multipart_upload(
        Bucket=s3.bucket, Key="k", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )
    asked = {"Bucket": s3.bucket, "Key": "k", "UploadId": made["UploadId"]}
    data = (MIB5, END)
    parts = [quiet.upload_part(**asked, PartNumber=number, Body=one) for number, one in enumerate(data, 1)]
    assert parts[1]["ChecksumCRC32"] == b64(crc(END))
    named = [{"PartNumber": number, "ETag": part["ETag"]} for number, part in enumerate(parts, 1)]
    done = quiet.complete_multipart_upload(**asked, MultipartUpload={"Parts": named})
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (b64(crc(MIB5 + END)), "FULL_OBJECT")


def test_a_part_that_a_completion_names_by_half(s3: S3) -> None:
    upload = s3.call("create_multipart_upload", Key="k")["UploadId"]
    tag = s3.call("upload_part", Key="k", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    for half in ({"PartNumber": 1}, {"ETag": tag}):
        answer = s3.refused("complete_multipart_upload", Key="k", UploadId=upload, MultipartUpload={"Parts": [half]})
        assert answer.code == "MalformedXML"


def test_the_part_of_an_empty_upload_is_no_range(s3: S3) -> None:
    upload = s3.call("create_multipart_upload", Key="k")["UploadId"]
    tag = s3.call("upload_part", Key="k", UploadId=upload, PartNumber=1, Body=b"")["ETag"]
    parts = [{"PartNumber": 1, "ETag": tag}]
    s3.call("complete_multipart_upload", Key="k", UploadId=upload, MultipartUpload={"Parts": parts})
    told = s3.call("head_object", Key="k", PartNumber=1)
    assert (told["ContentLength"], told["PartsCount"], "ContentRange" in told) == (0, 1, False)
