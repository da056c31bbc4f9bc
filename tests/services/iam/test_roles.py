"""Roles, their inline policies and attachments."""

from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from outfall.core.principal import role_session, root_of
from outfall.services.iam.errors import DeleteConflict, EntityAlreadyExists, NoSuchEntity
from tests.services.iam.desk import BASIC, SEND, TRUST, Desk
from tests.support import ACCOUNT, OTHER_ACCOUNT, T0


def test_a_new_role_is_shown_as_aws_shows_it(desk: Desk) -> None:
    role = desk.role(Path="/team/", Description="works", Tags=[{"Key": "a", "Value": "1"}])
    assert list(role) == [
        *("Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument", "Description", "Tags")
    ]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/team/r"
    assert role["RoleId"].startswith("AROA")
    assert len(role["RoleId"]) == 21
    assert role["CreateDate"] == T0


def test_iam_001_get_role_encodes_the_trust_policy(desk: Desk) -> None:
    desk.role()
    role = desk.iam("GetRole", RoleName="r")["Role"]
    assert (role["MaxSessionDuration"], role["RoleLastUsed"]) == (3600, {})
    assert role["AssumeRolePolicyDocument"].startswith("%7B%22Version%22%3A%20")
    assert json.loads(unquote(role["AssumeRolePolicyDocument"])) == TRUST


def test_dates_are_whole_seconds(desk: Desk) -> None:
    desk.now += 999
    assert desk.role()["CreateDate"] == T0


def test_names_differ_by_more_than_case(desk: Desk) -> None:
    desk.role("Worker")
    with pytest.raises(EntityAlreadyExists, match=r"Role with name worker already exists\."):
        desk.role("worker")


def test_accounts_do_not_see_each_other(desk: Desk) -> None:
    desk.role()
    with pytest.raises(NoSuchEntity, match=r"The role with name r cannot be found\."):
        desk.iam("GetRole", root_of(OTHER_ACCOUNT), RoleName="r")


def test_roles_are_listed_by_name_in_pages(desk: Desk) -> None:
    for name in ("c", "a", "B", "d"):
        desk.role(name, Path="/x/" if name != "d" else "/")
    first = desk.iam("ListRoles", MaxItems=2, PathPrefix="/x/")
    assert [role["RoleName"] for role in first["Roles"]] == ["a", "B"]
    assert first["IsTruncated"] is True
    rest = desk.iam("ListRoles", MaxItems=2, PathPrefix="/x/", Marker=first["Marker"])
    assert ([role["RoleName"] for role in rest["Roles"]], rest["IsTruncated"]) == (["c"], False)


def test_what_a_role_may_is_what_its_policies_say(desk: Desk) -> None:
    role = desk.role()
    session = role_session(role["Arn"], role["RoleId"], "s")
    assert not desk.may(session, "sqs:SendMessage").allowed
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="send", PolicyDocument=json.dumps(SEND))
    assert desk.may(session, "sqs:SendMessage").policies == ("inline policy send of role r",)
    assert desk.may(session, "sqs:SendMessage").allowed
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=BASIC)
    assert desk.may(session, "logs:PutLogEvents").allowed
    desk.iam("DeleteRolePolicy", RoleName="r", PolicyName="send")
    desk.iam("DetachRolePolicy", RoleName="r", PolicyArn=BASIC)
    assert not desk.may(session, "sqs:SendMessage").allowed
    assert not desk.may(session, "logs:PutLogEvents").allowed


def test_a_role_made_again_is_another_role(desk: Desk) -> None:
    old = desk.role()
    session = role_session(old["Arn"], old["RoleId"], "s")
    desk.iam("DeleteRole", RoleName="r")
    desk.role()
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="send", PolicyDocument=json.dumps(SEND))
    assert not desk.may(session, "sqs:SendMessage").allowed


def test_inline_policies_come_back_encoded(desk: Desk) -> None:
    desk.role()
    for name in ("b", "a"):
        desk.iam("PutRolePolicy", RoleName="r", PolicyName=name, PolicyDocument=json.dumps(SEND))
    assert desk.iam("ListRolePolicies", RoleName="r") == {"PolicyNames": ["a", "b"], "IsTruncated": False}
    told = desk.iam("GetRolePolicy", RoleName="r", PolicyName="a")
    assert list(told) == ["RoleName", "PolicyName", "PolicyDocument"]
    assert json.loads(unquote(told["PolicyDocument"])) == SEND


def test_a_role_with_policies_stays(desk: Desk) -> None:
    desk.role()
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="send", PolicyDocument=json.dumps(SEND))
    with pytest.raises(DeleteConflict, match="must delete policies first"):
        desk.iam("DeleteRole", RoleName="r")
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=BASIC)
    with pytest.raises(DeleteConflict, match="must detach all policies first"):
        desk.iam("DeleteRole", RoleName="r")


def test_attaching_twice_is_attaching_once(desk: Desk) -> None:
    desk.role()
    for _ in range(2):
        desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=BASIC)
    assert desk.iam("ListAttachedRolePolicies", RoleName="r")["AttachedPolicies"] == [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}
    ]


def test_a_boundary_limits(desk: Desk) -> None:
    boundary = desk.policy("only-send")
    role = desk.role(PermissionsBoundary=boundary)
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    session = role_session(role["Arn"], role["RoleId"], "s")
    assert desk.may(session, "sqs:SendMessage").allowed
    refused = desk.may(session, "s3:GetObject")
    assert refused.reason == "because no permissions boundary allows the s3:GetObject action"
    desk.iam("DeleteRolePermissionsBoundary", RoleName="r")
    assert desk.may(session, "s3:GetObject").allowed


def test_update_role_changes_what_was_sent(desk: Desk) -> None:
    desk.role(Description="old")
    desk.iam("UpdateRole", RoleName="r", MaxSessionDuration=7200)
    role = desk.iam("GetRole", RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("old", 7200)


def test_tags_are_put_over_each_other(desk: Desk) -> None:
    desk.role(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    desk.iam("TagRole", RoleName="r", Tags=[{"Key": "A", "Value": "3"}])
    desk.iam("UntagRole", RoleName="r", TagKeys=["b"])
    assert desk.iam("ListRoleTags", RoleName="r") == {"Tags": [{"Key": "A", "Value": "3"}], "IsTruncated": False}


def test_a_role_in_an_instance_profile_stays(desk: Desk) -> None:
    desk.role()
    desk.iam("CreateInstanceProfile", InstanceProfileName="i")
    desk.iam("AddRoleToInstanceProfile", InstanceProfileName="i", RoleName="r")
    profiles = desk.iam("ListInstanceProfilesForRole", RoleName="r")["InstanceProfiles"]
    assert [profile["Roles"][0]["RoleName"] for profile in profiles] == ["r"]
    with pytest.raises(DeleteConflict, match="must remove roles from instance profile first"):
        desk.iam("DeleteRole", RoleName="r")
    desk.iam("RemoveRoleFromInstanceProfile", InstanceProfileName="i", RoleName="r")
    desk.iam("DeleteRole", RoleName="r")
    assert desk.iam("ListRoles")["Roles"] == []
