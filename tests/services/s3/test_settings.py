"""Policy, tags and ACL of a bucket, and tags and ACLs of objects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.core.errors import AwsError
from outfall.services.s3 import bucket_policy, owner_account
from tests.services.s3.kit import S3, allow_s3
from tests.support import ACCOUNT, make_context

POLICY = allow_s3("s3:GetObject", "arn:aws:s3:::bucket/*")


def refusal(s3: S3, name: str, **request: Any) -> AwsError:
    with pytest.raises(AwsError) as refused:
        s3(name, Bucket="bucket", **request)
    return refused.value


def test_a_policy_comes_back_to_the_byte(s3: S3) -> None:
    assert refusal(s3, "GetBucketPolicy").code == "NoSuchBucketPolicy"
    s3("PutBucketPolicy", Bucket="bucket", Policy=POLICY + "\n")
    assert s3("GetBucketPolicy", Bucket="bucket") == {"Policy": POLICY + "\n"}
    s3("DeleteBucketPolicy", Bucket="bucket")
    assert refusal(s3, "GetBucketPolicy").fields == {"BucketName": "bucket"}


def test_authorisation_finds_the_policy_and_the_owner(s3: S3) -> None:
    s3("PutBucketPolicy", Bucket="bucket", Policy=POLICY)
    for resource in ("bucket", "bucket/a/b"):
        arn = Arn("s3", "", "", resource)
        assert s3.at(lambda tx, arn=arn: bucket_policy(make_context(tx), arn)) == POLICY
    assert s3.at(lambda tx: bucket_policy(make_context(tx), Arn("s3", "", "", "none"))) is None
    assert s3.at(lambda tx: (owner_account(tx, "bucket"), owner_account(tx, "none"))) == (ACCOUNT, None)


@pytest.mark.parametrize("resource", ["arn:aws:s3:::bucket", ["arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket*"], "*"])
def test_resources_that_a_policy_may_name(s3: S3, resource: Any) -> None:
    policy = statement(Resource=resource, Action="s3:*")
    s3("PutBucketPolicy", Bucket="bucket", Policy=policy)
    assert s3("GetBucketPolicy", Bucket="bucket") == {"Policy": policy}


def statement(**more: Any) -> str:
    given = json.loads(POLICY)["Statement"][0] | more
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in given.items() if v is not None}]})


@pytest.mark.parametrize(
    "policy, message",
    [
        ("no json", "Policies must be valid JSON and the first byte must be '{'"),
        ("{", "This policy contains invalid Json"),
        ('{"Version":"2012-10-17"}', "Missing required field Statement"),
        ('{"Version":"2012-10-17","Statement":[]}', "Could not parse the policy: Statement is empty!"),
        (statement(Principal=None), "Missing required field Principal"),
        (statement(Effect="Maybe"), "Invalid effect: Maybe"),
        (statement(Principal=None, NotPrincipal={"AWS": "1" * 12}), "Allow with NotPrincipal is not allowed."),
        (statement(Principal={"AWS": "somebody"}), "Invalid principal in policy"),
        (statement(Action="s3:ListBucket"), "Action does not apply to any resource(s) in statement"),
        (
            statement(Action="s3:GetObject", Resource="arn:aws:s3:::bucket"),
            "Action does not apply to any resource(s) in statement",
        ),
        (statement(Action="sqs:SendMessage"), "Policy has invalid action"),
        (statement(Resource="arn:aws:s3:::other/*"), "Policy has invalid resource"),
    ],
)
def test_a_policy_that_is_none(s3: S3, policy: str, message: str) -> None:
    refused = refusal(s3, "PutBucketPolicy", Policy=policy)
    assert (refused.code, refused.message) == ("MalformedPolicy", message)


@pytest.mark.parametrize(
    "more, public",
    [
        ({}, False),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
    ],
)
def test_whether_a_policy_lets_everybody_in(s3: S3, more: dict[str, Any], public: bool) -> None:
    s3("DeletePublicAccessBlock", Bucket="bucket")
    s3("PutBucketPolicy", Bucket="bucket", Policy=statement(**more))
    assert s3("GetBucketPolicyStatus", Bucket="bucket") == {"PolicyStatus": {"IsPublic": public}}


def test_tags_of_a_bucket(s3: S3) -> None:
    assert refusal(s3, "GetBucketTagging").code == "NoSuchTagSet"
    tags = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": ""}]
    assert s3.answer("PutBucketTagging", Bucket="bucket", Tagging={"TagSet": tags}).status == 204
    assert s3("GetBucketTagging", Bucket="bucket") == {"TagSet": tags}
    s3("DeleteBucketTagging", Bucket="bucket")
    assert refusal(s3, "GetBucketTagging").status == 404


@pytest.mark.parametrize(
    "tags, code, message",
    [
        ([("a", "1"), ("a", "2")], "InvalidTag", "Cannot provide multiple Tags with the same key"),
        ([("", "1")], "InvalidTag", "The TagKey you have provided is invalid"),
        ([("k" * 129, "1")], "InvalidTag", "The TagKey you have provided is invalid"),
        ([("a", "v" * 257)], "InvalidTag", "The TagValue you have provided is invalid"),
        ([("aws:a", "1")], "InvalidTag", "Your TagKey cannot be prefixed with aws:"),
        ([(str(n), "") for n in range(11)], "BadRequest", "Object tags cannot be greater than 10"),
    ],
)
def test_tags_that_may_not_be(s3: S3, tags: list[tuple[str, str]], code: str, message: str) -> None:
    s3.put("k")
    tag_set = [{"Key": key, "Value": value} for key, value in tags]
    refused = refusal(s3, "PutObjectTagging", Key="k", Tagging={"TagSet": tag_set})
    assert (refused.code, refused.message) == (code, message)


def test_tags_of_an_object(s3: S3) -> None:
    s3.put("k", Tagging="b=2&a=1%202")
    tags = [{"Key": "a", "Value": "1 2"}, {"Key": "b", "Value": "2"}]
    assert s3("GetObjectTagging", Bucket="bucket", Key="k") == {"TagSet": tags}
    s3("PutObjectTagging", Bucket="bucket", Key="k", Tagging={"TagSet": tags[:1]})
    assert s3("HeadObject", Bucket="bucket", Key="k")["TagCount"] == 1
    s3("DeleteObjectTagging", Bucket="bucket", Key="k")
    assert s3("GetObjectTagging", Bucket="bucket", Key="k") == {"TagSet": []}


def test_tags_of_an_older_version(s3: S3) -> None:
    s3("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    older = s3.put("k")["VersionId"]
    s3.put("k")
    tags = {"TagSet": [{"Key": "a", "Value": "1"}]}
    assert s3("PutObjectTagging", Bucket="bucket", Key="k", VersionId=older, Tagging=tags) == {"VersionId": older}
    assert s3("GetObjectTagging", Bucket="bucket", Key="k", VersionId=older)["TagSet"] == tags["TagSet"]
    assert s3("GetObjectTagging", Bucket="bucket", Key="k")["TagSet"] == []


def test_the_owner_may_do_everything(s3: S3) -> None:
    s3.put("k")
    for acl in (s3("GetBucketAcl", Bucket="bucket"), s3("GetObjectAcl", Bucket="bucket", Key="k")):
        [grant] = acl["Grants"]
        assert grant == {"Grantee": acl["Owner"] | {"Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}


def test_acls_are_off(s3: S3) -> None:
    s3.put("k")
    refused = refusal(s3, "PutObjectAcl", Key="k", ACL="public-read")
    assert (refused.code, refused.message) == ("AccessControlListNotSupported", "The bucket does not allow ACLs")
