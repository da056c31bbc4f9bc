"""The simulators answer what authorisation would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.errors import NotServed
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


def result(told: Any) -> dict[str, Any]:
    [one] = told["EvaluationResults"]
    return dict(one)


PRETTY = json.dumps(SEND, indent=2)
QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"
ASK: dict[str, Any] = {"PolicyInputList": [json.dumps(SEND)], "ActionNames": ["sqs:SendMessage"]}


# https://docs.aws.amazon.com/IAM/latest/APIReference/API_Statement.html
def test_where_a_statement_stands(desk: Desk) -> None:
    [matched] = result(desk.iam("SimulateCustomPolicy", PolicyInputList=[PRETTY], ActionNames=["sqs:SendMessage"]))[
        "MatchedStatements"
    ]
    assert matched == {
        "SourcePolicyId": "PolicyInputList.1",
        "SourcePolicyType": "IAM Policy",
        "StartPosition": {"Line": 3, "Column": 17},
        "EndPosition": {"Line": 8, "Column": 6},
    }


def test_policies_are_named_without_path_and_holder(desk: Desk) -> None:
    arn = desk.role()["Arn"]
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="inline", PolicyDocument=json.dumps(SEND))
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=desk.policy("managed", Path="/team/"))
    told = result(desk.iam("SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=["sqs:SendMessage"]))
    assert [one["SourcePolicyId"] for one in told["MatchedStatements"]] == ["inline", "managed"]


def test_the_policies_of_a_group(desk: Desk) -> None:
    desk.iam("CreateGroup", GroupName="g")
    desk.iam("PutGroupPolicy", GroupName="g", PolicyName="p", PolicyDocument=json.dumps(SEND))
    arn = "arn:aws:iam::111111111111:group/g"
    told = desk.iam("SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=["sqs:SendMessage"])
    assert decisions(told) == [("sqs:SendMessage", "allowed")]


def test_each_resource_has_a_result(desk: Desk) -> None:
    one = {**SEND["Statement"][0], "Resource": QUEUE}  # type: ignore[dict-item]
    document = json.dumps({"Version": "2012-10-17", "Statement": [one]})
    told = desk.iam(
        "SimulateCustomPolicy",
        PolicyInputList=[document],
        ActionNames=["sqs:SendMessage"],
        ResourceArns=[QUEUE, QUEUE + "2"],
    )
    allowed, denied = told["EvaluationResults"]
    assert (allowed["EvalResourceName"], allowed["EvalDecision"]) == (QUEUE, "allowed")
    assert (denied["EvalResourceName"], denied["EvalDecision"]) == (QUEUE + "2", "implicitDeny")
    [specific] = denied["ResourceSpecificResults"]
    assert (specific["EvalResourceName"], specific["EvalResourceDecision"]) == (QUEUE + "2", "implicitDeny")
    assert specific["MatchedStatements"] == []


def test_a_boundary_is_told_apart(desk: Desk) -> None:
    boundary = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    )
    told = result(desk.iam("SimulateCustomPolicy", **ASK, PermissionsBoundaryPolicyInputList=[boundary]))
    assert told["EvalDecision"] == "implicitDeny"
    assert told["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_service_control_policies_are_told_apart(desk: Desk) -> None:
    full = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    for account, allowed in ((full, True), (json.dumps(DENY), False)):
        levels = [{"ServiceControlPolicyInputList": [full]}, {"ServiceControlPolicyInputList": [full, account]}]
        told = result(desk.iam("SimulateCustomPolicy", **ASK, OrderedOrganizationPolicyInputList=levels))
        assert told["EvalDecision"] == ("allowed" if allowed else "explicitDeny")
        assert told["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": allowed}


def test_a_resource_policy_and_a_caller_of_another_account(desk: Desk) -> None:
    caller = "arn:aws:iam::222222222222:user/bob"
    there = {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "sqs:SendMessage", "Resource": QUEUE}
    asked = {
        **ASK,
        "ResourceArns": [QUEUE],
        "CallerArn": caller,
        "ResourcePolicy": json.dumps({"Version": "2012-10-17", "Statement": there}),
    }
    told = result(desk.iam("SimulateCustomPolicy", **asked))
    assert told["EvalDecision"] == "allowed"
    assert told["EvalDecisionDetails"] == {"IAM Policy": "allowed", "Resource Policy": "allowed"}
    assert [one["SourcePolicyType"] for one in told["MatchedStatements"]] == ["IAM Policy", "Resource Policy"]
    asked["CallerArn"] = "arn:aws:iam::222222222222:user/eve"
    assert result(desk.iam("SimulateCustomPolicy", **asked))["EvalDecision"] == "implicitDeny"


def test_pages(desk: Desk) -> None:
    asked = {**ASK, "ActionNames": ["a:B", "a:C", "a:D"], "MaxItems": 2}
    first = desk.iam("SimulateCustomPolicy", **asked)
    assert (len(first["EvaluationResults"]), first["IsTruncated"]) == (2, True)
    last = desk.iam("SimulateCustomPolicy", **asked, Marker=first["Marker"])
    assert [one["EvalActionName"] for one in last["EvaluationResults"]] == ["a:D"]


def test_what_is_not_served_says_so(desk: Desk) -> None:
    with pytest.raises(NotServed):
        desk.iam("SimulateCustomPolicy", **ASK, ResourceHandlingOption="EC2-VPC-EBS")
    for wrong in ({"ResourcePolicy": "{}"}, {"CallerArn": "me"}, {"CallerArn": "arn:aws:sts::1:assumed-role/r/s"}):
        with pytest.raises(InvalidInput):
            desk.iam("SimulateCustomPolicy", **ASK, **wrong)


# https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html
def test_context_keys(desk: Desk) -> None:
    one = {
        **SEND["Statement"][0],  # type: ignore[dict-item]
        "Resource": "arn:aws:sqs:*:*:${aws:username}",
        "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2015-08-16T12:00:00Z"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [one]})
    told = desk.iam("GetContextKeysForCustomPolicy", PolicyInputList=[document, document])
    assert told == {"ContextKeyNames": ["aws:username", "aws:CurrentTime"]}
    arn = desk.role()["Arn"]
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=document)
    of_role = desk.iam("GetContextKeysForPrincipalPolicy", PolicySourceArn=arn)
    assert of_role == {"ContextKeyNames": ["aws:username", "aws:CurrentTime"]}
    with pytest.raises(NoSuchEntity):
        desk.iam("GetContextKeysForPrincipalPolicy", PolicySourceArn=arn + "x")


def test_missing_keys_are_told_of_the_resource_that_was_named(desk: Desk) -> None:
    one = {**SEND["Statement"][0], "Condition": {"StringEquals": {"aws:RequestTag/Team": "x"}}}  # type: ignore[dict-item]
    asked = {"PolicyInputList": [json.dumps({"Version": "2012-10-17", "Statement": [one]})], "ActionNames": ["a:B"]}
    assert result(desk.iam("SimulateCustomPolicy", **asked))["MissingContextValues"] == ["aws:RequestTag/Team"]
    told = result(desk.iam("SimulateCustomPolicy", **asked, ResourceArns=[QUEUE]))
    assert told["MissingContextValues"] == []
    assert told["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:RequestTag/Team"]


def inline(name: str, holder: str, kind: str = "user") -> dict[str, Any]:
    return {"InlinePolicyIdentifier": {"PolicyName": name, "AttachmentType": kind, "AttachmentName": holder}}


# https://docs.aws.amazon.com/IAM/latest/APIReference/API_PolicyIdentifier.html
@pytest.mark.parametrize(
    "excluded, kept",
    [
        ([], ["mine", "managed", "ours", "SQSFull"]),
        ([{"PolicyType": "inline"}], ["managed", "SQSFull"]),
        ([{"PolicyType": "aws-managed"}], ["mine", "managed", "ours"]),
        ([{"PolicyType": "user-managed"}], ["mine", "ours", "SQSFull"]),
        ([{"PolicyType": "inline"}, {"PolicyType": "user-managed"}, {"PolicyType": "rcp"}], ["SQSFull"]),
        ([{"PolicyArn": "arn:aws:iam::111111111111:policy/team/managed"}], ["mine", "ours", "SQSFull"]),
        ([{"PolicyArn": "arn:aws:iam::111111111111:policy/team/man?ge*"}], ["mine", "ours", "SQSFull"]),
        ([{"PolicyArn": "arn:aws:iam::111111111111:policy/other"}], ["mine", "managed", "ours", "SQSFull"]),
        ([inline("mine", "u")], ["managed", "ours", "SQSFull"]),
        ([inline("mine", "u*"), inline("ours", "?", "group")], ["managed", "SQSFull"]),
        ([inline("mine", "u", "role")], ["mine", "managed", "ours", "SQSFull"]),
    ],
)
def test_policies_left_out(desk: Desk, excluded: list[dict[str, Any]], kept: list[str]) -> None:
    desk.iam("CreateUser", UserName="u")
    desk.iam("CreateGroup", GroupName="g")
    desk.iam("AddUserToGroup", GroupName="g", UserName="u")
    desk.iam("PutUserPolicy", UserName="u", PolicyName="mine", PolicyDocument=json.dumps(SEND))
    desk.iam("PutGroupPolicy", GroupName="g", PolicyName="ours", PolicyDocument=json.dumps(SEND))
    desk.iam("AttachUserPolicy", UserName="u", PolicyArn=desk.policy("managed", Path="/team/"))
    desk.iam("AttachGroupPolicy", GroupName="g", PolicyArn="arn:aws:iam::aws:policy/AmazonSQSFullAccess")
    asked = {"PolicySourceArn": "arn:aws:iam::111111111111:user/u", "ActionNames": ["sqs:SendMessage"]}
    told = result(desk.iam("SimulatePrincipalPolicy", **asked, PolicyExclusionList=excluded))
    found = [one["SourcePolicyId"].replace("AmazonSQSFullAccess", "SQSFull") for one in told["MatchedStatements"]]
    assert found == kept


def test_a_boundary_left_out(desk: Desk) -> None:
    desk.iam("CreateUser", UserName="u", PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    desk.iam("PutUserPolicy", UserName="u", PolicyName="mine", PolicyDocument=json.dumps(SEND))
    asked = {"PolicySourceArn": "arn:aws:iam::111111111111:user/u", "ActionNames": ["sqs:SendMessage"]}
    assert result(desk.iam("SimulatePrincipalPolicy", **asked))["EvalDecision"] == "implicitDeny"
    free = desk.iam("SimulatePrincipalPolicy", **asked, PolicyExclusionList=[{"PolicyType": "permission-boundary"}])
    assert result(free)["EvalDecision"] == "allowed"


def test_service_control_policies_left_out(desk: Desk) -> None:
    arn = desk.role()["Arn"]
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="p", PolicyDocument=json.dumps(SEND))
    asked = {
        "PolicySourceArn": arn,
        "ActionNames": ["sqs:SendMessage"],
        "OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": [json.dumps(DENY)]}],
    }
    assert result(desk.iam("SimulatePrincipalPolicy", **asked))["EvalDecision"] == "explicitDeny"
    free = desk.iam("SimulatePrincipalPolicy", **asked, PolicyExclusionList=[{"PolicyType": "scp"}])
    assert result(free)["EvalDecision"] == "allowed"


@pytest.mark.parametrize(
    "identifier",
    [
        {},
        {"PolicyType": "inline", "PolicyArn": "arn:aws:iam::111111111111:policy/p"},
        {"PolicyArn": "no ARN, though long enough"},
        {"PolicyArn": "arn:aws:iam::*:policy/managed"},
        {"PolicyArn": "arn:aws:iam::111111111111:policy/*/*"},
        {"PolicyArn": "arn:aws:sqs:us-east-1:111111111111:q"},
        inline("mine", "*u*"),
    ],
)
def test_what_identifies_no_policy_is_refused(desk: Desk, identifier: dict[str, Any]) -> None:
    arn = desk.role()["Arn"]
    with pytest.raises(InvalidInput):
        desk.iam("SimulatePrincipalPolicy", PolicySourceArn=arn, ActionNames=["a:B"], PolicyExclusionList=[identifier])


# https://github.com/aws/aws-cli/issues/10314
@pytest.mark.parametrize("effect", [None, "Allow", "Deny"])
def test_roles_are_assumed_by_the_caller_s_own_policies_alone(desk: Desk, effect: str | None) -> None:
    asked: dict[str, Any] = {
        "PolicyInputList": [json.dumps(SEND).replace("sqs:SendMessage", "sts:AssumeRole")],
        "ActionNames": ["sts:AssumeRole"],
        "ResourceArns": ["arn:aws:iam::111111111111:role/r"],
        "CallerArn": "arn:aws:iam::111111111111:user/bob",
    }
    if effect is not None:
        trust = {"Effect": effect, "Principal": {"AWS": asked["CallerArn"]}, "Action": "sts:AssumeRole"}
        asked["ResourcePolicy"] = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    told = result(desk.iam("SimulateCustomPolicy", **asked))
    assert told["EvalDecision"] == "allowed"
    assert [one["SourcePolicyType"] for one in told["MatchedStatements"]] == ["IAM Policy"]
    nothing = {**asked, "PolicyInputList": [json.dumps(SEND)]}
    assert result(desk.iam("SimulateCustomPolicy", **nothing))["EvalDecision"] == "implicitDeny"
