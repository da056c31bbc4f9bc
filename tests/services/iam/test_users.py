"""Users, groups and access keys, and what authentication finds."""

from __future__ import annotations

import json

import pytest

from outfall.core.principal import Principal, root_of
from outfall.services.iam.errors import DeleteConflict, LimitExceeded, NoSuchEntity, ValidationError
from outfall.services.iam.keys import AccessKey, find_access_key
from tests.services.iam.desk import SEND, Desk
from tests.support import ACCOUNT


def key_of(desk: Desk, name: str = "u") -> AccessKey:
    """A new user's key, as authentication finds it."""
    desk.iam("CreateUser", UserName=name)
    made = desk.iam("CreateAccessKey", UserName=name)["AccessKey"]
    found = desk.store.transact(lambda tx: find_access_key(tx, made["AccessKeyId"]))
    assert found is not None
    assert found.secret == made["SecretAccessKey"]
    return found


def test_a_key_stands_for_its_user(desk: Desk) -> None:
    key = key_of(desk)
    assert key.id.startswith("AKIA")
    assert (len(key.id), len(key.secret), key.active) == (20, 40, True)
    principal: Principal = key.principal
    assert (principal.kind, principal.arn, principal.user_name) == ("user", f"arn:aws:iam::{ACCOUNT}:user/u", "u")
    desk.iam("PutUserPolicy", UserName="u", PolicyName="send", PolicyDocument=json.dumps(SEND))
    assert desk.may(principal, "sqs:SendMessage").allowed


def test_a_key_switched_off_is_found_and_says_so(desk: Desk) -> None:
    key = key_of(desk)
    desk.iam("UpdateAccessKey", UserName="u", AccessKeyId=key.id, Status="Inactive")
    found = desk.store.transact(lambda tx: find_access_key(tx, key.id))
    assert found is not None
    assert not found.active


def test_a_removed_key_is_not_found(desk: Desk) -> None:
    key = key_of(desk)
    desk.iam("DeleteAccessKey", UserName="u", AccessKeyId=key.id)
    assert desk.store.transact(lambda tx: find_access_key(tx, key.id)) is None
    assert desk.iam("ListAccessKeys", UserName="u")["AccessKeyMetadata"] == []


def test_two_keys_and_no_more(desk: Desk) -> None:
    key_of(desk)
    desk.iam("CreateAccessKey", UserName="u")
    with pytest.raises(LimitExceeded, match="Cannot exceed quota for AccessKeysPerUser: 2"):
        desk.iam("CreateAccessKey", UserName="u")


def test_a_user_may_leave_out_its_own_name(desk: Desk) -> None:
    principal = key_of(desk).principal
    assert desk.iam("GetUser", principal)["User"]["UserName"] == "u"
    assert len(desk.iam("ListAccessKeys", principal)["AccessKeyMetadata"]) == 1
    with pytest.raises(ValidationError, match="Must specify userName"):
        desk.iam("CreateAccessKey", root_of(ACCOUNT))


def test_keys_follow_a_renamed_user(desk: Desk) -> None:
    key = key_of(desk)
    desk.iam("UpdateUser", UserName="u", NewUserName="v")
    found = desk.store.transact(lambda tx: find_access_key(tx, key.id))
    assert found is not None
    assert found.principal.arn == f"arn:aws:iam::{ACCOUNT}:user/v"


def test_a_group_s_policies_are_its_members_policies(desk: Desk) -> None:
    principal = key_of(desk).principal
    desk.iam("CreateGroup", GroupName="g")
    desk.iam("PutGroupPolicy", GroupName="g", PolicyName="send", PolicyDocument=json.dumps(SEND))
    assert not desk.may(principal, "sqs:SendMessage").allowed
    desk.iam("AddUserToGroup", GroupName="g", UserName="u")
    assert desk.may(principal, "sqs:SendMessage").allowed
    assert [one["UserName"] for one in desk.iam("GetGroup", GroupName="g")["Users"]] == ["u"]
    assert [one["GroupName"] for one in desk.iam("ListGroupsForUser", UserName="u")["Groups"]] == ["g"]
    desk.iam("RemoveUserFromGroup", GroupName="g", UserName="u")
    assert not desk.may(principal, "sqs:SendMessage").allowed


def test_a_user_with_keys_or_groups_stays(desk: Desk) -> None:
    key = key_of(desk)
    desk.iam("CreateGroup", GroupName="g")
    desk.iam("AddUserToGroup", GroupName="g", UserName="u")
    with pytest.raises(DeleteConflict, match="must remove users from group first"):
        desk.iam("DeleteUser", UserName="u")
    with pytest.raises(DeleteConflict, match="must remove users from group first"):
        desk.iam("DeleteGroup", GroupName="g")
    desk.iam("RemoveUserFromGroup", GroupName="g", UserName="u")
    with pytest.raises(DeleteConflict, match="must delete access keys first"):
        desk.iam("DeleteUser", UserName="u")
    desk.iam("DeleteAccessKey", UserName="u", AccessKeyId=key.id)
    desk.iam("DeleteUser", UserName="u")
    with pytest.raises(NoSuchEntity, match=r"The user with name u cannot be found\."):
        desk.iam("GetUser", UserName="u")
