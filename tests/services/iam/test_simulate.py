"""The simulators answer what authorisation would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.services.iam.errors import InvalidInput, NoSuchEntity
from tests.services.iam.desk import SEND, Desk

DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"}]}


def decisions(told: Any) -> list[tuple[str, str]]:
    return [(one["EvalActionName"], one["EvalDecision"]) for one in told["EvaluationResults"]]


def test_a_principal_s_own_policies(desk: Desk) -> None:
    arn = desk.role()["Arn"]
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="send", PolicyDocument=json.dumps(SEND))
    told = desk.iam("SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=["sqs:SendMessage", "s3:GetObject"])
    assert decisions(told) == [("sqs:SendMessage", "allowed"), ("s3:GetObject", "implicitDeny")]
    assert told["IsTruncated"] is False


def test_a_policy_given_beside_them(desk: Desk) -> None:
    arn = desk.role()["Arn"]
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="send", PolicyDocument=json.dumps(SEND))
    told = desk.iam(
        "SimulatePrincipalPolicy",
        PolicySourceArn=arn,
        ActionNames=["sqs:SendMessage"],
        PolicyInputList=[json.dumps(DENY)],
    )
    assert decisions(told) == [("sqs:SendMessage", "explicitDeny")]
    assert told["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"] == "PolicyInputList.1"


def test_custom_policies_with_context(desk: Desk) -> None:
    condition = {"StringEquals": {"aws:RequestTag/team": "x"}}
    document = {"Version": "2012-10-17", "Statement": [{**SEND["Statement"][0], "Condition": condition}]}  # type: ignore[dict-item]
    ask: dict[str, Any] = {"PolicyInputList": [json.dumps(document)], "ActionNames": ["sqs:SendMessage"]}
    without = desk.iam("SimulateCustomPolicy", **ask)
    assert decisions(without) == [("sqs:SendMessage", "implicitDeny")]
    assert without["EvaluationResults"][0]["MissingContextValues"] == ["aws:RequestTag/team"]
    entry = {"ContextKeyName": "aws:RequestTag/team", "ContextKeyValues": ["x"], "ContextKeyType": "string"}
    assert decisions(desk.iam("SimulateCustomPolicy", **ask, ContextEntries=[entry])) == [
        ("sqs:SendMessage", "allowed")
    ]


def test_nobody_and_nonsense(desk: Desk) -> None:
    with pytest.raises(NoSuchEntity):
        desk.iam("SimulatePrincipalPolicy", PolicySourceArn="arn:aws:iam::111111111111:role/no", ActionNames=["a:b"])
    with pytest.raises(InvalidInput):
        desk.iam("SimulateCustomPolicy", PolicyInputList=["{"], ActionNames=["a:b"])
