"""The private API of asynchronous events: finding them, one with all that is known of it, skipping waits, replay."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from outfall.core import history
from outfall.core.context import Context
from outfall.core.ports import Key, Tx
from outfall.flow import chain, redeliver, replay, search, skip, timeline
from outfall.host.private_call import PAGE_MAX, Answer, Asked, Facade, Refused, Route

STATES = ("queued", "running", "waiting", "succeeded", "failed")
KINDS = ("invocation", "batch", "delivery")
ROUNDS_MAX = 1_000
GLANCED_SIZE_MAX = 64 * 1024
GLANCED_FACTS_MAX = 100
_cursor = re.compile(r"([0-9]{15})/([0-9A-Za-z-]{1,64})").fullmatch


async def _events(facade: Facade, asked: Asked) -> Answer:
    """Found ones and the cursor of the next page; `last` is where the stream goes on from what is told here."""
    wanted = search.Wanted(
        state=asked.choice("state", STATES),
        function=asked.text("function"),
        sender=asked.text("sender"),
        key=asked.text("key"),
        text=asked.text("text"),
        kind=asked.choice("kind", KINDS),
        trace=asked.text("trace"),
    )
    before, limit = _place(asked.text("cursor")), asked.number("limit", 50, 1, PAGE_MAX)
    tell = _glance if asked.choice("history", ("0", "1")) == "1" else lambda _, summary: _summary(summary)

    def work(tx: Tx) -> tuple[list[dict[str, Any]], Key, int]:
        found, after = search.search(tx, wanted, before=before, limit=limit)
        return [tell(tx, summary) for summary in found], after, search.last_number(tx)

    found, after, last = await facade.store.run(work)
    return {"events": found, "cursor": "/".join(after), "last": last}


def _glance(tx: Tx, summary: timeline.Summary) -> dict[str, Any]:
    """An event with its history, and the key of the S3 object that it is about, for a list that draws it."""
    event = search.event_of(tx, summary)
    text = event.payload.decode("utf-8", "replace") if event and len(event.payload) <= GLANCED_SIZE_MAX else ""
    facts = timeline.facts(tx, summary.id)[:GLANCED_FACTS_MAX]
    return {**_summary(summary), "history": [_fact(fact) for fact in facts], "key": next(search.object_keys(text), "")}


def _place(cursor: str) -> Key:
    if not cursor:
        return ()
    parts = _cursor(cursor)
    if parts is None:
        raise Refused(400, "a cursor is what an earlier page gave")
    return parts.groups()


async def _event(facade: Facade, asked: Asked) -> Answer:
    event_id = asked.event_id()

    def work(tx: Tx) -> dict[str, Any] | None:
        summary = tx.get(timeline.EVENTS, (event_id,))
        return None if summary is None else _told(tx, summary)

    told = await facade.store.run(work, durable=False)
    if told is None:
        raise Refused(404, f"there is no event {event_id}")
    return told


def _told(tx: Tx, summary: timeline.Summary) -> dict[str, Any]:
    facts = timeline.facts(tx, summary.id)
    event = search.event_of(tx, summary)
    last = event.last if event else None
    return {
        "event": _summary(summary),
        "history": [_fact(fact) for fact in facts],
        "payload": _text(event.payload if event else None),
        "response": _text(last.payload if last else None),
        "record": _text(search.record_of(event, facts) if event else None),
        "deliveries": [_delivery(fact) for fact in facts if isinstance(fact, history.Delivered | history.Undelivered)],
    }


def _fact(fact: history.Fact) -> dict[str, Any]:
    return {"fact": type(fact).__name__, **msgspec.structs.asdict(fact)}


def _delivery(fact: history.Delivered | history.Undelivered) -> dict[str, Any]:
    told = msgspec.structs.asdict(fact)
    del told["wall_ms"]
    return {"delivered": isinstance(fact, history.Delivered), **told}


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "replace")


def _summary(summary: timeline.Summary) -> dict[str, Any]:
    told = msgspec.structs.asdict(summary)
    for internal in ("queue", "item"):
        del told[internal]
    return told


async def _trace(facade: Facade, asked: Asked) -> Answer:
    """All that followed from one cause, in order."""
    trace = asked.named("trace")
    found = await facade.store.run(lambda tx: chain.chain(tx, trace), durable=False)
    if not found.history:
        raise Refused(404, f"nothing is known of a trace {trace}")
    return {
        "trace": trace,
        "events": [_summary(summary) for summary in found.events],
        "history": [{"number": one.number, "event": one.event, **_fact(one.fact)} for one in found.history],
        "whole": found.whole,
    }


async def _redeliver(facade: Facade, asked: Asked) -> Answer:
    """Sends again, to the byte, what of an event did not arrive."""
    event_id, to = asked.event_id(), asked.text("to")
    try:
        sent = await facade.store.run(lambda tx: redeliver.redeliver(facade.context(tx), event_id, to=to))
        return _redelivered(sent)
    except redeliver.NothingToSend as error:
        raise Refused(409, str(error)) from None


async def _redeliver_all(facade: Facade, asked: Asked) -> Answer:
    sent: list[redeliver.Sent] = []
    after: tuple[str, str] | None = None
    for _ in range(ROUNDS_MAX):

        def work(tx: Tx, at: tuple[str, str] | None = after) -> tuple[list[redeliver.Sent], tuple[str, str] | None]:
            return redeliver.redeliver_all(facade.context(tx), after=at)

        done, after = await facade.store.run(work)
        sent += done
        if after is None:
            break
    return _redelivered(sent)


def _redelivered(sent: list[redeliver.Sent]) -> dict[str, Any]:
    told = [{"delivered": bool(one.receipt), **msgspec.structs.asdict(one)} for one in sent]
    return {"deliveries": told[:PAGE_MAX], "delivered": sum(one["delivered"] for one in told), "tried": len(told)}


async def _history(facade: Facade, asked: Asked) -> Answer:
    after, limit = asked.number("after", 0), asked.number("limit", 200, 1, PAGE_MAX)
    lines = await facade.store.run(lambda tx: tx.feed(after=after, limit=limit))
    return {"history": [msgspec.Raw(line_of(*line)) for line in lines]}


def line_of(number: int, stream: str, fact: bytes) -> bytes:
    """A fact as the feed and the stream tell it: one JSON object with its number and its event, or where it happened
    between events the root of its trace."""
    kind, _, name = stream.partition("/")
    place = {"event": name} if kind == "event" else {"event": "", "trace": name}
    head = msgspec.json.encode({"number": number, **place})
    return head[:-1] + b"," + fact[1:]


async def _skip(facade: Facade, asked: Asked) -> Answer:
    event_id = asked.event_id()
    if not await facade.store.run(lambda tx: skip.skip_wait(facade.context(tx), event_id)):
        raise Refused(409, f"event {event_id} is not waiting")
    return {"skipped": 1}


async def _skip_all(facade: Facade, asked: Asked) -> Answer:
    return {"skipped": await facade.store.run(lambda tx: skip.skip_all(facade.context(tx)))}


async def _replay_event(facade: Facade, asked: Asked) -> Answer:
    event_id = asked.event_id()
    return await _replay(facade, asked, lambda ctx: replay.of_event(ctx, event_id))


async def _replay_record(facade: Facade, asked: Asked) -> Answer:
    return await _replay(facade, asked, lambda ctx: replay.unwrap(asked.body))


async def _replay(facade: Facade, asked: Asked, find: Callable[[Context], replay.Original]) -> Answer:
    """Shows what would be sent again, and to which function; with `send=1`, sends it."""
    to, sends = asked.text("to"), asked.choice("send", ("0", "1")) == "1"

    def work(tx: Tx) -> dict[str, Any]:
        ctx = facade.context(tx)
        original = find(ctx)
        told = {
            "original": original.event_id,
            "function": to or original.function,
            "payload": original.payload.decode("utf-8", "replace"),
        }
        return {**told, "replay": replay.replay(ctx, original, to=to, sender="replay")} if sends else told

    try:
        return await facade.store.run(work)
    except replay.NotReplayable as error:
        raise Refused(409, str(error)) from None


ROUTES = (
    Route(
        "GET",
        "/_outfall/api/events",
        _events,
        ("state", "function", "sender", "key", "text", "kind", "trace", "history", "cursor", "limit"),
    ),
    Route("GET", "/_outfall/api/events/{event}", _event),
    Route("POST", "/_outfall/api/events/skip-wait", _skip_all),
    Route("POST", "/_outfall/api/events/{event}/skip-wait", _skip),
    Route("POST", "/_outfall/api/events/{event}/replay", _replay_event, ("to", "send")),
    Route("POST", "/_outfall/api/events/redeliver", _redeliver_all),
    Route("POST", "/_outfall/api/events/{event}/redeliver", _redeliver, ("to",)),
    Route("GET", "/_outfall/api/traces/{trace}", _trace),
    Route("POST", "/_outfall/api/replay", _replay_record, ("to", "send")),
    Route("GET", "/_outfall/api/history", _history, ("after", "limit")),
)
