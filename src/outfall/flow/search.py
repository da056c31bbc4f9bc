"""Finding events among those that the store holds, and what is known of one beside its history: its payload, what the
function answered, the record. Reads alone.

A search is bounded: it looks at so many events and payload bytes, then tells where to go on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from outfall.core import history
from outfall.core.invocation import AsyncEvent
from outfall.core.ports import Key, Tx
from outfall.core.record import invocation_record
from outfall.flow import timeline
from outfall.flow.accept import unpack

LOOKED_AT_MAX = 2_000
PAYLOAD_BYTES_MAX = 16 * 1024 * 1024
DEPTH_MAX = 8
"""S3 notifications that come by way of SNS or SQS are JSON in JSON; deeper than that nobody wraps them."""


class Wanted(msgspec.Struct, frozen=True):
    """What an event has to be; empty is anything. `function` is a name, a name with its qualifier, or an ARN; `key` is
    part of an S3 object's key in the payload; `text` is part of the event's id or of its payload, in any case; `kind`
    is that of the summary, `trace` the root of a trace that it is part of."""

    state: str = ""
    function: str = ""
    sender: str = ""
    key: str = ""
    text: str = ""
    kind: str = ""
    trace: str = ""


def search(tx: Tx, wanted: Wanted, *, before: Key = (), limit: int) -> tuple[list[timeline.Summary], Key]:
    """Up to `limit` events, the newest first, and the place to go on at: empty after the last event. Fewer than `limit`
    may come although there are more, when many had to be looked at."""
    found: list[timeline.Summary] = []
    budget = PAYLOAD_BYTES_MAX
    places = timeline.newest(tx, trace=wanted.trace, before=before, limit=LOOKED_AT_MAX + 1)
    for looked_at, summary in enumerate(places):
        if len(found) == limit or looked_at == LOOKED_AT_MAX or budget <= 0:
            return found, timeline.place_of(summary)
        if not _fits(summary, wanted):
            continue
        if wanted.key or wanted.text:
            event = event_of(tx, summary)
            payload = event.payload if event else b""
            budget -= len(payload)
            if not _payload_fits(summary.id, payload, wanted):
                continue
        found.append(summary)
    return found, ()


def event_of(tx: Tx, summary: timeline.Summary) -> AsyncEvent | None:
    """The event with its payload: as it lies on its queue, or as it ended; None if it was not kept."""
    if summary.item and summary.kind == "invocation":
        for item in tx.peek(summary.queue, after=summary.item - 1, limit=1):
            if item.number == summary.item:
                return unpack(item.payload)
    return tx.get(timeline.ENDED, (summary.id,))


def record_of(event: AsyncEvent, facts: list[history.Fact]) -> bytes | None:
    """The invocation record of an event that ended, whether or not it had a destination; None before its end."""
    for fact in reversed(facts):
        if isinstance(fact, history.Settled):
            return invocation_record(event, fact.condition, fact.at_ms)  # type: ignore[arg-type]
    return None


def last_number(tx: Tx) -> int:
    """The number of the last fact that is there, or 0."""
    if not tx.feed(limit=1):
        return 0
    low, high = 0, 1
    while tx.feed(after=high, limit=1):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if tx.feed(after=middle, limit=1) else (low, middle)
    return high


def _fits(summary: timeline.Summary, wanted: Wanted) -> bool:
    if wanted.state not in ("", summary.state) or wanted.sender not in ("", summary.sender):
        return False
    if wanted.kind not in ("", summary.kind):
        return False
    name = summary.function.split(":", 6)[-1]
    return wanted.function in ("", name, name.partition(":")[0], summary.function)


def _payload_fits(event_id: str, payload: bytes, wanted: Wanted) -> bool:
    text = payload.decode("utf-8", "replace")
    sought = wanted.text.casefold()
    if sought and sought not in event_id.casefold() and sought not in text.casefold():
        return False
    return not wanted.key or any(wanted.key in key for key in object_keys(text))


def object_keys(text: str) -> Iterator[str]:
    """Keys of S3 objects in a payload: in the records of a notification, also one that SNS or SQS has wrapped, or in
    the detail of an EventBridge event."""
    yield from _keys(_parsed(text), DEPTH_MAX)


def _keys(value: Any, depth: int) -> Iterator[str]:
    if not isinstance(value, dict) or not depth:
        return
    detail = value.get("detail")
    if value.get("source") == "aws.s3" and isinstance(detail, dict) and isinstance(detail.get("object"), dict):
        yield str(detail["object"].get("key", ""))
    records = value.get("Records")
    for record in records if isinstance(records, list) else ():
        if not isinstance(record, dict):
            continue
        s3 = record.get("s3")
        if isinstance(s3, dict) and isinstance(s3.get("object"), dict):
            yield unquote_plus(str(s3["object"].get("key", "")))
        sns = record.get("Sns")
        wrapped = sns.get("Message") if isinstance(sns, dict) else record.get("body")
        if isinstance(wrapped, str):
            yield from _keys(_parsed(wrapped), depth - 1)
    if isinstance(value.get("Message"), str):  # SNS's envelope, as it lies in a queue
        yield from _keys(_parsed(value["Message"]), depth - 1)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return None
