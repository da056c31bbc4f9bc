"""What is removed when its time is over, beside histories (see `flow.forget`): a list of sweeps, and the chore that
goes through it once an hour, one small part at each claim."""

from __future__ import annotations

import msgspec

from outfall.authz import uses
from outfall.core.context import Context
from outfall.core.ports import Item, Key
from outfall.core.sweeping import Sweep
from outfall.services.cloudwatch import history, series
from outfall.services.events import archives, replays
from outfall.services.iam import linked_roles
from outfall.services.logs import watching, writer
from outfall.services.sqs import queues

QUEUE = "host/sweep"
EVERY_MS = 3_600_000

SWEEPS: tuple[Sweep, ...] = (
    writer.sweep,
    watching.sweep,
    series.sweep,
    history.sweep,
    archives.sweep,
    replays.sweep,
    queues.sweep,
    linked_roles.sweep,
    uses.sweep,
)


class Progress(msgspec.Struct, frozen=True):
    """Which sweep is next, and where it goes on."""

    sweep: int = 0
    start: Key = ()


def begin(ctx: Context) -> None:
    """Puts the one item on the queue, if it is not there."""
    if ctx.tx.next_due(QUEUE) is None:
        ctx.tx.enqueue(QUEUE, b"", now_ms=ctx.now, due_ms=ctx.now + EVERY_MS)


def step(ctx: Context, item: Item) -> None:
    """The next part for the claimed item; it comes back at once, or in an hour when all sweeps are done."""
    progress = msgspec.json.decode(item.payload, type=Progress) if item.payload else Progress()
    place = SWEEPS[progress.sweep](ctx, progress.start) if progress.sweep < len(SWEEPS) else None
    following = Progress(progress.sweep, place) if place is not None else Progress(progress.sweep + 1)
    done = following.sweep >= len(SWEEPS)
    due_ms = ctx.now + EVERY_MS if done else ctx.now
    payload = b"" if done else msgspec.json.encode(following)
    ctx.tx.release(QUEUE, item.handle, due_ms=due_ms, payload=payload)
