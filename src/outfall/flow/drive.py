"""One turn of an event: claimed from its queue, handed out to be run, and put back or settled. Joins the rules of
`attempt` to the queue, the history and `settle`; each function is the work of one transaction."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.history import (
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    AttemptThrottled,
    WaitStarted,
)
from outfall.core.invocation import AsyncEvent, FunctionTarget, Outcome, Response, Run
from outfall.core.ports import Item
from outfall.flow import metrics, timeline
from outfall.flow.accept import QUEUES, pack, unpack
from outfall.flow.attempt import Retry, Verdict, after_run, after_throttle, before, begin_wait, rescale
from outfall.flow.settle import settle


class ClaimLost(Exception):
    """The lease ran out and somebody else has claimed the event since: what this claim found out counts no more."""


class Start(msgspec.Struct, frozen=True):
    """An attempt to make now."""

    queue: str
    handle: str
    event: AsyncEvent
    run: Run
    age_ms: int = 0
    """How old the event was when the attempt began, on AWS's clock."""


def begin(ctx: Context, queue: str, item: Item) -> Start | None:
    """What to do with an event that was just claimed: the attempt to make, or None if its turn ended right here."""
    event = unpack(item.payload)
    ctx = _at_function(ctx, event)
    event = _count_lost(ctx, event, item)
    target = ctx.house.functions.resolve(ctx, Arn.parse(event.function))
    event, verdict = before(event, target, ctx.now)
    if verdict is not None:
        _tell_missing(ctx, verdict.event)
        _conclude(ctx, queue, item.handle, verdict)
        return None
    assert target is not None
    started = AttemptStarted(at_ms=ctx.now, wall_ms=ctx.wall, attempt=event.attempts + 1)
    timeline.tell(ctx, event.id, started)
    timeline.note(ctx, event.id, state="running", due_ms=0)
    age_ms = event.nominal_now_ms(ctx.now) - event.accepted_ms
    return Start(queue, item.handle, event, _run(event, target), age_ms)


def _run(event: AsyncEvent, target: FunctionTarget) -> Run:
    return Run(
        environment=target.environment,
        request_id=event.id,
        invoked_arn=event.function,
        payload=event.payload,
        reserved_concurrency=target.reserved_concurrency,
        trace_header=event.trace_header,
    )


def finish(ctx: Context, start: Start, outcome: Outcome) -> None:
    """The attempt ran: retry later, or settle. Raises `ClaimLost`."""
    event = start.event
    ctx = _at_function(ctx, event)
    timeline.tell_ended(ctx, start.run, outcome, attempt=event.attempts + 1)
    metrics.ran(ctx, start.run, outcome, event_age_ms=start.age_ms)
    _conclude(ctx, start.queue, start.handle, after_run(event, outcome, ctx.now))


def throttle(ctx: Context, start: Start, reason: str) -> None:
    """There was no concurrency for the attempt. Raises `ClaimLost`."""
    ctx = _at_function(ctx, start.event)
    told = AttemptThrottled(at_ms=ctx.now, wall_ms=ctx.wall, reason=reason)
    timeline.tell(ctx, start.event.id, told)
    metrics.throttled(ctx, start.run, event_age_ms=start.age_ms)
    _conclude(ctx, start.queue, start.handle, after_throttle(start.event, ctx.now))


def adopt(ctx: Context) -> int:
    """After a start: events that wait obey the time scale of this server; how many were moved."""
    moved = 0
    for queue, _ in ctx.tx.due_queues(QUEUES):
        after = 0
        while items := ctx.tx.peek(queue, after=after, limit=500):
            after = items[-1].number
            for item in items:
                moved += _adopt(ctx, queue, item)
    return moved


def _adopt(ctx: Context, queue: str, item: Item) -> bool:
    event = unpack(item.payload)
    if item.leased or not event.wait_nominal_ms or item.due_ms <= ctx.now:
        return False
    moved, due_ms = rescale(event, item.due_ms, ctx.house.time_scale)
    if due_ms == item.due_ms:
        return False
    ctx.tx.reschedule(queue, item.number, due_ms=due_ms, payload=pack(moved))
    timeline.note(ctx, event.id, due_ms=due_ms)
    return True


def _at_function(ctx: Context, event: AsyncEvent) -> Context:
    """The context in the account and region of the event's function, where its end is decided."""
    arn = Arn.parse(event.function)
    return ctx.at(arn.account, arn.region)


def _count_lost(ctx: Context, event: AsyncEvent, item: Item) -> AsyncEvent:
    """Every claim ends as an attempt or a throttle; one that did neither was lost with the server that made it."""
    lost = item.receives - 1 - event.attempts - event.throttles
    if lost > event.lost:
        told = AttemptLost(at_ms=ctx.now, wall_ms=ctx.wall, attempt=event.attempts + 1)
        timeline.tell(ctx, event.id, told)
        return replace(event, lost=lost)
    return event


def _tell_missing(ctx: Context, event: AsyncEvent) -> None:
    if event.last is not None and event.last.status_code == 404:
        missing = _ended_without_run(ctx, event.attempts, event.last)
        timeline.tell(ctx, event.id, missing)


def _ended_without_run(ctx: Context, attempt: int, last: Response) -> AttemptEnded:
    return AttemptEnded(
        at_ms=ctx.now,
        wall_ms=ctx.wall,
        attempt=attempt,
        status_code=last.status_code,
        function_error="",
        error_type="",
        error_message="Function not found",
        duration_ms=0.0,
        init_ms=None,
        executed_version="",
        log_group="",
        log_stream="",
    )


def _conclude(ctx: Context, queue: str, handle: str, verdict: Verdict) -> None:
    if isinstance(verdict, Retry):
        event, due_ms = begin_wait(verdict.event, verdict.wait_ms, ctx.now, ctx.house.time_scale)
        if not ctx.tx.release(queue, handle, due_ms=due_ms, payload=pack(event)):
            raise ClaimLost(event.id)
        waiting = WaitStarted(at_ms=ctx.now, wall_ms=ctx.wall, nominal_ms=verdict.wait_ms, due_ms=due_ms)
        timeline.tell(ctx, event.id, waiting)
        timeline.note(ctx, event.id, state="waiting", attempts=event.attempts, due_ms=due_ms)
        return
    if not ctx.tx.acknowledge(queue, handle):
        raise ClaimLost(verdict.event.id)
    settle(ctx, verdict.event, verdict.condition)
