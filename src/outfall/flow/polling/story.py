"""The history of a batch: messages of a queue that an event source mapping hands to one invocation.

One event and one stream for all messages of a batch, which belongs to the traces of all of them. What a crash cuts off
is closed at the next start: the messages appear in their queue again by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from outfall.core.context import Context
from outfall.core.history import AttemptLost, AttemptStarted, AttemptThrottled, BatchEnded, BatchTaken, WaitStarted
from outfall.core.invocation import AsyncEvent, Outcome, Response, Run
from outfall.core.lineage import root_in
from outfall.core.ports import Table
from outfall.core.source import SourceMessage
from outfall.flow import timeline
from outfall.flow.polling import rules, waits
from outfall.flow.polling.rules import Batch, Polling

NAMED_MAX = 100
"""So many messages of a batch are named."""

RUN_MS_MAX = 960_000


class Running(msgspec.Struct, frozen=True):
    """A batch under way: whose queue, of how many messages, and when nobody can be at work on it any more."""

    source: str
    count: int
    until_ms: int


class Roots(msgspec.Struct, frozen=True):
    """The traces that a batch belongs to beside its own."""

    roots: tuple[str, ...]


RUNNING: Table[Running] = Table("flow.batches", Running)
OTHER_TRACES: Table[Roots] = Table("flow.batch_traces", Roots)


def begun(ctx: Context, polling: Polling, batch: Batch, run: Run, visibility_s: int) -> None:
    """A batch is handed to an invocation for the first time."""
    trace = root_in(run.trace_header)
    summary = timeline.Summary(
        id=run.request_id,
        account=ctx.account,
        region=ctx.region,
        function=polling.function,
        sender=polling.source,
        state="running",
        accepted_ms=ctx.now,
        updated_ms=ctx.now,
        kind="batch",
        trace=trace,
    )
    timeline.open_event(ctx, summary)
    others = sorted({message.trace for message, _ in batch.entries.values()} - {trace, ""})
    for other in others:
        timeline.belongs(ctx, summary, other)
    if others:
        ctx.tx.put(OTHER_TRACES, (run.request_id,), Roots(tuple(others)))
    taken = BatchTaken(
        at_ms=ctx.now,
        wall_ms=ctx.wall,
        function=polling.function,
        source=polling.source,
        count=len(batch.entries),
        messages=tuple(list(batch.entries)[:NAMED_MAX]),
        payload_size=len(run.payload),
    )
    timeline.tell(ctx, run.request_id, taken)
    tried(ctx, run)
    until_ms = ctx.now + visibility_s * 1000 + RUN_MS_MAX
    ctx.tx.put(RUNNING, (run.request_id,), Running(polling.source, len(batch.entries), until_ms))


def tried(ctx: Context, run: Run) -> None:
    """The batch is handed to an invocation, perhaps not for the first time: there was no concurrency then."""
    timeline.tell(ctx, run.request_id, AttemptStarted(at_ms=ctx.now, wall_ms=ctx.wall, attempt=1))
    timeline.note(ctx, run.request_id, state="running", due_ms=0)


def throttled(ctx: Context, run: Run, reason: str, *, nominal_ms: int, wait_ms: int) -> None:
    """There was no concurrency: the batch waits."""
    timeline.tell(ctx, run.request_id, AttemptThrottled(at_ms=ctx.now, wall_ms=ctx.wall, reason=reason))
    due_ms = ctx.now + wait_ms
    waiting = WaitStarted(at_ms=ctx.now, wall_ms=ctx.wall, nominal_ms=nominal_ms, due_ms=due_ms)
    timeline.tell(ctx, run.request_id, waiting)
    timeline.note(ctx, run.request_id, state="waiting", due_ms=due_ms)


def ended(
    ctx: Context,
    polling: Polling,
    batch: Batch,
    run: Run,
    outcome: Outcome,
    done: Sequence[SourceMessage],
    visibility_s: int,
) -> None:
    """The invocation ended; `done` are the messages that were deleted, the others return with their visibility."""
    timeline.tell_ended(ctx, run, outcome, attempt=1)
    answered = Response(200, outcome.executed_version, outcome.function_error, outcome.payload)
    event = AsyncEvent(run.request_id, polling.function, run.payload, ctx.now, attempts=1, last=answered)
    timeline.keep(ctx, event, always=False)
    kept = {message.id for message in done}
    failed = [message for message, _ in batch.entries.values() if message.id not in kept]
    _return(ctx, polling, batch, run, failed, visibility_s, attempts=1)


def given_up(ctx: Context, polling: Polling, batch: Batch, run: Run, visibility_s: int, *, condition: str = "") -> None:
    """The batch was never run: it was throttled until its messages appeared again, or is one more round of a loop."""
    messages = [message for message, _ in batch.entries.values()]
    _return(ctx, polling, batch, run, messages, visibility_s, condition=condition)


def _return(
    ctx: Context,
    polling: Polling,
    batch: Batch,
    run: Run,
    failed: Sequence[SourceMessage],
    visibility_s: int,
    *,
    attempts: int = 0,
    condition: str = "",
) -> None:
    names = tuple(message.id for message in failed[:NAMED_MAX])
    deleted = len(batch.entries) - len(failed)
    _close(ctx, run.request_id, polling.source, deleted, len(failed), names, attempts=attempts, condition=condition)
    due_ms = rules.lapses_ms(batch, visibility_s)
    waits.returns(ctx, run.request_id, polling.source, [message.handle for message in failed], due_ms)


def adopt(ctx: Context, *, all_dead: bool) -> int:
    """Closes the batches that a crash has cut off: all that are open if `all_dead`, else those whose time is over."""
    lost = [(key[0], row) for key, row in ctx.tx.scan(RUNNING) if all_dead or row.until_ms < ctx.now]
    for event_id, row in lost:
        timeline.tell(ctx, event_id, AttemptLost(at_ms=ctx.now, wall_ms=ctx.wall, attempt=1))
        _close(ctx, event_id, row.source, 0, row.count, ())
    return len(lost)


def _close(
    ctx: Context,
    event_id: str,
    source: str,
    deleted: int,
    returned: int,
    failed: tuple[str, ...],
    *,
    attempts: int = 0,
    condition: str = "",
) -> None:
    told = BatchEnded(at_ms=ctx.now, wall_ms=ctx.wall, source=source, deleted=deleted, returned=returned, failed=failed)
    timeline.tell(ctx, event_id, told)
    state = "failed" if returned else "succeeded"
    timeline.note(ctx, event_id, state=state, attempts=attempts, condition=condition, due_ms=0)
    ctx.tx.delete(RUNNING, (event_id,))
