"""Versioning: what becomes of older versions, and ListObjectVersions."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.errors import AwsError
from tests.services.s3.kit import S3, body


def switch(s3: S3, status: str) -> None:
    s3("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": status})


def listed(s3: S3, **more: Any) -> list[tuple[str, str, bool, bool]]:
    """Key, version id, whether it is the latest, and whether it is a delete marker."""
    page = s3("ListObjectVersions", Bucket="bucket", **more)
    kinds = (("Versions", False), ("DeleteMarkers", True))
    return [
        (one["Key"], one["VersionId"], one["IsLatest"], marker) for name, marker in kinds for one in page.get(name, [])
    ]


def test_versioning_is_off_until_it_is_switched_on(s3: S3) -> None:
    assert s3("GetBucketVersioning", Bucket="bucket") == {}
    assert "VersionId" not in s3.put("k")
    switch(s3, "Enabled")
    assert s3("GetBucketVersioning", Bucket="bucket") == {"Status": "Enabled"}
    switch(s3, "Suspended")
    assert s3("GetBucketVersioning", Bucket="bucket") == {"Status": "Suspended"}


@pytest.mark.parametrize(
    "configuration, code", [({}, "IllegalVersioningConfigurationException"), ({"Status": "On"}, "MalformedXML")]
)
def test_a_status_that_is_none(s3: S3, configuration: dict[str, str], code: str) -> None:
    with pytest.raises(AwsError) as refused:
        s3("PutBucketVersioning", Bucket="bucket", VersioningConfiguration=configuration)
    assert refused.value.code == code


def test_older_versions_stay_readable(s3: S3) -> None:
    s3.put("k", b"before versioning")
    switch(s3, "Enabled")
    first = s3.put("k", b"first")["VersionId"]
    second = s3.put("k", b"second")["VersionId"]
    assert s3.get("k") == b"second"
    assert s3.get("k", VersionId=first) == b"first"
    assert s3.get("k", VersionId="null") == b"before versioning"
    assert listed(s3) == [("k", second, True, False), ("k", first, False, False), ("k", "null", False, False)]
    assert len(second) == 32


def test_a_delete_marker_hides_and_its_removal_shows_again(s3: S3) -> None:
    switch(s3, "Enabled")
    version = s3.put("k")["VersionId"]
    hidden = s3("DeleteObject", Bucket="bucket", Key="k")
    assert hidden["DeleteMarker"] is True
    with pytest.raises(AwsError) as refused:
        s3.get("k")
    assert refused.value.code == "NoSuchKey"
    assert s3("ListObjectsV2", Bucket="bucket")["KeyCount"] == 0
    assert listed(s3) == [("k", version, False, False), ("k", hidden["VersionId"], True, True)]
    shown = s3("DeleteObject", Bucket="bucket", Key="k", VersionId=hidden["VersionId"])
    assert shown == {"DeleteMarker": True, "VersionId": hidden["VersionId"]}
    assert s3.get("k") == b"data"
    assert listed(s3) == [("k", version, True, False)]


def test_a_delete_marker_cannot_be_read(s3: S3) -> None:
    switch(s3, "Enabled")
    marker = s3("DeleteObject", Bucket="bucket", Key="k")["VersionId"]
    with pytest.raises(AwsError) as refused:
        s3.get("k", VersionId=marker)
    assert (refused.value.code, refused.value.status) == ("MethodNotAllowed", 405)
    assert refused.value.fields == {"Method": "GET", "ResourceType": "DeleteMarker"}


def test_a_version_that_is_not_there(s3: S3) -> None:
    switch(s3, "Enabled")
    s3.put("k")
    with pytest.raises(AwsError) as refused:
        s3.get("k", VersionId="v" * 32)
    assert (refused.value.code, refused.value.fields) == ("NoSuchVersion", {"Key": "k", "VersionId": "v" * 32})


def test_removing_the_current_version_shows_the_one_before(s3: S3) -> None:
    switch(s3, "Enabled")
    s3.put("k", b"first")
    second = s3.put("k", b"second")["VersionId"]
    s3("DeleteObject", Bucket="bucket", Key="k", VersionId=second)
    assert s3.get("k") == b"first"


def test_where_versioning_is_suspended_the_null_version_is_written_over(s3: S3) -> None:
    switch(s3, "Enabled")
    kept = s3.put("k", b"kept")["VersionId"]
    switch(s3, "Suspended")
    put = s3("PutObject", Bucket="bucket", Key="k", Body=body(b"x", blob="blob-1"))
    assert "VersionId" not in put  # [LS:test_put_object_on_suspended_bucket]
    s3.put("k", b"null again")
    assert s3.garbage() == ["blob-1"]
    assert listed(s3) == [("k", "null", True, False), ("k", kept, False, False)]
    marker = s3("DeleteObject", Bucket="bucket", Key="k")
    assert marker == {"DeleteMarker": True, "VersionId": "null"}
    assert listed(s3) == [("k", kept, False, False), ("k", "null", True, True)]
    switch(s3, "Enabled")
    s3.put("k", b"new")
    switch(s3, "Suspended")
    s3.put("k", b"null over marker")
    assert listed(s3)[0] == ("k", "null", True, False)
    assert not any(marker for *_, marker in listed(s3))


def test_blobs_go_with_their_version(s3: S3) -> None:
    switch(s3, "Enabled")
    first = s3("PutObject", Bucket="bucket", Key="k", Body=body(b"x", blob="blob-1"))["VersionId"]
    s3.put("k")
    assert s3.garbage() == []
    s3("DeleteObject", Bucket="bucket", Key="k", VersionId=first)
    assert s3.garbage() == ["blob-1"]


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_versions_are_listed_in_pages(s3: S3, size: int) -> None:
    switch(s3, "Enabled")
    for key in ("a/1", "a/2", "b", "c"):
        for _ in range(2):
            s3.put(key)
    s3("DeleteObject", Bucket="bucket", Key="c")
    whole = listed(s3)
    assert len(whole) == 9
    seen: list[tuple[str, str, bool, bool]] = []
    more: dict[str, Any] = {}
    while True:
        page = s3("ListObjectVersions", Bucket="bucket", MaxKeys=size, **more)
        seen += listed(s3, MaxKeys=size, **more)
        if not page["IsTruncated"]:
            break
        more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}
    assert sorted(seen) == sorted(whole)


def test_versions_below_a_common_prefix_are_not_listed(s3: S3) -> None:
    switch(s3, "Enabled")
    for key in ("a/1", "a/2", "b"):
        s3.put(key)
    page = s3("ListObjectVersions", Bucket="bucket", Delimiter="/")
    assert page["CommonPrefixes"] == [{"Prefix": "a/"}]
    assert [one["Key"] for one in page["Versions"]] == ["b"]


def test_a_version_marker_needs_a_key_marker(s3: S3) -> None:
    with pytest.raises(AwsError, match="A version-id marker cannot be specified without a key marker"):
        s3("ListObjectVersions", Bucket="bucket", VersionIdMarker="v")
