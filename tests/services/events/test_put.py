"""PutEvents: which entries are refused and how, and what a target receives of the others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.principal import Principal
from outfall.services.events.put import ENTRIES_SIZE_MAX
from tests.support import ACCOUNT, T0

from .conftest import Events


@pytest.mark.parametrize("name", ["Source", "DetailType", "Detail"])
def test_an_entry_without_a_required_part_is_refused_by_itself(events: Events, name: str) -> None:
    """[LS:test_put_events_without_source, test_put_event_without_detail, test_put_event_without_detail_type]"""
    whole = {"Source": "app", "DetailType": "Thing", "Detail": "{}"}
    part = {key: value for key, value in whole.items() if key != name}
    answer = events("PutEvents", Entries=[part, whole])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0] == {
        "ErrorCode": "InvalidArgument",
        "ErrorMessage": f"Parameter {name} is not valid. Reason: {name} is a required argument.",
    }
    assert list(answer["Entries"][1]) == ["EventId"]


@pytest.mark.parametrize("detail", ["string", "[]", '"string"', '{"a": }', "1", '{"a":' * 5000])
def test_a_detail_that_is_no_object_is_malformed(events: Events, detail: str) -> None:
    """[LS:test_put_event_malformed_detail]"""
    assert events.put(Detail=detail) == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def test_sources_of_aws_are_reserved(events: Events) -> None:
    assert events.put(Source="aws.s3") == {
        "ErrorCode": "NotAuthorizedForSourceException",
        "ErrorMessage": "Not authorized for the source.",
    }


def test_all_entries_together_have_a_limit(events: Events) -> None:
    """[LS:test_put_event_with_too_big_detail]"""
    entry = {"Source": "a", "DetailType": "b", "Detail": json.dumps({"x": "y" * (ENTRIES_SIZE_MAX // 2)})}
    assert events.refused("PutEvents", Entries=[entry, entry])[1::2] == (
        "ValidationException",
        "Total size of the entries in the request is over the limit.",
    )


def test_what_a_target_receives(events: Events) -> None:
    """Key order, whole seconds, no space, numbers as they were written. [LS:test_put_events_time]"""
    events.rule(events.queue(), {"source": ["app"]})
    put = events.put(Detail='{ "n" : 1.0, "b": "x y" }', Time=T0 + 999, Resources=["r1"], TraceHeader="Root=1-2-3")
    ((_, parcel),) = events.queues.arrived
    assert parcel.body.decode() == (
        f'{{"version":"0","id":"{put["EventId"]}","detail-type":"Thing","source":"app","account":"{ACCOUNT}",'
        '"time":"2027-01-15T08:00:00Z","region":"us-east-1","resources":["r1"],"detail":{"n":1.0,"b":"x y"}}'
    )
    assert parcel.trace_header == "Root=1-2-3"
    assert not parcel.attributes


def test_a_bus_that_is_not_there_swallows_its_events(events: Events) -> None:
    """[LS:test_put_events_nonexistent_event_bus]"""
    events.rule(events.queue(), {"source": ["app"]})
    assert "EventId" in events.put(EventBusName="nope")
    assert events.arrived() == []


def test_events_stay_on_their_bus(events: Events) -> None:
    events("CreateEventBus", Name="b")
    events.rule(events.queue("one"), {"source": ["app"]}, bus="b")
    events.rule(events.queue("two"), {"source": ["app"]})
    events.put({"n": 1}, EventBusName="b")
    events.put({"n": 2}, EventBusName=f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default")
    assert [event["detail"]["n"] for event in events.arrived(events.queue("one"))] == [1]
    assert [event["detail"]["n"] for event in events.arrived(events.queue("two"))] == [2]


def test_a_disabled_rule_matches_nothing(events: Events) -> None:
    events.rule(events.queue(), {"source": ["app"]})
    events("DisableRule", Name="r")
    events.put()
    assert events.arrived() == []


def test_another_account_needs_the_policy_of_the_bus(events: Events) -> None:
    bus = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
    events.rule(events.queue(), {"source": ["app"]})
    events.account = "222222222222"
    events.principal = Principal("root", events.account, f"arn:aws:iam::{events.account}:root", events.account)
    entry = {"Source": "app", "DetailType": "t", "Detail": "{}", "EventBusName": bus}
    assert events.refused("PutEvents", Entries=[entry])[1] == "AccessDeniedException"
    events.account, events.principal = ACCOUNT, None
    events("PutPermission", Action="events:PutEvents", Principal="222222222222", StatementId="s")
    events.account = "222222222222"
    events.principal = Principal("root", events.account, f"arn:aws:iam::{events.account}:root", events.account)
    assert events("PutEvents", Entries=[entry])["FailedEntryCount"] == 0
    (event,) = events.arrived()
    assert event["account"] == "222222222222"


EVENT: dict[str, Any] = {
    "id": "1",
    "source": "order",
    "detail-type": "Test",
    "account": ACCOUNT,
    "region": "us-east-1",
    "time": "2022-07-13T13:48:01Z",
}


def test_test_event_pattern(events: Events) -> None:
    """[LS:test_event_pattern_source, test_plain_string_payload]"""
    pattern = json.dumps({"source": ["order"]})
    assert events("TestEventPattern", EventPattern=pattern, Event=json.dumps(EVENT)) == {"Result": True}
    other = json.dumps(EVENT | {"source": "shipment"})
    assert events("TestEventPattern", EventPattern=pattern, Event=other) == {"Result": False}
    for bad in ("plain string", "[]", json.dumps({"source": "order"})):
        assert events.refused("TestEventPattern", EventPattern=pattern, Event=bad)[1::2] == (
            "ValidationException",
            "Parameter Event is not valid.",
        )
    assert events.refused("TestEventPattern", EventPattern="{}", Event="{}")[1] == "InvalidEventPatternException"


def test_global_endpoints_are_not_served(events: Events) -> None:
    entry = {"Source": "app", "DetailType": "Thing", "Detail": "{}"}
    assert events.refused("PutEvents", Entries=[entry], EndpointId="abcde.veo")[0] == 501
