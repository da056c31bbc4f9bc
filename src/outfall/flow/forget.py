"""Histories do not grow for ever: what has ended long ago is forgotten, and of very much only the newest is kept.

One item on `QUEUE` walks along the feed of all facts, a small part at each claim, in rounds. A round first counts the
facts that came since the last one; then it goes from the oldest fact on for as long as facts are old. An old fact of an
event leads to the event: it goes with all that is known of it if it has ended, else it is left, and a later fact of it
will be met in a later round. Old facts between events go by themselves. Each part is one transaction with the place
where the next one begins, so a crash costs nothing.
"""

from __future__ import annotations

import json

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.flow import timeline
from outfall.flow.passage import UNDELIVERED
from outfall.flow.polling.story import OTHER_TRACES
from outfall.flow.polling.waits import RETURNING

QUEUE = "flow/forget"
ROUND_EVERY_MS = 3_600_000
FACTS_AT_ONCE = 100
COUNTED_AT_ONCE = 200
MARKS = 100
"""The newest facts are counted off in so many parts: what is kept beyond the limit is one of them at most."""

ENDED = ("succeeded", "failed")


class Progress(msgspec.Struct, frozen=True):
    """How far the walk is: in this round (`at`, the number of a fact), and in counting: up to the fact `counted`, of
    which `uncut` facts follow the last of `marks`."""

    at: int = 0
    counted: int = 0
    uncut: int = 0
    marks: tuple[int, ...] = ()

    @property
    def too_many(self) -> int:
        """Facts up to this number are more than are kept."""
        return self.marks[0] if len(self.marks) > MARKS else 0


class _When(msgspec.Struct):
    at_ms: int


def begin(ctx: Context) -> None:
    """Puts the one item on the queue, if it is not there."""
    if ctx.tx.next_due(QUEUE) is None:
        ctx.tx.enqueue(QUEUE, b"", now_ms=ctx.now, due_ms=ctx.now + ROUND_EVERY_MS)


def step(ctx: Context, item: Item) -> None:
    """The next part of a round for the claimed item; it comes back at once, or for the next round."""
    progress = msgspec.json.decode(item.payload, type=Progress) if item.payload else Progress()
    progress, goes_on = _count(ctx, progress)
    if not goes_on:
        progress, goes_on = _forget(ctx, progress)
    due_ms = ctx.now if goes_on else ctx.now + ROUND_EVERY_MS
    ctx.tx.release(QUEUE, item.handle, due_ms=due_ms, payload=msgspec.json.encode(progress))


def _count(ctx: Context, progress: Progress) -> tuple[Progress, bool]:
    """Counts the next facts; whether there were any."""
    part = max(1, ctx.house.history_facts_max // MARKS)
    lines = ctx.tx.feed(after=progress.counted, limit=COUNTED_AT_ONCE)
    if not lines:
        return progress, False
    uncut, marks = progress.uncut, list(progress.marks)
    for number, _, _ in lines:
        uncut += 1
        if uncut >= part:
            marks.append(number)
            uncut = 0
    counted = Progress(progress.at, lines[-1][0], uncut, tuple(marks[-MARKS - 1 :]))
    return counted, True


def _forget(ctx: Context, progress: Progress) -> tuple[Progress, bool]:
    """Forgets what the next facts lead to; whether the round goes on."""
    oldest_ms = ctx.now - ctx.house.history_kept_ms
    lines = ctx.tx.feed(after=progress.at, limit=FACTS_AT_ONCE)
    old = []
    for number, stream, fact in lines:
        if number > progress.too_many and _at_ms(fact) >= oldest_ms:
            break
        old.append((number, stream))
    for stream, last in {stream: number for number, stream in old}.items():
        kind, _, name = stream.partition("/")
        if kind == "trace":
            ctx.tx.forget(stream, through=last)
        elif kind == "event" and _is_over(ctx, name, oldest_ms, progress.too_many):
            remove(ctx, name)
    goes_on = len(old) == FACTS_AT_ONCE
    return msgspec.structs.replace(progress, at=old[-1][0] if goes_on else 0), goes_on


def _at_ms(fact: bytes) -> int:
    try:
        return msgspec.json.decode(fact, type=_When).at_ms
    except msgspec.DecodeError:  # half of a surrogate pair: see core.history.encode
        return int(json.loads(fact)["at_ms"])


def _is_over(ctx: Context, event_id: str, oldest_ms: int, too_many: int) -> bool:
    """Whether an event has ended, and nothing happened to it since its facts became old."""
    summary = ctx.tx.get(timeline.EVENTS, (event_id,))
    if summary is None:
        return True
    if summary.state not in ENDED:
        return False
    return summary.updated_ms < oldest_ms or not ctx.tx.history(timeline.stream_of(event_id), after=too_many, limit=1)


def remove(ctx: Context, event_id: str) -> None:
    """Removes all that is known of an event: its row and places, its payload, its history, what did not arrive."""
    summary = ctx.tx.get(timeline.EVENTS, (event_id,))
    if summary is not None:
        others = ctx.tx.get(OTHER_TRACES, (event_id,))
        place = timeline.place_of(summary)
        for trace in (summary.trace, *(others.roots if others else ())):
            ctx.tx.delete(timeline.BY_TRACE, (trace, *place))
        ctx.tx.delete(timeline.BY_TIME, place)
    for key, _ in list(ctx.tx.scan(UNDELIVERED, (event_id,))):
        ctx.tx.delete(UNDELIVERED, key)
    for table in (timeline.EVENTS, timeline.ENDED, OTHER_TRACES, RETURNING):
        ctx.tx.delete(table, (event_id,))
    ctx.tx.forget(timeline.stream_of(event_id))
