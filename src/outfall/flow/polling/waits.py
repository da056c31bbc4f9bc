"""What a batch waits for, and how that is ended: concurrency, or the visibility timeout of the messages that failed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.ports import Table
from outfall.flow import timeline


class Returning(msgspec.Struct, frozen=True):
    """Messages of a batch that appear in the queue at `source` again by `due_ms`, by their handles."""

    source: str
    handles: tuple[str, ...]
    due_ms: int


RETURNING: Table[Returning] = Table("flow.batch_returns", Returning)


def returns(ctx: Context, event_id: str, source: str, handles: Sequence[str], due_ms: int) -> None:
    """Notes that messages of a batch were not taken, and when they appear again."""
    if handles and due_ms > ctx.now:
        ctx.tx.put(RETURNING, (event_id,), Returning(source, tuple(handles), due_ms))
        timeline.note(ctx, event_id, due_ms=due_ms)


def of_messages(ctx: Context) -> list[str]:
    """The batches whose messages have not appeared again yet; what is over is forgotten."""
    rows = [(key[0], row.due_ms) for key, row in ctx.tx.scan(RETURNING)]
    for event_id, due_ms in rows:
        if due_ms <= ctx.now:
            ctx.tx.delete(RETURNING, (event_id,))
    return [event_id for event_id, due_ms in rows if due_ms > ctx.now]


def end(ctx: Context, summary: timeline.Summary) -> int | None:
    """Ends the wait of a batch or of its messages; how long it would have lasted, None if nothing waits."""
    if summary.state == "waiting":
        return _end_throttled(ctx, summary)
    row = ctx.tx.get(RETURNING, (summary.id,))
    if row is None:
        return None
    ctx.tx.delete(RETURNING, (summary.id,))
    arn = Arn.parse(row.source)
    back = ctx.house.sources[arn.service].give_back(ctx.at(arn.account, arn.region), arn, row.handles)
    return row.due_ms - ctx.now if back else None


def _end_throttled(ctx: Context, summary: timeline.Summary) -> int | None:
    """Whoever polls is woken, and finds in the row of the event that it is due."""
    if summary.due_ms <= ctx.now:
        return None
    arn = Arn.parse(summary.sender)
    facts = ctx.house.sources[arn.service].facts(ctx.at(arn.account, arn.region), arn)
    if facts is not None:
        ctx.tx.wake(facts.topic)
    return summary.due_ms - ctx.now
