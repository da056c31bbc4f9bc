"""How many items a second each engine enqueues, claims and acknowledges, and what a long backlog costs.

    python -m benchmarks.store [--items 20000] [--backlog 1000000] [--directory DIR]

All operations are durable. `batch` callers run at the same time, one item each; so a batch shares what a turn of the
event loop shares. Compare only figures of one run: a disk's fdatasync differs from minute to minute.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from outfall.store import MemoryStore, SqliteStore

PAYLOAD = b"x" * 1024


def enqueue(tx: Any) -> None:
    tx.enqueue("q", PAYLOAD, now_ms=0, due_ms=0)


def claim(tx: Any) -> Any:
    return tx.claim("q", now_ms=1, lease_ms=10**9)[0]


def _enqueue_many(tx: Any, count: int) -> None:
    for _ in range(count):
        enqueue(tx)


def _acknowledge(tx: Any, handle: Any) -> None:
    tx.acknowledge("q", handle)


async def rate(store: Any, works: list[Callable[[Any], Any]], batch: int) -> tuple[float, list[Any]]:
    """Operations a second with `batch` callers, each doing one after the other."""
    results: list[Any] = []
    ahead = iter(works)

    async def caller() -> None:
        for work in ahead:
            results.append(await store.run(work))

    begin = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(batch)))
    return len(works) / (time.perf_counter() - begin), results


async def rates(store: Any, items: int, batch: int) -> str:
    sent, _ = await rate(store, [enqueue] * items, batch)
    received, claimed = await rate(store, [claim] * items, batch)
    handles = [item.handle for item in claimed]
    acknowledged, _ = await rate(store, [partial(_acknowledge, handle=handle) for handle in handles], batch)
    return f"batch {batch:4}: enqueue {sent:8,.0f}   claim {received:8,.0f}   acknowledge {acknowledged:8,.0f} a second"


async def compare(store: Any) -> None:
    """Claims and acknowledges on the backlog and on a queue that holds little, in turns, in one store."""
    taken = {"q": 0.0, "little": 0.0}
    for _ in range(10):
        await store.run(lambda tx: [tx.enqueue("little", PAYLOAD, now_ms=0, due_ms=0) for _ in range(300)])
        for queue in taken:

            def cycle(tx: Any, queue: str = queue) -> None:
                tx.acknowledge(queue, tx.claim(queue, now_ms=1, lease_ms=10**9)[0].handle)

            taken[queue] += 300 / (await rate(store, [cycle] * 300, 16))[0]
    long, short = (3000 / seconds for seconds in taken.values())
    print(f"claim and acknowledge: {long:,.0f} a second on the backlog, {short:,.0f} on a short queue beside it")


async def backlog(directory: Path, size: int) -> None:
    store = SqliteStore.open(directory)
    per_work = 5000
    begin = time.perf_counter()
    for _ in range(size // per_work):
        await store.run(lambda tx: _enqueue_many(tx, per_work))
    print(f"filled with {size:,} items in {time.perf_counter() - begin:.1f} s")
    await store.close()
    begin = time.perf_counter()
    store = SqliteStore.open(directory)
    opened = time.perf_counter() - begin
    await store.run(claim)
    first = time.perf_counter() - begin
    counts = await store.run(lambda tx: tx.counts("q", 1))
    print(
        f"reopened in {opened:.3f} s, first claim after {first:.3f} s, counted {counts.ready:,} after "
        f"{time.perf_counter() - begin:.3f} s"
    )
    await compare(store)
    begin = time.perf_counter()
    await store.run(lambda tx: tx.purge("q"))
    print(f"purged in {time.perf_counter() - begin:.3f} s")
    print("while it is removed,", await rates(store, 4000, 16))
    await store.close()


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--items", type=int, default=20_000)
    options.add_argument("--backlog", type=int, default=1_000_000)
    options.add_argument("--directory", type=Path, default=None)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.directory) as place:
        engines = (("memory", MemoryStore()), ("sqlite", SqliteStore.open(Path(place) / "rates")))
        for name, store in engines:
            for batch in (1, 16, 256):
                items = min(given.items, 2000) if batch == 1 else given.items
                print(f"{name}, {await rates(store, items, batch)}")
            await store.close()
        if given.backlog:
            await backlog(Path(place) / "backlog", given.backlog)


if __name__ == "__main__":
    asyncio.run(main())
