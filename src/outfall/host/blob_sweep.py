"""Blobs that nothing refers to: a request wrote them, and its node died before it could write the row. A chore that one
node does once a day, a few blobs at each claim. Those younger than a day may belong to a request that is under way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from outfall.core.body import GARBAGE_QUEUE, REFERENCES
from outfall.core.context import Context
from outfall.core.ports import Item, Store, Tx
from outfall.store.blobs import Blobs

QUEUE = "host/blobs"
EVERY_MS = 24 * 3600 * 1000
YOUNG_S = 24 * 3600


class Progress(msgspec.Struct, frozen=True):
    """Behind which blob to go on."""

    after: str = ""


def begin(ctx: Context) -> None:
    """Puts the one item on the queue, if it is not there."""
    if ctx.tx.next_due(QUEUE) is None:
        ctx.tx.enqueue(QUEUE, b"", now_ms=ctx.now, due_ms=ctx.now + EVERY_MS)


def sweeper(
    store: Store, context: Callable[[Tx], Context], blobs: Blobs, wall_s: Callable[[], float] = time.time
) -> Callable[[Item], Awaitable[None]]:
    """The chore. Files and objects bear the wall's time, not the clock of record's."""

    async def sweep(item: Item) -> None:
        progress = msgspec.json.decode(item.payload, type=Progress) if item.payload else Progress()
        found, place = await asyncio.to_thread(blobs.old, progress.after, wall_s() - YOUNG_S)

        def work(tx: Tx) -> None:
            now = context(tx).now
            for blob in found:
                if tx.get(REFERENCES, (blob,)) is None:  # Removed as others are: somebody may still read it.
                    tx.enqueue(GARBAGE_QUEUE, blob.encode(), now_ms=now, due_ms=now)
            if place is None:
                tx.release(QUEUE, item.handle, due_ms=now + EVERY_MS, payload=b"")
            else:
                tx.release(QUEUE, item.handle, due_ms=now, payload=msgspec.json.encode(Progress(place)))

        await store.run(work)

    return sweep
