"""What watches a group's new events as they are written: subscription filters, metric filters and live tails.

Payload of a function: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html. It is invoked
asynchronously in the transaction that writes the events.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from outfall.core.context import Context
from outfall.core.metrics import Sample
from outfall.core.parcel import Parcel, Sender
from outfall.core.ports import Key
from outfall.core.principal import service_principal
from outfall.core.sweeping import ROWS_AT_ONCE, after
from outfall.flow.send import Receipt, Refusal, check, send
from outfall.services.logs.json_patterns import value_at
from outfall.services.logs.model import (
    FILTERS,
    METRIC,
    SUBSCRIPTION,
    TAIL,
    Chunk,
    Filter,
    Group,
    Stream,
    Transformation,
)
from outfall.services.logs.patterns import Extract, compile_extract
from outfall.services.logs.reading import Event, events_of

COMPILED_MAX = 256
RECORD_SIZE_MAX = 1_048_576
"""Bytes of text in one invocation; what is more comes in the next."""
TAIL_EVENTS_MAX = 10_000
"""Events that wait for one live tail; what comes while so many wait is not shown."""
PRINCIPALS = ("logs.amazonaws.com", "logs.{region}.amazonaws.com")
"""CloudWatch Logs goes by both names in the policies of functions."""

_extract_of = lru_cache(maxsize=COMPILED_MAX)(compile_extract)


def watch(ctx: Context, group: Group, stream: Stream, chunk: Chunk) -> None:
    """Shows new events to all that watch the group."""
    for (*_, kind, _name), watcher in list(ctx.tx.scan(FILTERS, group.key)):
        extract = _extract_of(watcher.pattern)
        if kind == SUBSCRIPTION:
            _invoke(ctx, group, stream, watcher, list(_fitting(extract, stream, chunk)))
        elif kind == METRIC and watcher.transformation is not None:
            fitting = list(_fitting(extract, stream, chunk))
            _count(ctx, watcher.transformation, fitting, len(fitting) < len(chunk.events))
        elif kind == TAIL:
            _show(ctx, group, stream, chunk, watcher)


def _fitting(extract: Extract, stream: Stream, chunk: Chunk) -> Iterator[tuple[Event, dict[str, str]]]:
    for event in events_of(stream, chunk):
        found = extract(event.text)
        if found is not None:
            yield event, found


def sender_of(group: Group, principal: str = PRINCIPALS[0]) -> Sender:
    """CloudWatch Logs, as the sender of this group's events."""
    name = principal.format(region=group.region)
    return Sender("logs", service_principal(name, group.account), f"{group.arn}:*", group.account)


def may_invoke(ctx: Context, group: Group, function: str) -> Sender | None:
    """The sender under which a function takes events of this group; None when it is not there or does not let it."""
    for principal in PRINCIPALS:
        sender = sender_of(group, principal)
        if check(ctx, function, sender) is None:
            return sender
    return None


def _invoke(
    ctx: Context, group: Group, stream: Stream, watcher: Filter, fitting: list[tuple[Event, dict[str, str]]]
) -> Receipt | Refusal | None:
    """What cannot be delivered is lost, as on AWS."""
    sender = may_invoke(ctx, group, watcher.destination) if fitting else None
    result: Receipt | Refusal | None = None
    while fitting and sender is not None:
        count = _that_fit_in(fitting)
        record = {
            "messageType": "DATA_MESSAGE",
            "owner": group.account,
            "logGroup": group.name,
            "logStream": stream.name,
            "subscriptionFilters": [watcher.name],
            "logEvents": [_shown(event, found, watcher) for event, found in fitting[:count]],
        }
        result = send(ctx, watcher.destination, Parcel(packed(record), sender))
        fitting = fitting[count:]
    return result


def packed(record: dict[str, Any]) -> bytes:
    """The event of a function: the record as JSON, compressed by gzip, in base64."""
    squeezed = zlib.compressobj(wbits=31)
    data = squeezed.compress(json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()) + squeezed.flush()
    return json.dumps({"awslogs": {"data": b64encode(data).decode()}}, separators=(",", ":")).encode()


def _that_fit_in(fitting: list[tuple[Event, dict[str, str]]]) -> int:
    size = 0
    for count, (event, _) in enumerate(fitting):
        size += len(event.text)
        if count and size > RECORD_SIZE_MAX:
            return count
    return len(fitting)


def _shown(event: Event, found: dict[str, str], watcher: Filter) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": event.position.digits, "timestamp": event.position.at_ms, "message": event.text}
    if watcher.pattern.lstrip().startswith("["):
        shown["extractedFields"] = {name.removeprefix("$"): value for name, value in found.items()}
    return shown


def _count(ctx: Context, made: Transformation, fitting: list[tuple[Event, dict[str, str]]], others: bool) -> None:
    """Values of the metric for the events that fit; the default where there are others."""
    metrics = ctx.house.metrics
    if metrics is None:
        return
    for event, found in fitting:
        value = number_in(made.value, event.text, found)
        dimensions = tuple((name, field_in(field, event.text, found)) for name, field in made.dimensions.items())
        if value is not None and all(text is not None for _, text in dimensions):
            known = tuple((name, text or "") for name, text in dimensions)
            metrics.record(ctx, made.namespace, known, (Sample(made.name, value, made.unit),))
    if others and not fitting and made.default is not None:
        metrics.record(ctx, made.namespace, (), (Sample(made.name, made.default, made.unit),))


def number_in(value: str, text: str, found: dict[str, str]) -> float | None:
    """The number that a metricValue stands for in one event; None when there is none."""
    shown = field_in(value, text, found) if value.startswith("$") else value
    try:
        return float(shown) if shown is not None else None
    except ValueError:
        return None


def field_in(selector: str, text: str, found: dict[str, str]) -> str | None:
    """What a field (`$.a`, `$name`) holds in one event, as text."""
    if selector in found:
        return found[selector]
    value = value_at(selector, text) if selector.startswith("$.") else None
    if value is None or isinstance(value, dict | list):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def tail_queue(session: str) -> str:
    """The work queue on which events wait for a live tail."""
    return f"logs-tail/{session}"


def _show(ctx: Context, group: Group, stream: Stream, chunk: Chunk, watcher: Filter) -> None:
    wanted = not (watcher.streams or watcher.prefixes) or stream.name in watcher.streams
    if not wanted and not stream.name.startswith(tuple(watcher.prefixes) or ("\0",)):
        return
    if ctx.now >= watcher.until_ms:
        _end_tail(ctx, (*group.key, TAIL, watcher.name), watcher)
        return
    room = TAIL_EVENTS_MAX - ctx.tx.counts(tail_queue(watcher.name), ctx.now).ready
    for event, _ in _fitting(_extract_of(watcher.pattern), stream, chunk):
        if room <= 0:
            return
        room -= 1
        shown = {
            "logStreamName": stream.name,
            "logGroupIdentifier": f"{group.account}:{group.name}",
            "message": event.text,
            "timestamp": event.position.at_ms,
            "ingestionTime": event.ingested_ms,
        }
        ctx.tx.enqueue(tail_queue(watcher.name), json.dumps(shown).encode(), now_ms=ctx.now, due_ms=ctx.now)


def _end_tail(ctx: Context, key: Key, watcher: Filter) -> None:
    ctx.tx.delete(FILTERS, key)
    ctx.tx.purge(tail_queue(watcher.name))


def sweep(ctx: Context, start: Key = ()) -> Key | None:
    """Ends live tails that nobody has ended, as after a crash: see `core.sweeping`."""
    rows = list(ctx.tx.scan(FILTERS, start=start, limit=ROWS_AT_ONCE))
    for key, watcher in rows:
        if watcher.until_ms and ctx.now >= watcher.until_ms:
            _end_tail(ctx, key, watcher)
    return after(rows[-1][0]) if len(rows) == ROWS_AT_ONCE else None
