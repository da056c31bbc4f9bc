"""The SQLite engine: opening, group commit, what is shown when, full and failing disks, purging, the log's length."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outfall.core.ports import QueueCounts
from outfall.store import SqliteStore, StoreFailed, StoreFull, StoreInUse, StoreIsNewer, StoreUnreadable
from outfall.store import sqlite_checkpoint as checkpoint
from outfall.store.sqlite_files import FILE
from tests.contracts.test_store_rows import NOTES, Note

LARGE = Note("x" * 100_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Any]:
    opened = SqliteStore.open(tmp_path)
    yield opened
    opened.shut()


def put(key: str, value: Note = Note("v")) -> Any:  # noqa: B008
    return lambda tx: tx.put(NOTES, (key,), value)


def keys(store: Any) -> list[str]:
    return [key[0] for key, _ in store.transact(lambda tx: list(tx.scan(NOTES)))]


def no_space(fd: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def broken(fd: int) -> None:
    raise OSError(errno.EIO, "Input/output error")


class Disk:
    """An fdatasync that waits for `go`, and counts."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.go = threading.Semaphore(0)
        self.syncs = 0
        patch.setattr(os, "fdatasync", self.sync)

    def sync(self, fd: int) -> None:
        self.go.acquire()
        self.syncs += 1


# Opening.
def test_data_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path / "new" / "place")
    asyncio.run(store.run(put("a")))
    asyncio.run(store.close())
    assert not (tmp_path / "new" / "place" / f"{FILE}-wal").exists()
    again = SqliteStore.open(tmp_path / "new" / "place")
    assert keys(again) == ["a"]
    again.shut()


def test_a_directory_in_use_is_refused_until_it_is_let_go(tmp_path: Path, store: Any) -> None:
    with pytest.raises(StoreInUse, match="Another process"):
        SqliteStore.open(tmp_path)
    store.transact(put("a"))


def test_data_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    SqliteStore.open(tmp_path).shut()
    with sqlite3.connect(tmp_path / FILE) as raw:
        raw.execute("UPDATE meta SET value = 999 WHERE name = 'schema'")
    raw.close()
    for _ in range(2):
        with pytest.raises(StoreIsNewer, match="newer version"):
            SqliteStore.open(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as raw:
        assert raw.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone() == (999,)
    raw.close()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is not a database " * 100)
    with pytest.raises(StoreUnreadable, match="cannot be read"):
        SqliteStore.open(tmp_path)


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as raw:
        raw.execute("CREATE TABLE theirs(x)")
    raw.close()
    with pytest.raises(StoreUnreadable, match="not Outfall's"):
        SqliteStore.open(tmp_path)


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnreadable, match="cannot be used"):
        SqliteStore.open(tmp_path / "file")


def test_closing_while_purged_items_are_removed_lets_go_in_order(tmp_path: Path) -> None:
    async def scene() -> None:
        store = SqliteStore.open(tmp_path)
        failures: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
        await store.run(lambda tx: [tx.enqueue("q", b"x", now_ms=0, due_ms=0) for _ in range(900)])
        await store.run(lambda tx: tx.purge("q"))
        await store.close()
        await asyncio.sleep(0.05)
        assert failures == []

    asyncio.run(scene())


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path)
    store.shut()
    with pytest.raises(StoreFailed, match="closed"):
        asyncio.run(store.run(put("a")))


# Group commit.
def test_works_of_one_turn_share_one_sync(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    disk.go.release(99)

    async def many() -> None:
        await asyncio.gather(*(store.run(put(str(number))) for number in range(50)))

    asyncio.run(many())
    assert disk.syncs == 1


def test_nobody_is_answered_before_the_disk_has_it(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)

    async def scene() -> None:
        written = asyncio.ensure_future(store.run(put("a")))
        applied = asyncio.ensure_future(store.run(put("b"), durable=False))
        await applied
        read = asyncio.ensure_future(store.run(lambda tx: tx.get(NOTES, ("a",))))
        peeked = await store.run(lambda tx: tx.get(NOTES, ("a",)), durable=False)
        assert peeked == Note("v")
        for _ in range(10):
            await asyncio.sleep(0)
        assert not written.done()
        assert not read.done()
        disk.go.release()
        await asyncio.gather(written, read)
        assert await store.run(lambda tx: tx.get(NOTES, ("b",))) == Note("v")

    asyncio.run(scene())
    assert disk.syncs == 1


def test_what_is_committed_during_a_sync_waits_for_the_next(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)

    async def scene() -> None:
        first = asyncio.ensure_future(store.run(put("a")))
        for _ in range(5):
            await asyncio.sleep(0)
        later = [asyncio.ensure_future(store.run(put(str(number)))) for number in range(5)]
        disk.go.release()
        await first
        for _ in range(5):
            await asyncio.sleep(0)
        assert not any(task.done() for task in later)
        disk.go.release()
        await asyncio.gather(*later)

    asyncio.run(scene())
    assert disk.syncs == 2


def test_what_is_read_of_a_commit_during_a_sync_waits_for_the_next(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)

    async def scene() -> None:
        first = asyncio.ensure_future(store.run(put("a")))
        for _ in range(5):
            await asyncio.sleep(0)
        await store.run(put("b"), durable=False)
        read = asyncio.ensure_future(store.run(lambda tx: tx.get(NOTES, ("b",))))
        disk.go.release()
        await first
        for _ in range(5):
            await asyncio.sleep(0)
        assert not read.done()
        disk.go.release()
        await read

    asyncio.run(scene())


# Full and failing disks.
def test_a_full_database_refuses_and_works_again_when_there_is_space(store: Any) -> None:
    store.transact(put("before"))
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count={pages}")

    async def scene() -> None:
        works = [put("small"), put("large", LARGE), put("other"), lambda tx: tx.get(NOTES, ("before",))]
        results = await asyncio.gather(*map(store.run, works), return_exceptions=True)
        assert isinstance(results[1], StoreFull)
        found = keys(store)
        for name, result in (("small", results[0]), ("other", results[2])):
            assert (name in found) == (result is None)
            assert result is None or isinstance(result, StoreFull)
        # It may have read what was lost with the commit that it shares.
        assert results[3] == Note("v") or isinstance(results[3], StoreFull)
        assert await store.run(works[3]) == Note("v")
        store._db.execute("PRAGMA max_page_count=100000")
        await store.run(put("large", LARGE))
        assert "large" in keys(store)

    asyncio.run(scene())


class Refusing:
    """A connection whose next commit finds no space; SQLite has then ended the transaction, or not."""

    def __init__(self, real: sqlite3.Connection, ends: bool) -> None:
        self.real, self.ends, self.refuses = real, ends, True

    def execute(self, sql: str, *arguments: Any) -> Any:
        if sql == "COMMIT" and self.refuses:
            self.refuses = False
            if self.ends:
                self.real.execute("ROLLBACK")
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return self.real.execute(sql, *arguments)

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction


@pytest.mark.parametrize("ends", [True, False])
def test_a_commit_that_finds_no_space_tells_all_who_had_a_part_in_it(store: Any, ends: bool) -> None:
    store.transact(lambda tx: (put("kept")(tx), tx.counts("q", 0), tx.enqueue("q", b"", now_ms=0, due_ms=0)))
    woken: list[str] = []
    real = store._db

    def change(tx: Any) -> int:
        tx.put(NOTES, ("kept",), Note("changed"))
        return int(tx.enqueue("q", b"", now_ms=0, due_ms=0))

    async def scene() -> None:
        store.subscribe(woken.append)
        store._db = Refusing(real, ends)
        results = await asyncio.gather(
            store.run(change),
            store.run(put("b"), durable=False),
            store.run(lambda tx: tx.get(NOTES, ("kept",))),
            return_exceptions=True,
        )
        # Who need not have it durable was answered before, and it is gone as after a crash.
        assert [type(result) for result in results] == [StoreFull, type(None), StoreFull]
        store._db = real
        assert await store.run(lambda tx: (tx.get(NOTES, ("kept",)), tx.counts("q", 0).ready)) == (Note("v"), 1)
        assert woken == []
        await store.run(change)

    asyncio.run(scene())
    assert keys(store) == ["kept"]
    assert woken == ["q"]


def test_a_work_that_hides_the_end_of_its_transaction_is_not_answered(store: Any) -> None:
    def scan(tx: Any) -> None:
        list(tx.scan(NOTES))  # has what was gathered written into the database

    def hide(tx: Any) -> None:
        put("a")(tx)
        scan(tx)
        store._db.execute("ROLLBACK")  # as SQLite does when the disk is full

    async def scene(*works: Any) -> list[Any]:
        return [type(one) for one in await asyncio.gather(*map(store.run, works), return_exceptions=True)]

    assert asyncio.run(scene(hide, put("b"))) == [StoreFull, type(None)]
    assert asyncio.run(scene(put("c"), hide)) == [type(None), StoreFull]
    assert asyncio.run(scene(put("d"), scan, hide, put("e"))) == [StoreFull, StoreFull, StoreFull, type(None)]
    assert keys(store) == ["b", "c", "e"]


@pytest.mark.parametrize(("disk", "first"), [(broken, StoreFailed), (no_space, StoreFull)])
def test_after_a_failed_sync_nothing_is_accepted_until_it_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: Any, first: type[Exception]
) -> None:
    store = SqliteStore.open(tmp_path)
    store.transact(put("kept"))

    async def scene() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", disk)
            results = await asyncio.gather(store.run(put("a")), store.run(put("b")), return_exceptions=True)
            assert [type(result) for result in results] == [first, first]
        with pytest.raises(StoreFailed, match="opened again"):
            await store.run(lambda tx: tx.get(NOTES, ("kept",)))
        await store.close()

    asyncio.run(scene())
    again = SqliteStore.open(tmp_path)
    assert "kept" in keys(again)
    again.transact(put("c"))
    again.shut()


# Purging and the log.
def test_what_a_purge_leaves_is_removed_in_steps_while_others_work(store: Any) -> None:
    def fill(tx: Any) -> None:
        for _ in range(900):
            tx.enqueue("q", b"x", now_ms=0, due_ms=0)

    def left() -> int:
        return int(store._db.execute("SELECT count(*) FROM work").fetchone()[0])

    async def scene() -> None:
        await store.run(fill)
        await store.run(lambda tx: tx.purge("q"))
        await store.run(put("meanwhile"))
        assert left() > 0
        while left():
            assert await store.run(lambda tx: tx.counts("q", 0)) == QueueCounts(0, 0, 0)
            await store.run(put("meanwhile"))

    asyncio.run(scene())
    assert keys(store) == ["meanwhile"]


def test_what_a_purge_left_is_removed_after_a_restart(tmp_path: Path) -> None:
    store = SqliteStore.open(tmp_path)
    store.transact(lambda tx: [tx.enqueue("q", b"x", now_ms=0, due_ms=0) for _ in range(800)])
    store.transact(lambda tx: tx.purge("q"))
    store.shut()
    again: Any = SqliteStore.open(tmp_path)
    for _ in range(6):
        again.transact(put("a"))
    assert again._db.execute("SELECT count(*) FROM work").fetchone() == (0,)
    again.shut()


def test_the_log_stays_short_under_writes(store: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkpoint, "_LOG_PAGES", 100)

    async def scene() -> None:
        for number in range(400):
            await store.run(put(str(number % 7), Note("x" * 20_000)))

    asyncio.run(scene())
    assert (tmp_path / f"{FILE}-wal").stat().st_size < 3 * 1024 * 1024  # of 9 MB that were written


def test_every_question_to_a_queue_is_answered_by_an_index(store: Any) -> None:
    asked: list[str] = []
    store._db.set_trace_callback(asked.append)

    def questions(tx: Any) -> None:
        tx.enqueue("q", b"", now_ms=0, due_ms=0, group="g")
        tx.enqueue("q", b"", now_ms=0, due_ms=0)
        claimed = tx.claim("q", now_ms=0, lease_ms=1, limit=5)
        tx.release("q", claimed[0].handle, due_ms=0)
        tx.acknowledge("q", claimed[1].handle)
        tx.counts("q", 0)
        tx.expire("q", 1)
        tx.peek("q")
        tx.next_due("q")
        tx.due_queues("")
        tx.free("")
        tx.history("s")
        tx.feed()

    store.transact(questions)
    store._db.set_trace_callback(None)
    plans = [
        row[3]
        for sql in asked
        if sql.startswith(("SELECT", "UPDATE", "DELETE"))
        for row in store._db.execute("EXPLAIN QUERY PLAN " + sql)
    ]
    assert len(plans) > 20
    assert [plan for plan in plans if plan.startswith("SCAN") and "CONSTANT ROW" not in plan] == []
