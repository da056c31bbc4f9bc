"""ListObjects and ListObjectsV2."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.core.errors import AwsError
from outfall.core.ports import Tx
from outfall.services.s3.listing import behind, page_of
from outfall.services.s3.model import OBJECTS, Version
from outfall.services.s3.tokens import from_token, to_token
from outfall.store.memory import MemoryStore
from tests.services.s3.kit import S3

KEYS = ("a/1", "a/2", "a/b/3", "c", "d/4", "e f")


@pytest.fixture
def filled(s3: S3) -> S3:
    for key in KEYS:
        s3.put(key)
    return s3


def keys(page: dict[str, Any]) -> list[str]:
    return [entry["Key"] for entry in page.get("Contents", [])]


def prefixes(page: dict[str, Any]) -> list[str]:
    return [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


def test_an_entry_says_what_s3_says(s3: S3) -> None:
    s3.put("k", b"hello")
    page = s3("ListObjectsV2", Bucket="bucket", FetchOwner=True)
    [entry] = page["Contents"]
    owner = entry.pop("Owner")
    assert len(owner["ID"]) == 64
    assert entry == {
        "Key": "k",
        "LastModified": s3.now,
        "ETag": '"5d41402abc4b2a76b9719d911017c592"',
        "Size": 5,
        "StorageClass": "STANDARD",
    }
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"], page["Prefix"]) == (1, 1000, False, "")


def test_an_empty_bucket(s3: S3) -> None:
    page = s3("ListObjectsV2", Bucket="bucket")
    assert page == {"Name": "bucket", "Prefix": "", "KeyCount": 0, "MaxKeys": 1000, "IsTruncated": False}


def test_common_prefixes(filled: S3) -> None:
    page = filled("ListObjectsV2", Bucket="bucket", Delimiter="/")
    assert (keys(page), prefixes(page), page["KeyCount"]) == (["c", "e f"], ["a/", "d/"], 4)
    page = filled("ListObjectsV2", Bucket="bucket", Delimiter="/", Prefix="a/")
    assert (keys(page), prefixes(page)) == (["a/1", "a/2"], ["a/b/"])


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_of_any_size_tell_the_same(filled: S3, size: int, delimiter: str) -> None:
    whole = filled("ListObjectsV2", Bucket="bucket", Delimiter=delimiter)
    seen_keys: list[str] = []
    seen_prefixes: list[str] = []
    more: dict[str, Any] = {}
    while True:
        page = filled("ListObjectsV2", Bucket="bucket", Delimiter=delimiter, MaxKeys=size, **more)
        seen_keys += keys(page)
        seen_prefixes += prefixes(page)
        if not page["IsTruncated"]:
            break
        assert page["KeyCount"] == size
        more = {"ContinuationToken": page["NextContinuationToken"]}
    assert (seen_keys, seen_prefixes) == (keys(whole), prefixes(whole))


def test_the_first_version_names_its_next_marker_only_with_a_delimiter(filled: S3) -> None:
    page = filled("ListObjects", Bucket="bucket", MaxKeys=1)
    assert (keys(page), page["IsTruncated"], "NextMarker" in page) == (["a/1"], True, False)
    page = filled("ListObjects", Bucket="bucket", MaxKeys=1, Delimiter="/")
    assert (prefixes(page), page["NextMarker"]) == (["a/"], "a/")
    page = filled("ListObjects", Bucket="bucket", Delimiter="/", Marker="a/")
    assert (keys(page), prefixes(page)) == (["c", "e f"], ["d/"])
    page = filled("ListObjects", Bucket="bucket", Marker="a/1")
    assert keys(page) == ["a/2", "a/b/3", "c", "d/4", "e f"]


def test_start_after(filled: S3) -> None:
    page = filled("ListObjectsV2", Bucket="bucket", StartAfter="a/2")
    assert (keys(page)[0], page["StartAfter"]) == ("a/b/3", "a/2")


def test_keys_are_encoded_on_request(filled: S3) -> None:
    page = filled("ListObjectsV2", Bucket="bucket", Prefix="e ", EncodingType="url")
    assert (keys(page), page["Prefix"], page["EncodingType"]) == (["e+f"], "e+", "url")


@pytest.mark.parametrize(
    "request_, name",
    [
        ({"MaxKeys": -1}, "maxKeys"),
        ({"ContinuationToken": "nonsense"}, "continuation-token"),
        ({"EncodingType": "rot13"}, "encoding-type"),
    ],
)
def test_what_cannot_be_listed(s3: S3, request_: dict[str, Any], name: str) -> None:
    with pytest.raises(AwsError) as refused:
        s3("ListObjectsV2", Bucket="bucket", **request_)
    assert (refused.value.code, refused.value.fields["ArgumentName"]) == ("InvalidArgument", name)


def test_no_keys_at_all(filled: S3) -> None:
    page = filled("ListObjectsV2", Bucket="bucket", MaxKeys=0)
    assert (keys(page), page["IsTruncated"], page["MaxKeys"]) == ([], False, 0)


def test_a_page_has_a_thousand_keys_at_most(s3: S3) -> None:
    assert s3("ListObjectsV2", Bucket="bucket", MaxKeys=5000)["MaxKeys"] == 1000


def test_a_listing_asks_with_its_prefix(s3: S3) -> None:
    from outfall.services.s3 import SERVICE

    [permission] = SERVICE.operations["ListObjectsV2"].permissions
    assert permission.action == "s3:ListBucket"
    assert permission.context is not None
    told = s3.at(lambda tx: permission.context(None, {"Bucket": "b", "Prefix": "a/", "MaxKeys": 3}))
    assert told == {"s3:prefix": "a/", "s3:max-keys": "3"}


class CountingTx:
    """Counts the rows that a listing reads."""

    def __init__(self, tx: Tx) -> None:
        self.tx, self.rows = tx, 0

    def scan(self, *given: Any, **more: Any) -> Any:
        for row in self.tx.scan(*given, **more):
            self.rows += 1
            yield row


def test_a_listing_reads_one_row_of_each_common_prefix_however_much_is_below() -> None:
    def work(tx: Tx) -> None:
        for folder in range(10):
            for number in range(500):
                tx.put(OBJECTS, ("b", f"{folder}/{number}"), Version("null", 1, 0))
        counting: Any = CountingTx(tx)
        page = page_of(counting, OBJECTS, "b", prefix="", delimiter="/", after="", limit=1000)
        assert len(page.prefixes) == 10
        assert counting.rows == 10

    MemoryStore().transact(work)


@given(st.text(min_size=1, max_size=4), st.text(max_size=4))
def test_behind_is_above_all_that_begins_so(text: str, rest: str) -> None:
    above = behind(text)
    assert above is None or text + rest < above


@given(st.text(min_size=1))
def test_a_token_goes_back_to_where_it_came_from(last: str) -> None:
    assert from_token(to_token(last)) == last


SMALL = st.text(alphabet="ab/", min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(
    st.sets(SMALL, max_size=12), st.text(alphabet="ab/", max_size=2), st.sampled_from(["", "/", "b"]), st.integers(1, 4)
)
def test_pages_tell_what_the_definition_says(names: set[str], prefix: str, delimiter: str, size: int) -> None:
    """The oracle: take each key that begins with the prefix, and cut it behind the first delimiter after it."""
    expected: list[str] = []
    for name in sorted(name for name in names if name.startswith(prefix)):
        at = name.find(delimiter, len(prefix)) if delimiter else -1
        entry = name[: at + len(delimiter)] if at >= 0 else name
        if entry not in expected:
            expected.append(entry)

    def work(tx: Tx) -> list[str]:
        for name in names:
            tx.put(OBJECTS, ("b", name), Version("null", 1, 0))
        told: list[str] = []
        after = ""
        while True:
            page = page_of(tx, OBJECTS, "b", prefix=prefix, delimiter=delimiter, after=after, limit=size)
            told += sorted([key for key, _ in page.entries] + list(page.prefixes))
            if not page.last:
                return told
            after = page.last

    assert MemoryStore().transact(work) == expected
