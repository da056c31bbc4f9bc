"""Objects as boto3 puts, gets and copies them: metadata, checksums, names. Conditions: `test_s3_conditions.py`."""

from __future__ import annotations

import hashlib
import socket
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from .s3kit import S3, refused


def test_headers_come_back_and_can_be_overridden(s3: S3) -> None:
    said = {
        "CacheControl": "max-age=1",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "text/x-test",
        "WebsiteRedirectLocation": "/other",
    }
    s3.put("k", **said, Expires=datetime(2090, 1, 1, tzinfo=UTC))
    told = s3.call("head_object", Key="k")
    assert {name: told[name] for name in said} == said
    assert told["ResponseMetadata"]["HTTPHeaders"]["expires"] == "Sun, 01 Jan 2090 00:00:00 GMT"
    told = s3.call("get_object", Key="k", ResponseContentType="a/b", ResponseCacheControl="no-cache")
    assert (told["ContentType"], told["CacheControl"], told["ContentLanguage"]) == ("a/b", "no-cache", "de")
    s3.put("plain")
    assert s3.call("head_object", Key="plain")["ContentType"] == "binary/octet-stream"


def test_metadata_comes_back_and_is_bounded(s3: S3) -> None:
    s3.put("k", Metadata={"Owner": "me", "empty": "", "spaced": "a  b"})
    assert s3.call("head_object", Key="k")["Metadata"] == {"owner": "me", "empty": "", "spaced": "a  b"}
    answer = s3.refused("put_object", Key="k", Metadata={"a": "x" * 2048})
    assert (answer.status, answer.code, answer.error["MaxSizeAllowed"]) == (400, "MetadataTooLarge", "2048")


NAMES = [
    "a/b//c",
    "/front",
    "end/",
    "sp ace",
    "pl+us",
    "per%25cent",
    "ümlaut-日本",
    "a?b=c&d",
    "..",
    "../up",
    "dot/./dot",
    "quote\"'<>",
    "x" * 1024,
    "tab\tnew\nline",
    "*",
    "~!@#$^()[]{};:,|",
]


@pytest.mark.parametrize("key", NAMES, ids=range(len(NAMES)))
def test_names_of_objects(s3: S3, key: str) -> None:
    s3.put(key, key.encode())
    assert s3.get(key) == key.encode()
    listed = s3.call("list_objects_v2")["Contents"]
    assert [one["Key"] for one in listed] == [key]
    s3.call("copy_object", Key="copy", CopySource={"Bucket": s3.bucket, "Key": key})
    assert s3.get("copy") == key.encode()
    gone = s3.call("delete_objects", Delete={"Objects": [{"Key": key}]})
    assert gone["Deleted"] == [{"Key": key}]
    assert s3.refused("head_object", Key=key).status == 404


def test_percent_signs_that_escape_nothing(s3: S3) -> None:
    for path in ("/%zz", "/a%", "/%ff"):
        answer = s3.send("GET", path)
        assert (answer.status, answer.code) == (400, "InvalidURI")


def test_a_name_that_is_too_long(s3: S3) -> None:
    for name in ("put_object", "get_object"):
        answer = s3.refused(name, Key="k" * 1025)
        assert (answer.status, answer.code, answer.error["Size"]) == (400, "KeyTooLongError", "1025")


ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_is_kept_told_and_copied(s3: S3, algorithm: str) -> None:
    put = s3.put("k", b"x" * 70_000, ChecksumAlgorithm=algorithm)
    member = f"Checksum{algorithm}"
    assert put["ChecksumType"] == "FULL_OBJECT"
    assert s3.call("head_object", Key="k", ChecksumMode="ENABLED")[member] == put[member]
    assert member not in s3.call("head_object", Key="k")
    copy = s3.call("copy_object", Key="copy", CopySource=f"{s3.bucket}/k")["CopyObjectResult"]
    assert copy[member] == put[member]
    told = s3.call("get_object_attributes", Key="k", ObjectAttributes=["Checksum", "ETag", "ObjectSize"])
    assert (told["Checksum"][member], told["ObjectSize"]) == (put[member], 70_000)
    [listed] = s3.call("list_objects_v2", Prefix="k")["Contents"]
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ([algorithm], "FULL_OBJECT")


def test_a_copy_can_have_another_checksum(s3: S3) -> None:
    data = b"y" * 100_000
    s3.put("k", data, ChecksumAlgorithm="CRC32")
    copy = s3.call("copy_object", Key="copy", CopySource=f"{s3.bucket}/k", ChecksumAlgorithm="SHA256")
    assert copy["CopyObjectResult"]["ChecksumSHA256"] == b64encode(hashlib.sha256(data).digest()).decode()


def test_without_a_checksum_of_the_client_there_is_one_of_s3(s3: S3) -> None:
    s3.api = s3.client(request_checksum_calculation="when_required")
    put = s3.put("k", b"hello")
    assert (put["ChecksumCRC64NVME"], put["ChecksumType"]) == ("M3eFcAZSQlc=", "FULL_OBJECT")


@pytest.mark.parametrize(
    "more, code, message",
    [
        (
            {"ChecksumSHA256": "A" * 43 + "="},
            "BadDigest",
            "The SHA256 you specified did not match the calculated checksum.",
        ),
        ({"ChecksumCRC32": "invalid"}, "InvalidRequest", "Value for x-amz-checksum-crc32 header is invalid."),
        ({"ContentMD5": "YQ=="}, "InvalidDigest", "The Content-MD5 you specified was invalid."),
        ({"ContentMD5": ""}, "InvalidDigest", "The Content-MD5 you specified was invalid."),
        (
            {"ContentMD5": b64encode(bytes(16)).decode()},
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
        ),
    ],
)
def test_bytes_that_are_not_as_they_were_said_to_be(s3: S3, more: dict[str, str], code: str, message: str) -> None:
    answer = s3.refused("put_object", Key="k", Body=b"data", **more)
    assert (answer.status, answer.code, answer.message) == (400, code, message)
    assert s3.refused("head_object", Key="k").status == 404


def test_a_copy_keeps_what_it_is_not_told_to_replace(s3: S3) -> None:
    s3.put("k", ContentType="text/a", Metadata={"a": "1"}, Tagging="t=1", StorageClass="STANDARD_IA")
    source = f"{s3.bucket}/k"
    s3.call("copy_object", Key="same", CopySource=source)
    told = s3.call("head_object", Key="same")
    assert (told["ContentType"], told["Metadata"], told["TagCount"]) == ("text/a", {"a": "1"}, 1)
    assert "StorageClass" not in told
    s3.call(
        "copy_object",
        Key="new",
        CopySource=source,
        MetadataDirective="REPLACE",
        Metadata={"b": "2"},
        TaggingDirective="REPLACE",
        Tagging="u=2",
    )
    told = s3.call("head_object", Key="new")
    assert (told["ContentType"], told["Metadata"]) == ("binary/octet-stream", {"b": "2"})
    assert s3.call("get_object_tagging", Key="new")["TagSet"] == [{"Key": "u", "Value": "2"}]


def test_a_copy_onto_itself_has_to_change_something(s3: S3) -> None:
    s3.put("k")
    answer = s3.refused("copy_object", Key="k", CopySource=f"{s3.bucket}/k")
    assert answer.code == "InvalidRequest"
    assert answer.message.startswith("This copy request is illegal because it is trying to copy an object to itself")
    s3.call("copy_object", Key="k", CopySource=f"{s3.bucket}/k", MetadataDirective="REPLACE", Metadata={"a": "1"})
    assert s3.call("head_object", Key="k")["Metadata"] == {"a": "1"}


@pytest.mark.parametrize(
    "source, message",
    [
        ("nothing", "Invalid copy source object key"),
        ("/", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"),
    ],
)
def test_sources_that_are_none(s3: S3, source: str, message: str) -> None:
    """[LS:test_s3_copy_object_wrong_format]"""
    answer = s3.refused("copy_object", Key="k", CopySource=source)
    assert (answer.code, answer.message, answer.error["ArgumentName"]) == (
        "InvalidArgument",
        message,
        "x-amz-copy-source",
    )


def test_what_is_not_there(s3: S3) -> None:
    answer = s3.refused("get_object", Key="none")
    assert (answer.status, answer.code, answer.message) == (404, "NoSuchKey", "The specified key does not exist.")
    assert answer.error["Key"] == "none"
    head = s3.refused("head_object", Key="none")
    assert (head.status, head.code, head.message) == (404, "404", "Not Found")
    answer = refused(lambda: s3.api.get_object(Bucket="no-such-bucket-here", Key="k"))
    assert (answer.status, answer.code, answer.error["BucketName"]) == (404, "NoSuchBucket", "no-such-bucket-here")
    assert s3.call("delete_object", Key="none")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_every_answer_names_its_request(s3: S3) -> None:
    told = s3.put("k")["ResponseMetadata"]
    assert len(told["RequestId"]) == 16
    assert told["HostId"]
    answer = s3.send("GET", "/none")
    assert answer.xml.findtext("RequestId") == answer.headers["x-amz-request-id"]
    assert answer.xml.findtext("HostId") == answer.headers["x-amz-id-2"]


def test_the_expected_owner(s3: S3) -> None:
    s3.put("k", ExpectedBucketOwner="000000000000")
    answer = s3.refused("get_object", Key="k", ExpectedBucketOwner="111111111111")
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_many_objects_are_deleted_in_one_request(s3: S3) -> None:
    for key in "abc":
        s3.put(key)
    gone = s3.call("delete_objects", Delete={"Objects": [{"Key": "a"}, {"Key": "none"}]})
    assert gone["Deleted"] == [{"Key": "a"}, {"Key": "none"}]
    assert "Deleted" not in s3.call("delete_objects", Delete={"Objects": [{"Key": "b"}], "Quiet": True})
    answer = s3.refused("delete_objects", Delete={"Objects": [{"Key": f"k{n}"} for n in range(1001)]})
    assert answer.code == "MalformedXML"
    answer = s3.send("POST", "?delete", b"<Delete><Object><Key>c</Key></Object></Delete>")
    assert (answer.status, answer.xml.findtext("Message")) == (
        400,
        "Missing required header for this request: Content-MD5",
    )


def test_tags_of_an_object(s3: S3) -> None:
    s3.put("k", Tagging="b=2&a=1&empty")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}, {"Key": "empty", "Value": ""}]
    assert s3.call("get_object_tagging", Key="k")["TagSet"] == tags
    s3.call("put_object_tagging", Key="k", Tagging={"TagSet": [{"Key": f"k{n}", "Value": ""} for n in range(10)]})
    answer = s3.refused(
        "put_object_tagging", Key="k", Tagging={"TagSet": [{"Key": f"k{n}", "Value": ""} for n in range(11)]}
    )
    assert (answer.code, answer.message) == ("BadRequest", "Object tags cannot be greater than 10")
    answer = s3.refused("put_object_tagging", Key="k", Tagging={"TagSet": [{"Key": "bad{", "Value": ""}]})
    assert (answer.code, answer.message) == ("InvalidTag", "The TagKey you have provided is invalid")
    answer = s3.refused("put_object", Key="k", Tagging="aws:a=1")
    assert (answer.code, answer.message) == ("InvalidTag", "Your TagKey cannot be prefixed with aws:")
    s3.call("delete_object_tagging", Key="k")
    assert s3.refused("put_object_tagging", Key="none", Tagging={"TagSet": []}).error["Key"] == "none"
    answer = s3.refused("get_object_tagging", Key="none")  # [LS:test_object_tagging_exc]
    assert (answer.code, answer.error["Key"]) == ("NoSuchKey", f"{s3.bucket}/none")
    assert s3.call("get_object_tagging", Key="k")["TagSet"] == []


def test_a_put_without_a_length(s3: S3) -> None:
    parts = urlsplit(s3.inside.endpoint)
    with socket.create_connection((parts.hostname, parts.port), 60) as wire:
        wire.sendall(f"PUT /{s3.bucket}/k HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        assert wire.recv(4096).startswith(b"HTTP/1.1 4")


def test_an_archived_object(s3: S3) -> None:
    s3.put("k", b"cold", StorageClass="GLACIER")
    answer = s3.refused("get_object", Key="k")
    assert (answer.status, answer.code, answer.error["StorageClass"]) == (403, "InvalidObjectState", "GLACIER")
    assert s3.call("head_object", Key="k")["StorageClass"] == "GLACIER"
    assert s3.refused("copy_object", Key="c", CopySource=f"{s3.bucket}/k").code == "ObjectNotInActiveTierError"
    first = s3.call("restore_object", Key="k", RestoreRequest={"Days": 2})
    again = s3.call("restore_object", Key="k", RestoreRequest={"Days": 1})
    assert [one["ResponseMetadata"]["HTTPStatusCode"] for one in (first, again)] == [202, 200]
    assert s3.get("k") == b"cold"
    assert s3.call("head_object", Key="k")["Restore"].startswith('ongoing-request="false", expiry-date="')
    s3.inside.advance(days=3)
    assert s3.refused("get_object", Key="k").code == "InvalidObjectState"
    s3.put("warm")
    assert s3.refused("restore_object", Key="warm", RestoreRequest={"Days": 1}).code == "InvalidObjectState"


def test_a_read_says_nothing_of_encryption(s3: S3) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""
    s3.open()
    s3.put("k", ACL="public-read")
    for method in ("GET", "HEAD"):
        assert s3.send(method, "/k", x_amz_server_side_encryption="AES256").status == 400
    assert s3.send("GET", "/k").status == 200


def test_when_an_object_expires_in_caches_is_any_text(s3: S3) -> None:
    made = s3.api.generate_presigned_url("put_object", Params={"Bucket": s3.bucket, "Key": "k"})
    assert s3.send("PUT", made.partition(s3.bucket)[2], b"1", Expires="never").status == 200
    asked = {"Bucket": s3.bucket, "Key": "k"}
    assert s3.send("GET", url(s3, asked)).headers["expires"] == "never"
    assert s3.send("GET", url(s3, asked, "&response-expires=soon")).status == 403
    assert s3.send("GET", url(s3, asked | {"ResponseExpires": 0})).headers["expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def url(s3: S3, asked: dict[str, Any], more: str = "") -> str:
    """The path of a presigned URL, behind the bucket."""
    made: str = s3.api.generate_presigned_url("get_object", Params=asked)
    return made.partition(s3.bucket)[2] + more


def test_where_a_website_may_redirect_to(s3: S3) -> None:
    s3.put("k", WebsiteRedirectLocation="/elsewhere")
    answer = s3.refused("put_object", Key="k", WebsiteRedirectLocation="elsewhere")
    assert (answer.status, answer.code) == (400, "InvalidRedirectLocation")


@pytest.mark.parametrize(
    "more, status, code",
    [
        ({"PartNumber": 0}, 400, "InvalidArgument"),
        ({"PartNumber": 10_001}, 400, "InvalidArgument"),
        ({"PartNumber": 2}, 416, "InvalidPartNumber"),
        ({"ChecksumMode": "no"}, 400, "InvalidRequest"),
    ],
)
def test_reads_that_are_none(s3: S3, more: dict[str, Any], status: int, code: str) -> None:
    s3.put("k")
    answer = s3.refused("get_object", Key="k", **more)
    assert (answer.status, answer.code) == (status, code)


def test_attributes_have_to_be_named(s3: S3) -> None:
    s3.open()
    s3.put("k")
    s3.let(["s3:GetObject", "s3:GetObjectAttributes"], "/*")
    answer = s3.send("GET", "/k?attributes")
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    answer = s3.send("GET", "/k?attributes", x_amz_object_attributes="ETag,No,Nor")
    assert (answer.code, answer.xml.findtext("ArgumentValue")) == ("InvalidArgument", "No")
