"""Writing samples, and reading a metric back as one row of times and samples.

What AWS's services emit is written once, under all its dimensions; `VIEWS` says under which coarser sets AWS shows it
too, and reading one of them adds up the series that belong to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from outfall.core.context import Context
from outfall.core.metrics import Dimensions, Sample
from outfall.core.ports import Key
from outfall.core.sweeping import after
from outfall.services.cloudwatch.model import BUCKETS, MINUTE_MS, SERIES, Bucket, Series, dimensions_key, slot, time_key
from outfall.services.cloudwatch.samples import Samples

RETENTION_MS = 455 * 86_400_000
"""AWS keeps fifteen months, ever more coarsely; here the minutes stay."""

SEEN_EVERY_MS = 600_000
SERIES_SWEPT_AT_ONCE = 100
BUCKETS_SWEPT_AT_ONCE = 500
EMITTED = ""
"""The group of what services emit: one row for all metrics of a set of dimensions."""

VIEWS: dict[str, tuple[tuple[str, ...], ...]] = {
    "AWS/Lambda": (
        (),
        ("FunctionName",),
        ("FunctionName", "Resource"),
        ("FunctionName", "Resource", "ExecutedVersion"),
    ),
    "AWS/SQS": (("QueueName",),),
}
"""Sets of dimensions by namespace. [async-invocation.md 1.6]"""

Gathered = list[tuple[str, Samples]]
"""Samples by slot."""


def emit(ctx: Context, namespace: str, dimensions: Dimensions, samples: Iterable[Sample]) -> None:
    """Adds samples that a service emits, to the minute that it is."""
    at_ms = ctx.now // MINUTE_MS * MINUTE_MS
    where = (ctx.account, ctx.region, namespace, EMITTED, dimensions_key(dimensions))
    key = (*where, time_key(at_ms))
    known = ctx.tx.get(BUCKETS, key)
    held = dict(known.samples) if known is not None else {}
    for one in samples:
        name = slot(one.name, one.unit)
        before = held.get(name)
        if before is None:
            _see(ctx, where, dimensions, one.name, at_ms)
            held[name] = Samples.of(float(one.value))
        else:
            held[name] = before.and_one(float(one.value))
    ctx.tx.put(BUCKETS, key, Bucket(held))


def add(ctx: Context, namespace: str, group: str, dimensions: Dimensions, at_ms: int, gathered: Gathered) -> None:
    """Adds samples to the bucket that begins at `at_ms`."""
    where = (ctx.account, ctx.region, namespace, group, dimensions_key(dimensions))
    known = ctx.tx.get(BUCKETS, (*where, time_key(at_ms)))
    held = dict(known.samples) if known is not None else {}
    for name, samples in gathered:
        before = held.get(name)
        if before is None:
            _see(ctx, where, dimensions, name.partition("\0")[0], at_ms)
        held[name] = samples if before is None else before.plus(samples)
    ctx.tx.put(BUCKETS, (*where, time_key(at_ms)), Bucket(held))


def replace(ctx: Context, namespace: str, dimensions: Dimensions, at_ms: int, samples: Iterable[Sample]) -> None:
    """Puts emitted samples in the place of those of the same names in the bucket that begins at `at_ms`: for what is
    measured, not counted."""
    where = (ctx.account, ctx.region, namespace, EMITTED, dimensions_key(dimensions))
    known = ctx.tx.get(BUCKETS, (*where, time_key(at_ms)))
    held = dict(known.samples) if known is not None else {}
    for one in samples:
        _see(ctx, where, dimensions, one.name, at_ms)
        held[slot(one.name, one.unit)] = Samples.of(float(one.value))
    ctx.tx.put(BUCKETS, (*where, time_key(at_ms)), Bucket(held))


def _see(ctx: Context, where: tuple[str, ...], dimensions: Dimensions, name: str, at_ms: int) -> None:
    series = ctx.tx.get(SERIES, where)
    names = dict(series.names) if series is not None else {}
    if name not in names or at_ms - names[name] >= SEEN_EVERY_MS:
        names[name] = max(at_ms, names.get(name, 0))
        ctx.tx.put(SERIES, where, Series(dimensions, names))


def read(
    ctx: Context, namespace: str, name: str, dimensions: Dimensions, start_ms: int, end_ms: int, unit: str = ""
) -> Iterator[tuple[int, str, Samples]]:
    """Time, unit and samples of a metric in buckets that begin from `start_ms` to before `end_ms`."""
    for where in _sources(ctx, namespace, name, dimensions):
        for key, bucket in ctx.tx.scan(BUCKETS, where, start=(time_key(start_ms),)):
            at_ms = int(key[-1])
            if at_ms >= end_ms:
                break
            for held, samples in bucket.samples.items():
                of, _, its_unit = held.partition("\0")
                if of == name and unit in ("", its_unit):
                    yield at_ms, its_unit, samples


def _sources(ctx: Context, namespace: str, name: str, dimensions: Dimensions) -> list[tuple[str, ...]]:
    """Where the series lie that make up a metric."""
    here = (ctx.account, ctx.region, namespace)
    views = VIEWS.get(namespace)
    if views is None:
        return [(*here, name, dimensions_key(dimensions))]
    if not any(set(view) == {one for one, _ in dimensions} for view in views):
        return []
    wanted = set(dimensions)
    found = ctx.tx.scan(SERIES, (*here, EMITTED))
    return [key for key, series in found if wanted <= set(series.dimensions) and name in series.names]


def known(ctx: Context, namespace: str = "") -> Iterator[tuple[str, str, Dimensions, int]]:
    """Every metric as AWS lists it: namespace, name, dimensions, and when it was seen last."""
    prefix = (ctx.account, ctx.region, namespace) if namespace else (ctx.account, ctx.region)
    for key, series in ctx.tx.scan(SERIES, prefix):
        held = {one for one, _ in series.dimensions}
        for view in VIEWS.get(key[2], (tuple(held),)):
            if held.issuperset(view):
                shown = tuple(one for one in series.dimensions if one[0] in view)
                for name, seen_ms in series.names.items():
                    yield key[2], name, shown, seen_ms


def sweep(ctx: Context, start: Key = ()) -> Key | None:
    """Removes what is older than AWS keeps it: see `core.sweeping`."""
    oldest_ms, left = ctx.now - RETENTION_MS, BUCKETS_SWEPT_AT_ONCE
    rows = list(ctx.tx.scan(SERIES, start=start, limit=SERIES_SWEPT_AT_ONCE))
    for where, series in rows:
        for key, _ in ctx.tx.scan(BUCKETS, where):
            if int(key[-1]) >= oldest_ms:
                break
            if not left:
                return where
            ctx.tx.delete(BUCKETS, key)
            left -= 1
        if max(series.names.values(), default=0) < oldest_ms - SEEN_EVERY_MS:
            ctx.tx.delete(SERIES, where)
    return after(rows[-1][0]) if len(rows) == SERIES_SWEPT_AT_ONCE else None
