"""The port `core.metrics.Metrics`: where metrics of the road go, and who measures queues.

What tells the fate of an event (AWS/Lambda) is written in the transaction of what it tells. What SQS counts is not: a
row per message would cost more than the message, so counts gather here and are written a second later, on a timer that
runs only while there is something to write. A crash loses at most that second of counting, of nothing acknowledged.

Depth and age of a queue are measured when somebody looks, and every minute while the queue is in use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from outfall.core.context import Context
from outfall.core.metrics import Dimensions, Sample
from outfall.core.ports import Item, Store, Table, Tx
from outfall.host.later import Later
from outfall.services.cloudwatch import series
from outfall.services.cloudwatch.model import BUCKETS, MINUTE_MS, SERIES, dimensions_key, slot, time_key
from outfall.services.cloudwatch.samples import Samples
from outfall.services.sqs import meter
from outfall.services.sqs.model import QUEUES
from outfall.store.errors import StoreBusy, StoreUnavailable

LATER = frozenset({meter.NAMESPACE})
"""Namespaces that are not written at once."""

WRITE_AFTER_S = 1.0
KEPT_MAX = 1000
"""What could not be written, because the store is away, is written later, up to that many of each place."""
GAUGE_QUEUE = "host/gauges"
"""Holds one item while any queue is in use: when the queues are measured next."""

IN_USE_MS = 6 * 3_600_000
"""AWS measures a queue for six hours after its last use."""

NOTED_EVERY_MS = 600_000
"""That a queue holds messages is written down that often."""

JUST_BEGUN_MS = 5_000

Where = tuple[str, str, str, Dimensions, int]
"""Account, region, namespace, dimensions and minute."""


class Held(msgspec.Struct, frozen=True):
    """When a queue was seen to hold messages, to ten minutes: it is in use by that, whoever filled or emptied it."""

    at_ms: int


HELD: Table[Held] = Table("host.queues_held", Held)
"""At (account, region, name)."""


class Meter:
    """Counts what the road counts."""

    def __init__(self) -> None:
        self._gathered: dict[Where, list[tuple[Sample, ...]]] = {}
        self._store: Store | None = None
        self._context: Callable[[Tx], Context] | None = None
        self._later = Later(WRITE_AFTER_S, self.write)

    def attach(self, store: Store, context: Callable[[Tx], Context]) -> None:
        """Says where to write."""
        self._store, self._context = store, context

    def record(self, ctx: Context, namespace: str, dimensions: Dimensions, samples: tuple[Sample, ...]) -> None:
        """Adds samples, at once or a second later."""
        if namespace not in LATER:
            series.emit(ctx, namespace, dimensions, samples)
            return
        where = (ctx.account, ctx.region, namespace, dimensions, ctx.now // MINUTE_MS * MINUTE_MS)
        ctx.tx.after(lambda: self._gather(where, samples))

    def _gather(self, where: Where, samples: tuple[Sample, ...]) -> None:
        self._gathered.setdefault(where, []).append(samples)
        self._later.ask()

    def refresh(self, ctx: Context, namespace: str, dimensions: Dimensions) -> None:
        """Measures a queue, for the minute that it is, and for the one before if that has just ended or has nothing."""
        name = dict(dimensions).get("QueueName")
        if namespace == meter.NAMESPACE and name is not None:
            measure(ctx, name)

    async def write(self) -> None:
        """Writes what has gathered."""
        self._later.cancel()
        gathered, self._gathered = self._gathered, {}
        store, context = self._store, self._context
        if not gathered or store is None or context is None:
            return

        def work(tx: Tx) -> None:
            ctx = context(tx)
            for (account, region, namespace, dimensions, at_ms), held in gathered.items():
                series.add(ctx.at(account, region), namespace, series.EMITTED, dimensions, at_ms, folded(held))
            begin_measuring(ctx)

        try:
            await store.run(work, durable=False)
        except (StoreUnavailable, StoreBusy):
            for where, held in gathered.items():
                for samples in held[:KEPT_MAX]:
                    self._gather(where, samples)

    def drop(self) -> None:
        """Forgets what has gathered: the data was reset."""
        self._gathered = {}


def folded(held: list[tuple[Sample, ...]]) -> series.Gathered:
    """Samples of one place put together by metric, with as little work as there are different values."""
    counts = Counter((one.name, one.unit, one.value) for samples in held for one in samples)
    found: dict[str, Samples] = {}
    for (name, unit, value), times in counts.items():
        key, samples = slot(name, unit), Samples.of(float(value), float(times))
        found[key] = found[key].plus(samples) if key in found else samples
    return list(found.items())


def measure(ctx: Context, name: str) -> bool:
    """Measures one queue of the context's account and region, unless it is out of use; whether it is in use."""
    samples, dimensions = meter.measured(ctx, name), meter.dimensions(name)
    if any(one.value for one in samples):
        _hold(ctx, name)
    elif not (samples and (_held(ctx, name) or _used(ctx, dimensions))):
        return False
    minute_ms = ctx.now // MINUTE_MS * MINUTE_MS
    series.replace(ctx, meter.NAMESPACE, dimensions, minute_ms, samples)
    before_ms = minute_ms - MINUTE_MS
    late = ctx.now - minute_ms >= JUST_BEGUN_MS
    if _existed(ctx, name, minute_ms) and not (late and _measured(ctx, dimensions, before_ms, samples[0])):
        series.replace(ctx, meter.NAMESPACE, dimensions, before_ms, samples)
    return True


def _hold(ctx: Context, name: str) -> None:
    key = (ctx.account, ctx.region, name)
    known = ctx.tx.get(HELD, key)
    if known is None or known.at_ms <= ctx.now - NOTED_EVERY_MS:
        ctx.tx.put(HELD, key, Held(ctx.now))


def _held(ctx: Context, name: str) -> bool:
    known = ctx.tx.get(HELD, (ctx.account, ctx.region, name))
    return known is not None and known.at_ms > ctx.now - IN_USE_MS


def _existed(ctx: Context, name: str, at_ms: int) -> bool:
    queue = ctx.tx.get(QUEUES, (ctx.account, ctx.region, name))
    return queue is not None and queue.created_ms < at_ms


def _where(ctx: Context, dimensions: Dimensions) -> tuple[str, ...]:
    return (ctx.account, ctx.region, meter.NAMESPACE, series.EMITTED, dimensions_key(dimensions))


def _used(ctx: Context, dimensions: Dimensions) -> bool:
    known = ctx.tx.get(SERIES, _where(ctx, dimensions))
    counted = [at_ms for name, at_ms in known.names.items() if not name.startswith("Approximate")] if known else []
    return max(counted, default=0) > ctx.now - IN_USE_MS


def _measured(ctx: Context, dimensions: Dimensions, at_ms: int, sample: Sample) -> bool:
    bucket = ctx.tx.get(BUCKETS, (*_where(ctx, dimensions), time_key(at_ms)))
    return bucket is not None and slot(sample.name, sample.unit) in bucket.samples


def begin_measuring(ctx: Context) -> None:
    """Has the queues measured from the next minute on, if they are not already."""
    if ctx.tx.next_due(GAUGE_QUEUE) is None:
        ctx.tx.enqueue(GAUGE_QUEUE, b"", now_ms=ctx.now, due_ms=_next_minute(ctx.now))


def step_measuring(ctx: Context, item: Item) -> None:
    """Measures every queue, and again in a minute if any is in use."""
    for key, held in list(ctx.tx.scan(HELD)):
        if held.at_ms <= ctx.now - IN_USE_MS:
            ctx.tx.delete(HELD, key)
    in_use = [measure(ctx.at(*key[:2]), key[2]) for key, _ in ctx.tx.scan(QUEUES)]
    if any(in_use):
        ctx.tx.release(GAUGE_QUEUE, item.handle, due_ms=_next_minute(ctx.now))
    else:
        ctx.tx.acknowledge(GAUGE_QUEUE, item.handle)


def _next_minute(now_ms: int) -> int:
    return now_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS
