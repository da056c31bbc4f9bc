"""The cases about evaluation, by their ids."""

from __future__ import annotations

from typing import Any

import pytest

from tests.authz.people import QUEUE, USER, decide_all, policy, statement
from tests.support import ACCOUNT

ALLOW = policy(statement())
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
NOT_IAM = policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})


def under(operator: str, values: Any, key: str = "my:key") -> str:
    return policy(statement(action="*", Condition={operator: {key: values}}))


ROWS: list[tuple[str, str, str, dict[str, Any], bool]] = [
    # case, action, resource, what is in force, allowed
    ("iam-010", "sqs:SendMessage", QUEUE, {"identity": (ALLOW,)}, True),
    (
        "iam-011",
        "sqs:SendMessage",
        QUEUE,
        {"identity": (ALLOW,), "resource_policy": policy(statement("Deny", Principal="*"))},
        False,
    ),
    ("iam-012", "sqs:SendMessage", QUEUE, {"identity": (NOT_IAM,)}, True),
    ("iam-012 iam", "iam:GetRole", ROLE, {"identity": (NOT_IAM,)}, False),
    ("iam-013", "sqs:SendMessage", QUEUE, {"identity": (under("StringNotEquals", "a"),)}, True),
    ("iam-014", "sqs:SendMessage", QUEUE, {"identity": (under("StringEquals", "a"),)}, False),
    (
        "iam-015",
        "sqs:SendMessage",
        QUEUE,
        {"identity": (under("ForAllValues:StringEquals", ["a"]),), "keys": {"my:key": []}},
        True,
    ),
    (
        "iam-016",
        "iam:TagUser",
        USER.arn,
        {
            "identity": (under("StringEquals", "team", "aws:TagKeys"),),
            "parameters": {"Tags": [{"Key": "team", "Value": "red"}]},
        },
        False,
    ),
    (
        "iam-017",
        "sqs:SendMessage",
        "arn:aws:sqs:us-east-1:111111111111:abcd",
        {"identity": (policy(statement(resource="arn:aws:sqs:*:*:a?c*")),)},
        True,
    ),
    ("iam-018", "sqs:SendMessage", QUEUE, {"identity": (policy(statement(action="SQS:sendmessage")),)}, True),
    (
        "iam-019",
        "sqs:SendMessage",
        QUEUE,
        {
            "identity": (under("IpAddress", "2001:db8::5/64", "aws:SourceIp"),),
            "keys": {"aws:SourceIp": "2001:db8::5"},
        },
        False,
    ),
]


@pytest.mark.parametrize("action, resource, given, allowed", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_case_is_decided(action: str, resource: str, given: dict[str, Any], allowed: bool) -> None:
    decision = decide_all(USER, action, resource, owner=ACCOUNT, **given)
    assert decision.allowed is allowed
    if not allowed and "resource_policy" not in given:
        assert decision.reason == f"because no identity-based policy allows the {action} action"
