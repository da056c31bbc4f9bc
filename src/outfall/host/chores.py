"""Chores: what the host does off its work queues beside running events. A table of queues, and what to do with an item.

A chore that is only a decision is one transaction; one that needs the disk does that first. An item that is not
acknowledged comes back when its lease runs out, so a chore may be done twice and must bear it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from outfall.core.body import GARBAGE_QUEUE
from outfall.core.context import Context
from outfall.core.invocation import Package
from outfall.core.ports import Item, Store, Tx
from outfall.flow import forget
from outfall.host import blob_sweep, sweeping
from outfall.host.meter import GAUGE_QUEUE, begin_measuring, step_measuring
from outfall.host.sns_http import courier
from outfall.services.cloudwatch.model import ALARM_QUEUE
from outfall.services.cloudwatch.watch import step_alarm
from outfall.services.events import work as events_work
from outfall.services.lambda_ import mappings, prepare
from outfall.services.lambda_.prepare import PREPARE_QUEUE
from outfall.services.s3 import aging, restoring
from outfall.services.sns import http
from outfall.services.sqs.moves import MOVES_QUEUE, step_move
from outfall.store.blobs import Blobs

Chore = Callable[[Item], Awaitable[None]]
Step = Callable[[Context, Item], None]

TOGETHER = frozenset({http.QUEUE})
"""Queues whose items are done side by side, since they wait for servers of others."""


def chores(
    store: Store,
    context: Callable[[Tx], Context],
    unpack: Callable[[Package], Awaitable[str | None]],
    blobs: Blobs,
    log: Callable[[str], None],
) -> Mapping[str, Chore]:
    """Every chore, by its queue."""

    def decided(step: Step) -> Chore:
        async def do(item: Item) -> None:
            await store.run(lambda tx: step(context(tx), item))

        return do

    async def prepare_code(item: Item) -> None:
        problem = await unpack(prepare.package_of(item.payload))

        def work(tx: Tx) -> None:
            prepare.prepared(context(tx), item.payload, problem)
            tx.acknowledge(PREPARE_QUEUE, item.handle)

        await store.run(work)

    async def collect_garbage(item: Item) -> None:
        if blobs.remove_after_s and item.receives == 1:
            due_ms = item.enqueued_ms + blobs.remove_after_s * 1000
            await store.run(lambda tx: tx.release(GARBAGE_QUEUE, item.handle, due_ms=due_ms), durable=False)
            return
        await asyncio.to_thread(blobs.remove, item.payload.decode())
        await store.run(lambda tx: tx.acknowledge(GARBAGE_QUEUE, item.handle), durable=False)

    return {
        PREPARE_QUEUE: prepare_code,
        GARBAGE_QUEUE: collect_garbage,
        MOVES_QUEUE: decided(step_move),
        mappings.TRANSITIONS_QUEUE: decided(mappings.step),
        ALARM_QUEUE: decided(step_alarm),
        GAUGE_QUEUE: decided(step_measuring),
        aging.QUEUE: decided(aging.step),
        restoring.QUEUE: decided(restoring.step),
        sweeping.QUEUE: decided(sweeping.step),
        blob_sweep.QUEUE: blob_sweep.sweeper(store, context, blobs),
        forget.QUEUE: decided(forget.step),
        **{queue: decided(step) for queue, step in events_work.STEPS.items()},
        http.QUEUE: courier(store, context, log),
    }


def begin_sweeping(ctx: Context) -> None:
    """Puts the items on their queues that come back for as long as the data lives."""
    sweeping.begin(ctx)
    blob_sweep.begin(ctx)
    forget.begin(ctx)
    begin_measuring(ctx)
