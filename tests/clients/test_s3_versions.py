"""Versions, delete markers, and suspended versioning, as boto3 sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from .s3kit import S3


def ids(s3: S3, **more: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Versions and delete markers, each with whether it is the latest."""
    told = s3.call("list_object_versions", **more)
    return (
        [(one["VersionId"], one["IsLatest"]) for one in told.get("Versions", [])],
        [(one["VersionId"], one["IsLatest"]) for one in told.get("DeleteMarkers", [])],
    )


def test_versioning_is_off_until_it_is_switched_on(s3: S3) -> None:
    assert "Status" not in s3.call("get_bucket_versioning")
    assert "VersionId" not in s3.put("k")
    s3.version()
    assert s3.call("get_bucket_versioning")["Status"] == "Enabled"
    assert (
        s3.refused("put_bucket_versioning", VersioningConfiguration={}).code
        == "IllegalVersioningConfigurationException"
    )
    assert s3.refused("put_bucket_versioning", VersioningConfiguration={"Status": "On"}).code == "MalformedXML"


def test_a_marker_hides_a_key_until_it_is_removed(s3: S3) -> None:
    s3.version()
    first, second = s3.put("k", b"1")["VersionId"], s3.put("k", b"2")["VersionId"]
    marker = s3.call("delete_object", Key="k")
    assert marker["DeleteMarker"] is True
    answer = s3.refused("get_object", Key="k")
    assert (answer.status, answer.code) == (404, "NoSuchKey")
    assert (answer.headers["x-amz-delete-marker"], answer.headers["x-amz-version-id"]) == ("true", marker["VersionId"])
    assert s3.refused("head_object", Key="k").headers["x-amz-delete-marker"] == "true"
    answer = s3.refused("get_object", Key="k", VersionId=marker["VersionId"])
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "MethodNotAllowed", "DELETE")
    assert s3.refused("head_object", Key="k", VersionId=marker["VersionId"]).status == 405
    assert ids(s3) == ([(second, False), (first, False)], [(marker["VersionId"], True)])
    gone = s3.call("delete_object", Key="k", VersionId=marker["VersionId"])
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, marker["VersionId"])
    assert s3.get("k") == b"2"
    assert s3.get("k", VersionId=first) == b"1"


def test_the_newest_that_is_left_becomes_current(s3: S3) -> None:
    s3.version()
    first, second = s3.put("k", b"1")["VersionId"], s3.put("k", b"2")["VersionId"]
    told = s3.call("delete_object", Key="k", VersionId=second)
    assert "DeleteMarker" not in told
    assert s3.get("k") == b"1"
    s3.call("delete_object", Key="k", VersionId=first)
    assert ids(s3) == ([], [])


def test_an_object_from_before_is_the_null_version(s3: S3) -> None:
    s3.put("k", b"old")
    s3.version()
    newer = s3.put("k", b"new")["VersionId"]
    assert ids(s3) == ([(newer, True), ("null", False)], [])
    assert s3.get("k", VersionId="null") == b"old"
    s3.call("delete_object", Key="k", VersionId="null")
    assert ids(s3) == ([(newer, True)], [])


def test_suspended_versioning_replaces_the_null_version_alone(s3: S3) -> None:
    s3.version()
    kept = s3.put("k", b"kept")["VersionId"]
    s3.version("Suspended")
    assert "VersionId" not in s3.put("k", b"null 1")
    assert s3.call("get_object", Key="k")["VersionId"] == "null"
    s3.put("k", b"null 2")
    assert ids(s3) == ([("null", True), (kept, False)], [])
    marker = s3.call("delete_object", Key="k")
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    assert ids(s3) == ([(kept, False)], [("null", True)])
    s3.put("k", b"null 3")
    assert ids(s3) == ([("null", True), (kept, False)], [])
    s3.version()
    latest = s3.put("k", b"4")["VersionId"]
    assert ids(s3) == ([(latest, True), ("null", False), (kept, False)], [])


def test_versions_that_are_not_there(s3: S3) -> None:
    s3.put("k")
    for name in ("get_object", "delete_object"):
        answer = s3.refused(name, Key="k", VersionId="x" * 32)
        assert (answer.status, answer.code, answer.message) == (400, "InvalidArgument", "Invalid version id specified")
    many = {"Objects": [{"Key": "k", "VersionId": "x" * 32}]}
    assert s3.call("delete_objects", Delete=many)["Errors"][0]["Code"] == "NoSuchVersion"
    assert s3.get("k", VersionId="null") == b"data"
    assert s3.refused("get_object", Key="k", VersionId="").message == "Version id cannot be the empty string"
    s3.version()
    answer = s3.refused("get_object", Key="k", VersionId="x" * 32)
    assert (answer.status, answer.code) == (404, "NoSuchVersion")
    assert s3.call("delete_object", Key="k", VersionId="x" * 32)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_deleting_many_versions(s3: S3) -> None:
    s3.version()
    first = s3.put("k")["VersionId"]
    told = s3.call("delete_objects", Delete={"Objects": [{"Key": "k"}, {"Key": "k", "VersionId": first}]})["Deleted"]
    assert told[0]["DeleteMarker"] is True
    assert told[1] == {"Key": "k", "VersionId": first}
    again = s3.call("delete_objects", Delete={"Objects": [{"Key": "k", "VersionId": told[0]["DeleteMarkerVersionId"]}]})
    marker = told[0]["DeleteMarkerVersionId"]
    assert again["Deleted"] == [
        {"Key": "k", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker}
    ]


def test_a_copy_of_an_older_version_restores_it(s3: S3) -> None:
    s3.version()
    first = s3.put("k", b"1", Metadata={"n": "1"})["VersionId"]
    s3.put("k", b"2")
    copy = s3.call("copy_object", Key="k", CopySource={"Bucket": s3.bucket, "Key": "k", "VersionId": first})
    assert copy["CopySourceVersionId"] == first
    assert (s3.get("k"), s3.call("head_object", Key="k")["Metadata"]) == (b"1", {"n": "1"})
    assert len(ids(s3)[0]) == 3


def test_tags_and_attributes_of_a_version(s3: S3) -> None:
    s3.version()
    first = s3.put("k", b"1", Tagging="a=1")["VersionId"]
    s3.put("k", b"22")
    assert s3.call("get_object_tagging", Key="k", VersionId=first)["TagSet"] == [{"Key": "a", "Value": "1"}]
    assert s3.call("get_object_tagging", Key="k")["TagSet"] == []
    s3.call("put_object_tagging", Key="k", VersionId=first, Tagging={"TagSet": [{"Key": "b", "Value": "2"}]})
    assert s3.call("get_object_tagging", Key="k", VersionId=first)["TagSet"] == [{"Key": "b", "Value": "2"}]
    told = s3.call("get_object_attributes", Key="k", VersionId=first, ObjectAttributes=["ObjectSize"])
    assert (told["ObjectSize"], told["VersionId"]) == (1, first)


def test_pages_of_versions(s3: S3) -> None:
    s3.version()
    made = [(key, s3.put(key)["VersionId"]) for key in ("a/1", "a/2", "b", "b", "c")]
    expected = [made[0], made[1], made[3], made[2], made[4]]
    for size in (1, 2, 3, 5):
        found, markers = [], {}
        while True:
            page = s3.call("list_object_versions", MaxKeys=size, **markers)
            found += [(one["Key"], one["VersionId"]) for one in page["Versions"]]
            assert page["MaxKeys"] == size
            if not page["IsTruncated"]:
                break
            markers = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
        assert found == expected
    page = s3.call("list_object_versions", Delimiter="/")
    assert [one["Prefix"] for one in page["CommonPrefixes"]] == ["a/"]
    assert [one["Key"] for one in page["Versions"]] == ["b", "b", "c"]
    assert s3.call("list_object_versions", Prefix="a/")["Versions"][1]["Key"] == "a/2"
    answer = s3.refused("list_object_versions", VersionIdMarker="x")
    assert answer.message == "A version-id marker cannot be specified without a key marker."


def test_a_bucket_with_versions_is_not_empty(s3: S3) -> None:
    s3.version()
    s3.put("k")
    s3.call("delete_object", Key="k")
    answer = s3.refused("delete_bucket")
    assert (answer.status, answer.code) == (409, "BucketNotEmpty")
    assert answer.message.endswith("You must delete all versions in the bucket.")


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_an_upload_in_parts_makes_a_version(s3: S3, status: str) -> None:
    s3.version()
    before = s3.put("k")["VersionId"]
    s3.version(status)
    upload = s3.call("create_multipart_upload", Key="k")["UploadId"]
    part = s3.call("upload_part", Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = s3.call("complete_multipart_upload", Key="k", UploadId=upload, MultipartUpload=parts)
    assert ids(s3)[0] == [(done["VersionId"], True), (before, False)]
    assert (done["VersionId"] == "null") is (status == "Suspended")


def test_versions_and_markers_stand_in_one_row(s3: S3) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html"""
    s3.version()
    for key in ("a", "b"):
        s3.put(key)
        s3.call("delete_object", Key=key)
    s3.put("c/d")
    path = s3.api.generate_presigned_url("list_object_versions", Params={"Bucket": s3.bucket, "Delimiter": "/"})
    told = s3.send("GET", path.partition(s3.bucket)[2]).xml
    names = [child.tag.rpartition("}")[2] for child in told]
    assert names[-5:] == ["DeleteMarker", "Version", "DeleteMarker", "Version", "CommonPrefixes"]
    members = [child.tag.rpartition("}")[2] for child in told[-4]]
    assert members[:5] == ["Key", "VersionId", "IsLatest", "LastModified", "ETag"]


def test_what_is_no_version_id(s3: S3) -> None:
    s3.version()
    s3.put("k")
    for name in ("get_object", "delete_object", "get_object_tagging"):
        answer = s3.refused(name, Key="k", VersionId="bogus")
        assert (answer.code, answer.message) == ("InvalidArgument", "Invalid version id specified")


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_whose_versions_are_removed_as_they_are_read(s3: S3, size: int) -> None:
    s3.version()
    made = ["null", s3.put("k")["VersionId"]]
    s3.version("Suspended")
    s3.put("k")
    s3.version()
    made += [s3.call("delete_object", Key="k")["VersionId"], s3.put("k")["VersionId"], s3.put("l")["VersionId"]]
    page, removed = s3.call("list_object_versions", MaxKeys=size), []
    while True:
        for one in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            s3.call("delete_object", Key=one["Key"], VersionId=one["VersionId"])
            removed.append(one["VersionId"])
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
        page = s3.call("list_object_versions", MaxKeys=size, **markers)
        rest = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        assert sum(one["IsLatest"] for one in rest) == len({one["Key"] for one in rest})
    assert sorted(removed) == sorted(made)


@pytest.mark.parametrize(
    "asked, message",
    [
        ("version-id-marker=null", "A version-id marker cannot be specified without a key marker."),
        ("key-marker=k&version-id-marker=", "A version-id marker cannot be empty."),
        ("key-marker=k&version-id-marker=no&encoding-type=no", "Invalid version id specified"),
        ("key-marker=k&encoding-type=no&max-keys=-1", "Invalid Encoding Method specified in Request"),
        ("max-keys=-1", "max-keys cannot be negative"),
        ("max-keys=x&version-id-marker=null", "Provided max-keys not an integer or within integer range"),
    ],
)
def test_markers_that_are_none(s3: S3, asked: str, message: str) -> None:
    s3.open()
    s3.call("put_bucket_acl", ACL="public-read")
    answer = s3.send("GET", f"?versions&{asked}")
    assert (answer.code, answer.xml.findtext("Message")) == ("InvalidArgument", message)
    assert s3.send("GET", "?versions&key-marker=k&version-id-marker=null&encoding-type=URL").status == 200


def test_copies_of_null_versions(s3: S3) -> None:
    """[LS:test_s3_copy_object_in_place_versioned]"""
    s3.version("Suspended")
    s3.put("k")
    copied = s3.call("copy_object", Key="copy", CopySource=f"{s3.bucket}/k")
    assert (copied["VersionId"], "CopySourceVersionId" in copied) == ("null", False)
    s3.version()
    source = s3.put("k")["VersionId"]
    copied = s3.call("copy_object", Key="copy", CopySource=f"{s3.bucket}/k")
    assert (len(copied["VersionId"]), copied["CopySourceVersionId"]) == (32, source)


def test_a_marker_has_no_access_list_and_no_retention(s3: S3) -> None:
    """[LS:test_put_object_acl_on_delete_marker, test_object_lock_delete_markers]"""
    s3.version()
    s3.call("put_object_lock_configuration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    s3.put("k")
    marker = s3.call("delete_object", Key="k")["VersionId"]
    listed = {"ACL": "bucket-owner-full-control"}
    until = {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": datetime(2090, 1, 1, tzinfo=UTC)}}
    for name, more, method in (
        ("put_object_acl", listed, "PUT"),
        ("put_object_acl", listed | {"VersionId": marker}, "PUT"),
        ("get_object_acl", {"VersionId": marker}, "GET"),
        ("put_object_retention", until | {"VersionId": marker}, "PUT"),
        ("get_object_retention", {"VersionId": marker}, "GET"),
    ):
        answer = s3.refused(name, Key="k", **more)
        assert (answer.status, answer.code, answer.error["Method"]) == (405, "MethodNotAllowed", method)
    assert s3.refused("get_object_acl", Key="k").code == "NoSuchKey"


def test_a_marker_has_no_tags(s3: S3) -> None:
    """[LS:test_object_tagging_versioned]"""
    s3.version()
    s3.put("k")
    marker = s3.call("delete_object", Key="k")["VersionId"]
    tags = {"Tagging": {"TagSet": []}}
    for name, more, method in (
        ("put_object_tagging", tags, "PUT"),
        ("get_object_tagging", {}, "GET"),
        ("delete_object_tagging", {}, "DELETE"),
    ):
        for version in ({}, {"VersionId": marker}):
            answer = s3.refused(name, Key="k", **more, **version)
            assert (answer.status, answer.code) == (405, "MethodNotAllowed")
            assert (answer.error["Method"], answer.error["ResourceType"]) == (method, "DeleteMarker")
