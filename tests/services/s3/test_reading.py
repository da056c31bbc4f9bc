"""GetObject, HeadObject, GetObjectAttributes."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.effects import Respond
from outfall.core.errors import AwsError
from outfall.core.principal import ANONYMOUS
from tests.services.s3.kit import S3, body, data_of
from tests.support import T0


@pytest.fixture
def digits(s3: S3) -> S3:
    s3.put("k", b"0123456789")
    return s3


@pytest.mark.parametrize(
    "header, data, told",
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=8-100", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-100", b"0123456789", "bytes 0-9/10"),
    ],
)
def test_a_range(digits: S3, header: str, data: bytes, told: str) -> None:
    answer = digits.answer("GetObject", Bucket="bucket", Key="k", Range=header)
    assert isinstance(answer, Respond)
    assert answer.status == 206
    assert (data_of(answer.output["Body"]), answer.output["ContentRange"]) == (data, told)
    assert answer.output["ContentLength"] == len(data)


@pytest.mark.parametrize("header", ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=x"])
def test_what_is_not_a_range_is_ignored(digits: S3, header: str) -> None:
    answer = digits.answer("GetObject", Bucket="bucket", Key="k", Range=header)
    assert data_of(answer["Body"]) == b"0123456789"


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_outside(digits: S3, header: str) -> None:
    with pytest.raises(AwsError) as refused:
        digits("GetObject", Bucket="bucket", Key="k", Range=header)
    assert (refused.value.code, refused.value.status) == ("InvalidRange", 416)
    assert refused.value.fields == {"ActualObjectSize": "10", "RangeRequested": header}


SECOND = T0 // 1000 * 1000
ETAG = '"781e5e245d69b566979b86e28d23f2c7"'


@pytest.mark.parametrize(
    "conditions, answer",
    [
        ({"IfMatch": ETAG}, 200),
        ({"IfMatch": '"a", ' + ETAG}, 200),
        ({"IfMatch": "*"}, 200),
        ({"IfMatch": '"a"'}, 412),
        ({"IfNoneMatch": '"a"'}, 200),
        ({"IfNoneMatch": ETAG}, 304),
        ({"IfNoneMatch": ETAG.strip('"')}, 304),
        ({"IfModifiedSince": SECOND - 1000}, 200),
        ({"IfModifiedSince": SECOND}, 304),
        ({"IfUnmodifiedSince": SECOND}, 200),
        ({"IfUnmodifiedSince": SECOND - 1000}, 412),
        ({"IfMatch": ETAG, "IfUnmodifiedSince": SECOND - 1000}, 200),
        ({"IfNoneMatch": '"a"', "IfModifiedSince": SECOND}, 200),
        ({"IfNoneMatch": ETAG, "IfModifiedSince": SECOND - 1000}, 304),
    ],
)
def test_conditions(digits: S3, conditions: dict[str, Any], answer: int) -> None:
    if answer == 412:
        with pytest.raises(AwsError) as refused:
            digits("GetObject", Bucket="bucket", Key="k", **conditions)
        assert (refused.value.code, refused.value.status) == ("PreconditionFailed", 412)
        return
    got = digits.answer("GetObject", Bucket="bucket", Key="k", **conditions)
    assert (got.status if isinstance(got, Respond) else 200) == answer
    if answer == 304:
        assert got.output == {"LastModified": SECOND, "ETag": ETAG}


def test_a_response_is_told_to_say_something_else(digits: S3) -> None:
    given = {
        "ResponseContentType": "text/plain",
        "ResponseCacheControl": "no-cache",
        "ResponseExpires": "Thu, 01 Jan 1970 00:00:00 GMT",
    }
    got = digits("GetObject", Bucket="bucket", Key="k", **given)
    assert (got["ContentType"], got["CacheControl"]) == ("text/plain", "no-cache")
    assert got["Expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    digits.principal = ANONYMOUS
    with pytest.raises(AwsError, match="cannot be used for anonymous GET requests"):
        digits("GetObject", Bucket="bucket", Key="k", **given)


def test_a_key_that_is_not_there(s3: S3) -> None:
    with pytest.raises(AwsError) as refused:
        s3.get("k")
    assert (refused.value.code, refused.value.status, refused.value.fields) == ("NoSuchKey", 404, {"Key": "k"})


def test_who_may_not_list_is_not_told_that_a_key_is_missing(digits: S3) -> None:
    assert digits.asked("GetObject", Bucket="bucket", Key="k") == [("s3:GetObject", "arn:aws:s3:::bucket/k")]
    assert digits.asked("GetObject", Bucket="bucket", Key="none") == [
        ("s3:GetObject", "arn:aws:s3:::bucket/none"),
        ("s3:ListBucket", "arn:aws:s3:::bucket"),
    ]
    assert digits.asked("HeadObject", Bucket="bucket", Key="k", VersionId="v") == [
        ("s3:GetObjectVersion", "arn:aws:s3:::bucket/k")
    ]


def test_a_range_and_a_part_at_once(digits: S3) -> None:
    with pytest.raises(AwsError, match="Cannot specify both Range header and partNumber query parameter"):
        digits("GetObject", Bucket="bucket", Key="k", Range="bytes=0-1", PartNumber=1)


def test_only_the_attributes_that_are_asked_for(s3: S3) -> None:
    s3("PutObject", Bucket="bucket", Key="k", Body=body(b"hello", crc=True))
    told = s3("GetObjectAttributes", Bucket="bucket", Key="k", ObjectAttributes=["ETag", "ObjectSize", "Checksum"])
    assert told == {
        "LastModified": SECOND,
        "ETag": "5d41402abc4b2a76b9719d911017c592",
        "Checksum": {"ChecksumCRC32": "NhCmhg==", "ChecksumType": "FULL_OBJECT"},
        "ObjectSize": 5,
    }
    with pytest.raises(AwsError, match="Invalid attribute name specified"):
        s3("GetObjectAttributes", Bucket="bucket", Key="k", ObjectAttributes=["Colour"])
