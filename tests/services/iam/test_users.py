"""Users, groups and access keys, and what authentication finds."""

from __future__ import annotations

import json

import pytest

from outfall.core.errors import AwsError
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


REFERENCED = "Cannot delete entity, must remove referenced objects first."
SERVICE_CREDENTIAL = {"UserName": "u", "ServiceName": "codecommit.amazonaws.com"}
WRONG_ID = "Value at 'serviceSpecificCredentialId' failed to satisfy constraint: Member must satisfy regular "


@pytest.mark.parametrize(
    "operation, change, status, code, message",
    [
        pytest.param(
            "CreateServiceSpecificCredential",
            {"ServiceName": service},
            404,
            "NoSuchEntity",
            f"No such service {service} is supported for Service Specific Credentials",
            id=case,
        )
        for case, service in (
            ("rec-304", "nonexistentservice.amazonaws.com"),
            ("rec-305", "o3on3n3onosneo"),
            ("rec-306", "lambda.amazonaws.com"),
        )
    ]
    + [
        pytest.param("DeleteUser", {}, 409, "DeleteConflict", REFERENCED, id="rec-307"),
        pytest.param(
            "UpdateServiceSpecificCredential",
            {"ServiceSpecificCredentialId": "totally-wrong-credential-id-with-hyphens", "Status": "Inactive"},
            400,
            "ValidationError",
            f"1 validation error detected: {WRONG_ID}expression pattern: [\\w]+",
            id="rec-308",
        ),
        pytest.param(
            "UpdateServiceSpecificCredential",
            {"ServiceSpecificCredentialId": "satisfiesregexbutstillinvalid", "Status": "Inactive"},
            404,
            "NoSuchEntity",
            "No such credential satisfiesregexbutstillinvalid exists",
            id="rec-309",
        ),
        pytest.param(
            "UpdateServiceSpecificCredential",
            {"UserName": "wrong-user-name", "ServiceSpecificCredentialId": "A" * 21, "Status": "Inactive"},
            404,
            "NoSuchEntity",
            "The user with name wrong-user-name cannot be found.",
            id="rec-310",
        ),
        pytest.param(
            "UpdateServiceSpecificCredential",
            {"ServiceSpecificCredentialId": "A" * 21, "Status": "Invalid"},
            400,
            "ValidationError",
            "1 validation error detected: Value at 'status' failed to satisfy constraint: "
            "Member must satisfy enum value set",
            id="rec-311",
        ),
    ],
)
def test_a_recorded_refusal_of_service_credentials(
    desk: Desk, operation: str, change: dict[str, str], status: int, code: str, message: str
) -> None:
    desk.iam("CreateUser", UserName="u")
    desk.iam("CreateServiceSpecificCredential", **SERVICE_CREDENTIAL)
    given = SERVICE_CREDENTIAL if operation.startswith("Create") else {"UserName": "u"}
    with pytest.raises(AwsError) as refused:
        desk.iam(operation, **given | change)
    assert (refused.value.status, refused.value.code, refused.value.message) == (status, code, message)


def test_a_credential_for_another_service(desk: Desk) -> None:
    desk.iam("CreateUser", UserName="u")
    made = desk.iam("CreateServiceSpecificCredential", **SERVICE_CREDENTIAL)["ServiceSpecificCredential"]
    assert (made["ServiceUserName"], made["Status"], len(made["ServiceSpecificCredentialId"])) == (
        f"u-at-{ACCOUNT}",
        "Active",
        21,
    )
    id_ = made["ServiceSpecificCredentialId"]
    desk.iam("UpdateServiceSpecificCredential", UserName="u", ServiceSpecificCredentialId=id_, Status="Inactive")
    again = desk.iam("ResetServiceSpecificCredential", UserName="u", ServiceSpecificCredentialId=id_)
    assert again["ServiceSpecificCredential"]["ServicePassword"] != made["ServicePassword"]
    [listed] = desk.iam("ListServiceSpecificCredentials", UserName="u")["ServiceSpecificCredentials"]
    assert (listed["Status"], "ServicePassword" in listed) == ("Inactive", False)
    desk.iam("DeleteServiceSpecificCredential", UserName="u", ServiceSpecificCredentialId=id_)
    desk.iam("DeleteUser", UserName="u")
