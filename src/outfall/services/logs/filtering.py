"""FilterLogEvents: the events of many streams of a group, merged by time, that fit a pattern.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from outfall.core.service import Call, Output, Request, operation
from outfall.services.logs import paging
from outfall.services.logs.errors import InvalidParameterException
from outfall.services.logs.events import BATCH_SIZE_MAX, EVENTS_MAX
from outfall.services.logs.model import STREAMS, Group, Stream
from outfall.services.logs.names import UNMASK_IF_ASKED, require_group, require_stream, stream_resource
from outfall.services.logs.patterns import compile_pattern
from outfall.services.logs.reading import END, START, Event, Position, merged, merged_backwards
from outfall.services.logs.writer import EVENT_OVERHEAD

STREAMS_MAX = 100
SEARCHED_MAX = 20_000
"""Events that one request looks at; a token leads on from there, also when nothing fitted."""
BACKWARDS = "b"
"""What the tokens of pages begin with that go back in time."""


FIRST_BACKWARDS_MS = 1_704_067_200_000
"""Newest first is for events since 2024."""


@operation("FilterLogEvents", action="logs:FilterLogEvents", resource=stream_resource, also=(UNMASK_IF_ASKED,))
def filter_log_events(call: Call, request: Request) -> Output:
    """Events between startTime and endTime (both inclusive) in pages: oldest first, or newest first with startFromHead
    false. A token goes on in the direction of its page."""
    limit = paging.limit_of(request, EVENTS_MAX, EVENTS_MAX)
    group = require_group(call, request)
    matches = compile_pattern(request.get("filterPattern") or "")
    forwards, position = _beginning(request)
    start_ms = max(request.get("startTime") or 0, group.expired_before_ms(call.now))
    end_ms = request["endTime"] if request.get("endTime") is not None else END.at_ms
    streams = [stream for stream in _streams(call, group, request) if _reaches(stream, start_ms, end_ms)]
    if forwards:
        events = _after(call, group, streams, position, start_ms, end_ms)
    else:
        events = _before(call, group, streams, position, start_ms, end_ms)
    shown: list[dict[str, Any]] = []
    size = 0
    last: Position | None = None
    for searched, event in enumerate(events):
        fits = matches(event.text)
        size += len(event.text) + EVENT_OVERHEAD if fits else 0
        if last is not None and (len(shown) == limit or searched == SEARCHED_MAX or size > BATCH_SIZE_MAX):
            return _answer(shown, last.digits if forwards else BACKWARDS + last.digits)
        last = event.position
        if fits:
            shown.append(_shown(event))
    return _answer(shown, "")


def _after(
    call: Call, group: Group, streams: list[Stream], position: Position, start_ms: int, end_ms: int
) -> Iterator[Event]:
    found = merged(call, group, streams, max(start_ms, position.at_ms))
    within = takewhile(lambda event: event.position.at_ms <= end_ms, found)
    return (event for event in within if event.position > position)


def _before(
    call: Call, group: Group, streams: list[Stream], position: Position, start_ms: int, end_ms: int
) -> Iterator[Event]:
    found = merged_backwards(call, group, streams, min(position, Position(end_ms + 1, 0, 0, 0)))
    return takewhile(lambda event: event.position.at_ms >= start_ms, found)


def _answer(shown: list[dict[str, Any]], token: str) -> dict[str, Any]:
    # AWS has left searchedLogStreams empty since 2019. [BC]
    return {"events": shown, "searchedLogStreams": []} | paging.next_token(token)


def _beginning(request: Request) -> tuple[bool, Position]:
    """Whether to read forwards, and from where."""
    token = paging.read_token(request)
    if token:
        position = Position.parse(token.removeprefix(BACKWARDS))
        if position is None:
            raise paging.invalid_token()
        return not token.startswith(BACKWARDS), position
    if request.get("startFromHead") is not False:
        return True, START
    if request.get("startTime") is not None and request["startTime"] < FIRST_BACKWARDS_MS:
        # AWS's text is not known.
        raise InvalidParameterException("startFromHead can be false only for a startTime on or after January 1, 2024.")
    return False, END


def _streams(call: Call, group: Group, request: Request) -> Iterator[Stream]:
    names, prefix = request.get("logStreamNames") or [], request.get("logStreamNamePrefix") or ""
    if names and prefix:
        raise InvalidParameterException("LogStream names and LogStream name prefix are mutually exclusive parameters.")
    if len(names) > STREAMS_MAX:
        raise InvalidParameterException(
            "1 validation error detected: Value at 'logStreamNames' failed to satisfy constraint: Member must have "
            f"length less than or equal to {STREAMS_MAX}"
        )
    if names:
        return iter([require_stream(call, group, name) for name in dict.fromkeys(names)])
    return (stream for _, stream in call.tx.scan(STREAMS, group.key, starts_with=prefix))


def _reaches(stream: Stream, start_ms: int, end_ms: int) -> bool:
    if stream.first_ms is None or stream.last_ms is None:
        return False
    return stream.first_ms <= end_ms and stream.last_ms >= start_ms


def _shown(event: Event) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.position.at_ms,
        "message": event.text,
        "ingestionTime": event.ingested_ms,
        "eventId": event.position.digits,
    }


OPERATIONS = (filter_log_events,)
