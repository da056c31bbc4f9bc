"""Blobs in a bucket: the twin of blobs in files, on an S3-compatible store, which here is Outfall itself."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outfall.store import object_blobs
from outfall.store.errors import StoreError, StoreUnreadable
from outfall.store.object_blobs import PART_SIZE, ObjectBlobs, open_objects
from outfall.testing import running


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with running() as server:
        client = server.client("s3")
        client.create_bucket(Bucket="blobs")
        yield client


@pytest.fixture
def blobs(s3: Any, monkeypatch: pytest.MonkeyPatch) -> ObjectBlobs:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    found = open_objects(f"s3://blobs/team/outfall?endpoint={s3.meta.endpoint_url}")
    found.clear()
    return found


def written(blobs: ObjectBlobs, *parts: bytes) -> str:
    async def write() -> str:
        writer = blobs.begin()
        for part in parts:
            writer.write(part)
        return await writer.finish()

    return asyncio.run(write())


def keys(s3: Any) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket="blobs").get("Contents", [])]


def test_a_blob_is_one_object_below_the_prefix(blobs: ObjectBlobs, s3: Any) -> None:
    blob = written(blobs, b"hello ", b"world")
    assert keys(s3) == [f"team/outfall/{blob[:2]}/{blob}"]


def test_a_blob_is_read_whole_and_in_parts(blobs: ObjectBlobs) -> None:
    blob = written(blobs, b"hello ", b"world")
    with blobs.open(blob) as file:
        assert file.read() == b"hello world"
        file.seek(6)
        assert file.read(3) == b"wor"
    assert blobs.read(blob, 9, 99) == b"ld"
    assert blobs.read(blob, 11, 1) == b""
    assert blobs.read(blob, 99, 1) == b""


def test_a_large_blob_goes_up_in_parts_and_comes_back_the_same(blobs: ObjectBlobs) -> None:
    pieces = [os.urandom(1024 * 1024) for _ in range(3)] * (PART_SIZE // 1024 // 1024)
    blob = written(blobs, *pieces)
    with blobs.open(blob) as file:
        assert file.read() == b"".join(pieces)


def test_what_is_not_finished_is_never_visible(blobs: ObjectBlobs, s3: Any) -> None:
    writer = blobs.begin()
    writer.write(b"half")
    writer.abort()
    with pytest.raises(ValueError, match="finished"):
        writer.write(b"more")
    assert keys(s3) == []


def test_a_removed_blob_is_gone(blobs: ObjectBlobs) -> None:
    blob = written(blobs, b"data")
    blobs.remove(blob)
    blobs.remove(blob)
    with pytest.raises(FileNotFoundError):
        blobs.read(blob, 0, 4)


@pytest.mark.parametrize("blob", ["", "..", "../../etc/passwd", "0" * 31, "0" * 32, "G" * 32])
def test_what_is_no_id_is_not_found(blobs: ObjectBlobs, blob: str) -> None:
    blobs.remove(blob)
    with pytest.raises(FileNotFoundError):
        blobs.read(blob, 0, 1)


def test_sweeping_leaves_what_may_belong_to_a_request_under_way(
    blobs: ObjectBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, orphan = written(blobs, b"kept"), written(blobs, b"orphan")
    assert blobs.sweep(lambda blob: blob == kept) == 0
    assert blobs.read(orphan, 0, 6) == b"orphan"

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(days=1, minutes=1)

    assert Tomorrow.now(UTC) > datetime.now(UTC)
    monkeypatch.setattr(object_blobs, "datetime", Tomorrow)
    assert blobs.sweep(lambda blob: blob == kept) == 1
    assert blobs.read(kept, 0, 4) == b"kept"
    with pytest.raises(FileNotFoundError):
        blobs.read(orphan, 0, 6)


def test_old_blobs_are_told_a_few_at_a_time_in_the_order_of_their_ids(
    blobs: ObjectBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_blobs, "LOOKED_AT_ONCE", 2)
    blobs.clear()
    names = sorted(written(blobs, b"x") for _ in range(3))
    later_s = time.time() + 3600
    assert blobs.old("", later_s) == (names[:2], names[1])
    assert blobs.old(names[1], later_s) == (names[2:], None)
    assert blobs.old("", time.time() - 3600) == ([], names[1])


def test_a_store_that_refuses_says_so_in_one_line(blobs: ObjectBlobs, s3: Any) -> None:
    s3.create_bucket(Bucket="closing")
    gone = open_objects(f"s3://closing?endpoint={s3.meta.endpoint_url}")
    s3.delete_bucket(Bucket="closing")
    with pytest.raises(StoreError, match=r"^The blob store refused: [^\n]+$"):
        written(gone, b"data")


@pytest.mark.parametrize("url", ["s3://", "s3:///prefix", "s3://bucket?colour=red"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(StoreUnreadable, match="is not of the form"):
        open_objects(url)


def test_a_bucket_that_is_not_there_is_refused_at_once(blobs: ObjectBlobs, s3: Any) -> None:
    with pytest.raises(StoreUnreadable, match="cannot be used"):
        open_objects(f"s3://no-such-bucket?endpoint={s3.meta.endpoint_url}")
