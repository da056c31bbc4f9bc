"""Waits that somebody ends: what would be tried later is due now. That changes when it is tried, never what is decided.

An event and a delivery wait on their queues. A batch that found no concurrency waits with whoever polls; what of it
failed waits in its own queue, for the end of the visibility timeout.
"""

from __future__ import annotations

from outfall.core.context import Context
from outfall.core.history import WaitSkipped
from outfall.core.ports import Item
from outfall.flow import timeline
from outfall.flow.accept import pack, unpack
from outfall.flow.attempt import end_wait
from outfall.flow.polling import waits


def skip_wait(ctx: Context, event_id: str) -> bool:
    """Ends the wait of an event, a delivery or a batch: it is due now. False if it does not wait."""
    summary = ctx.tx.get(timeline.EVENTS, (event_id,))
    if summary is None:
        return False
    left_ms = waits.end(ctx, summary) if summary.kind == "batch" else _end(ctx, summary)
    if left_ms is None:
        return False
    timeline.tell(ctx, event_id, WaitSkipped(at_ms=ctx.now, wall_ms=ctx.wall, remaining_ms=left_ms))
    timeline.note(ctx, event_id, due_ms=ctx.now)
    return True


def skip_all(ctx: Context) -> int:
    """Ends every wait; how many there were."""
    waiting = [summary.id for _, summary in ctx.tx.scan(timeline.EVENTS) if summary.state == "waiting"]
    return sum(skip_wait(ctx, event_id) for event_id in (*waiting, *waits.of_messages(ctx)))


def _end(ctx: Context, summary: timeline.Summary) -> int | None:
    """Has what waits on a queue tried now; how long it would have waited, None if it does not wait."""
    item = _item(ctx, summary)
    if item is None or item.leased or item.due_ms <= ctx.now:
        return None
    payload = None
    if summary.kind == "invocation":
        payload = pack(end_wait(unpack(item.payload), item.due_ms, ctx.now))
    ctx.tx.reschedule(summary.queue, item.number, due_ms=ctx.now, payload=payload)
    return item.due_ms - ctx.now


def _item(ctx: Context, summary: timeline.Summary) -> Item | None:
    if summary.state != "waiting" or not summary.item:
        return None
    return next(
        (one for one in ctx.tx.peek(summary.queue, after=summary.item - 1, limit=1) if one.number == summary.item), None
    )
