"""Writing events: what PutLogEvents and the host's own log lines share."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from outfall.core.context import Context
from outfall.core.invocation import LogLine
from outfall.core.ports import Key
from outfall.core.sweeping import after
from outfall.services.logs.model import CHUNKS, DAY_MS, GROUPS, STREAMS, Chunk, Group, Stream, time_key
from outfall.services.logs.watching import watch

EVENT_OVERHEAD = 26
"""Bytes that AWS adds to the size of each event."""
TEXT_LENGTH_MAX = 262_144
CHUNK_EVENTS_MAX = 1000
EXPIRED_PER_WRITE = 2
STREAMS_SWEPT_AT_ONCE = 200
CHUNKS_SWEPT_AT_ONCE = 200


def write(ctx: Context, group: str, stream: str, lines: Sequence[LogLine]) -> None:
    """Appends lines to a stream of `ctx`'s account and region; makes the group and the stream when they are missing.

    Lines are put in the order of their times; a line too long for one event becomes several.
    """
    if not lines:
        return
    events = [
        (line.at_ms, line.text[at : at + TEXT_LENGTH_MAX])
        for line in sorted(lines, key=lambda line: line.at_ms)
        for at in range(0, max(len(line.text), 1), TEXT_LENGTH_MAX)
        if line.text
    ]
    holder = ctx.tx.get(GROUPS, (ctx.account, ctx.region, group))
    if holder is None:
        holder = Group(ctx.account, ctx.region, group, ctx.now)
        ctx.tx.put(GROUPS, holder.key, holder)
    into = ctx.tx.get(STREAMS, (*holder.key, stream)) or new_stream(ctx, stream)
    append(ctx, holder, into, events)


def new_stream(ctx: Context, name: str) -> Stream:
    """A stream that is not written yet."""
    return Stream(name, int(ctx.ids.hex(8), 16), ctx.now)


def append(ctx: Context, group: Group, stream: Stream, events: list[tuple[int, str]]) -> None:
    """Appends events, which are in chronological order, as one chunk or few; writes the stream."""
    events = [(at_ms, _storable(text)) for at_ms, text in events]
    size = stream.size
    number = stream.chunks
    disordered = stream.disordered or (stream.last_ms is not None and bool(events) and events[0][0] < stream.last_ms)
    for chunk in _chunks(events, number, ctx.now):
        number += 1
        size += sum(len(text.encode()) + EVENT_OVERHEAD for _, text in chunk.events)
        ctx.tx.put(CHUNKS, (*group.key, stream.name, time_key(chunk.first_ms), time_key(chunk.number)), chunk)
        watch(ctx, group, stream, chunk)
    if events:
        first, last = events[0][0], events[-1][0]
        stream = msgspec.structs.replace(
            stream,
            chunks=number,
            size=size,
            first_ms=first if stream.first_ms is None else min(first, stream.first_ms),
            last_ms=last if stream.last_ms is None else max(last, stream.last_ms),
            ingested_ms=ctx.now,
            disordered=disordered,
        )
    ctx.tx.put(STREAMS, (*group.key, stream.name), stream)
    _drop_expired(ctx, group, stream)


def _storable(text: str) -> str:
    """The text, with `?` for halves of surrogate pairs: they have no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _chunks(events: list[tuple[int, str]], number: int, now_ms: int) -> list[Chunk]:
    """Events in chunks that span less than a day each."""
    chunks: list[Chunk] = []
    rest = events
    while rest:
        size = next((at for at, (ms, _) in enumerate(rest) if ms - rest[0][0] >= DAY_MS), len(rest))
        size = min(size, CHUNK_EVENTS_MAX)
        chunks.append(Chunk(number + len(chunks), now_ms, rest[:size]))
        rest = rest[size:]
    return chunks


def _drop_expired(ctx: Context, group: Group, stream: Stream) -> None:
    """Each write removes a few chunks whose retention is over, so that a stream in use does not grow for ever."""
    expired_ms = group.expired_before_ms(ctx.now)
    if expired_ms and stream.first_ms is not None and stream.first_ms < expired_ms:
        for key, chunk in ctx.tx.scan(CHUNKS, (*group.key, stream.name), limit=EXPIRED_PER_WRITE):
            if chunk.last_ms < expired_ms:
                ctx.tx.delete(CHUNKS, key)


def sweep(ctx: Context, start: Key = ()) -> Key | None:
    """Removes chunks whose retention is over: see `core.sweeping`."""
    left = CHUNKS_SWEPT_AT_ONCE
    streams = list(ctx.tx.scan(STREAMS, start=start, limit=STREAMS_SWEPT_AT_ONCE))
    for key, stream in streams:
        group = ctx.tx.get(GROUPS, key[:-1])
        expired_ms = group.expired_before_ms(ctx.now) if group else 0
        if not expired_ms or stream.first_ms is None or stream.first_ms >= expired_ms:
            continue
        for chunk_key, chunk in ctx.tx.scan(CHUNKS, key):
            if not left:
                return key
            if chunk.first_ms >= expired_ms:
                break
            if chunk.last_ms < expired_ms:
                ctx.tx.delete(CHUNKS, chunk_key)
                left -= 1
    return after(streams[-1][0]) if len(streams) == STREAMS_SWEPT_AT_ONCE else None
