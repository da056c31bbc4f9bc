"""A chain: all that followed from one cause, as one timeline. Events of one trace and what happened between them."""

from __future__ import annotations

import msgspec

from outfall.core import history
from outfall.core.ports import Tx
from outfall.flow import timeline

EVENTS_MAX = 500
FACTS_MAX = 5_000
PAGE = 1_000


class Told(msgspec.Struct, frozen=True):
    """A fact with its number, and the event in whose history it stands; empty for one between events."""

    number: int
    event: str
    fact: history.Fact


class Chain(msgspec.Struct, frozen=True):
    """The events of a trace, the oldest first, and all that happened, in order. `whole` is False if there was more than
    is told here."""

    trace: str
    events: list[timeline.Summary]
    history: list[Told]
    whole: bool


def chain(tx: Tx, trace: str) -> Chain:
    """The chain with this root of a trace; empty if nothing is known of it."""
    events = list(timeline.newest(tx, trace=trace, limit=EVENTS_MAX + 1))[:EVENTS_MAX]
    events.reverse()
    left, told = FACTS_MAX, []
    for stream, event_id in [
        (timeline.trace_stream(trace), ""),
        *((timeline.stream_of(one.id), one.id) for one in events),
    ]:
        facts = _facts(tx, stream, event_id, left + 1)
        left -= len(facts)
        told += _anchored(facts)
    told.sort(key=lambda one: (one[0], one[1].number))
    whole = left >= 0 and len(events) < EVENTS_MAX
    return Chain(trace, events, [one for _, one in told[:FACTS_MAX]], whole)


def _facts(tx: Tx, stream: str, event_id: str, limit: int) -> list[Told]:
    found: list[Told] = []
    while len(found) < limit:
        after = found[-1].number if found else 0
        lines = tx.history(stream, after=after, limit=min(PAGE, limit - len(found)))
        found += [Told(number, event_id, history.decode(line)) for number, line in lines]
        if len(lines) < PAGE:
            break
    return found


def _anchored(facts: list[Told]) -> list[tuple[int, Told]]:
    """The facts of one stream with the places where they stand. A delivery is told after all that it set off in the
    same moment; it belongs before that, where its sender was."""
    placed: list[tuple[int, Told]] = []
    for one in facts:
        follows = placed and isinstance(one.fact, history.Delivered) and placed[-1][1].fact.at_ms == one.fact.at_ms
        placed.append((placed[-1][0] if follows and one.event else one.number, one))
    return placed
