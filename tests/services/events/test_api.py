"""Buses, rules, targets, tags and policies: what EventBridge answers, and the errors in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.errors import NotServed
from tests.support import ACCOUNT

from .conftest import Events

BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/"
RULE = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/"
PATTERN = json.dumps({"source": ["app"]})


def error(events: Events, operation: str, **request: Any) -> tuple[str, str]:
    _, code, _, message = events.refused(operation, **request)
    return code, message


def test_the_default_bus_is_always_there(events: Events) -> None:
    assert events("DescribeEventBus") == {"Name": "default", "Arn": f"{BUS}default"}
    assert events("ListEventBuses")["EventBuses"] == [{"Name": "default", "Arn": f"{BUS}default"}]
    assert error(events, "DeleteEventBus", Name="default") == (
        "ValidationException",
        "Cannot delete event bus default.",
    )
    assert error(events, "CreateEventBus", Name="default")[1] == "Event bus default already exists."


def test_the_life_of_a_bus(events: Events) -> None:
    """[LS:test_create_list_describe_delete_custom_event_buses]"""
    assert events("CreateEventBus", Name="b") == {"EventBusArn": f"{BUS}b"}
    shown = {"Name": "b", "Arn": f"{BUS}b", "CreationTime": events.now, "LastModifiedTime": events.now}
    assert events("DescribeEventBus", Name="b") == shown
    assert events("DescribeEventBus", Name=f"{BUS}b") == shown
    assert events("ListEventBuses", NamePrefix="b")["EventBuses"] == [shown]
    assert error(events, "CreateEventBus", Name="b") == (
        "ResourceAlreadyExistsException",
        "Event bus b already exists.",
    )
    events("PutRule", Name="r", EventBusName="b", EventPattern=PATTERN)
    assert error(events, "DeleteEventBus", Name="b")[1] == "Event bus can't be deleted since it has rules."
    events("DeleteRule", Name="r", EventBusName="b")
    events("DeleteEventBus", Name="b")
    events("DeleteEventBus", Name="b")
    assert error(events, "DescribeEventBus", Name="b") == (
        "ResourceNotFoundException",
        "Event bus b does not exist.",
    )


def test_buses_come_in_pages_with_the_default_one_in_its_place(events: Events) -> None:
    for name in ("a", "c", "e", "f"):
        events("CreateEventBus", Name=name)
    pages: list[list[str]] = []
    token: dict[str, str] = {}
    while True:
        answer = events("ListEventBuses", Limit=2, **token)
        pages.append([bus["Name"] for bus in answer["EventBuses"]])
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert pages == [["a", "c"], ["default", "e"], ["f"]]


def test_the_policy_of_a_bus(events: Events) -> None:
    """[LS:test_put_permission, test_remove_permission, test_remove_permission_non_existing_sid]"""
    gone = ("ResourceNotFoundException", "Statement with the provided id does not exist.")
    assert error(events, "RemovePermission", StatementId="s") == gone
    for name, principal in (("s", "222222222222"), ("all", "*")):
        events("PutPermission", Action="events:PutEvents", Principal=principal, StatementId=name)
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": "events:PutEvents",
        "Resource": f"{BUS}default",
    }
    policy = json.loads(events("DescribeEventBus")["Policy"])
    assert policy["Statement"] == [statement, statement | {"Sid": "all", "Principal": "*"}]
    events("RemovePermission", StatementId="all")
    assert json.loads(events("DescribeEventBus")["Policy"])["Statement"] == [statement]
    assert error(events, "RemovePermission", StatementId="all") == gone
    events("RemovePermission", RemoveAllPermissions=True)
    assert "Policy" not in events("DescribeEventBus")
    whole = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    events("PutPermission", Policy=whole)
    assert json.loads(events("DescribeEventBus")["Policy"]) == json.loads(whole)
    assert error(events, "PutPermission", EventBusName="nope", Policy=whole)[1] == "Event bus nope does not exist."


def test_the_life_of_a_rule(events: Events) -> None:
    """[LS:test_put_list_with_prefix_describe_delete_rule, test_disable_re_enable_rule]"""
    assert events("PutRule", Name="r", EventPattern=PATTERN) == {"RuleArn": f"{RULE}r"}
    shown = {
        "Name": "r",
        "Arn": f"{RULE}r",
        "EventPattern": PATTERN,
        "State": "ENABLED",
        "EventBusName": "default",
    }
    assert events("DescribeRule", Name="r") == shown | {"CreatedBy": ACCOUNT}
    assert events("ListRules", NamePrefix="r")["Rules"] == [shown]
    events("DisableRule", Name="r")
    assert events("DescribeRule", Name="r")["State"] == "DISABLED"
    events("EnableRule", Name="r")
    assert events("DescribeRule", Name="r")["State"] == "ENABLED"
    events("DeleteRule", Name="r")
    events("DeleteRule", Name="r")
    assert events("ListRules") == {"Rules": []}
    assert error(events, "DescribeRule", Name="r") == (
        "ResourceNotFoundException",
        "Rule r does not exist on EventBus default.",
    )


def test_a_rule_of_another_bus_has_it_in_its_arn(events: Events) -> None:
    events("CreateEventBus", Name="b")
    assert events("PutRule", Name="r", EventBusName="b", EventPattern=PATTERN) == {"RuleArn": f"{RULE}b/r"}
    assert events("ListRules") == {"Rules": []}
    assert error(events, "PutRule", Name="r", EventBusName="nope", EventPattern=PATTERN)[1] == (
        "Event bus nope does not exist."
    )


@pytest.mark.parametrize(
    "request_, code, message",
    [
        ({}, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."),
        (
            {"ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            {"ScheduleExpression": "rate(1 minute)", "EventBusName": "b"},
            "ValidationException",
            "ScheduleExpression is supported only on the default event bus.",
        ),
        (
            {"EventPattern": '{"a": 1}'},
            "InvalidEventPatternException",
            'Event pattern is not valid. Reason: "a" must be an object or an array\n'
            ' at [Source: (String)"{"a": 1}"; line: 1, column: 8]',
        ),
    ],
)
def test_rules_that_are_refused(events: Events, request_: dict[str, Any], code: str, message: str) -> None:
    events("CreateEventBus", Name="b")
    assert error(events, "PutRule", Name="r", **request_) == (code, message)


def test_putting_a_rule_again_keeps_its_targets(events: Events) -> None:
    """[LS:test_update_rule_with_targets]"""
    events.rule(events.queue(), {"source": ["app"]})
    events("PutRule", Name="r", EventPattern='{"source": ["other"]}', Description="d")
    assert events("ListTargetsByRule", Rule="r")["Targets"] == [{"Id": "t", "Arn": events.queue()}]
    assert error(events, "DeleteRule", Name="r") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    assert events("ListRuleNamesByTarget", TargetArn=events.queue()) == {"RuleNames": ["r"]}
    assert events("ListRuleNamesByTarget", TargetArn=events.queue("other")) == {"RuleNames": []}
    assert events("RemoveTargets", Rule="r", Ids=["t", "u"]) == {"FailedEntryCount": 0, "FailedEntries": []}
    events("DeleteRule", Name="r")


def test_a_target_is_shown_as_it_was_put(events: Events) -> None:
    target = {
        "Id": "1",
        "Arn": events.queue("q.fifo"),
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x",
        "InputTransformer": {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '{"x": <a>}'},
        "SqsParameters": {"MessageGroupId": "g"},
        "DeadLetterConfig": {"Arn": events.queue("letters")},
        "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
    }
    events("PutRule", Name="r", EventPattern=PATTERN)
    assert events("PutTargets", Rule="r", Targets=[target]) == {"FailedEntryCount": 0, "FailedEntries": []}
    assert events("ListTargetsByRule", Rule="r") == {"Targets": [target]}


@pytest.mark.parametrize(
    "target, message",
    [
        (
            {"InputPath": "$.detail", "InputTransformer": {"InputTemplate": '"x"'}},
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"a": "$.a"}, "InputTemplate": '"<a> <notdefinedkey>"'}},
            "InputTemplate for target t contains invalid placeholder notdefinedkey.",
        ),
        ({"Arn": "nonsense"}, "Parameter nonsense is not valid. Reason: Provided Arn is not in correct format."),
        (
            {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q.fifo"},
            "Parameter(s) SqsParameters must be specified for target: t.",
        ),
        ({"Input": "{"}, "JSON syntax error in input for target t"),
    ],
)
def test_targets_that_are_refused(events: Events, target: dict[str, Any], message: str) -> None:
    """[LS:test_put_event_input_path_and_input_transformer, test_put_events_with_input_transformer_missing_keys]"""
    events("PutRule", Name="r", EventPattern=PATTERN)
    given = {"Id": "t", "Arn": events.queue(), **target}
    assert error(events, "PutTargets", Rule="r", Targets=[given]) == ("ValidationException", message)


def test_targets_that_are_not_served_are_not_claimed_to_be(events: Events) -> None:
    events("PutRule", Name="r", EventPattern=PATTERN)
    for target in (
        {"Id": "t", "Arn": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"},
        {"Id": "t", "Arn": events.queue(), "EcsParameters": {"TaskDefinitionArn": "x"}},
    ):
        with pytest.raises(NotServed):
            events("PutTargets", Rule="r", Targets=[target])


def test_a_rule_has_at_most_five_targets(events: Events) -> None:
    """[LS:test_add_exceed_fife_targets_per_rule]"""
    events("PutRule", Name="r", EventPattern=PATTERN)
    targets = [{"Id": str(number), "Arn": events.queue()} for number in range(6)]
    assert error(events, "PutTargets", Rule="r", Targets=targets) == (
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
    )
    events("PutTargets", Rule="r", Targets=targets[:5])
    events("PutTargets", Rule="r", Targets=targets[:5])


def test_tags_of_buses_and_rules(events: Events) -> None:
    """[LS:tests_tag_untag_resource]"""
    one, two = {"Key": "tag1", "Value": "value1"}, {"Key": "tag2", "Value": "value2"}
    bus = events("CreateEventBus", Name="b", Tags=[one])["EventBusArn"]
    rule = events("PutRule", Name="r", EventBusName="b", EventPattern=PATTERN, Tags=[one])["RuleArn"]
    for arn in (bus, rule):
        events("TagResource", ResourceARN=arn, Tags=[two])
        assert events("ListTagsForResource", ResourceARN=arn) == {"Tags": [one, two]}
        events("UntagResource", ResourceARN=arn, TagKeys=["tag2", "tag3"])
        assert events("ListTagsForResource", ResourceARN=arn) == {"Tags": [one]}
    assert error(events, "TagResource", ResourceARN=f"{RULE}b/nope", Tags=[one])[1] == (
        "Rule nope does not exist on EventBus b."
    )
    assert error(events, "ListTagsForResource", ResourceARN=f"{BUS}nope")[1] == "Event bus nope does not exist."
