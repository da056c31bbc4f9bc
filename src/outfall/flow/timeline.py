"""The history of each event, and the one row per event by which it is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from outfall.core import history
from outfall.core.context import Context
from outfall.core.invocation import AsyncEvent, Outcome, Run
from outfall.core.ports import Table, Tx

Kind = Literal["invocation", "batch", "delivery"]
State = Literal["queued", "running", "waiting", "succeeded", "failed"]

TOPIC = "flow/history"
"""What is woken when something was told."""

KEPT_SIZE_MAX = 64 * 1024
"""Payload and response of an event that succeeded are kept up to that size together; nobody needs them to send it
again. Those of one that failed are always kept."""


class Summary(msgspec.Struct, frozen=True):
    """An event at a glance. `item` is its number on `queue` while it is under way; `due_ms` when it is tried next.

    `kind` is `invocation`, an event for a function; `batch`, messages of a queue that one invocation takes; or
    `delivery`, a message or event that S3, SNS or EventBridge could not hand over at once: its `function` is the ARN
    that it was for. `trace` is the root of its trace, which all that follows from one cause has in common.
    """

    id: str
    account: str
    region: str
    function: str
    sender: str
    state: State
    accepted_ms: int
    updated_ms: int
    queue: str = ""
    item: int = 0
    attempts: int = 0
    due_ms: int = 0
    condition: str = ""
    undelivered: int = 0
    kind: Kind = "invocation"
    trace: str = ""


class Pointer(msgspec.Struct, frozen=True):
    """A place in the list of events by time."""

    id: str


ENDED: Table[AsyncEvent] = Table("flow.ended", AsyncEvent)
"""Events as they were when they ended, with payload and last response: for looking at, and for sending them again."""
EVENTS: Table[Summary] = Table("flow.events", Summary)
BY_TIME: Table[Pointer] = Table("flow.events_by_time", Pointer)
BY_TRACE: Table[Pointer] = Table("flow.events_by_trace", Pointer)
"""At (trace, accepted time, id)."""


def stream_of(event_id: str) -> str:
    """The history stream of an event."""
    return f"event/{event_id}"


def trace_stream(trace: str) -> str:
    """The history stream of what happens in a trace between its events."""
    return f"trace/{trace}"


def tell(ctx: Context, event_id: str, fact: history.Fact) -> None:
    """Appends a fact to an event's history."""
    ctx.tx.append(stream_of(event_id), history.encode(fact))
    ctx.tx.wake(TOPIC)


def tell_ended(ctx: Context, run: Run, outcome: Outcome, *, attempt: int) -> None:
    """Tells that an attempt ran, and what came of it."""
    error_type, error_message = _error_of(outcome)
    ended = history.AttemptEnded(
        at_ms=ctx.now,
        wall_ms=ctx.wall,
        attempt=attempt,
        status_code=200,
        function_error=outcome.function_error,
        error_type=error_type,
        error_message=error_message,
        duration_ms=outcome.duration_ms,
        init_ms=outcome.init_ms,
        executed_version=outcome.executed_version,
        log_group=run.environment.logging.group,
        log_stream=outcome.log_stream,
    )
    tell(ctx, run.request_id, ended)


def _error_of(outcome: Outcome) -> tuple[str, str]:
    """Type and message of an error object, cut to what a history needs."""
    if not outcome.function_error:
        return "", ""
    try:
        said: Any = msgspec.json.decode(outcome.payload)
    except msgspec.DecodeError:
        return "", ""
    if not isinstance(said, dict):
        return "", ""
    return str(said.get("errorType", ""))[:256], str(said.get("errorMessage", ""))[:1024]


def tell_trace(ctx: Context, trace: str, fact: history.Fact) -> None:
    """Appends a fact to the history of a trace, between its events; to none if `trace` is empty."""
    if trace:
        ctx.tx.append(trace_stream(trace), history.encode(fact))
        ctx.tx.wake(TOPIC)


def keep(ctx: Context, event: AsyncEvent, *, always: bool) -> None:
    """Keeps an event that ended, if it is small or `always`."""
    answered = event.last.payload if event.last else None
    if always or len(event.payload) + len(answered or b"") <= KEPT_SIZE_MAX:
        ctx.tx.put(ENDED, (event.id,), event)


def place_of(summary: Summary) -> tuple[str, str]:
    """Where an event stands in the lists by time, and the cursor that leads to it."""
    return f"{summary.accepted_ms:015d}", summary.id


def open_event(ctx: Context, summary: Summary) -> None:
    """Writes the row of a new event, its place in the list by time, and its place in its trace."""
    ctx.tx.put(EVENTS, (summary.id,), summary)
    ctx.tx.put(BY_TIME, place_of(summary), Pointer(summary.id))
    if summary.trace:
        belongs(ctx, summary, summary.trace)


def belongs(ctx: Context, summary: Summary, trace: str) -> None:
    """Says that an event is part of a trace: of its own, or of others beside it, since a batch has messages of many."""
    ctx.tx.put(BY_TRACE, (trace, *place_of(summary)), Pointer(summary.id))


def note(ctx: Context, event_id: str, **changes: object) -> None:
    """Updates the row of an event."""
    known = ctx.tx.get(EVENTS, (event_id,))
    if known is not None:
        ctx.tx.put(EVENTS, (event_id,), replace(known, updated_ms=ctx.now, **changes))


def newest(tx: Tx, *, trace: str = "", before: tuple[str, ...] = (), limit: int = 100) -> Iterator[Summary]:
    """Events, or those of one trace, the newest first; `before` is the place at which to begin (a cursor: accepted time
    and id)."""
    table, prefix = (BY_TRACE, (trace,)) if trace else (BY_TIME, ())
    for _, pointer in tx.scan(table, prefix, start=before, limit=limit, reverse=True):
        summary = tx.get(EVENTS, (pointer.id,))
        if summary is not None:
            yield summary


def facts(tx: Tx, event_id: str) -> list[history.Fact]:
    """All that happened to an event, in order."""
    return [history.decode(line) for _, line in tx.history(stream_of(event_id))]
