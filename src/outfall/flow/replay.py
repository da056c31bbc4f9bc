"""A settled failure becomes a new event: the original payload unwrapped, sent again, linked to the old one."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from outfall.core.arn import Arn, MalformedArn, function_arn
from outfall.core.context import Context
from outfall.core.history import Replayed
from outfall.core.invocation import LATEST
from outfall.flow import timeline
from outfall.flow.accept import accept


class NotReplayable(Exception):
    """Why something cannot be sent again, in one line."""


class Original(msgspec.Struct, frozen=True):
    """What is sent again: the payload, the function as it was invoked, and the event that it was (or empty)."""

    payload: bytes
    function: str
    event_id: str = ""


def unwrap(record: bytes) -> Original:
    """The original event in an invocation record, as a destination received it. Raises `NotReplayable`."""
    try:
        told: Any = json.loads(record)
        context = told["requestContext"]
        payload = json.dumps(told["requestPayload"], separators=(",", ":"), ensure_ascii=False).encode()
        function, event_id = str(context["functionArn"]), str(context["requestId"])
        (function + event_id).encode()  # Raises for what is no text: half a surrogate pair.
        return Original(payload, function.removesuffix(f":{LATEST}"), event_id)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotReplayable("this is not an invocation record") from None


def of_event(ctx: Context, event_id: str) -> Original:
    """The original of an event that failed. Raises `NotReplayable`."""
    summary = ctx.tx.get(timeline.EVENTS, (event_id,))
    if summary is None:
        raise NotReplayable(f"there is no event {event_id}")
    if summary.kind == "batch":
        raise NotReplayable(f"{event_id} is a batch: what of it failed comes back to its queue by itself")
    if summary.kind == "delivery":
        raise NotReplayable(f"{event_id} is a delivery that failed: redeliver it")
    ended = ctx.tx.get(timeline.ENDED, (event_id,))
    if ended is None or summary.state != "failed":
        raise NotReplayable(f"event {event_id} has not failed: it is {summary.state}")
    return Original(ended.payload, summary.function, event_id)


def replay(ctx: Context, original: Original, *, to: str = "", sender: str) -> str:
    """Sends an original again, to the function it was for or to the one that `to` names; the id of the new event.

    Raises `NotReplayable` when there is no such function.
    """
    try:
        function = _target(original, to)
        arn = Arn.parse(function)
    except MalformedArn as error:
        raise NotReplayable(str(error)) from None
    there = ctx.at(arn.account, arn.region)
    if there.house.functions.resolve(there, arn) is None:
        raise NotReplayable(f"there is no function {function}")
    new_id = ctx.ids.uuid()
    accept(there, function=function, payload=original.payload, request_id=new_id, sender=sender)
    linked = Replayed(at_ms=ctx.now, wall_ms=ctx.wall, original=original.event_id, replay=new_id)
    timeline.tell(ctx, new_id, linked)
    known = ctx.tx.get(timeline.EVENTS, (original.event_id,))
    if known is not None:
        timeline.tell(ctx, original.event_id, linked)
    return new_id


def _target(original: Original, to: str) -> str:
    if not to:
        return original.function
    if to.startswith("arn:"):
        return to
    arn = Arn.parse(original.function)
    name, _, qualifier = to.partition(":")
    return str(function_arn(arn.account, arn.region, name, qualifier))
