"""Something that is done a while after it was first asked for, once for all who asked meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Later:
    """Does `work`, `wait_s` seconds after `ask`; without anything to do there is no timer."""

    def __init__(self, wait_s: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._wait_s = wait_s
        self._work = work
        self._timer: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[None]] = set()

    def ask(self) -> None:
        """Asks for it, on the loop that runs."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._wait_s, self._begin)

    def cancel(self) -> None:
        """Nobody asks any more: it is done by somebody else."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._timer = None
        task = asyncio.get_running_loop().create_task(self._work())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
