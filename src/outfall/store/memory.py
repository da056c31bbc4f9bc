"""The engine that keeps everything in memory: the twin of the durable one, and what tests use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from outfall.core.ports import Tx
from outfall.store.memory_tx import MemoryData, MemoryTx
from outfall.store.values import Values
from outfall.store.wakes import Wakes

T = TypeVar("T")


class MemoryStore:
    """Everything in this process's memory: durable for as long as the process lives."""

    exclusive = True

    def __init__(self) -> None:
        self._data = MemoryData()
        self._values = Values()
        self._checked: set[str] = set()
        self._wakes = Wakes()

    async def run(self, work: Callable[[Tx], T], *, durable: bool = True, loose: bool = False) -> T:
        """Runs `work` in a transaction; others get a turn before it returns, as with an engine that has to wait."""
        result, topics = self._apply(work)
        if topics:
            asyncio.get_running_loop().call_soon(self._wakes.tell, topics)
        await asyncio.sleep(0)
        return result

    def transact(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` in a transaction, outside of an event loop."""
        result, topics = self._apply(work)
        self._wakes.tell(topics)
        return result

    def _apply(self, work: Callable[[Tx], T]) -> tuple[T, list[str]]:
        tx = MemoryTx(self._data, self._values, self._checked)
        try:
            result = work(tx)
        except BaseException:
            tx.rollback()
            raise
        return result, list(tx.topics)

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Calls `listener(topic)` after each commit that woke a topic; returns how to stop that."""
        return self._wakes.subscribe(listener)

    async def clear(self) -> None:
        """Removes everything; numbers go on growing."""
        last = self._data.last_item, self._data.last_fact
        self._data = MemoryData()
        self._data.last_item, self._data.last_fact = last

    async def close(self) -> None:
        """Nothing to let go of."""

    def shut(self) -> None:
        """Nothing to let go of."""
