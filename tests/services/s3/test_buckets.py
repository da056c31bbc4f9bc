"""Buckets: create, head, delete, list, location."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.errors import AwsError
from outfall.services.s3.names import valid_bucket_name
from tests.services.s3.kit import S3
from tests.support import OTHER_ACCOUNT, T0


def create(s3: S3, name: str, location: str = "", **more: Any) -> dict[str, Any]:
    if location:
        more["CreateBucketConfiguration"] = {"LocationConstraint": location}
    return s3("CreateBucket", Bucket=name, **more)


def refusal(s3: S3, name: str, **request: Any) -> AwsError:
    with pytest.raises(AwsError) as refused:
        s3(name, **request)
    return refused.value


def test_a_bucket_in_the_home_region(s3: S3) -> None:
    assert create(s3, "another") == {"Location": "/another", "BucketArn": "arn:aws:s3:::another"}
    assert s3("GetBucketLocation", Bucket="another") == {}
    assert s3("HeadBucket", Bucket="another")["BucketRegion"] == "us-east-1"


def test_a_bucket_elsewhere(s3: S3) -> None:
    s3.region = "eu-west-1"
    assert create(s3, "another", "eu-west-1")["Location"] == "http://another.s3.amazonaws.com/"
    assert s3("GetBucketLocation", Bucket="another") == {"LocationConstraint": "eu-west-1"}
    create(s3, "older", "EU")
    assert s3("GetBucketLocation", Bucket="older") == {"LocationConstraint": "EU"}
    assert s3("HeadBucket", Bucket="older")["BucketRegion"] == "eu-west-1"


@pytest.mark.parametrize(
    "region, location, code, message",
    [
        ("us-east-1", "us-east-1", "InvalidLocationConstraint", "The specified location-constraint is not valid"),
        ("us-east-1", "moon-1", "InvalidLocationConstraint", "The specified location-constraint is not valid"),
        (
            "eu-west-1",
            "",
            "IllegalLocationConstraintException",
            "The unspecified location constraint is incompatible for the region specific endpoint this request was "
            "sent to.",
        ),
        (
            "eu-west-1",
            "us-west-2",
            "IllegalLocationConstraintException",
            "The us-west-2 location constraint is incompatible for the region specific endpoint this request was "
            "sent to.",
        ),
    ],
)
def test_where_a_bucket_cannot_be(region: str, location: str, code: str, message: str) -> None:
    server = S3(region=region)
    with pytest.raises(AwsError) as refused:
        create(server, "bucket", location)
    assert (refused.value.code, refused.value.message) == (code, message)


def test_ones_own_bucket_again(s3: S3) -> None:
    assert create(s3, "bucket")["Location"] == "/bucket"
    s3.region = "eu-west-1"
    again = refusal(s3, "CreateBucket", Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert (again.code, again.status, again.fields) == ("BucketAlreadyOwnedByYou", 409, {"BucketName": "bucket"})


def test_names_are_global_over_accounts(s3: S3) -> None:
    s3.account = OTHER_ACCOUNT
    taken = refusal(s3, "CreateBucket", Bucket="bucket")
    assert (taken.code, taken.status, taken.fields) == ("BucketAlreadyExists", 409, {"BucketName": "bucket"})


@pytest.mark.parametrize(
    "name, valid",
    [
        ("abc", True),
        ("my.bucket-1", True),
        ("a" * 63, True),
        ("ab", False),
        ("a" * 64, False),
        ("Upper", False),
        ("under_score", False),
        ("-dash", False),
        ("dash-", False),
        ("two..dots", False),
        ("192.168.5.4", False),
        ("xn--bucket", False),
        ("sthree-bucket", False),
        ("bucket-s3alias", False),
        ("bucket--ol-s3", False),
    ],
)
def test_names(name: str, valid: bool) -> None:
    assert valid_bucket_name(name) is valid


@pytest.mark.parametrize(
    "request_, code",
    [
        ({"GrantRead": "id=1"}, "InvalidArgument"),
        ({"GrantRead": f"id={'a' * 64}"}, "InvalidBucketAclWithObjectOwnership"),
        ({"BucketNamespace": "account-regional"}, "NotImplemented"),
        ({"CreateBucketConfiguration": {"Bucket": {"Type": "Directory"}}}, "NotImplemented"),
        ({"ObjectOwnership": "Mine"}, "InvalidArgument"),
        ({"ACL": "public-read"}, "InvalidBucketAclWithObjectOwnership"),
        ({"ACL": "public-read", "ObjectOwnership": "ObjectWriter"}, "AccessDenied"),
    ],
)
def test_options_that_would_be_lost_are_refused(s3: S3, request_: dict[str, Any], code: str) -> None:
    assert refusal(s3, "CreateBucket", Bucket="another", **request_).code == code


def test_a_bucket_is_born_with_its_tags(s3: S3) -> None:
    s3("CreateBucket", Bucket="another", CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "1"}]})
    assert s3("GetBucketTagging", Bucket="another") == {"TagSet": [{"Key": "a", "Value": "1"}]}


def test_a_name_that_may_not_be(s3: S3) -> None:
    refused = refusal(s3, "CreateBucket", Bucket="No")
    assert (refused.code, refused.status, refused.fields) == ("InvalidBucketName", 400, {"BucketName": "No"})


def test_a_bucket_that_is_not_there(s3: S3) -> None:
    for name in ("HeadBucket", "DeleteBucket", "GetBucketLocation", "ListObjectsV2", "GetBucketVersioning"):
        missing = refusal(s3, name, Bucket="none")
        assert (missing.code, missing.status, missing.fields) == ("NoSuchBucket", 404, {"BucketName": "none"})


def test_a_bucket_of_somebody_else_than_expected(s3: S3) -> None:
    refused = refusal(s3, "HeadBucket", Bucket="bucket", ExpectedBucketOwner=OTHER_ACCOUNT)
    assert (refused.code, refused.message) == ("AccessDenied", "Access Denied")


def test_only_an_empty_bucket_is_deleted(s3: S3) -> None:
    s3.put("k")
    full = refusal(s3, "DeleteBucket", Bucket="bucket")
    assert (full.code, full.status) == ("BucketNotEmpty", 409)
    assert full.message == "The bucket you tried to delete is not empty"
    s3("DeleteObject", Bucket="bucket", Key="k")
    s3("DeleteBucket", Bucket="bucket")
    assert refusal(s3, "HeadBucket", Bucket="bucket").code == "NoSuchBucket"
    assert s3("ListBuckets")["Buckets"] == []


def test_a_delete_marker_keeps_a_bucket(s3: S3) -> None:
    s3("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    marker = s3("DeleteObject", Bucket="bucket", Key="k")["VersionId"]
    full = refusal(s3, "DeleteBucket", Bucket="bucket")
    assert full.message.endswith("You must delete all versions in the bucket.")
    s3("DeleteObject", Bucket="bucket", Key="k", VersionId=marker)
    s3("DeleteBucket", Bucket="bucket")


def test_buckets_are_listed_for_their_owner_alone(s3: S3) -> None:
    create(s3, "another")
    listed = s3("ListBuckets")
    assert [bucket["Name"] for bucket in listed["Buckets"]] == ["another", "bucket"]
    assert listed["Buckets"][0]["CreationDate"] == T0
    s3.account = OTHER_ACCOUNT
    assert s3("ListBuckets")["Buckets"] == []


def test_buckets_are_listed_in_pages(s3: S3) -> None:
    for name in ("b1a", "b2a", "c1a"):
        create(s3, name)
    first = s3("ListBuckets", MaxBuckets=2, Prefix="b")
    assert [bucket["Name"] for bucket in first["Buckets"]] == ["b1a", "b2a"]
    rest = s3("ListBuckets", MaxBuckets=2, Prefix="b", ContinuationToken=first["ContinuationToken"])
    assert [bucket["Name"] for bucket in rest["Buckets"]] == ["bucket"]
    assert "ContinuationToken" not in rest


def test_what_creating_and_reading_buckets_asks_for(s3: S3) -> None:
    assert s3.asked("CreateBucket", Bucket="b") == [("s3:CreateBucket", "arn:aws:s3:::b")]
    s3.account = OTHER_ACCOUNT
    assert s3.asked("CreateBucket", Bucket="bucket") == [("s3:CreateBucket", "*")]
    assert s3.asked("HeadBucket", Bucket="b") == [("s3:ListBucket", "arn:aws:s3:::b")]
    assert s3.asked("ListBuckets") == [("s3:ListAllMyBuckets", "*")]
