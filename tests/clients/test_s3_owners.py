"""S3: whose an object is where ACLs are on, which version's list counts, who is told where a bucket is, who pays."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.s3ids import canonical_user_id

from .s3kit import OTHER, S3, refused

ME, THEM = canonical_user_id("000000000000"), canonical_user_id(OTHER)


def let_them_write(s3: S3) -> Any:
    s3.open()
    s3.call("put_bucket_acl", GrantWrite=f"id={THEM}", GrantFullControl=f"id={ME}")
    return s3.client(OTHER)


@pytest.mark.parametrize("name", ["get_object", "head_object", "get_object_acl"])
def test_the_bucket_s_owner_does_not_read_what_is_not_theirs(s3: S3, name: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html"""
    there = let_them_write(s3)
    there.put_object(Bucket=s3.bucket, Key="theirs", Body=b"1")
    assert s3.refused(name, Key="theirs").status == 403
    assert getattr(there, name)(Bucket=s3.bucket, Key="theirs")
    there.put_object_acl(Bucket=s3.bucket, Key="theirs", ACL="bucket-owner-full-control")
    assert s3.call(name, Key="theirs")


def test_the_bucket_s_owner_lists_and_removes_it_and_may_take_it_over(s3: S3) -> None:
    there = let_them_write(s3)
    for key in ("one", "two"):
        there.put_object(Bucket=s3.bucket, Key=key, Body=b"1")
    told = s3.call("list_objects_v2", FetchOwner=True)["Contents"]
    assert [one["Owner"] for one in told] == [{"ID": THEM}, {"ID": THEM}]
    s3.call("delete_object", Key="one")
    s3.call("put_bucket_acl", ACL="private")
    s3.call("put_bucket_ownership_controls", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    assert s3.get("two") == b"1"
    assert s3.call("list_objects_v2", FetchOwner=True)["Contents"][0]["Owner"] == {"ID": ME}


def test_the_bucket_s_policy_is_not_about_what_is_not_its_owner_s(s3: S3) -> None:
    there = let_them_write(s3)
    there.put_object(Bucket=s3.bucket, Key="theirs", Body=b"1")
    s3.put("ours")
    s3.let("s3:GetObject", "/*")
    assert s3.send("GET", "/ours").status == 200
    assert s3.send("GET", "/theirs").status == 403


def test_a_copy_reads_its_source(s3: S3) -> None:
    let_them_write(s3).put_object(Bucket=s3.bucket, Key="theirs", Body=b"1")
    assert s3.refused("copy_object", Key="mine", CopySource=f"{s3.bucket}/theirs").code == "AccessDenied"


def test_the_list_of_the_version_that_is_asked_for_counts(s3: S3) -> None:
    s3.open()
    s3.version()
    opened = s3.put("k", b"old", ACL="public-read")["VersionId"]
    closed = s3.put("k", b"new")["VersionId"]
    assert s3.send("GET", "/k").status == 403
    assert s3.send("GET", f"/k?versionId={opened}").body == b"old"
    s3.call("put_object_acl", Key="k", ACL="public-read")
    s3.call("put_object_acl", Key="k", VersionId=opened, ACL="private")
    assert s3.send("GET", f"/k?versionId={opened}").status == 403
    assert s3.send("GET", f"/k?versionId={closed}").body == b"new"


def test_who_may_not_look_is_told_where_the_bucket_is(s3: S3) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html"""
    name = f"{s3.bucket}-w"
    s3.api.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    there = s3.client(OTHER)
    for call in (there.head_bucket, there.list_objects, there.list_objects_v2):
        answer = refused(lambda call=call: call(Bucket=name))  # type: ignore[misc]
        assert (answer.status, answer.headers.get("x-amz-bucket-region")) == (403, "eu-west-1")
    assert "x-amz-bucket-region" not in refused(lambda: there.get_object(Bucket=name, Key="k")).headers
    assert "x-amz-bucket-region" not in refused(lambda: there.head_bucket(Bucket=f"{name}-none")).headers
    for call in (s3.api.head_bucket, s3.api.list_objects, s3.api.list_objects_v2):
        assert call(Bucket=name)["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"


def test_who_is_nobody_has_no_buckets(s3: S3) -> None:
    answer = s3.send("GET", "/", host=s3.inside.endpoint.removeprefix("http://"))
    assert (answer.status, answer.headers["location"], answer.body) == (307, "https://aws.amazon.com/s3/", b"")


def test_who_pays_is_told_so(s3: S3) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ObjectsinRequesterPaysBuckets.html"""
    s3.put("k")
    s3.let(["s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:DeleteObject"], "", "/*", principal={"AWS": OTHER})
    s3.call("put_bucket_request_payment", RequestPaymentConfiguration={"Payer": "Requester"})
    there, asked = s3.client(OTHER), {"Bucket": s3.bucket, "RequestPayer": "requester"}
    assert there.get_object(Key="k", **asked)["RequestCharged"] == "requester"
    assert there.head_object(Key="k", **asked)["RequestCharged"] == "requester"
    assert there.list_objects_v2(**asked)["RequestCharged"] == "requester"
    assert there.put_object(Key="new", **asked)["RequestCharged"] == "requester"
    assert there.delete_object(Key="new", **asked)["RequestCharged"] == "requester"
    assert "RequestCharged" not in s3.call("get_object", Key="k", RequestPayer="requester")
    s3.call("delete_public_access_block")
    s3.let("s3:GetObject", "/*")
    assert s3.send("GET", "/k", x_amz_request_payer="requester").status == 403


def test_who_may_list_learns_that_a_key_is_not_there(s3: S3) -> None:
    s3.open()
    assert s3.send("GET", "/none").status == 403
    s3.call("put_bucket_acl", ACL="public-read")
    assert (s3.send("GET", "/none").status, s3.send("GET", "/none").code) == (404, "NoSuchKey")
    s3.put("there")
    assert s3.send("GET", "/there").status == 403


def test_who_began_an_upload(s3: S3) -> None:
    there = let_them_write(s3)
    there.create_multipart_upload(Bucket=s3.bucket, Key="k")
    (told,) = s3.call("list_multipart_uploads")["Uploads"]
    assert (told["Owner"], told["Initiator"]) == ({"ID": THEM}, {"ID": THEM})
