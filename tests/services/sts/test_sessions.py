"""Sessions with more to them: managed policies, source identity, federated users; what STS tells of keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.authz import Ask, authorize, encoded
from outfall.core.errors import AwsError
from outfall.core.principal import Principal, root_of
from outfall.services.sts.sessions import Session, find_session
from tests.services.iam.desk import SEND, Desk
from tests.support import ACCOUNT, OTHER_ACCOUNT, make_context

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
READ_S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def trusting(actions: list[str], **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": [f"sts:{one}" for one in actions]}
    return {"Version": "2012-10-17", "Statement": [statement | more]}


def assume(desk: Desk, principal: Principal | None = None, **more: Any) -> Any:
    return desk.sts("AssumeRole", principal, **{"RoleArn": ROLE, "RoleSessionName": "s1", **more})


def session_of(desk: Desk, told: Any) -> Session:
    found = desk.store.transact(lambda tx: find_session(tx, told["Credentials"]["AccessKeyId"]))
    assert found is not None
    return found


def user(desk: Desk, *policies: str) -> Principal:
    made = desk.iam("CreateUser", UserName="u")["User"]
    for arn in policies:
        desk.iam("AttachUserPolicy", UserName="u", PolicyArn=arn)
    return Principal("user", ACCOUNT, made["Arn"], made["UserId"], user_name="u")


def refusal(call: Any) -> tuple[str, int, str]:
    with pytest.raises(AwsError) as refused:
        call()
    return refused.value.code, refused.value.status, refused.value.message


def test_managed_and_inline_session_policies_count_together(desk: Desk) -> None:
    desk.role(trust=trusting(["AssumeRole"]))
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=ADMIN)
    told = assume(desk, Policy=json.dumps(SEND), PolicyArns=[{"arn": READ_S3}, {"arn": desk.policy()}])
    assert told["PackedPolicySize"] > 0
    principal = session_of(desk, told).principal
    assert desk.may(principal, "sqs:SendMessage").allowed
    assert desk.may(principal, "s3:GetObject").allowed
    assert not desk.may(principal, "s3:PutObject").allowed


def test_a_session_policy_grants_nothing_by_itself(desk: Desk) -> None:
    desk.role(trust=trusting(["AssumeRole"]))
    principal = session_of(desk, assume(desk, PolicyArns=[{"arn": ADMIN}])).principal
    assert not desk.may(principal, "sqs:SendMessage").allowed


@pytest.mark.parametrize(
    "arns",
    [["arn:aws:iam::aws:policy/NoSuchPolicy"], [f"arn:aws:iam::{OTHER_ACCOUNT}:policy/p"], [READ_S3] * 11],
    ids=["unknown", "of another account", "eleven"],
)
def test_managed_session_policies_are_ten_of_the_account(desk: Desk, arns: list[str]) -> None:
    desk.role(trust=trusting(["AssumeRole"]))
    desk.iam("CreatePolicy", root_of(OTHER_ACCOUNT), PolicyName="p", PolicyDocument=json.dumps(SEND))
    assert refusal(lambda: assume(desk, PolicyArns=[{"arn": arn} for arn in arns]))[:2] == ("ValidationError", 400)


def test_a_source_identity_stays_with_all_sessions_that_follow(desk: Desk) -> None:
    desk.role(trust=trusting(["AssumeRole", "SetSourceIdentity"]))
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=ADMIN)
    told = assume(desk, SourceIdentity="alice")
    assert told["SourceIdentity"] == "alice"
    first = session_of(desk, told).principal
    again = assume(desk, first, RoleSessionName="s2")
    assert again["SourceIdentity"] == "alice"
    assert refusal(lambda: assume(desk, first, SourceIdentity="bob"))[:2] == ("AccessDenied", 403)


def test_a_source_identity_needs_a_permission_of_its_own(desk: Desk) -> None:
    desk.role(trust=trusting(["AssumeRole"]))
    assert refusal(lambda: assume(desk, SourceIdentity="alice")) == (
        "AccessDenied",
        403,
        f"User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: sts:SetSourceIdentity on resource: {ROLE}",
    )
    condition = {"StringLike": {"sts:SourceIdentity": "a*"}}
    trust = trusting(["AssumeRole", "SetSourceIdentity"], Condition=condition)
    desk.iam("UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=json.dumps(trust))
    assert assume(desk, SourceIdentity="alice")
    assert refusal(lambda: assume(desk, SourceIdentity="bob"))[0] == "AccessDenied"


@pytest.mark.parametrize(
    "request_, member",
    [
        ({"SourceIdentity": "a"}, "sourceIdentity"),
        ({"SourceIdentity": "a b"}, "sourceIdentity"),
        ({"ExternalId": "1"}, "externalId"),
        ({"ExternalId": "a b"}, "externalId"),
    ],
)
def test_names_are_of_few_characters(desk: Desk, request_: dict[str, str], member: str) -> None:
    desk.role(trust=trusting(["AssumeRole", "SetSourceIdentity"]))
    code, status, text = refusal(lambda: assume(desk, **request_))
    assert (code, status) == ("ValidationError", 400)
    assert f"at '{member}' failed to satisfy constraint" in text


def test_a_federated_user_may_what_both_its_maker_and_its_session_may(desk: Desk) -> None:
    maker = user(desk, READ_S3)
    told = desk.sts("GetFederationToken", maker, Name="guest", PolicyArns=[{"arn": ADMIN}])
    assert told["FederatedUser"] == {
        "FederatedUserId": f"{ACCOUNT}:guest",
        "Arn": f"arn:aws:sts::{ACCOUNT}:federated-user/guest",
    }
    assert told["Credentials"]["Expiration"] == desk.now + 43_200_000
    guest = session_of(desk, told).principal
    assert desk.may(guest, "s3:GetObject").allowed
    assert not desk.may(guest, "s3:PutObject").allowed
    only_sqs = desk.sts("GetFederationToken", maker, Name="guest", Policy=json.dumps(SEND))
    assert not desk.may(session_of(desk, only_sqs).principal, "s3:GetObject").allowed


def test_a_federated_user_without_a_session_policy_may_what_resources_grant_it(desk: Desk) -> None:
    told = desk.sts("GetFederationToken", user(desk, ADMIN), Name="guest")
    assert "PackedPolicySize" not in told
    guest = session_of(desk, told).principal
    assert not desk.may(guest, "sqs:SendMessage").allowed
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    grant = {"Effect": "Allow", "Principal": {"AWS": guest.arn}, "Action": "sqs:SendMessage", "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": grant})

    def decide(tx: Any) -> bool:
        ctx = make_context(tx, identities=desk.identities)
        return authorize(ctx, Ask(guest, "sqs:SendMessage", queue, resource_policy=policy)).allowed

    assert desk.store.transact(decide)


def test_root_vouches_for_what_the_session_policy_says(desk: Desk) -> None:
    told = desk.sts("GetFederationToken", Name="guest", Policy=json.dumps(SEND))
    assert told["Credentials"]["Expiration"] == desk.now + 3_600_000, "root's last an hour at most"
    guest = session_of(desk, told).principal
    assert desk.may(guest, "sqs:SendMessage").allowed
    assert not desk.may(guest, "s3:GetObject").allowed


@pytest.mark.parametrize("operation, request_", [("GetSessionToken", {}), ("GetFederationToken", {"Name": "guest"})])
def test_temporary_credentials_make_no_others_but_of_roles(
    desk: Desk, operation: str, request_: dict[str, str]
) -> None:
    session = session_of(desk, desk.sts("GetSessionToken", user(desk)))
    assert refusal(lambda: desk.sts(operation, session.principal, **request_)) == (
        "AccessDenied",
        403,
        f"Cannot call {operation} with session credentials",
    )


def test_whose_key_it_is(desk: Desk) -> None:
    user(desk)
    key = desk.iam("CreateAccessKey", UserName="u")["AccessKey"]["AccessKeyId"]
    stranger = root_of(OTHER_ACCOUNT)
    assert desk.sts("GetAccessKeyInfo", stranger, AccessKeyId=key) == {"Account": ACCOUNT}
    temporary = desk.sts("GetSessionToken")["Credentials"]["AccessKeyId"]
    assert desk.sts("GetAccessKeyInfo", stranger, AccessKeyId=temporary) == {"Account": ACCOUNT}
    assert refusal(lambda: desk.sts("GetAccessKeyInfo", AccessKeyId="AKIAIOSFODNN7EXAMPLE"))[1] == 400


def test_an_encoded_message_is_read_back(desk: Desk) -> None:
    decision = desk.may(user(desk), "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q")
    message = encoded.encode(decision)
    assert "sqs" not in message
    told = json.loads(desk.sts("DecodeAuthorizationMessage", EncodedMessage=message)["DecodedMessage"])
    assert list(told) == ["allowed", "explicitDeny", "matchedStatements", "failures", "context"]
    assert (told["allowed"], told["explicitDeny"], told["context"]["action"]) == (False, False, "sqs:SendMessage")
    assert told["context"]["principal"]["name"] == "u"


@pytest.mark.parametrize("message", ["x", "é", "eJyrrgUAAXUA+Q==", "AAAA" * 100])
def test_any_other_message_is_not_valid(desk: Desk, message: str) -> None:
    assert refusal(lambda: desk.sts("DecodeAuthorizationMessage", EncodedMessage=message)) == (
        "InvalidAuthorizationMessageException",
        400,
        "Message is not valid",
    )
