"""Moving a data directory into PostgreSQL: everything arrives as it was, or nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from outfall.core.body import REFERENCES, BlobReferences
from outfall.core.ports import Item, Table
from outfall.store import BlobFiles, SqliteStore
from outfall.store.errors import StoreError, StoreInUse, StoreUnreadable
from outfall.store.moving import Moved, move
from outfall.store.postgres import PostgresStore
from tests import postgres


class Thing(msgspec.Struct, frozen=True):
    name: str


THINGS = Table("test.things", Thing)
KEYS = [("a", "b"), ("a", "b\0c"), ("a", "ü"), ("z",)]


@pytest.fixture
def database() -> Iterator[str]:
    yield from postgres.fresh()


@pytest.fixture
def shared(tmp_path: Path) -> BlobFiles:
    return BlobFiles(tmp_path / "shared")


def moved(directory: Path, database: str, blobs: Any) -> Moved:
    return asyncio.run(move(directory, database, blobs, lambda kind, count: None))


def filled(directory: Path) -> str:
    """A data directory with some of everything; returns the id of its blob."""
    files = BlobFiles(directory / "blobs")

    async def write() -> str:
        writer = files.begin()
        writer.write(b"large " * 1000)
        return await writer.finish()

    blob = asyncio.run(write())
    store = SqliteStore.open(directory)

    def work(tx: Any) -> None:
        for key in KEYS:
            tx.put(THINGS, key, Thing("/".join(key)))
        tx.put(REFERENCES, (blob,), BlobReferences(1))
        for number in range(5):
            tx.enqueue("sqs/q", b"body %d" % number, now_ms=1000, due_ms=1000 + number)
        for number in range(3):
            tx.enqueue("sqs/fifo", b"first %d" % number, now_ms=1000, due_ms=1000, group="g")
        tx.append("stream", b"one")
        tx.append("other", b"two")

    store.transact(work)
    store.transact(lambda tx: tx.claim("sqs/q", now_ms=2000, lease_ms=30_000, limit=2))
    store.transact(lambda tx: tx.acknowledge("sqs/q", tx.claim("sqs/q", now_ms=2000, lease_ms=1)[0].handle))
    store.shut()
    return blob


def look(tx: Any) -> dict[str, Any]:
    """All that a reader can see."""

    def items(queue: str) -> list[Item]:
        return list(tx.peek(queue))

    return {
        "things": list(tx.scan(THINGS)),
        "q": items("sqs/q"),
        "fifo": items("sqs/fifo"),
        "counts": [tx.counts(queue, 2000) for queue in ("sqs/q", "sqs/fifo")],
        "due": tx.due_queues("sqs/"),
        "stream": [fact for _, fact in tx.history("stream")],
    }


def test_everything_arrives_as_it_was(tmp_path: Path, database: str, shared: BlobFiles) -> None:
    blob = filled(tmp_path / "data")
    before = SqliteStore.open(tmp_path / "data")
    expected = before.transact(look)
    before.shut()
    assert moved(tmp_path / "data", database, shared) == Moved(rows=5, items=7, facts=2, blobs=1)
    after = PostgresStore.open(database)
    assert after.transact(look) == expected
    assert [fact for _, _, fact in after.transact(lambda tx: tx.feed())] == [b"one", b"two"]
    after.shut()
    assert shared.read(blob, 0, 6) == b"large "


def test_handles_stay_good_and_numbers_go_on(tmp_path: Path, database: str, shared: BlobFiles) -> None:
    filled(tmp_path / "data")
    before = SqliteStore.open(tmp_path / "data")
    claimed = before.transact(lambda tx: [item for item in tx.peek("sqs/q") if item.leased])
    last = before.transact(lambda tx: tx.feed()[-1][0])
    before.shut()
    moved(tmp_path / "data", database, shared)
    after = PostgresStore.open(database)
    assert after.transact(lambda tx: [tx.acknowledge("sqs/q", item.handle) for item in claimed]) == [True, True]
    number = after.transact(lambda tx: tx.enqueue("sqs/q", b"new", now_ms=3000, due_ms=3000))
    assert number > 8
    assert after.transact(lambda tx: tx.append("stream", b"three")) > last
    assert [fact for _, _, fact in after.transact(lambda tx: tx.feed(after=last))] == [b"three"]
    after.shut()


def test_a_database_that_is_in_use_is_left_alone(tmp_path: Path, database: str, shared: BlobFiles) -> None:
    filled(tmp_path / "data")
    moved(tmp_path / "data", database, shared)
    with pytest.raises(StoreError, match="into an empty one"):
        moved(tmp_path / "data", database, shared)


def test_a_directory_that_is_in_use_or_empty_is_refused(tmp_path: Path, database: str, shared: BlobFiles) -> None:
    with pytest.raises(StoreUnreadable, match="no data"):
        moved(tmp_path / "nothing", database, shared)
    assert not (tmp_path / "nothing").exists()
    filled(tmp_path / "data")
    running = SqliteStore.open(tmp_path / "data")
    with pytest.raises(StoreInUse):
        moved(tmp_path / "data", database, shared)
    running.shut()


def test_a_move_that_breaks_off_leaves_an_empty_database(tmp_path: Path, database: str, shared: BlobFiles) -> None:
    filled(tmp_path / "data")

    def give_up(kind: str, count: int) -> None:
        if kind == "history":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(move(tmp_path / "data", database, shared, give_up))
    after = PostgresStore.open(database)
    assert after.transact(look)["things"] == []
    after.shut()
    assert moved(tmp_path / "data", database, shared).rows == 5
