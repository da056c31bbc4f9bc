"""PutEvents and TestEventPattern. [LS:TestEvents]"""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.authz import Ask, authorize, denial
from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.event_pattern import PatternError, compile_pattern
from outfall.core.service import Call, Output, Request, operation
from outfall.flow import passage
from outfall.services.events.deliver import route
from outfall.services.events.errors import ValidationException, bad_pattern, not_valid
from outfall.services.events.make import make_event, minified_object
from outfall.services.events.model import Event, Key
from outfall.services.events.names import bus_arn_of, bus_key, find_bus

ENTRIES_SIZE_MAX = 1_048_576
"""Of all entries of a request. 256 KB until 2025. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html"""

TIME_SIZE = 14
_REQUIRED = ("Source", "DetailType", "Detail")
_REQUIRED_IN_EVENT = frozenset({"id", "account", "source", "time", "region", "detail-type"})


@operation("PutEvents", action=None)
def put_events(call: Call, request: Request) -> Output:
    """Puts up to ten events; each has its own answer. A bus that is not there swallows its events.

    Permission is asked for each entry. Errors: ValidationException.
    """
    if request.get("EndpointId"):
        raise NotServed("Global endpoints are not served.")
    entries = request["Entries"]
    if sum(_size(entry) for entry in entries) >= ENTRIES_SIZE_MAX:
        raise ValidationException("Total size of the entries in the request is over the limit.")
    for entry in entries:
        _authorize(call, entry)
    results = [_put(call, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in one for one in results), "Entries": results}


def _size(entry: dict[str, Any]) -> int:
    texts = [entry.get("Source"), entry.get("DetailType"), entry.get("Detail"), *(entry.get("Resources") or ())]
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts if text)
    return size + (TIME_SIZE if entry.get("Time") is not None else 0)


def _authorize(call: Call, entry: dict[str, Any]) -> None:
    key = bus_key(call, entry.get("EventBusName"))
    bus = find_bus(call, key)
    keys = {
        "aws:SourceIp": call.source_ip,
        "events:source": entry.get("Source") or "",
        "events:detail-type": entry.get("DetailType") or "",
    }
    policy = bus.policy or None if bus else None
    ask = Ask(call.principal, "events:PutEvents", bus_arn_of(key), keys, policy, key[0])
    decision = authorize(call, ask)
    if not decision.allowed:
        raise denial(decision, "events")


def _put(call: Call, entry: dict[str, Any]) -> dict[str, str]:
    for name in _REQUIRED:
        if not entry.get(name):
            reason = f"{name} is a required argument."
            return _failed("InvalidArgument", f"Parameter {name} is not valid. Reason: {reason}")
    if entry["Source"].startswith("aws."):
        return _failed("NotAuthorizedForSourceException", "Not authorized for the source.")
    detail = minified_object(entry["Detail"])
    if detail is None:
        return _failed("MalformedDetail", "Detail is malformed.")
    at_ms = entry.get("Time")
    event = make_event(
        call,
        source=entry["Source"],
        detail_type=entry["DetailType"],
        detail=detail,
        resources=tuple(entry.get("Resources") or ()),
        at_ms=call.now if at_ms is None else at_ms,
        trace_header=entry.get("TraceHeader") or call.headers.get("x-amzn-trace-id", ""),
    )
    admit(call, bus_key(call, entry.get("EventBusName")), event, (call.principal.arn, ""))
    return {"EventId": event.id}


def _failed(code: str, message: str) -> dict[str, str]:
    return {"ErrorCode": code, "ErrorMessage": message}


def admit(ctx: Context, key: Key, event: Event, by: tuple[str, str]) -> None:
    """Brings an event onto the bus at this key; onto one that is not there it goes and is gone.
    [LS:test_put_events_nonexistent_event_bus]"""
    bus = find_bus(ctx, key)
    if bus is not None:
        route(ctx, bus, event, by=by)
    else:
        passage.published(ctx, event.root, bus_arn_of(key), event.id, by, 0, 0)


@operation("TestEventPattern", action="events:TestEventPattern")
def test_event_pattern(call: Call, request: Request) -> Output:
    """Whether a pattern matches an event, which must be a whole one but for its resources and detail.

    Errors: InvalidEventPatternException, ValidationException. [LS:test_event_pattern minimal]
    """
    try:
        pattern = compile_pattern(request["EventPattern"])
    except PatternError as error:
        raise bad_pattern(error) from None
    try:
        event = msgspec.json.decode(request["Event"], type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise not_valid("Event") from None
    if not _REQUIRED_IN_EVENT.issubset(event):
        raise not_valid("Event")
    return {"Result": pattern.matches(event)}


OPERATIONS = (put_events, test_event_pattern)
