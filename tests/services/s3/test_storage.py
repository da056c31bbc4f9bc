"""Versions in rows, against a model that keeps every version in a plain list."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.core.errors import AwsError
from outfall.services.s3.model import BODIES, OBJECTS, VERSION_ORDERS, VERSIONS
from tests.services.s3.kit import S3, body

STEP = st.one_of(
    st.tuples(st.just("put"), st.sampled_from("kl")),
    st.tuples(st.just("delete"), st.sampled_from("kl")),
    st.tuples(st.just("delete version"), st.sampled_from("kl"), st.integers(0, 3)),
    st.tuples(st.just("switch"), st.sampled_from(["Enabled", "Suspended"])),
    st.tuples(st.just("wait"), st.integers(0, 2)),
)


class Oracle:
    """What a bucket holds: per key a list of (version id, bytes or None for a delete marker), the newest first."""

    def __init__(self) -> None:
        self.versions: dict[str, list[tuple[str, bytes | None]]] = {"k": [], "l": []}

    def write(self, key: str, version_id: str, data: bytes | None) -> None:
        kept = [one for one in self.versions[key] if version_id != "null" or one[0] != "null"]
        self.versions[key] = [(version_id, data), *kept]

    def remove(self, key: str, version_id: str) -> None:
        self.versions[key] = [one for one in self.versions[key] if one[0] != version_id]


def play(s3: S3, oracle: Oracle, versioned: bool, step: tuple[object, ...], data: bytes) -> bool:
    """Does one step to both; returns whether versioning was ever switched on."""
    match step:
        case ("put", str(key)):
            put = s3("PutObject", Bucket="bucket", Key=key, Body=body(data, blob=f"blob {data.decode()}"))
            oracle.write(key, put.get("VersionId", "null"), data)
        case ("delete", str(key)):
            gone = s3("DeleteObject", Bucket="bucket", Key=key)
            if versioned:
                oracle.write(key, gone["VersionId"], None)
            else:
                oracle.remove(key, "null")
        case ("delete version", str(key), int(index)):
            versions = oracle.versions[key]
            if versions:
                version_id = versions[index % len(versions)][0]
                s3("DeleteObject", Bucket="bucket", Key=key, VersionId=version_id)
                oracle.remove(key, version_id)
        case ("switch", status):
            s3("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": status})
            return True
        case ("wait", int(milliseconds)):
            s3.now += milliseconds
    return versioned


def listed(s3: S3, key: str) -> list[tuple[str, bool]]:
    """Ids of a key's versions, and whether they are the latest."""
    page = s3("ListObjectVersions", Bucket="bucket", Prefix=key)
    both = page.get("Versions", []) + page.get("DeleteMarkers", [])
    return sorted((one["VersionId"], one["IsLatest"]) for one in both)


def blob_of(s3: S3, key: str, **more: str) -> str:
    content = s3("GetObject", Bucket="bucket", Key=key, **more)["Body"]
    return str(content.segments[0].blob)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=25))
def test_versions_are_what_a_plain_list_says(steps: list[tuple[object, ...]]) -> None:
    s3, oracle, versioned = S3(), Oracle(), False
    s3("CreateBucket", Bucket="bucket")
    for number, step in enumerate(steps):
        versioned = play(s3, oracle, versioned, step, str(number).encode())
        for key, versions in oracle.versions.items():
            assert listed(s3, key) == sorted((one, index == 0) for index, (one, _) in enumerate(versions))
            for version_id, data in versions:
                if data is not None:
                    assert blob_of(s3, key, VersionId=version_id) == f"blob {data.decode()}"
            if versions and versions[0][1] is not None:
                assert blob_of(s3, key) == f"blob {versions[0][1].decode()}"
            else:
                with pytest.raises(AwsError):
                    s3.get(key)
    alive = {f"blob {data.decode()}" for versions in oracle.versions.values() for _, data in versions if data}
    put = {f"blob {number}" for number, step in enumerate(steps) if step[0] == "put"}
    assert sorted(s3.garbage()) == sorted(put - alive)


def test_nothing_is_left_of_what_is_removed(s3: S3) -> None:
    s3("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put("k")["VersionId"] for _ in range(3)]
    versions.append(s3("DeleteObject", Bucket="bucket", Key="k")["VersionId"])
    for version in versions:
        s3("DeleteObject", Bucket="bucket", Key="k", VersionId=version)
    for table in (OBJECTS, BODIES, VERSIONS, VERSION_ORDERS):
        assert s3.at(lambda tx, table=table: list(tx.scan(table))) == []
