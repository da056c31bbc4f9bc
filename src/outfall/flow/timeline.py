"""The history of each event, and the one row per event by which it is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec.structs import replace

from outfall.core import history
from outfall.core.context import Context
from outfall.core.invocation import AsyncEvent
from outfall.core.ports import Table, Tx

State = Literal["queued", "running", "waiting", "succeeded", "failed"]

TOPIC = "flow/history"
"""What is woken when something was told."""

KEPT_SIZE_MAX = 64 * 1024
"""Payload and response of an event that succeeded are kept up to that size together; nobody needs them to send it
again. Those of one that failed are always kept."""


class Summary(msgspec.Struct, frozen=True):
    """An event at a glance. `item` is its number on `queue` while it is under way; `due_ms` when it is tried next."""

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


class Pointer(msgspec.Struct, frozen=True):
    """A place in the list of events by time."""

    id: str


ENDED: Table[AsyncEvent] = Table("flow.ended", AsyncEvent)
"""Events as they were when they ended, with payload and last response: for looking at, and for sending them again."""
EVENTS: Table[Summary] = Table("flow.events", Summary)
BY_TIME: Table[Pointer] = Table("flow.events_by_time", Pointer)


def stream_of(event_id: str) -> str:
    """The history stream of an event."""
    return f"event/{event_id}"


def tell(ctx: Context, event_id: str, fact: history.Fact) -> None:
    """Appends a fact to an event's history."""
    ctx.tx.append(stream_of(event_id), history.encode(fact))
    ctx.tx.wake(TOPIC)


def keep(ctx: Context, event: AsyncEvent, *, always: bool) -> None:
    """Keeps an event that ended, if it is small or `always`."""
    answered = event.last.payload if event.last else None
    if always or len(event.payload) + len(answered or b"") <= KEPT_SIZE_MAX:
        ctx.tx.put(ENDED, (event.id,), event)


def open_event(ctx: Context, summary: Summary) -> None:
    """Writes the row of a new event and its place in the list by time."""
    ctx.tx.put(EVENTS, (summary.id,), summary)
    ctx.tx.put(BY_TIME, (f"{summary.accepted_ms:015d}", summary.id), Pointer(summary.id))


def note(ctx: Context, event_id: str, **changes: object) -> None:
    """Updates the row of an event."""
    known = ctx.tx.get(EVENTS, (event_id,))
    if known is not None:
        ctx.tx.put(EVENTS, (event_id,), replace(known, updated_ms=ctx.now, **changes))


def newest(tx: Tx, *, before: tuple[str, ...] = (), limit: int = 100) -> Iterator[Summary]:
    """Events, the newest first; `before` is the place at which to begin (a cursor: accepted time and id)."""
    for _, pointer in tx.scan(BY_TIME, start=before, limit=limit, reverse=True):
        summary = tx.get(EVENTS, (pointer.id,))
        if summary is not None:
            yield summary


def facts(tx: Tx, event_id: str) -> list[history.Fact]:
    """All that happened to an event, in order."""
    return [history.decode(line) for _, line in tx.history(stream_of(event_id))]
