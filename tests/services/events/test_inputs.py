"""What a target receives instead of the event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Events

DETAIL: dict[str, Any] = {
    "command": "update-account",
    "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"},
    "items": [{"n": 1}, {"n": 2}],
    "count": 3,
    "quote": 'say "x"',
}


def body(events: Events, **settings: Any) -> str:
    events.rule(events.queue(), {"source": ["app"]}, **settings)
    events.put(DETAIL)
    ((_, parcel),) = events.queues.arrived
    return parcel.body.decode()


def transformed(events: Events, template: str, **paths: str) -> str:
    return body(events, InputTransformer={"InputPathsMap": paths, "InputTemplate": template})


def test_a_constant_is_sent_as_it_is(events: Events) -> None:
    """[LS:tests_schedule_rate_custom_input_target_sqs]"""
    assert body(events, Input='{"custom-value": "somecustominput"}') == '{"custom-value": "somecustominput"}'


@pytest.mark.parametrize(
    "path, expected",
    [
        ("$.detail.payload", '{"acc_id":"0a787ecb-4015","sf_id":"baz"}'),
        ("$.detail.payload.sf_id", '"baz"'),
        ("$.detail-type", '"Thing"'),
        ("$.detail.items[1].n", "2"),
        ("$.detail.items[*].n", "[1,2]"),
        ("$.resources", "[]"),
    ],
)
def test_a_part_of_the_event(events: Events, path: str, expected: str) -> None:
    """[LS:TestInputPath]"""
    assert body(events, InputPath=path) == expected


@pytest.mark.parametrize(
    "template, expected",
    [
        # [LS:test_put_events_with_input_transformer_input_template_string]
        ('"Event of <type>, command <command>"', '"Event of Thing, command update-account"'),
        ('"{[/Check with special starting characters <type>"', '"{[/Check with special starting characters Thing"'),
        ('"missing <missing>"', '"missing "'),
        # [LS:test_put_events_with_input_transformer_input_template_json]
        ('{"t": <type>, "c": <command>}', '{"t": "Thing", "c": "update-account"}'),
        ('{"t": <missing>}', '{"t": ""}'),
        ('{"n": <count>, "p": <payload>}', '{"n": 3, "p": {"acc_id":"0a787ecb-4015","sf_id":"baz"}}'),
        ('{"text": "<command> of <type>"}', '{"text": "update-account of Thing"}'),
        ('{"q": <quote>}', '{"q": "say \\"x\\""}'),
        ("<command> is in state <count>", '"update-account" is in state 3'),
    ],
)
def test_a_template_is_filled(events: Events, template: str, expected: str) -> None:
    paths = {"type": "$.detail-type", "missing": "$.detail.nope", "quote": "$.detail.quote"}
    paths |= {name: f"$.detail.{name}" for name in ("command", "count", "payload")}
    assert transformed(events, template, **paths) == expected


def test_reserved_variables(events: Events) -> None:
    """[LS:test_input_transformer_predefined_variables]"""
    template = (
        '{"event": <aws.events.event>, "json": <aws.events.event.json>, '
        '"text": "<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"}'
    )
    filled = json.loads(transformed(events, template))
    assert filled["text"] == "arn:aws:events:us-east-1:111111111111:rule/r r 2027-01-15T08:00:00Z"
    assert filled["json"]["detail"] == DETAIL
    whole = filled["json"]
    whole["detailType"] = whole.pop("detail-type")
    del whole["detail"]
    assert filled["event"] == whole
