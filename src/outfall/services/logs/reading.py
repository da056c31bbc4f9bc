"""Reading events in the order of time, forwards and backwards, from one stream or from many.

A position is where an event stands: time, number of its chunk, its place in there, and its stream's serial number. It
is the event's id, and what the tokens of pages hold.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from outfall.core.context import Context
from outfall.services.logs.model import CHUNKS, DAY_MS, Chunk, Group, Stream, time_key

_WIDTHS = (15, 12, 9, 20)


class Position(NamedTuple):
    """Positions compare as their events follow each other."""

    at_ms: int
    chunk: int
    place: int
    serial: int

    @property
    def digits(self) -> str:
        """56 digits, as AWS's event ids and tokens have."""
        return "".join(f"{part:0{width}d}" for part, width in zip(self, _WIDTHS, strict=True))

    @classmethod
    def parse(cls, digits: str) -> Position | None:
        """The position that `digits` spells, or None."""
        if len(digits) != sum(_WIDTHS) or not (digits.isascii() and digits.isdigit()):
            return None
        return cls(int(digits[:15]), int(digits[15:27]), int(digits[27:36]), int(digits[36:]))


START = Position(0, 0, 0, 0)
END = Position(999_999_999_999_999, 0, 0, 0)


class Event(NamedTuple):
    """An event with its position and stream; compares by position."""

    position: Position
    stream: str
    text: str
    ingested_ms: int


def events_of(stream: Stream, chunk: Chunk) -> Iterator[Event]:
    """The events of one chunk."""
    for place, (at_ms, text) in enumerate(chunk.events):
        yield Event(Position(at_ms, chunk.number, place, stream.serial), stream.name, text, chunk.ingested_ms)


def forwards(ctx: Context, group: Group, stream: Stream, start_ms: int) -> Iterator[Event]:
    """Events of a stream from `start_ms` on, oldest first. Reads chunk by chunk, as far as it is asked."""
    waiting: list[Event] = []
    start = (time_key(start_ms - DAY_MS),)
    for _, chunk in ctx.tx.scan(CHUNKS, (*group.key, stream.name), start=start):
        while waiting and waiting[0].position.at_ms < chunk.first_ms:
            yield heapq.heappop(waiting)
        for event in events_of(stream, chunk):
            if event.position.at_ms >= start_ms:
                heapq.heappush(waiting, event)
    while waiting:
        yield heapq.heappop(waiting)


def backwards(ctx: Context, group: Group, stream: Stream, until: Position) -> Iterator[Event]:
    """Events of a stream before `until`, newest first."""
    waiting: list[tuple[tuple[int, ...], Event]] = []
    upper = (time_key(until.at_ms) + "\uffff",)
    for _, chunk in ctx.tx.scan(CHUNKS, (*group.key, stream.name), start=upper, reverse=True):
        # Chunks still to come begin earlier than this one; where chunks overlap they may reach a day further.
        reach_ms = chunk.first_ms + DAY_MS if stream.disordered else chunk.last_ms
        while waiting and waiting[0][1].position.at_ms > reach_ms:
            yield heapq.heappop(waiting)[1]
        for event in events_of(stream, chunk):
            position = event.position
            if position < until:
                at_ms, number, place, serial = position
                heapq.heappush(waiting, ((-at_ms, -number, -place, -serial), event))
    while waiting:
        yield heapq.heappop(waiting)[1]


def merged(ctx: Context, group: Group, streams: Iterable[Stream], start_ms: int) -> Iterator[Event]:
    """Events of many streams from `start_ms` on, oldest first."""
    return heapq.merge(*(forwards(ctx, group, stream, start_ms) for stream in streams))


def merged_backwards(ctx: Context, group: Group, streams: Iterable[Stream], until: Position) -> Iterator[Event]:
    """Events of many streams before `until`, newest first."""
    return heapq.merge(*(backwards(ctx, group, stream, until) for stream in streams), reverse=True)
