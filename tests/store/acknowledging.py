"""A process that writes to a store and prints each write once it is acknowledged, until it is killed.

It also runs what is not durable and what fails, and shortens its log often, so that a kill finds it anywhere.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path
from typing import Any

from outfall.store import SqliteStore, sqlite_checkpoint
from tests.contracts.test_store_rows import NOTES, Note


async def write(store: Any, name: str) -> None:
    """Rows, items and facts under one name; every third work fails."""
    for number in itertools.count():
        key = f"{name}-{number}"

        def work(tx: Any, key: str = key) -> None:
            tx.put(NOTES, (key,), Note(key * 50))
            tx.enqueue("q", key.encode(), now_ms=0, due_ms=0)
            tx.append("s", key.encode())

        def fail(tx: Any, key: str = key) -> None:
            tx.put(NOTES, ("failed", key), Note(key))
            raise KeyError

        if number % 3 == 1:
            await asyncio.gather(store.run(fail), return_exceptions=True)
        await store.run(work)
        sys.stdout.write(key + "\n")
        sys.stdout.flush()


async def main() -> None:
    sqlite_checkpoint._LOG_PAGES = 64
    store = SqliteStore.open(Path(sys.argv[1]))
    await asyncio.gather(*(write(store, f"writer{number}") for number in range(8)))


if __name__ == "__main__":
    asyncio.run(main())
