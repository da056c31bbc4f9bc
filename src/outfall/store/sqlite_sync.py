"""The thread that makes the log durable, one sync at a time.

An executor would do the same, and take as long to hand the work over as a good disk takes for the work.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

Done = Callable[[asyncio.AbstractEventLoop, BaseException | None], None]


class Syncs:
    """Syncs of one file. The thread starts with the first of them."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._asked: SimpleQueue[tuple[asyncio.AbstractEventLoop, Done] | None] = SimpleQueue()
        self._thread: Thread | None = None

    def begin(self, loop: asyncio.AbstractEventLoop, done: Done) -> None:
        """Begins a sync, at whose end `done` is called in the loop, with the error if there was one."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name="outfall-sync", daemon=True)
            self._thread.start()
        self._asked.put((loop, done))

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            loop, done = asked
            error: BaseException | None = None
            try:
                os.fdatasync(self._file)
            except BaseException as caught:  # whatever it is, nothing may be said to be durable
                error = caught
            with contextlib.suppress(RuntimeError):  # the loop is closed: there is nobody to tell
                loop.call_soon_threadsafe(done, loop, error)

    def close(self) -> None:
        """Waits for the sync that is under way, and ends the thread."""
        if self._thread is not None:
            self._asked.put(None)
            self._thread.join()
            self._thread = None
