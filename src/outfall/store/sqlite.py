"""The engine that keeps everything in one SQLite file: opening it, and group commit.

Every work that runs in one turn of the event loop shares one SQLite transaction; at the end of the turn it is
committed, a worker thread makes the log durable, and only then do the callers get their results. So many requests share
one fdatasync, and the loop never waits for the disk. Works that are done while the thread is busy share one commit and
the next sync.

A work that need not be durable is answered before the commit: should that fail, the work is lost, as by a crash.

SQLite runs with `synchronous=NORMAL`: a commit writes the write-ahead log and does not sync it. `synchronous=FULL` is
the same plus one sync of the log in each commit; this engine makes that sync itself, a little later, and lets nobody
know of the commit before. The rest is SQLite's own in both modes: it syncs the log before a checkpoint copies pages out
of it, the database after, and the header of the log when it begins anew. What a work reads may have been committed but
not yet synced, so a work that only reads waits for that too.

After an fdatasync that failed nobody can tell which pages reached the disk (a second one may succeed and mean nothing),
so the store accepts nothing more until it is opened again, which reads back what the disk has.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from outfall.core.ports import Tx
from outfall.store import schema
from outfall.store.errors import StoreError, StoreFailed, StoreFull
from outfall.store.failures import is_full, meaning, sync_directory, told
from outfall.store.sqlite_checkpoint import Checkpoints
from outfall.store.sqlite_files import FILE, connected, locked
from outfall.store.sqlite_queues import Queues
from outfall.store.sqlite_sync import Syncs
from outfall.store.wakes import Wakes

T = TypeVar("T")
_Waiter = asyncio.Future[None]

_TIDY_EVERY_S = 0.02
_GATHERED_SIZE_MAX = 1024 * 1024
"""What is kept in memory of a transaction that is not committed yet."""


class SqliteStore:
    """Everything in one file of a directory. To be used from one thread."""

    exclusive = True

    def __init__(self, directory: Path, lock: int, connection: sqlite3.Connection) -> None:
        self._lock = lock
        self._db = connection
        self._log = os.open(directory / f"{FILE}-wal", os.O_RDWR)
        self._tx = Queues(connection)
        self._wakes = Wakes()
        self._syncs = Syncs(self._log)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="outfall-store")
        self._checkpoints = Checkpoints(directory / FILE, connection)
        self._failure: StoreError | None = None
        self._closed = False
        self._unsaved: list[_Waiter] = []  # wait for it to be durable
        self._unsynced: list[_Waiter] = []  # committed; wait for the next sync
        self._syncing: list[_Waiter] = []  # wait for the sync that is under way
        self._topics: dict[str, None] = {}
        self._open = False  # whether a transaction is open
        self._scheduled = False  # whether it is committed at the end of this turn; else when the sync under way ends
        self._dirty = False  # whether something was committed since the last sync began
        self._tidying: asyncio.AbstractEventLoop | None = None  # the loop in which a `_tidy` is due
        self._busy = False  # whether a sync is under way

    @classmethod
    def open(cls, directory: Path) -> SqliteStore:
        """Opens the data in `directory`, or makes it. Raises `StoreInUse`, `StoreIsNewer` or `StoreUnreadable`."""
        connection = None
        lock = locked(directory)
        try:
            connection = connected(directory / FILE)
            schema.prepare(connection)
            store = cls(directory, lock, connection)
            os.fdatasync(store._log)
            sync_directory(directory)
            sync_directory(directory.parent)
        except BaseException as error:
            if connection is not None:
                connection.close()
            os.close(lock)
            told(error)
            raise
        return store

    async def run(self, work: Callable[[Tx], T], *, durable: bool = True, loose: bool = False) -> T:
        """Runs `work` in a transaction. Raises what it raises, `StoreFull`, or `StoreFailed` from a failed sync on."""
        result = self._apply(work)
        loop = asyncio.get_running_loop()
        if self._open:
            # While the disk is busy, what is done gathers for one larger commit.
            if not self._scheduled and not self._busy:
                self._scheduled = True
                loop.call_soon(self._commit, loop)
        elif self._topics:
            loop.call_soon(self._tell)
        waiters = self._to_wait_with() if durable else None
        if waiters is not None:
            waiter: _Waiter = loop.create_future()
            waiters.append(waiter)
            await waiter
        return result

    def _to_wait_with(self) -> list[_Waiter] | None:
        if self._open:
            return self._unsaved
        if self._dirty:
            return self._unsynced
        return self._syncing if self._busy else None

    def transact(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` in a transaction and makes it durable at once, outside of an event loop: for tests and tools."""
        result = self._apply(work)
        if self._open:
            self._commit(None)
            self._sync()
            if self._tx.garbage:
                self._apply(lambda tx: self._tx.tidy())
                self._commit(None)
        elif self._topics:
            self._tell()
        if self._failure is not None:
            raise self._failure
        return result

    def _apply(self, work: Callable[[Tx], T]) -> T:
        """Runs a work as part of the open transaction; begins one if it writes."""
        if self._failure is not None:
            raise self._failure
        tx = self._tx
        try:
            result = work(tx)
            if tx.gathered > _GATHERED_SIZE_MAX:
                tx.spill()
            tx.keep()
        except BaseException as error:
            self._undo()
            told(error)
            raise
        if tx.changed:
            self._open, tx.changed = True, False
        if tx.topics:
            self._topics.update(tx.topics)
            tx.topics.clear()
        return result

    def _undo(self) -> None:
        try:
            self._tx.undo()
        finally:
            if self._tx.lost:
                self._lose(StoreFull())

    def _commit(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Commits the open transaction and begins a sync."""
        self._scheduled = False
        if not self._open:
            return
        try:
            self._tx.flush()
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._lose(meaning(error))
            if loop is None:
                told(error)
                raise
            return
        self._open = False
        self._dirty = True
        self._unsynced += self._unsaved
        self._unsaved = []
        self._checkpoints.finish()
        self._tell()
        if loop is not None and not self._busy:
            self._begin_sync(loop)

    def _tell(self) -> None:
        topics, self._topics = self._topics, {}
        self._wakes.tell(topics)

    def _lose(self, error: BaseException) -> None:
        """The open transaction is undone, and all who had a part in it are told."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._tx.reset()
        self._open = False
        self._topics.clear()
        lost, self._unsaved = self._unsaved, []
        _resolve(lost, error)

    def _begin_sync(self, loop: asyncio.AbstractEventLoop) -> None:
        self._syncing, self._unsynced = self._unsynced, []
        self._dirty = False
        self._busy = True
        self._syncs.begin(loop, self._end_sync)

    def _end_sync(self, loop: asyncio.AbstractEventLoop, error: BaseException | None) -> None:
        self._busy = False
        if error is not None:
            self._fail(error)
            return
        synced, self._syncing = self._syncing, []
        _resolve(synced, None)
        self._commit(loop)
        if self._dirty and not self._busy:
            self._begin_sync(loop)
        if self._tx.garbage and self._tidying is not loop:
            self._tidying = loop
            loop.call_later(_TIDY_EVERY_S, self._tidy, loop)
        self._checkpoints.begin(loop, self._threads)

    def _tidy(self, loop: asyncio.AbstractEventLoop) -> None:
        """Removes a little of what was purged; the sync of that is the next occasion."""
        self._tidying = None
        if self._failure is None:
            with contextlib.suppress(StoreError):
                self._apply(lambda tx: self._tx.tidy())
                if not self._busy:
                    self._commit(loop)

    def _sync(self) -> None:
        """Makes everything that was committed durable, now."""
        try:
            os.fdatasync(self._log)
        except OSError as error:
            self._fail(error)
            return
        self._dirty = False
        synced, self._unsynced = self._unsynced, []
        _resolve(synced, None)

    def _fail(self, error: BaseException) -> None:
        """The disk did not keep what was committed: see the head of this file."""
        self._failure = StoreFailed()
        self._failure.__cause__ = error
        waiting = self._syncing + self._unsynced
        self._syncing, self._unsynced = [], []
        _resolve(waiting, meaning(error) if is_full(error) else self._failure)
        self._lose(self._failure)

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Calls `listener(topic)` in the event loop as soon as a commit that woke a topic is applied, which is before
        it is durable: what the listener then does is durable no sooner than what woke it."""
        return self._wakes.subscribe(listener)

    async def clear(self) -> None:
        """Removes everything; numbers go on growing."""
        await self.run(lambda tx: self._tx.clear())

    async def close(self) -> None:
        """Makes everything durable and lets go."""
        if self._closed:
            return
        loop = asyncio.get_running_loop()
        self._commit(loop)
        while self._busy:
            waiter: _Waiter = loop.create_future()
            self._syncing.append(waiter)
            await asyncio.wait([waiter])
            waiter.exception()  # who had a part in it was told
        self._failure = self._failure or StoreFailed("The store is closed.")
        await loop.run_in_executor(None, self._end_threads)
        self.shut()

    def _end_threads(self) -> None:
        self._syncs.close()
        self._threads.shutdown()

    def shut(self) -> None:
        """Lets go, outside of an event loop."""
        if self._closed:
            return
        self._closed = True
        if self._open:
            self._commit(None)
        self._end_threads()
        self._failure = self._failure or StoreFailed("The store is closed.")
        self._checkpoints.close()
        self._db.close()
        os.close(self._log)
        os.close(self._lock)


def _resolve(waiters: list[_Waiter], error: BaseException | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)
