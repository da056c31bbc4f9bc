"""Conditional requests and ranges as boto3 makes them: reads, writes, copies, completions of uploads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from .s3kit import S3

PAST, FUTURE = datetime(2001, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)


def asked_of(s3: S3, condition: dict[str, Any]) -> dict[str, Any]:
    """The condition, with what is known of key `k` in it."""
    told = s3.call("head_object", Key="k")
    known = {"ETAG": told["ETag"], "MODIFIED": told["LastModified"]}
    return {name: known.get(value, value) if isinstance(value, str) else value for name, value in condition.items()}


@pytest.mark.parametrize(
    "condition, status",
    [
        ({"IfMatch": "ETAG"}, 200),
        ({"IfMatch": '"other"'}, 412),
        ({"IfMatch": "*"}, 200),
        ({"IfNoneMatch": "ETAG"}, 304),
        ({"IfNoneMatch": "*"}, 304),
        ({"IfNoneMatch": '"other"'}, 200),
        ({"IfModifiedSince": PAST}, 200),
        ({"IfModifiedSince": "MODIFIED"}, 304),
        ({"IfModifiedSince": FUTURE}, 200),
        ({"IfUnmodifiedSince": PAST}, 412),
        ({"IfUnmodifiedSince": FUTURE}, 200),
        ({"IfMatch": "ETAG", "IfUnmodifiedSince": PAST}, 200),
        ({"IfNoneMatch": '"other"', "IfModifiedSince": "MODIFIED"}, 200),
        ({"IfNoneMatch": "ETAG", "IfModifiedSince": PAST}, 304),
    ],
)
@pytest.mark.parametrize("how", ["get_object", "head_object"])
def test_conditions_of_a_read(s3: S3, how: str, condition: dict[str, Any], status: int) -> None:
    etag, asked = s3.put("k")["ETag"], asked_of(s3, condition)
    if status == 200:
        assert s3.call(how, Key="k", **asked)["ETag"] == etag
        return
    answer = s3.refused(how, Key="k", **asked)
    assert answer.status == status
    if status == 304:
        assert answer.headers["etag"] == etag
    elif how == "get_object":
        assert (answer.code, answer.error["Condition"]) == (
            "PreconditionFailed",
            f"If-{next(iter(asked))[2:]}" if "IfMatch" in asked else "If-Unmodified-Since",
        )


@pytest.mark.parametrize(
    "asked, data, told",
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=-20", b"0123456789", "bytes 0-9/10"),
        ("bytes=8-100", b"89", "bytes 8-9/10"),
        ("bytes=0-1,4-5", b"0123456789", None),
        ("bytes=5-2", b"0123456789", None),
        ("lines=1-2", b"0123456789", None),
    ],
)
def test_a_range_is_answered_with_where_it_stands(s3: S3, asked: str, data: bytes, told: str | None) -> None:
    s3.put("k", b"0123456789")
    answer = s3.call("get_object", Key="k", Range=asked)
    assert (answer["Body"].read(), answer.get("ContentRange")) == (data, told)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == (206 if told else 200)


@pytest.mark.parametrize("asked, told", [("bytes=0-9", True), ("bytes=-20", True), ("bytes=0-8", False)])
def test_a_range_of_all_bytes_has_their_checksum(s3: S3, asked: str, told: bool) -> None:
    """[LS:test_get_object_range]"""
    s3.put("k", b"0123456789", ChecksumAlgorithm="CRC32")
    assert ("ChecksumCRC32" in s3.call("get_object", Key="k", Range=asked, ChecksumMode="ENABLED")) is told


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_outside(s3: S3, asked: str) -> None:
    s3.put("k", b"0123456789")
    answer = s3.refused("get_object", Key="k", Range=asked)
    assert (answer.status, answer.code) == (416, "InvalidRange")
    assert (answer.error["ActualObjectSize"], answer.error["RangeRequested"]) == ("10", asked)


def test_a_write_may_depend_on_what_is_there(s3: S3) -> None:
    etag = s3.put("k", IfNoneMatch="*")["ETag"]
    assert s3.refused("put_object", Key="k", IfNoneMatch="*").status == 412
    assert s3.refused("put_object", Key="k", IfMatch='"other"').code == "PreconditionFailed"
    s3.put("k", b"newer", IfMatch=etag)
    assert s3.refused("put_object", Key="none", IfMatch=etag).code == "NoSuchKey"
    assert s3.refused("delete_object", Key="k", IfMatch=etag).code == "PreconditionFailed"
    s3.call("delete_object", Key="k", IfMatch="*")
    assert s3.refused("head_object", Key="k").status == 404


@pytest.mark.parametrize(
    "condition, good",
    [
        ({"CopySourceIfMatch": "ETAG"}, True),
        ({"CopySourceIfMatch": '"other"'}, False),
        ({"CopySourceIfNoneMatch": "ETAG"}, False),
        ({"CopySourceIfNoneMatch": '"other"'}, True),
        ({"CopySourceIfModifiedSince": PAST}, True),
        ({"CopySourceIfModifiedSince": "MODIFIED"}, False),
        ({"CopySourceIfModifiedSince": FUTURE}, True),
        ({"CopySourceIfUnmodifiedSince": PAST}, False),
        ({"CopySourceIfMatch": "ETAG", "CopySourceIfUnmodifiedSince": PAST}, True),
    ],
)
def test_conditions_of_a_copy(s3: S3, condition: dict[str, Any], good: bool) -> None:
    etag = s3.put("k")["ETag"]
    asked = asked_of(s3, condition) | {"Key": "copy", "CopySource": f"{s3.bucket}/k"}
    if good:
        assert s3.call("copy_object", **asked)["CopyObjectResult"]["ETag"] == etag
    else:
        assert (s3.refused("copy_object", **asked).status, s3.refused("copy_object", **asked).code) == (
            412,
            "PreconditionFailed",
        )


def test_the_condition_of_a_copy_s_source_is_named_as_such(s3: S3) -> None:
    s3.put("k")
    answer = s3.refused("copy_object", Key="c", CopySource=f"{s3.bucket}/k", CopySourceIfMatch='"other"')
    assert (answer.status, answer.error["Condition"]) == (412, "x-amz-copy-source-If-Match")


ONE_AT_A_TIME = "Multiple conditional request headers present in the request"
NOT_THIS_VALUE = "We don't accept the provided value of {} header for this API"


@pytest.mark.parametrize(
    "condition, header, why",
    [
        ({"IfNoneMatch": '"one"'}, "If-None-Match", NOT_THIS_VALUE.format("If-None-Match")),
        ({"IfMatch": "*"}, "If-Match", NOT_THIS_VALUE.format("If-Match")),
        ({"IfMatch": '"one"', "IfNoneMatch": "*"}, "If-Match,If-None-Match", ONE_AT_A_TIME),
    ],
)
@pytest.mark.parametrize("how, more", [("put_object", {}), ("copy_object", {"CopySource": "BUCKET/k"})])
def test_conditions_that_writes_do_not_have(
    s3: S3, how: str, more: dict[str, Any], condition: dict[str, Any], header: str, why: str
) -> None:
    """[LS:test_put_object_if_match_and_if_none_match_validation, test_put_object_if_match_validation]"""
    s3.put("k")
    given = {name: value.replace("BUCKET", s3.bucket) for name, value in more.items()}
    answer = s3.refused(how, Key="new", **given, **condition)
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert (answer.error["Header"], answer.error["additionalMessage"]) == (header, why)


class Upload:
    """An upload of one part to key `k`."""

    def __init__(self, s3: S3) -> None:
        self.s3 = s3
        self.id = s3.call("create_multipart_upload", Key="k")["UploadId"]
        part = s3.call("upload_part", Key="k", UploadId=self.id, PartNumber=1, Body=b"x")
        parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
        self.named: dict[str, Any] = {"Key": "k", "UploadId": self.id, "MultipartUpload": {"Parts": parts}}

    def complete(self, **condition: Any) -> dict[str, Any]:
        return self.s3.call("complete_multipart_upload", **self.named, **condition)

    def refused(self, **condition: Any) -> tuple[int, str, str]:
        answer = self.s3.refused("complete_multipart_upload", **self.named, **condition)
        return answer.status, answer.code, answer.error.get("Condition", "")


def test_a_completion_may_depend_on_what_is_there(s3: S3) -> None:
    """[LS:test_multipart_if_match_etag]"""
    etag = s3.put("k")["ETag"]
    upload = Upload(s3)
    assert upload.refused(IfNoneMatch="*") == (412, "PreconditionFailed", "If-None-Match")
    assert upload.refused(IfMatch='"other"') == (412, "PreconditionFailed", "If-Match")
    newer = upload.complete(IfMatch=etag)["ETag"]
    again = Upload(s3)
    assert again.refused(IfMatch=etag) == (412, "PreconditionFailed", "If-Match")
    again.complete(IfMatch=newer)


def test_what_goes_while_an_upload_is_made_is_in_conflict_with_it(s3: S3) -> None:
    """[LS:test_multipart_if_none_match_with_delete, test_multipart_if_match_with_delete]"""
    etag = s3.put("k")["ETag"]
    upload = Upload(s3)
    s3.call("delete_object", Key="k")
    assert upload.refused(IfNoneMatch="*") == (409, "ConditionalRequestConflict", "If-None-Match")
    assert upload.refused(IfMatch=etag) == (404, "NoSuchKey", "")
    s3.put("k")
    assert upload.refused(IfMatch=etag) == (409, "ConditionalRequestConflict", "If-Match")
    s3.call("delete_object", Key="k")
    Upload(s3).complete(IfNoneMatch="*")


@pytest.mark.parametrize("data", [b"data", b"other"])
def test_what_comes_while_an_upload_is_made_is_in_conflict_with_it(s3: S3, data: bytes) -> None:
    """[LS:test_multipart_if_match_with_put, test_multipart_if_match_with_put_identical]"""
    s3.put("k", b"data")
    upload = Upload(s3)
    during = s3.put("k", data)["ETag"]
    assert upload.refused(IfMatch=during) == (409, "ConditionalRequestConflict", "If-Match")
    Upload(s3).complete(IfMatch=during)
