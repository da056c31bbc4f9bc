"""PutLogEvents and GetLogEvents: one stream, written and read."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Any

from outfall.core.service import Call, Output, Request, operation
from outfall.services.logs import paging
from outfall.services.logs.errors import InvalidParameterException
from outfall.services.logs.model import DAY_MS, Group
from outfall.services.logs.names import (
    UNMASK_IF_ASKED,
    constraint,
    require_group,
    require_stream,
    stream_resource,
)
from outfall.services.logs.reading import END, START, Event, Position, backwards, forwards
from outfall.services.logs.streams import UPLOAD_TOKEN
from outfall.services.logs.writer import EVENT_OVERHEAD, append

EVENTS_MAX = 10_000
BATCH_SIZE_MAX = 1_048_576
OLD_MS, NEW_MS = 14 * DAY_MS, 2 * 3_600_000


@operation("PutLogEvents", action="logs:PutLogEvents", resource=stream_resource)
def put_log_events(call: Call, request: Request) -> Output:
    """Appends a batch of events; says which of them were too old or too new, and writes the others."""
    group = require_group(call, request)
    stream = require_stream(call, group, request.get("logStreamName") or "")
    events = [(one.get("timestamp"), one.get("message") or "") for one in request.get("logEvents") or ()]
    _check(events)
    accepted, rejected = _sift(call, group, events)
    append(call, group, stream, accepted)
    return {"nextSequenceToken": UPLOAD_TOKEN} | ({"rejectedLogEventsInfo": rejected} if rejected else {})


def _check(events: list[tuple[Any, str]]) -> None:
    if not events:
        raise constraint("[]", "logEvents", "Member must have length greater than or equal to 1")
    if len(events) > EVENTS_MAX:
        rule = f"Member must have length less than or equal to {EVENTS_MAX}"
        raise InvalidParameterException(
            f"1 validation error detected: Value at 'logEvents' failed to satisfy constraint: {rule}"
        )
    total = 0
    for number, (at_ms, text) in enumerate(events, 1):
        member = f"logEvents.{number}.member"
        if at_ms is None or at_ms < 0:
            raise constraint(at_ms, f"{member}.timestamp", "Member must have value greater than or equal to 0")
        if not text:
            raise constraint("", f"{member}.message", "Member must have length greater than or equal to 1")
        size = len(text.encode("utf-8", "surrogatepass")) + EVENT_OVERHEAD
        if size > BATCH_SIZE_MAX:
            raise InvalidParameterException(f"Log event too large: {size} bytes exceeds limit of {BATCH_SIZE_MAX}")
        total += size
    if total > BATCH_SIZE_MAX:
        raise InvalidParameterException(f"Upload too large: {total} bytes exceeds limit of {BATCH_SIZE_MAX}")
    if any(later[0] < earlier[0] for earlier, later in pairwise(events)):
        raise InvalidParameterException("Log events in a single PutLogEvents request must be in chronological order.")
    if events[-1][0] - events[0][0] > DAY_MS:
        raise InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )


def _sift(call: Call, group: Group, events: list[tuple[int, str]]) -> tuple[list[tuple[int, str]], dict[str, int]]:
    """The events that are written, and where those that are not begin or end."""
    old_ms, expired_ms, new_ms = call.now - OLD_MS, group.expired_before_ms(call.now), call.now + NEW_MS
    rejected: dict[str, int] = {}
    too_new = next((at for at, event in enumerate(events) if event[0] > new_ms), len(events))
    too_old = sum(event[0] < old_ms for event in events)
    expired = sum(event[0] < expired_ms for event in events)
    if too_new < len(events):
        rejected["tooNewLogEventStartIndex"] = too_new
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if expired:
        rejected["expiredLogEventEndIndex"] = expired
    return events[max(too_old, expired) : too_new], rejected


@operation("GetLogEvents", action="logs:GetLogEvents", resource=stream_resource, also=(UNMASK_IF_ASKED,))
def get_log_events(call: Call, request: Request) -> Output:
    """A page of a stream: the latest events, or the first with startFromHead; then on in either direction. At an end
    the token that was given comes back. startTime is inclusive, endTime is not."""
    limit = paging.limit_of(request, EVENTS_MAX, EVENTS_MAX)
    group = require_group(call, request)
    stream = require_stream(call, group, request.get("logStreamName") or "")
    start_ms = max(request.get("startTime") or 0, group.expired_before_ms(call.now))
    end_ms = request["endTime"] if request.get("endTime") is not None else END.at_ms
    direction, position = _token(request)
    if direction == "f":
        later = (
            event for event in forwards(call, group, stream, max(start_ms, position.at_ms)) if event.position > position
        )
        page = _page(later, limit, lambda event: event.position.at_ms < end_ms)
    else:
        earlier = backwards(call, group, stream, min(position, Position(end_ms, 0, 0, 0)))
        page = _page(earlier, limit, lambda event: event.position.at_ms >= start_ms)[::-1]
    first, last = _bounds(page, direction, position)
    return {
        "events": [_shown(event) for event in page],
        "nextForwardToken": f"f/{last.digits}/s",
        "nextBackwardToken": f"b/{first.digits}/s",
    }


def _token(request: Request) -> tuple[str, Position]:
    """Direction and position to read from."""
    token = request.get("nextToken")
    if not token:
        return ("f", START) if request.get("startFromHead") else ("b", END)
    parts = token.split("/")
    position = Position.parse(parts[1]) if len(parts) == 3 and parts[0] in ("f", "b") and parts[2] == "s" else None
    if position is None:
        raise paging.invalid_token()
    return parts[0], position


def _page(events: Any, limit: int, wanted: Any) -> list[Event]:
    """Events while they are wanted, up to `limit` and to 1 MiB, but one at least."""
    page: list[Event] = []
    size = 0
    for event in islice(events, limit):
        size += len(event.text) + EVENT_OVERHEAD
        if not wanted(event) or (page and size > BATCH_SIZE_MAX):
            break
        page.append(event)
    return page


def _bounds(page: list[Event], direction: str, position: Position) -> tuple[Position, Position]:
    """What the tokens hold: the first and the last event shown, or the place where there was none."""
    if page:
        return page[0].position, page[-1].position
    if direction == "f" or position != END:
        return position, position
    return START, START


def _shown(event: Event) -> dict[str, Any]:
    return {"timestamp": event.position.at_ms, "message": event.text, "ingestionTime": event.ingested_ms}


OPERATIONS = (put_log_events, get_log_events)
