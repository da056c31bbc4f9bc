"""Checkpoints: copying pages from the write-ahead log into the database, so that the log stays short.

SQLite would do it in the middle of a commit, with the event loop waiting for several syncs. Here a thread copies on a
connection of its own while the loop goes on writing; then the loop copies the little that was written meanwhile, which
lets the next commit begin the log anew. Only a log that grows faster than the thread copies makes the loop copy more.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import struct
from concurrent.futures import Executor
from pathlib import Path

_LOG_PAGES = 4096
_REST_PAGES_MAX = 1024
_LOG_PAGES_MAX = 65536

_CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpoints:
    """Watches the length of the log, and shortens it."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self._main = connection
        self._own = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._own.execute("PRAGMA synchronous=NORMAL")
        self._own.execute("PRAGMA wal_autocheckpoint=0")
        # The length of the log in pages stands at byte 16 of its index (https://www.sqlite.org/walformat.html). The
        # file stays open while the connections do: closing it would drop SQLite's own locks on it.
        self._index = os.open(f"{file}-shm", os.O_RDONLY)
        self._running: asyncio.Future[int] | None = None
        self._copied: int | None = None

    def pages(self) -> int:
        """How many pages are in the log."""
        head = os.pread(self._index, 4, 16)
        return int(struct.unpack("=I", head)[0]) if len(head) == 4 else 0

    def begin(self, loop: asyncio.AbstractEventLoop, threads: Executor) -> None:
        """Begins to copy in a thread if the log is long."""
        if self._running is None and self.pages() >= _LOG_PAGES:
            self._running = loop.run_in_executor(threads, self._copy)
            self._running.add_done_callback(self._end)

    def _copy(self) -> int:
        """Copies; returns how many pages of the log are copied. An error (a full disk) leaves them for later."""
        try:
            return int(self._own.execute(_CHECKPOINT).fetchone()[2])
        except sqlite3.Error:
            return 0

    def _end(self, done: asyncio.Future[int]) -> None:
        self._running = None
        self._copied = None if done.cancelled() or done.exception() else done.result()

    def finish(self) -> None:
        """Right after a commit: copies the rest, if the thread has left only a little."""
        pages = self.pages() if self._copied is not None else 0
        if self._copied is None:
            return
        if 0 < self._copied < pages and (pages - self._copied <= _REST_PAGES_MAX or pages >= _LOG_PAGES_MAX):
            try:
                self._main.execute(_CHECKPOINT).fetchone()
            except sqlite3.Error:
                pass
        self._copied = None

    def close(self) -> None:
        """Copies everything and lets go."""
        self._own.close()
        try:
            self._main.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            pass
        self._main.close()
        os.close(self._index)
