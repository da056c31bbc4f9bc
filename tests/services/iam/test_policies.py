"""Managed policies and their versions, and who uses them."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from outfall.authz.grammar import identity_problem
from outfall.core.principal import root_of
from outfall.services.iam.aws_managed import aws_managed
from outfall.services.iam.errors import AccessDenied, DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from tests.services.iam.desk import BASIC, SEND, Desk
from tests.support import ACCOUNT


def test_a_new_policy_is_shown_as_aws_shows_it(desk: Desk) -> None:
    told = desk.iam("CreatePolicy", PolicyName="p", PolicyDocument=json.dumps(SEND), Description="d")["Policy"]
    assert list(told) == [
        *("PolicyName", "PolicyId", "Arn", "Path", "DefaultVersionId", "AttachmentCount"),
        *("PermissionsBoundaryUsageCount", "IsAttachable", "CreateDate", "UpdateDate"),
    ]
    assert told["Arn"] == f"arn:aws:iam::{ACCOUNT}:policy/p"
    assert desk.iam("GetPolicy", PolicyArn=told["Arn"])["Policy"]["Description"] == "d"


def test_a_name_is_taken_once(desk: Desk) -> None:
    desk.policy()
    with pytest.raises(
        EntityAlreadyExists, match=r"A policy called p already exists. Duplicate names are not allowed\."
    ):
        desk.policy()


def test_five_versions_and_no_more(desk: Desk) -> None:
    arn = desk.policy()
    for at in range(2, 6):
        made = desk.iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=json.dumps(SEND))["PolicyVersion"]
        assert (made["VersionId"], made["IsDefaultVersion"]) == (f"v{at}", False)
    with pytest.raises(LimitExceeded, match="A managed policy can have up to 5 versions"):
        desk.iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=json.dumps(SEND))
    desk.iam("DeletePolicyVersion", PolicyArn=arn, VersionId="v2")
    made = desk.iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=json.dumps(SEND), SetAsDefault=True)
    assert made["PolicyVersion"]["VersionId"] == "v6"
    versions = desk.iam("ListPolicyVersions", PolicyArn=arn)["Versions"]
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in versions][:2] == [("v6", True), ("v5", False)]


def test_the_version_in_force_cannot_be_removed(desk: Desk) -> None:
    arn = desk.policy()
    with pytest.raises(DeleteConflict, match="Cannot delete the default version of a policy"):
        desk.iam("DeletePolicyVersion", PolicyArn=arn, VersionId="v1")


def test_a_policy_in_use_stays(desk: Desk) -> None:
    arn = desk.policy()
    desk.role()
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=arn)
    assert desk.iam("GetPolicy", PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    with pytest.raises(DeleteConflict, match="Cannot delete a policy attached to entities"):
        desk.iam("DeletePolicy", PolicyArn=arn)
    desk.iam("DetachRolePolicy", RoleName="r", PolicyArn=arn)
    desk.iam("DeletePolicy", PolicyArn=arn)
    with pytest.raises(NoSuchEntity, match="was not found"):
        desk.iam("GetPolicy", PolicyArn=arn)


def test_entities_of_a_policy(desk: Desk) -> None:
    arn = desk.policy()
    desk.role()
    desk.iam("CreateUser", UserName="u", PermissionsBoundary=arn)
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=arn)
    told = desk.iam("ListEntitiesForPolicy", PolicyArn=arn)
    assert [one["RoleName"] for one in told["PolicyRoles"]] == ["r"]
    assert [one["UserName"] for one in told["PolicyUsers"]] == ["u"]
    only = desk.iam("ListEntitiesForPolicy", PolicyArn=arn, PolicyUsageFilter="PermissionsPolicy")
    assert only["PolicyUsers"] == []


def test_listing_keeps_to_its_scope(desk: Desk) -> None:
    arn = desk.policy()
    assert [one["Arn"] for one in desk.iam("ListPolicies", Scope="Local")["Policies"]] == [arn]
    assert len(desk.iam("ListPolicies", Scope="AWS")["Policies"]) == len(aws_managed())
    desk.role()
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=BASIC)
    assert [one["Arn"] for one in desk.iam("ListPolicies", OnlyAttached=True)["Policies"]] == [BASIC]


def test_policies_of_aws_are_there_to_read_and_not_to_change(desk: Desk) -> None:
    told = desk.iam("GetPolicyVersion", PolicyArn=BASIC, VersionId="v1")["PolicyVersion"]
    assert json.loads(unquote(told["Document"]))["Statement"][0]["Action"] == [
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
    ]
    with pytest.raises(AccessDenied):
        desk.iam("DeletePolicy", PolicyArn=BASIC)


def test_policies_of_aws_are_everybody_s_own_to_read(desk: Desk) -> None:
    assert desk.may(root_of(ACCOUNT), "iam:GetPolicy", BASIC).allowed


@pytest.mark.parametrize("arn", sorted(aws_managed()))
def test_policies_of_aws_are_policies(arn: str) -> None:
    assert identity_problem(aws_managed()[arn].document) is None
    assert len(aws_managed()[arn].id) == 21


def test_a_policy_too_long_is_refused(desk: Desk) -> None:
    long = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:" + "a" * 6144, "Resource": "*"}]}
    with pytest.raises(LimitExceeded, match="Cannot exceed quota for PolicySize: 6144"):
        desk.iam("CreatePolicy", PolicyName="p", PolicyDocument=json.dumps(long))
