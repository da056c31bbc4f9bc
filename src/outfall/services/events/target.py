"""How EventBridge receives what other services send: Lambda's results, S3's notifications, events of other buses."""

from __future__ import annotations

import msgspec

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.parcel import Origin, Parcel
from outfall.services.events.errors import not_valid
from outfall.services.events.make import make_event, minified_object
from outfall.services.events.model import Event
from outfall.services.events.names import BUS_PREFIX, find_bus
from outfall.services.events.put import admit

SOURCES: dict[Origin, str] = {"destination": "lambda", "s3": "aws.s3"}
"""The `source` of what a sender has us put. AWS's guide says `aws.lambda`; the recordings say `lambda`.
[LS:test_invoke_lambda_eventbridge]"""

SIZE_MAX = 1_048_576


def bus_policy(ctx: Context, arn: Arn) -> str | None:
    """The policy document of the bus at `arn`, if there is one."""
    if not arn.resource.startswith(BUS_PREFIX):
        return None
    bus = find_bus(ctx, (arn.account, arn.region, arn.resource.removeprefix(BUS_PREFIX)))
    return bus.policy or None if bus is not None else None


class EventsTarget:
    """Buses as targets; implements `core.ports.Target`."""

    action = "events:PutEvents"

    def resource(self, arn: Arn) -> str:
        """The bus itself."""
        return str(arn)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """The bus's policy."""
        return bus_policy(ctx, arn)

    def exists(self, ctx: Context, arn: Arn) -> bool:
        """Always: PutEvents to a bus that is not there does not fail. [SDdoc]"""
        return arn.resource.startswith(BUS_PREFIX)

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        """Puts the parcel on the bus as an event; its id. An event of another bus stays what it is. Raises
        `ValidationException` when it is too large or no JSON object."""
        if len(parcel.body) > SIZE_MAX:
            raise not_valid("Detail", "Total size of the entries in the request is over the limit.")
        key = (arn.account, arn.region, arn.resource.removeprefix(BUS_PREFIX))
        text = minified_object(parcel.body.decode("utf-8", "replace"))
        if text is None:
            raise not_valid("Detail", "Detail is malformed.")
        if parcel.sender.origin == "events":
            event_id = str(msgspec.json.decode(text).get("id") or "")
            event = Event(event_id, text, ctx.now, parcel.trace_header, parcel.hops, parcel.trace)
        else:
            first = () if parcel.sender.origin == "s3" else (str(arn),)
            event = make_event(
                ctx,
                source=SOURCES[parcel.sender.origin],
                detail_type=parcel.detail_type,
                detail=text,
                resources=(*first, *parcel.resources),
                at_ms=ctx.now,
                trace_header=parcel.trace_header,
                hops=parcel.hops,
                trace=parcel.trace,
            )
        sender = parcel.sender
        admit(ctx, key, event, (sender.principal.service or sender.principal.arn, sender.source_arn))
        return event.id
