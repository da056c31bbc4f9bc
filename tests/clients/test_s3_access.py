"""Who may: access lists, who owns objects, policies, what is public, and what another account may do."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.s3ids import canonical_user_id

from .s3kit import OTHER, S3, refused

ME, THEM = canonical_user_id("000000000000"), canonical_user_id(OTHER)
EVERYBODY = {"URI": "http://acs.amazonaws.com/groups/global/AllUsers", "Type": "Group"}
MINE = {"Grantee": {"ID": ME, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}


def grants(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["Grantee"].get("URI", one["Grantee"].get("ID"))[-8:], one["Permission"]) for one in told["Grants"]]


def test_acls_are_off_in_a_new_bucket(s3: S3) -> None:
    assert s3.call("get_bucket_ownership_controls")["OwnershipControls"] == {
        "Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]
    }
    s3.put("k")
    for name, more in (("get_bucket_acl", {}), ("get_object_acl", {"Key": "k"})):
        told = s3.call(name, **more)
        assert (told["Owner"], told["Grants"]) == ({"ID": ME}, [MINE])
    for name, more in (
        ("put_bucket_acl", {"ACL": "private"}),
        ("put_object_acl", {"Key": "k", "ACL": "public-read"}),
        ("put_object", {"Key": "k", "ACL": "private"}),
        ("copy_object", {"Key": "c", "CopySource": f"{s3.bucket}/k", "ACL": "public-read"}),
        ("create_multipart_upload", {"Key": "k", "GrantRead": f"id={THEM}"}),
    ):
        answer = s3.refused(name, **more)
        assert (answer.status, answer.code) == (400, "AccessControlListNotSupported")
        assert answer.message == "The bucket does not allow ACLs"
    s3.put("k", ACL="bucket-owner-full-control")


def test_public_access_is_blocked_in_a_new_bucket(s3: S3) -> None:
    block = s3.call("get_public_access_block")["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    answer = refused(lambda: s3.let("s3:GetObject", "/*"))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    s3.let("s3:GetObject", "/*", principal={"AWS": OTHER})
    s3.call("delete_public_access_block")
    assert s3.refused("get_public_access_block").code == "NoSuchPublicAccessBlockConfiguration"
    s3.let("s3:GetObject", "/*")


def test_a_public_policy_lets_everybody_in(s3: S3) -> None:
    s3.put("k", b"open")
    assert s3.send("GET", "/k").code == "AccessDenied"
    s3.call("delete_public_access_block")
    s3.let("s3:GetObject", "/*")
    assert s3.send("GET", "/k").body == b"open"
    assert s3.send("GET").status == 403
    assert s3.call("get_bucket_policy_status")["PolicyStatus"] == {"IsPublic": True}
    s3.call("put_public_access_block", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert s3.send("GET", "/k").status == 403
    assert s3.get("k") == b"open"


@pytest.mark.parametrize(
    "canned, reads, writes",
    [
        ("private", False, False),
        ("public-read", True, False),
        ("public-read-write", True, True),
        ("authenticated-read", False, False),
    ],
)
def test_canned_lists_of_a_bucket(s3: S3, canned: str, reads: bool, writes: bool) -> None:
    s3.open()
    s3.put("k", b"data")
    s3.call("put_bucket_acl", ACL=canned)
    assert (s3.send("GET").status == 200) is reads
    assert (s3.send("PUT", "/new", b"x").status == 200) is writes
    assert s3.send("GET", "/k").status == 403
    there = s3.client(OTHER)
    listing = lambda: there.list_objects_v2(Bucket=s3.bucket)  # noqa: E731
    if canned == "private":
        assert refused(listing).code == "AccessDenied"
    else:
        assert listing()["KeyCount"] >= 1


@pytest.mark.parametrize(
    "canned, anybody, known",
    [("private", False, False), ("public-read", True, True), ("authenticated-read", False, True)],
)
def test_canned_lists_of_an_object(s3: S3, canned: str, anybody: bool, known: bool) -> None:
    s3.open()
    s3.put("k", b"data", ACL=canned)
    assert (s3.send("GET", "/k").status == 200) is anybody
    there = s3.client(OTHER)
    if known:
        assert there.get_object(Bucket=s3.bucket, Key="k")["Body"].read() == b"data"
    else:
        assert refused(lambda: there.get_object(Bucket=s3.bucket, Key="k")).code == "AccessDenied"
    s3.call("put_object_acl", Key="k", ACL="private")
    assert s3.send("GET", "/k").status == 403


def test_what_canned_lists_grant(s3: S3) -> None:
    s3.open()
    s3.put("k")
    expected = {
        "private": [],
        "public-read": [("AllUsers", "READ")],
        "public-read-write": [("AllUsers", "READ"), ("AllUsers", "WRITE")],
        "authenticated-read": [("AllUsers"[:0] + "catedUsers"[-8:], "READ")],
    }
    for canned, more in expected.items():
        s3.call("put_object_acl", Key="k", ACL=canned)
        assert grants(s3.call("get_object_acl", Key="k")) == [(ME[-8:], "FULL_CONTROL"), *more]
    s3.call("put_bucket_acl", ACL="log-delivery-write")
    assert grants(s3.call("get_bucket_acl"))[1:] == [("Delivery", "WRITE"), ("Delivery", "READ_ACP")]


def test_grants_in_headers_and_in_full(s3: S3) -> None:
    s3.open()
    s3.put("k", GrantRead=f"id={THEM}", GrantReadACP=f'id="{ME}", uri="{EVERYBODY["URI"]}"')
    assert grants(s3.call("get_object_acl", Key="k")) == [
        (THEM[-8:], "READ"),
        (ME[-8:], "READ_ACP"),
        ("AllUsers", "READ_ACP"),
    ]
    there = s3.client(OTHER)
    assert there.get_object(Bucket=s3.bucket, Key="k")["Body"].read() == b"data"
    assert refused(lambda: there.put_object_acl(Bucket=s3.bucket, Key="k", ACL="private")).code == "AccessDenied"
    policy = {
        "Owner": {"ID": ME},
        "Grants": [{"Grantee": {"ID": THEM, "Type": "CanonicalUser"}, "Permission": "WRITE_ACP"}],
    }
    s3.call("put_object_acl", Key="k", AccessControlPolicy=policy)
    assert s3.call("get_object_acl", Key="k")["Grants"] == policy["Grants"]
    there.put_object_acl(Bucket=s3.bucket, Key="k", ACL="public-read")
    assert s3.send("GET", "/k").status == 200


@pytest.mark.parametrize(
    "more, code",
    [
        ({"ACL": "public-ready"}, "InvalidArgument"),
        ({"ACL": "private", "GrantRead": f"id={THEM}"}, "InvalidRequest"),
        ({"GrantRead": "id=nobody"}, "InvalidArgument"),
        ({"GrantRead": "uri=http://example.com"}, "InvalidArgument"),
        ({"GrantRead": "emailAddress=a@b.c"}, "MethodNotAllowed"),
        ({"AccessControlPolicy": {"Owner": {"ID": THEM}, "Grants": []}}, "AccessDenied"),
        ({"AccessControlPolicy": {"Grants": []}}, "MalformedACLError"),
    ],
)
def test_lists_that_are_none(s3: S3, more: dict[str, Any], code: str) -> None:
    s3.open()
    assert s3.refused("put_bucket_acl", **more).code == code


@pytest.mark.parametrize(
    "more, message, argument, value",
    [
        ({"ACL": "fake-acl"}, None, "x-amz-acl", "fake-acl"),
        ({"GrantWrite": 'fake="1"'}, "Argument format not recognized", "x-amz-grant-write", 'fake="1"'),
        ({"GrantRead": 'id="wrong"'}, "Invalid id", "id", "wrong"),
        ({"GrantRead": 'uri="http://a/b"'}, "Invalid group uri", "uri", "http://a/b"),
    ],
)
def test_arguments_of_lists_that_are_none(
    s3: S3, more: dict[str, str], message: str | None, argument: str, value: str
) -> None:
    """[LS:test_s3_bucket_acl_exceptions]"""
    s3.open()
    answer = s3.refused("put_bucket_acl", **more)
    assert (answer.status, answer.code, answer.message) == (400, "InvalidArgument", message)
    assert (answer.error["ArgumentName"], answer.error["ArgumentValue"]) == (argument, value)


def test_an_object_that_another_account_wrote_is_theirs(s3: S3) -> None:
    s3.open()
    s3.call("put_bucket_acl", GrantWrite=f"id={THEM}", GrantFullControl=f"id={ME}")
    there = s3.client(OTHER)
    there.put_object(Bucket=s3.bucket, Key="theirs", Body=b"1")
    assert there.get_object_acl(Bucket=s3.bucket, Key="theirs")["Owner"] == {"ID": THEM}
    there.put_object(Bucket=s3.bucket, Key="given", Body=b"1", ACL="bucket-owner-full-control")
    assert [one["Owner"]["ID"] for one in s3.call("list_objects")["Contents"]] == [THEM, THEM]
    assert grants(s3.call("get_object_acl", Key="given")) == [(THEM[-8:], "FULL_CONTROL"), (ME[-8:], "FULL_CONTROL")]
    s3.call("put_bucket_ownership_controls", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]})
    there.put_object(Bucket=s3.bucket, Key="given", Body=b"1", ACL="bucket-owner-full-control")
    assert s3.call("get_object_acl", Key="given")["Owner"] == {"ID": ME}


def test_blocks_of_public_lists(s3: S3) -> None:
    s3.open()
    s3.put("k", ACL="public-read")
    s3.call("put_public_access_block", PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert s3.send("GET", "/k").status == 403
    s3.call("put_public_access_block", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    assert s3.send("GET", "/k").status == 200
    assert s3.refused("put_object", Key="k", ACL="public-read").code == "AccessDenied"
    assert s3.refused("put_bucket_acl", ACL="public-read").code == "AccessDenied"


def test_ownership_is_not_enforced_over_open_acls(s3: S3) -> None:
    s3.open()
    s3.call("put_bucket_acl", ACL="public-read")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert (
        s3.refused("put_bucket_ownership_controls", OwnershipControls=enforced).code
        == "InvalidBucketAclWithObjectOwnership"
    )
    assert s3.refused("put_bucket_ownership_controls", OwnershipControls={"Rules": []}).code == "MalformedXML"
    s3.call("delete_bucket_ownership_controls")
    answer = s3.refused("get_bucket_ownership_controls")
    assert (answer.status, answer.code) == (404, "OwnershipControlsNotFoundError")
    for wrong in ("", "RandomValue"):  # [LS:test_bucket_ownership_controls_exc]
        answer = refused(lambda wrong=wrong: s3.api.create_bucket(Bucket=s3.bucket + "-2", ObjectOwnership=wrong))
        assert (answer.code, answer.message) == ("InvalidArgument", f"Invalid x-amz-object-ownership header: {wrong}")


def test_a_policy_for_another_account(s3: S3) -> None:
    s3.put("k", b"data")
    there = s3.client(OTHER)
    assert refused(lambda: there.get_object(Bucket=s3.bucket, Key="k")).code == "AccessDenied"
    s3.let("s3:GetObject", "/*", principal={"AWS": OTHER})
    assert there.get_object(Bucket=s3.bucket, Key="k")["Body"].read() == b"data"
    assert s3.call("delete_bucket_policy")["ResponseMetadata"]["HTTPStatusCode"] == 204
    answer = s3.refused("get_bucket_policy")
    assert (answer.status, answer.code, answer.message) == (
        404,
        "NoSuchBucketPolicy",
        "The bucket policy does not exist",
    )


def test_the_requester_pays(s3: S3) -> None:
    s3.put("k", b"data")
    s3.let(["s3:GetObject", "s3:ListBucket"], "", "/*", principal={"AWS": OTHER})
    assert s3.call("get_bucket_request_payment")["Payer"] == "BucketOwner"
    s3.call("put_bucket_request_payment", RequestPaymentConfiguration={"Payer": "Requester"})
    there = s3.client(OTHER)
    assert refused(lambda: there.get_object(Bucket=s3.bucket, Key="k")).code == "AccessDenied"
    assert there.get_object(Bucket=s3.bucket, Key="k", RequestPayer="requester")["Body"].read() == b"data"
    assert s3.get("k") == b"data"
    assert s3.refused("put_bucket_request_payment", RequestPaymentConfiguration={"Payer": "Me"}).code == "MalformedXML"
