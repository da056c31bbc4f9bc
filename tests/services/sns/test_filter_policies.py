"""Policies that cannot be, and what AWS says of them. [LS:TestSNSFilterPolicyConditions, TestSNSFilterPolicyCrud]"""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Sns

EITHER = "exists match pattern must be either true or false."
STRING = "suffix match pattern must be a string"

WRONG: list[tuple[Any, str]] = [
    ({"key": [["value"]]}, "Match value must be String, number, true, false, or null"),
    ({"key": [{"wrong-operator": True}]}, "Unrecognized match type wrong-operator"),
    ({"key": [{"suffix": "value", "prefix": "value2"}]}, "Only one key allowed in match expression"),
    ({"key": [{"suffix": 100}]}, STRING),
    ({"key": [{"suffix": None}]}, STRING),
    ({"key": [{"suffix": []}]}, STRING),
    ({"key": {"suffix": "value"}}, '"suffix" must be an object or an array'),
    ({"key": {"not-an-operator": "value"}}, '"not-an-operator" must be an object or an array'),
    ({"key": "value"}, '"key" must be an object or an array'),
    ({"key": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
    ({"key": [{"numeric": ["operator"]}]}, "Unrecognized numeric range operator: operator"),
    ({"key": [{"numeric": [1, "<="]}]}, "Invalid member in numeric match: 1"),
    ({"key": [{"numeric": ["=", "000"]}]}, "Value of equals must be numeric"),
    ({"key": [{"numeric": [">="]}]}, "Value of >= must be numeric"),
    ({"key": [{"numeric": ["<", 100, ">", 10]}]}, "Too many elements in numeric expression"),
    ({"key": [{"numeric": [">=", 1, ">", 2]}]}, "Bad numeric range operator: >"),
    ({"key": [{"numeric": [">", 3, "<", 1]}]}, "Bottom must be less than top"),
    ({"key": [{"numeric": [">", 20, "<="]}]}, "Value of <= must be numeric"),
    ({"key": [{"numeric": [">", 20, 30]}]}, "Bad value in numeric range: 30"),
    ({"key": [{"numeric": [">", 20, "test"]}]}, "Bad numeric range operator: test"),
    ({"key": [{"numeric": [">", 20, "<", "30"]}]}, "Value of < must be numeric"),
    ({"key": [{"numeric": [">", 20, "<", 30, "<", 50]}]}, "Too many terms in numeric range expression"),
    ({"key": [{"exists": None}]}, EITHER),
    ({"key": [{"exists": "no"}]}, EITHER),
    ({"key": [{"anything-but": {"wrong-operator": None}}]}, "Unsupported anything-but pattern: wrong-operator"),
    ({"key": [{"anything-but": {"exists": False}}]}, "Unsupported anything-but pattern: exists"),
    ({"key": [{"anything-but": {"prefix": False}}]}, "prefix match pattern must be a string"),
    ({f"k{n}": ["v"] for n in range(6)}, "Filter policy can not have more than 5 keys"),
    ({"key": [str(n) for n in range(151)]}, "Filter policy is too complex"),
    ({"a": [1, 2, 3, 4, 5] * 3, "b": [1, 2, 3, 4, 5, 6] * 2}, "Filter policy is too complex"),
]


@pytest.mark.parametrize("policy, said", WRONG)
def test_a_policy_that_cannot_be_is_refused(sns: Sns, policy: Any, said: str) -> None:
    request = {"TopicArn": sns.topic(), "Protocol": "sqs", "Endpoint": sns.queue()}
    refused = sns.refused("Subscribe", **request, Attributes={"FilterPolicy": json.dumps(policy)})
    assert refused[3] == f"Invalid parameter: Attributes Reason: FilterPolicy: {said}"


def test_attributes_have_no_levels(sns: Sns) -> None:
    arn = sns.subscribe(sns.topic(), sns.queue())
    nested = json.dumps({"object": {"key": [{"prefix": "auto-"}]}})
    request: dict[str, Any] = {"SubscriptionArn": arn, "AttributeName": "FilterPolicy", "AttributeValue": nested}
    said = "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
    assert sns.refused("SetSubscriptionAttributes", **request)[3] == said
    scope: dict[str, Any] = {"AttributeName": "FilterPolicyScope", "AttributeValue": "MessageBody"}
    sns("SetSubscriptionAttributes", SubscriptionArn=arn, **scope)
    sns("SetSubscriptionAttributes", **request)
    assert sns.attributes(arn)["FilterPolicy"] == nested


def test_the_scope_shows_beside_a_policy_alone(sns: Sns) -> None:
    """[LS:test_set_subscription_filter_policy_scope]"""
    arn = sns.subscribe(sns.topic(), sns.queue())
    assert "FilterPolicyScope" not in sns.attributes(arn)
    policy: dict[str, Any] = {"AttributeName": "FilterPolicy", "AttributeValue": '{"a":["b"]}'}
    sns("SetSubscriptionAttributes", SubscriptionArn=arn, **policy)
    assert sns.attributes(arn)["FilterPolicyScope"] == "MessageAttributes"
    sns("SetSubscriptionAttributes", SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="")
    assert "FilterPolicy" not in sns.attributes(arn)
