"""Listings: pages, prefixes, delimiters, encodings, and what there is to say of each entry."""

from __future__ import annotations

import hashlib
from itertools import chain
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .s3kit import OTHER, S3, refused

KEYS = ["a", "a/1", "a/2/x", "a/2/y", "b c", "z", "ü/1"]


@pytest.fixture
def filled(s3: S3) -> S3:
    for key in KEYS:
        s3.put(key, key.encode())
    return s3


def names(page: dict[str, Any]) -> tuple[list[str], list[str]]:
    return (
        [one["Key"] for one in page.get("Contents", [])],
        [one["Prefix"] for one in page.get("CommonPrefixes", [])],
    )


@pytest.mark.parametrize(
    "asked, keys, prefixes",
    [
        ({}, KEYS, []),
        ({"Prefix": "a/"}, ["a/1", "a/2/x", "a/2/y"], []),
        ({"Delimiter": "/"}, ["a", "b c", "z"], ["a/", "ü/"]),
        ({"Prefix": "a/", "Delimiter": "/"}, ["a/1"], ["a/2/"]),
        ({"Prefix": "a", "Delimiter": "/"}, ["a"], ["a/"]),
        ({"Prefix": "none"}, [], []),
        ({"Delimiter": "/2/"}, ["a", "a/1", "b c", "z", "ü/1"], ["a/2/"]),
        ({"Delimiter": ""}, KEYS, []),
    ],
)
@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_prefixes_and_delimiters(
    filled: S3, operation: str, asked: dict[str, str], keys: list[str], prefixes: list[str]
) -> None:
    page = filled.call(operation, **asked)
    assert names(page) == (keys, prefixes)
    assert (page["IsTruncated"], page["MaxKeys"], page["Name"]) == (False, 1000, filled.bucket)
    if operation == "list_objects_v2":
        assert page["KeyCount"] == len(keys) + len(prefixes)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_of_the_second_version(filled: S3, size: int, delimiter: str) -> None:
    expected = [*chain(*names(filled.call("list_objects_v2", Delimiter=delimiter)))]
    found: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = filled.call("list_objects_v2", MaxKeys=size, Delimiter=delimiter, **more)
        keys, prefixes = names(page)
        found += keys + prefixes
        assert page["KeyCount"] == len(keys) + len(prefixes) <= size
        if not page["IsTruncated"]:
            assert "NextContinuationToken" not in page
            break
        more = {"ContinuationToken": page["NextContinuationToken"]}
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_of_the_first_version(filled: S3, size: int) -> None:
    found: list[str] = []
    marker = ""
    while True:
        page = filled.call("list_objects", MaxKeys=size, Delimiter="/", Marker=marker)
        found += sorted(chain(*names(page)))
        if not page["IsTruncated"]:
            break
        marker = page["NextMarker"]
    assert found == ["a", "a/", "b c", "z", "ü/"]
    page = filled.call("list_objects", MaxKeys=2)
    assert (page["IsTruncated"], "NextMarker" in page) == (True, False)
    assert names(filled.call("list_objects", Marker="a/2/x"))[0] == ["a/2/y", "b c", "z", "ü/1"]


@pytest.mark.parametrize(
    "asked, count, told",
    [
        ({"MaxKeys": 0}, 0, 0),
        ({"MaxKeys": 2000}, 7, 1000),
        ({"StartAfter": "b c"}, 2, 1000),
        ({"StartAfter": "b"}, 3, 1000),
    ],
)
def test_how_much_is_asked_for(filled: S3, asked: dict[str, Any], count: int, told: int) -> None:
    page = filled.call("list_objects_v2", **asked)
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"]) == (count, told, False)


@pytest.mark.parametrize("asked", ["max-keys=abc", "max-keys=-1"])
def test_numbers_that_are_none(s3: S3, asked: str) -> None:
    s3.call("delete_public_access_block")
    s3.let("s3:ListBucket", "")
    answer = s3.send("GET", f"?list-type=2&{asked}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_tokens_that_are_none(s3: S3) -> None:
    answer = s3.refused("list_objects_v2", ContinuationToken="nothing")
    assert (answer.code, answer.message) == ("InvalidArgument", "The continuation token provided is incorrect")
    answer = s3.refused("list_objects_v2", EncodingType="latin")
    assert answer.message == "Invalid Encoding Method specified in Request"


def test_names_as_urls_have_them(s3: S3) -> None:
    for key in ("a b/c+d&ü", "x\x05y"):
        s3.put(key)
    s3.call("delete_public_access_block")
    s3.let("s3:ListBucket", "")
    answer = s3.send("GET", "?list-type=2&encoding-type=url&delimiter=/")
    space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
    assert answer.xml.findtext(f"{space}CommonPrefixes/{space}Prefix") == "a+b/"
    assert answer.xml.findtext(f"{space}Contents/{space}Key") == "x%05y"
    assert answer.xml.findtext(f"{space}EncodingType") == "url"
    assert b"<Key>x&#x5;y</Key>" in s3.send("GET", "?list-type=2").body


@pytest.mark.parametrize("kind", ["", "value"])
@pytest.mark.parametrize("listed", ["objects", "objects_v2", "object_versions", "multipart_uploads"])
def test_encodings_that_there_are_not(s3: S3, listed: str, kind: str) -> None:
    answer = s3.refused(f"list_{listed}", EncodingType=kind)
    assert (answer.code, answer.message) == ("InvalidArgument", "Invalid Encoding Method specified in Request")


def test_what_is_told_of_an_entry(s3: S3) -> None:
    put = s3.put("k", b"data", StorageClass="STANDARD_IA")
    [one] = s3.call("list_objects_v2")["Contents"]
    assert (one["ETag"], one["Size"], one["StorageClass"], "Owner" in one) == (put["ETag"], 4, "STANDARD_IA", False)
    assert one["LastModified"] == s3.call("head_object", Key="k")["LastModified"]
    assert "ID" in s3.call("list_objects_v2", FetchOwner=True)["Contents"][0]["Owner"]
    assert "ID" in s3.call("list_objects")["Contents"][0]["Owner"]


def test_restores_are_told_where_they_are_asked_for(s3: S3) -> None:
    s3.put("k", StorageClass="GLACIER")
    s3.call("restore_object", Key="k", RestoreRequest={"Days": 1})
    [one] = s3.call("list_objects_v2", OptionalObjectAttributes=["RestoreStatus"])["Contents"]
    assert one["RestoreStatus"]["IsRestoreInProgress"] is False
    assert "RestoreStatus" not in s3.call("list_objects_v2")["Contents"][0]


def test_a_bucket_of_many_keys_is_listed_to_its_end(s3: S3) -> None:
    for number in range(110):
        s3.put(f"{number:05d}", b"")
    sizes = {"PageSize": 50}
    pages = list(s3.api.get_paginator("list_objects_v2").paginate(Bucket=s3.bucket, PaginationConfig=sizes))
    assert [len(page["Contents"]) for page in pages] == [50, 50, 10]
    for page in pages:
        s3.call("delete_objects", Delete={"Objects": [{"Key": one["Key"]} for one in page["Contents"]], "Quiet": True})
    s3.call("delete_bucket")


def test_buckets_are_listed(s3: S3) -> None:
    account = s3.client("333333333333")
    for name in ("third-a", "third-b", "other-c"):
        account.create_bucket(Bucket=f"{name}-{s3.bucket}")
    told = account.list_buckets()
    assert [one["Name"].rsplit("-b-")[0] for one in told["Buckets"]] == ["other-c", "third-a", "third-b"]
    assert "DisplayName" not in told["Owner"]
    told = account.list_buckets(MaxBuckets=2)
    more = account.list_buckets(MaxBuckets=2, ContinuationToken=told["ContinuationToken"])
    assert (len(told["Buckets"]), len(more["Buckets"]), "ContinuationToken" in more) == (2, 1, False)
    assert more["Buckets"][0]["BucketRegion"] == "us-east-1"
    assert len(account.list_buckets(Prefix="third")["Buckets"]) == 2
    answer = refused(lambda: account.list_buckets(BucketRegion="eu-east-1"))
    assert (answer.code, answer.message) == ("InvalidArgument", "Argument value eu-east-1 is not a valid AWS Region")


@pytest.mark.parametrize(
    "name",
    [
        "ab",
        "a" * 64,
        "UPPER",
        "under_score",
        "-begin",
        "end-",
        "two..dots",
        "192.168.1.1",
        "xn--a",
        "a-s3alias",
        "do.-t",
        "sthree-a",
    ],
)
def test_names_that_buckets_may_not_have(s3: S3, name: str) -> None:
    # The client checks names itself, less strictly.
    url = f"{s3.inside.endpoint}/{name}"
    request = AWSRequest("PUT", url, headers={"x-amz-content-sha256": hashlib.sha256(b"").hexdigest()})
    S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
    answer = s3.send("PUT", f"/{name}", host=url.split("/")[2], **dict(request.headers))
    assert (answer.status, answer.code) == (400, "InvalidBucketName")


def test_where_buckets_are(s3: S3) -> None:
    west = s3.client(region="us-west-2")
    west.create_bucket(Bucket=f"{s3.bucket}-w", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert s3.api.get_bucket_location(Bucket=f"{s3.bucket}-w")["LocationConstraint"] == "us-west-2"
    assert s3.api.head_bucket(Bucket=f"{s3.bucket}-w")["BucketRegion"] == "us-west-2"
    assert s3.call("get_bucket_location")["LocationConstraint"] is None
    assert refused(lambda: west.create_bucket(Bucket=f"{s3.bucket}-x")).code == "IllegalLocationConstraintException"
    elsewhere = {"LocationConstraint": "eu-west-1"}
    answer = refused(lambda: west.create_bucket(Bucket=f"{s3.bucket}-x", CreateBucketConfiguration=elsewhere))
    assert answer.code == "IllegalLocationConstraintException"
    answer = s3.refused("create_bucket", CreateBucketConfiguration={"LocationConstraint": "mars"})
    assert answer.code == "InvalidLocationConstraint"
    assert s3.refused("create_bucket", CreateBucketConfiguration={}).code == "MalformedXML"
    again = {"LocationConstraint": "us-west-2"}
    answer = refused(lambda: west.create_bucket(Bucket=f"{s3.bucket}-w", CreateBucketConfiguration=again))
    assert (answer.status, answer.code) == (409, "BucketAlreadyOwnedByYou")
    assert s3.call("create_bucket")["ResponseMetadata"]["HTTPStatusCode"] == 200
    answer = refused(lambda: s3.client(OTHER).create_bucket(Bucket=s3.bucket))
    assert (answer.status, answer.code) == (409, "BucketAlreadyExists")


def test_whether_there_is_a_bucket(s3: S3) -> None:
    head = s3.call("head_bucket")
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-east-1"
    assert refused(lambda: s3.api.head_bucket(Bucket=f"{s3.bucket}-none")).status == 404
    assert refused(lambda: s3.client(OTHER).head_bucket(Bucket=s3.bucket)).status == 403
    s3.put("k")
    answer = s3.refused("delete_bucket")
    assert (answer.status, answer.code, answer.message) == (
        409,
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
    )


def test_a_marker_within_a_common_prefix_stands_for_all_of_it(s3: S3) -> None:
    for key in ("a/1", "a/2", "b"):
        s3.put(key)
        s3.call("create_multipart_upload", Key=key)
    asked = {"Delimiter": "/"}
    assert names(s3.call("list_objects", Marker="a/1", **asked)) == (["b"], [])
    for name, member in (("list_object_versions", "Versions"), ("list_multipart_uploads", "Uploads")):
        page = s3.call(name, KeyMarker="a/1", **asked)
        assert ([one["Key"] for one in page[member]], "CommonPrefixes" in page) == (["b"], False)
    page = s3.call("list_objects_v2", StartAfter="a/1", **asked)
    assert page["CommonPrefixes"] == [{"Prefix": "a/"}]


def test_what_is_left_as_it_is_in_urls(s3: S3) -> None:
    """As Java's URLEncoder has it, but for slashes."""
    s3.put("a-_.*/ ~!'()")
    path = s3.api.generate_presigned_url("list_objects", Params={"Bucket": s3.bucket, "EncodingType": "url"})
    told = s3.send("GET", path.partition(s3.bucket)[2]).xml
    space = "{http://s3.amazonaws.com/doc/2006-03-01/}"
    assert told.findtext(f"{space}Contents/{space}Key") == "a-_.*/+%7E%21%27%28%29"


def test_markers_of_uploads_are_always_told(s3: S3) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html"""
    page = s3.call("list_multipart_uploads", UploadIdMarker="alone")
    markers = ("KeyMarker", "UploadIdMarker", "NextKeyMarker", "NextUploadIdMarker")
    assert [page[name] for name in markers] == [""] * 4
    upload = s3.call("create_multipart_upload", Key="k")["UploadId"]
    page = s3.call("list_multipart_uploads")  # [LS:test_multipart_and_list_parts]
    assert ([page[name] for name in markers], page["IsTruncated"]) == (["", "", "k", upload], False)


def test_who_is_nobody_is_not_told_whose_keys_they_are(s3: S3) -> None:
    """[LS:test_bucket_name_with_dots]"""
    s3.put("k")
    s3.open()
    s3.let("s3:ListBucket", "")
    answer = s3.send("GET")
    assert (answer.status, b"<Key>k</Key>" in answer.body, b"<Owner>" in answer.body) == (200, True, False)
    assert "Owner" in s3.call("list_objects")["Contents"][0]
