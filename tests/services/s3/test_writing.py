"""PutObject and CopyObject."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.errors import AwsError
from tests.services.s3.kit import S3, body


def test_what_is_put_can_be_read(s3: S3) -> None:
    put = s3.put("a/b.txt", b"hello", ContentType="text/plain", Metadata={"Who": "me"}, CacheControl="no-store")
    assert put["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    got = s3("GetObject", Bucket="bucket", Key="a/b.txt")
    assert got["Metadata"] == {"who": "me"}
    assert (got["ContentType"], got["CacheControl"], got["ContentLength"]) == ("text/plain", "no-store", 5)
    assert s3.get("a/b.txt") == b"hello"


def test_an_upload_without_a_type_has_s3s_own(s3: S3) -> None:
    s3.put("k")
    assert s3("HeadObject", Bucket="bucket", Key="k")["ContentType"] == "binary/octet-stream"


def test_aws_chunked_is_of_the_transfer_and_not_of_the_object(s3: S3) -> None:
    s3.put("k", ContentEncoding="aws-chunked,gzip")
    s3.put("l", ContentEncoding="aws-chunked")
    assert s3("HeadObject", Bucket="bucket", Key="k")["ContentEncoding"] == "gzip"
    assert "ContentEncoding" not in s3("HeadObject", Bucket="bucket", Key="l")


def test_a_checksum_is_answered_and_kept(s3: S3) -> None:
    put = s3("PutObject", Bucket="bucket", Key="k", Body=body(b"hello", crc=True))
    assert (put["ChecksumCRC32"], put["ChecksumType"]) == ("NhCmhg==", "FULL_OBJECT")
    assert "ChecksumCRC32" not in s3("HeadObject", Bucket="bucket", Key="k")
    assert s3("HeadObject", Bucket="bucket", Key="k", ChecksumMode="ENABLED")["ChecksumCRC32"] == "NhCmhg=="


@pytest.mark.parametrize(
    "request_, code, fields",
    [
        ({"Key": "k" * 1025}, "KeyTooLongError", {"Size": "1025", "MaxSizeAllowed": "1024"}),
        ({"Metadata": {"a": "x" * 2048}}, "MetadataTooLarge", {"Size": "2049", "MaxSizeAllowed": "2048"}),
        ({"StorageClass": "GOLD"}, "InvalidStorageClass", {"StorageClassRequested": "GOLD"}),
        ({"ACL": "friends"}, "InvalidArgument", {"ArgumentName": "x-amz-acl", "ArgumentValue": "friends"}),
        ({"ACL": "public-read"}, "AccessControlListNotSupported", {}),
        ({"Tagging": "a=1&a=2"}, "InvalidArgument", {"ArgumentName": "x-amz-tagging", "ArgumentValue": "a=1&a=2"}),
        ({"Tagging": "aws:a=1"}, "InvalidTag", {"TagKey": "aws:a"}),
        (
            {"SSECustomerAlgorithm": "AES256"},
            "InvalidArgument",
            {"ArgumentName": "x-amz-server-side-encryption", "ArgumentValue": "null"},
        ),
        ({"ServerSideEncryption": "aws:fsx"}, "NotImplemented", {"Header": "x-amz-server-side-encryption"}),
        (
            {"ObjectLockMode": "GOVERNANCE"},
            "InvalidArgument",
            {"ArgumentName": "x-amz-object-lock-retain-until-date"},
        ),
        ({"IfMatch": '"abc"'}, "NoSuchKey", {"Key": "k"}),
    ],
)
def test_what_may_not_be_said_of_an_object(s3: S3, request_: dict[str, Any], code: str, fields: dict[str, str]) -> None:
    with pytest.raises(AwsError) as refused:
        s3("PutObject", **{"Bucket": "bucket", "Key": "k", "Body": body(b""), **request_})
    assert refused.value.code == code
    assert fields.items() <= refused.value.fields.items()


def test_if_none_match_writes_once(s3: S3) -> None:
    s3.put("k", b"first", IfNoneMatch="*")
    with pytest.raises(AwsError) as refused:
        s3.put("k", b"second", IfNoneMatch="*")
    assert (refused.value.code, refused.value.fields) == ("PreconditionFailed", {"Condition": "If-None-Match"})
    assert s3.get("k") == b"first"


def test_if_match_writes_over_what_was_seen(s3: S3) -> None:
    seen = s3.put("k", b"first")["ETag"]
    s3.put("k", b"second", IfMatch=seen)
    with pytest.raises(AwsError, match="pre-conditions"):
        s3.put("k", b"third", IfMatch=seen)
    assert s3.get("k") == b"second"


def test_a_blob_is_let_go_when_its_last_object_is_gone(s3: S3) -> None:
    s3("PutObject", Bucket="bucket", Key="k", Body=body(b"x", blob="blob-1"))
    s3("CopyObject", Bucket="bucket", Key="l", CopySource="bucket/k")
    s3.put("k", b"another")
    assert s3.garbage() == []
    s3("DeleteObject", Bucket="bucket", Key="l")
    assert s3.garbage() == ["blob-1"]


def test_putting_an_object_asks_for_what_it_does(s3: S3) -> None:
    arn = "arn:aws:s3:::bucket/k"
    assert s3.asked("PutObject", Bucket="bucket", Key="k") == [("s3:PutObject", arn)]
    assert s3.asked("PutObject", Bucket="bucket", Key="k", Tagging="a=b", ACL="private") == [
        ("s3:PutObject", arn),
        ("s3:PutObjectTagging", arn),
        ("s3:PutObjectAcl", arn),
    ]


def test_a_copy_takes_everything_along(s3: S3) -> None:
    s3.put("k", b"hello", ContentType="text/plain", Metadata={"who": "me"}, Tagging="a=1")
    copied = s3("CopyObject", Bucket="bucket", Key="l", CopySource="/bucket/k")
    assert copied["CopyObjectResult"]["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    got = s3("GetObject", Bucket="bucket", Key="l")
    assert (got["ContentType"], got["Metadata"], got["TagCount"]) == ("text/plain", {"who": "me"}, 1)
    assert s3.get("l") == b"hello"


def test_a_copy_replaces_what_it_is_told_to(s3: S3) -> None:
    s3.put("a b", ContentType="text/plain", Metadata={"who": "me"}, Tagging="a=1")
    s3(
        "CopyObject",
        Bucket="bucket",
        Key="l",
        CopySource="bucket/a%20b",
        MetadataDirective="REPLACE",
        Metadata={"new": "yes"},
        TaggingDirective="REPLACE",
        Tagging="b=2&c=3",
    )
    got = s3("HeadObject", Bucket="bucket", Key="l")
    assert (got["ContentType"], got["Metadata"], got["TagCount"]) == ("binary/octet-stream", {"new": "yes"}, 2)


def test_a_copy_to_itself_has_to_change_something(s3: S3) -> None:
    s3.put("k")
    with pytest.raises(AwsError, match="trying to copy an object to itself without changing") as refused:
        s3("CopyObject", Bucket="bucket", Key="k", CopySource="bucket/k")
    assert refused.value.code == "InvalidRequest"
    s3("CopyObject", Bucket="bucket", Key="k", CopySource="bucket/k", MetadataDirective="REPLACE")
    assert s3.get("k") == b"data"


@pytest.mark.parametrize(
    "source, code",
    [("bucket", "InvalidArgument"), ("nobody-has-this/k", "NoSuchBucket"), ("bucket/none", "NoSuchKey")],
)
def test_a_copy_of_nothing(s3: S3, source: str, code: str) -> None:
    with pytest.raises(AwsError) as refused:
        s3("CopyObject", Bucket="bucket", Key="k", CopySource=source)
    assert refused.value.code == code


def test_a_copy_asks_to_read_its_source(s3: S3) -> None:
    assert s3.asked("CopyObject", Bucket="bucket", Key="k", CopySource="other/a%20b") == [
        ("s3:PutObject", "arn:aws:s3:::bucket/k"),
        ("s3:GetObject", "arn:aws:s3:::other/a b"),
    ]


def test_a_copy_on_conditions(s3: S3) -> None:
    etag = s3.put("k")["ETag"]
    with pytest.raises(AwsError, match="pre-conditions"):
        s3("CopyObject", Bucket="bucket", Key="l", CopySource="bucket/k", CopySourceIfNoneMatch=etag)
    s3("CopyObject", Bucket="bucket", Key="l", CopySource="bucket/k", CopySourceIfMatch=etag)
    assert s3.get("l") == b"data"
