"""What other services put on a bus."""

from __future__ import annotations

from typing import Any

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.parcel import Parcel, Sender
from outfall.core.principal import role_session, service_principal
from outfall.flow.send import Receipt, Refusal, check, send
from outfall.services.events.target import EventsTarget
from tests.support import ACCOUNT

from .conftest import Events

BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:fn:$LATEST"
S3 = Sender("s3", service_principal("s3.amazonaws.com", ACCOUNT), "arn:aws:s3:::b", ACCOUNT)


def test_the_record_of_an_invocation(events: Events) -> None:
    """[destinations.md 2.2, LS:test_invoke_lambda_eventbridge]"""
    events.rule(events.queue(), {"source": ["lambda"]})
    role = role_session(f"arn:aws:iam::{ACCOUNT}:role/r", "AROA", "fn")
    parcel = Parcel(
        b'{"version":"1.0","responsePayload":1.50}',
        Sender("destination", role),
        trace_header="Root=1",
        detail_type="Lambda Function Invocation Result - Success",
        resources=(FUNCTION,),
    )
    id_ = events.within(lambda ctx: EventsTarget().accept(ctx, Arn.parse(BUS), parcel))
    ((_, arrived),) = events.queues.arrived
    assert arrived.body.decode() == (
        f'{{"version":"0","id":"{id_}","detail-type":"Lambda Function Invocation Result - Success",'
        f'"source":"lambda","account":"{ACCOUNT}","time":"2027-01-15T08:00:00Z","region":"us-east-1",'
        f'"resources":["{BUS}","{FUNCTION}"],"detail":{{"version":"1.0","responsePayload":1.50}}}}'
    )
    assert arrived.trace_header == "Root=1"


def test_s3_needs_no_permission_on_the_bus(events: Events) -> None:
    events.rule(events.queue(), {"source": ["aws.s3"]})
    parcel = Parcel(b"{}", S3, detail_type="Object Created", resources=("arn:aws:s3:::b",))
    assert isinstance(events.within(lambda ctx: send(ctx, BUS, parcel)), Receipt)
    (event,) = events.arrived()
    assert (event["source"], event["resources"]) == ("aws.s3", ["arn:aws:s3:::b"])


def test_a_role_needs_permission_and_the_bus_need_not_exist(events: Events) -> None:
    role = role_session(f"arn:aws:iam::{ACCOUNT}:role/r", "AROA", "fn")

    def judged(ctx: Context) -> Any:
        return check(ctx, BUS.replace("default", "nope"), Sender("destination", role))

    refusal = events.within(judged)
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "denied"


def test_what_is_no_object_is_rejected(events: Events) -> None:
    refusal = events.within(lambda ctx: send(ctx, BUS, Parcel(b"[]", S3)))
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.transient) == ("rejected", False)
