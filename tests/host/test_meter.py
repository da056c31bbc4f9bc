"""The meter: what is written at once, what a second later, and when queues are measured."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support import ACCOUNT, REGION, T0, make_context

from outfall.core.context import Context
from outfall.core.metrics import Sample
from outfall.core.ports import Tx
from outfall.host import meter
from outfall.host.meter import GAUGE_QUEUE, Meter, folded
from outfall.services.cloudwatch import series
from outfall.services.sqs.meter import NAMESPACE, dimensions
from outfall.services.sqs.model import QUEUES, Queue
from outfall.store.memory import MemoryStore

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
Q = dimensions("q")
VISIBLE = "ApproximateNumberOfMessagesVisible"


class World:
    """A store with one queue, and a meter on it."""

    def __init__(self) -> None:
        self.store, self.meter, self.now = MemoryStore(), Meter(), T0
        self.meter.attach(self.store, self.context)
        self.queue = Queue(ACCOUNT, REGION, "q", "g", T0 - HOUR_MS, T0 - HOUR_MS)
        self.within(lambda ctx: ctx.tx.put(QUEUES, self.queue.key, self.queue))

    def context(self, tx: Tx) -> Context:
        return make_context(tx, now=self.now, metrics=self.meter)

    def within(self, work: Any) -> Any:
        return self.store.transact(lambda tx: work(self.context(tx)))

    def send(self) -> None:
        self.within(lambda ctx: ctx.tx.enqueue(self.queue.work_queue, b"", now_ms=ctx.now, due_ms=ctx.now))

    def values(self, name: str, namespace: str = NAMESPACE, where: Any = Q) -> list[tuple[int, float]]:
        span = (T0 - 24 * HOUR_MS, T0 + 24 * HOUR_MS)
        found = self.within(lambda ctx: list(series.read(ctx, namespace, name, where, *span)))
        return [(at_ms - T0, samples.total) for at_ms, _, samples in found]

    def chore(self) -> None:
        def work(ctx: Context) -> None:
            for item in ctx.tx.claim(GAUGE_QUEUE, now_ms=ctx.now, lease_ms=1000):
                meter.step_measuring(ctx, item)

        self.within(work)


def test_what_happens_to_events_is_written_in_their_transaction() -> None:
    world, where = World(), (("FunctionName", "fn"), ("Resource", "fn"))
    world.within(lambda ctx: world.meter.record(ctx, "AWS/Lambda", where, (Sample("Errors", 1),)))
    assert world.values("Errors", "AWS/Lambda", where) == [(0, 1)]


def test_what_sqs_counts_is_gathered_and_written_later() -> None:
    world = World()

    async def play() -> None:
        for _ in range(3):
            world.within(lambda ctx: world.meter.record(ctx, NAMESPACE, Q, (Sample("NumberOfMessagesSent", 1),)))
        assert world.values("NumberOfMessagesSent") == []
        await world.meter.write()
        await world.meter.write()

    asyncio.run(play())
    assert world.values("NumberOfMessagesSent") == [(0, 3)]
    assert world.within(lambda ctx: ctx.tx.next_due(GAUGE_QUEUE)) == T0 + MINUTE_MS


def test_samples_are_folded_by_metric_and_value() -> None:
    held = [(Sample("a", 1), Sample("b", size, "Bytes")) for size in (5, 7, 5)]
    told = {name: (one.count, one.total, one.low, one.high) for name, one in folded(held)}
    assert told == {"a\0Count": (3, 3, 1, 1), "b\0Bytes": (3, 17, 5, 7)}


def test_a_queue_is_measured_for_the_minute_that_it_is_and_for_the_one_that_just_ended() -> None:
    world = World()
    world.send()
    world.now += MINUTE_MS
    world.within(lambda ctx: world.meter.refresh(ctx, NAMESPACE, Q))
    assert world.values(VISIBLE) == [(0, 1), (MINUTE_MS, 1)]
    world.send()
    world.now += 30_000
    world.within(lambda ctx: world.meter.refresh(ctx, NAMESPACE, Q))
    assert world.values(VISIBLE) == [(0, 1), (MINUTE_MS, 2)]
    assert world.values("ApproximateAgeOfOldestMessage") == [(0, 60), (MINUTE_MS, 90)]


def test_queues_are_measured_every_minute_until_they_are_out_of_use() -> None:
    world = World()
    world.send()
    world.within(meter.begin_measuring)
    for _ in range(3):
        world.now += MINUTE_MS
        world.chore()
    assert [at_ms // MINUTE_MS for at_ms, _ in world.values(VISIBLE)] == [0, 1, 2, 3]
    world.within(lambda ctx: ctx.tx.purge(world.queue.work_queue))
    world.now += MINUTE_MS
    world.chore()
    assert world.values(VISIBLE)[-1] == (4 * MINUTE_MS, 0), "an alarm has to see that it is empty"
    world.now += 6 * HOUR_MS
    world.chore()
    assert world.within(lambda ctx: ctx.tx.next_due(GAUGE_QUEUE)) is None
    assert world.within(lambda ctx: list(ctx.tx.scan(meter.HELD))) == []


def test_a_queue_that_nobody_used_has_no_metrics() -> None:
    world = World()
    world.within(lambda ctx: world.meter.refresh(ctx, NAMESPACE, Q))
    world.within(lambda ctx: world.meter.refresh(ctx, NAMESPACE, dimensions("none")))
    assert world.within(lambda ctx: list(series.known(ctx))) == []
