"""DeleteObject and DeleteObjects."""

from __future__ import annotations

import json

import pytest

from outfall.core.errors import AwsError, NotServed
from outfall.core.ports import NamedPolicy
from outfall.core.principal import Principal
from tests.services.s3.kit import S3
from tests.support import ACCOUNT, KnownIdentities

USER = Principal("user", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/u", "AIDAEXAMPLE", user_name="u")


def test_what_is_removed_is_gone(s3: S3) -> None:
    s3.put("k")
    assert s3("DeleteObject", Bucket="bucket", Key="k") == {}
    with pytest.raises(AwsError) as refused:
        s3.get("k")
    assert refused.value.code == "NoSuchKey"


def test_what_was_never_there_is_removed_as_well(s3: S3) -> None:
    assert s3("DeleteObject", Bucket="bucket", Key="k") == {}


def test_if_match_removes_what_was_seen(s3: S3) -> None:
    etag = s3.put("k")["ETag"]
    s3.put("k", b"other")
    with pytest.raises(AwsError) as refused:
        s3("DeleteObject", Bucket="bucket", Key="k", IfMatch=etag)
    assert (refused.value.code, refused.value.status) == ("PreconditionFailed", 412)
    assert s3.get("k") == b"other"


def test_conditions_of_directory_buckets_are_not_claimed_to_be_served(s3: S3) -> None:
    for condition in ({"IfMatchSize": 4}, {"IfMatchLastModifiedTime": 0}):
        with pytest.raises(NotServed):
            s3("DeleteObject", Bucket="bucket", Key="k", **condition)


def test_a_batch_tells_each_key_unless_it_is_quiet(s3: S3) -> None:
    s3.put("k")
    objects = [{"Key": "k"}, {"Key": "none"}]
    assert s3("DeleteObjects", Bucket="bucket", Delete={"Objects": objects}) == {
        "Deleted": [{"Key": "k"}, {"Key": "none"}]
    }
    assert s3("DeleteObjects", Bucket="bucket", Delete={"Objects": objects, "Quiet": True}) == {}


def test_a_batch_of_none_or_too_many(s3: S3) -> None:
    for objects in ([], [{"Key": str(number)} for number in range(1001)]):
        with pytest.raises(AwsError) as refused:
            s3("DeleteObjects", Bucket="bucket", Delete={"Objects": objects})
        assert refused.value.code == "MalformedXML"


def test_a_batch_removes_what_the_caller_may_and_names_the_rest(s3: S3) -> None:
    s3.put("mine/k")
    s3.put("theirs/k")
    statement = {"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::bucket/mine/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.identities = KnownIdentities(policies={USER.arn: (NamedPolicy("p", policy),)})
    s3.principal = USER
    answer = s3("DeleteObjects", Bucket="bucket", Delete={"Objects": [{"Key": "mine/k"}, {"Key": "theirs/k"}]})
    assert answer["Deleted"] == [{"Key": "mine/k"}]
    [refused] = answer["Errors"]
    assert (refused["Key"], refused["Code"]) == ("theirs/k", "AccessDenied")
    assert refused["Message"] == (
        f'User: {USER.arn} is not authorized to perform: s3:DeleteObject on resource: "arn:aws:s3:::bucket/theirs/k" '
        "because no identity-based policy allows the s3:DeleteObject action"
    )
    assert s3.get("theirs/k") == b"data"


def test_removing_a_version_is_another_action(s3: S3) -> None:
    arn = "arn:aws:s3:::bucket/k"
    assert s3.asked("DeleteObject", Bucket="bucket", Key="k") == [("s3:DeleteObject", arn)]
    assert s3.asked("DeleteObject", Bucket="bucket", Key="k", VersionId="v") == [("s3:DeleteObjectVersion", arn)]
