"""Who one is, and temporary credentials: AssumeRole by its trust policy, GetSessionToken, sessions that end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from outfall.core.errors import AwsError, NotServed
from outfall.core.principal import ANONYMOUS, Principal, role_session, root_of
from outfall.services.sts.sessions import EXPIRIES, KEPT_MS, SESSIONS, Session, find_session, issue_for_role
from tests.services.iam.desk import SEND, Desk
from tests.support import ACCOUNT, OTHER_ACCOUNT, make_context

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"


def trusting(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": action, **more}],
    }


def assume(desk: Desk, principal: Principal | None = None, **more: Any) -> Any:
    return desk.sts("AssumeRole", principal, **{"RoleArn": ROLE, "RoleSessionName": "s1", **more})


def session_of(desk: Desk, told: Any) -> Session:
    found = desk.store.transact(lambda tx: find_session(tx, told["Credentials"]["AccessKeyId"]))
    assert found is not None
    return found


def user(desk: Desk, name: str = "u", account: str = ACCOUNT) -> Principal:
    made = desk.iam("CreateUser", root_of(account), UserName=name)["User"]
    return Principal("user", account, made["Arn"], made["UserId"], user_name=name)


@pytest.mark.parametrize(
    "who, identity",
    [
        (root_of(ACCOUNT), [f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, ACCOUNT]),
        (role_session(ROLE, "AROAX", "s"), [f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s", "AROAX:s", ACCOUNT]),
    ],
)
def test_everybody_may_ask_who_they_are(desk: Desk, who: Principal, identity: list[str]) -> None:
    told = desk.sts("GetCallerIdentity", who)
    assert list(told) == ["Arn", "UserId", "Account"], "LS test_sts"
    assert list(told.values()) == identity


def test_nobody_is_nobody(desk: Desk) -> None:
    with pytest.raises(AwsError) as refused:
        desk.sts("GetCallerIdentity", ANONYMOUS)
    assert refused.value.code == "AccessDenied"


def test_a_session_of_a_role(desk: Desk) -> None:
    role = desk.role(trust=trusting({"AWS": ACCOUNT}))
    told = assume(desk)
    assert list(told) == ["Credentials", "AssumedRoleUser"]
    assert list(told["Credentials"]) == ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]
    assert told["Credentials"]["Expiration"] == desk.now + 3_600_000
    assert told["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role['RoleId']}:s1",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s1",
    }
    session = session_of(desk, told)
    assert (session.access_key_id[:4], len(session.access_key_id), len(session.secret)) == ("ASIA", 20, 40)
    assert session.token == told["Credentials"]["SessionToken"]
    assert session.principal.policy_arn == ROLE


def test_the_session_may_what_the_role_may(desk: Desk) -> None:
    desk.role(trust=trusting({"AWS": ACCOUNT}))
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="send", PolicyDocument=json.dumps(SEND))
    principal = session_of(desk, assume(desk)).principal
    assert desk.may(principal, "sqs:SendMessage").allowed
    assert not desk.may(principal, "sqs:ReceiveMessage").allowed


def test_a_session_policy_narrows_it(desk: Desk) -> None:
    desk.role(trust=trusting({"AWS": ACCOUNT}))
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    told = assume(desk, Policy=json.dumps(SEND))
    assert told["PackedPolicySize"] > 0
    principal = session_of(desk, told).principal
    assert desk.may(principal, "sqs:SendMessage").allowed
    refused = desk.may(principal, "s3:GetObject")
    assert refused.reason == "because no session policy allows the s3:GetObject action"


def test_a_role_of_another_account_needs_both_sides(desk: Desk) -> None:
    stranger = user(desk, account=OTHER_ACCOUNT)
    desk.role(trust=trusting({"AWS": OTHER_ACCOUNT}))
    with pytest.raises(AwsError, match="is not authorized to perform: sts:AssumeRole"):
        assume(desk, stranger)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": ROLE}],
    }
    owner = root_of(OTHER_ACCOUNT)
    desk.iam("PutUserPolicy", owner, UserName="u", PolicyName="p", PolicyDocument=json.dumps(document))
    assert session_of(desk, assume(desk, stranger)).principal.account == ACCOUNT


@pytest.mark.parametrize("exists", [True, False])
def test_no_trust_and_no_role_read_the_same(desk: Desk, exists: bool) -> None:
    if exists:
        desk.role()
    who = user(desk)
    with pytest.raises(AwsError) as refused:
        assume(desk, who)
    assert (refused.value.status, refused.value.code) == (403, "AccessDenied")
    assert refused.value.message == f"User: {who.arn} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"


def test_an_external_id_must_be_the_one_that_is_trusted(desk: Desk) -> None:
    desk.role(trust=trusting({"AWS": ACCOUNT}, Condition={"StringEquals": {"sts:ExternalId": "42"}}))
    assert session_of(desk, assume(desk, ExternalId="42"))
    with pytest.raises(AwsError, match="not authorized"):
        assume(desk, ExternalId="43")


INVALID = [
    *[
        (case, {"RoleArn": arn}, "ValidationError", f"{arn} is invalid")
        for case, arn in (
            ("iam-006 rec-384", "nothing-valid-in-here"),
            ("rec-385", "arn::b:::something/test-role"),
            ("rec-386", "arn:a::::something/test-role"),
            ("rec-387", "arn:a:::something/test-role"),
            ("rec-388", "arn:a:a::aaaaaaaaaa:"),
        )
    ],
    (
        *("iam-007 rec-389", {"RoleSessionName": "Session1:2"}, "ValidationError"),
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
    ),
    (
        *("name too short", {"RoleSessionName": "s"}, "ValidationError"),
        "1 validation error detected: Value 's' at 'roleSessionName' failed to satisfy constraint: "
        "Member must have length greater than or equal to 2",
    ),
    (
        *("no name", {"RoleSessionName": None}, "ValidationError"),
        "1 validation error detected: Value null at 'roleSessionName' failed to satisfy constraint: "
        "Member must not be null",
    ),
    (
        *("too short", {"DurationSeconds": 899}, "ValidationError"),
        "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: "
        "Member must have value greater than or equal to 900",
    ),
    (
        *("longer than the role lets", {"DurationSeconds": 7200}, "ValidationError"),
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
    (
        *("a tag's key", {"Tags": [{"Key": "a!", "Value": "1"}]}, "ValidationError"),
        "1 validation error detected: Value 'a!' at 'tags.1.member.key' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    ),
    (
        *("AWS's own tags", {"Tags": [{"Key": "aws:a", "Value": "1"}]}, "InvalidParameterValue"),
        "Tag key aws:a is not valid: the prefix aws: is reserved.",
    ),
    ("policy", {"Policy": "{"}, "MalformedPolicyDocument", "Syntax errors in policy."),
    (
        *("rec-381", {"Tags": [{"Key": "a", "Value": "1"}], "TransitiveTagKeys": ["b"]}, "InvalidParameterValue"),
        "The specified transitive tag key must be included in the requested tags.",
    ),
    (
        *("rec-382", {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]}, "InvalidParameterValue"),
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ),
]


@pytest.mark.parametrize("request_, code, message", [row[1:] for row in INVALID], ids=[row[0] for row in INVALID])
def test_a_refusal_reads(desk: Desk, request_: dict[str, Any], code: str, message: str) -> None:
    desk.role(trust=trusting({"AWS": ACCOUNT}, ["sts:AssumeRole", "sts:TagSession"]))
    with pytest.raises(AwsError) as refused:
        assume(desk, **request_)
    assert (refused.value.status, refused.value.code, refused.value.message) == (400, code, message)


def test_tags_are_the_session_s_and_transitive_ones_travel_on(desk: Desk) -> None:
    trust = trusting({"AWS": ACCOUNT}, ["sts:AssumeRole", "sts:TagSession"])
    desk.role(trust=trust, Tags=[{"Key": "team", "Value": "a"}, {"Key": "env", "Value": "x"}])
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    told = assume(desk, Tags=[{"Key": "Team", "Value": "b"}], TransitiveTagKeys=["Team"])
    first = session_of(desk, told)
    assert first.principal.tags == (("Team", "b"), ("env", "x"))
    second = session_of(desk, assume(desk, first.principal, key=first.access_key_id, RoleSessionName="s2"))
    assert dict(second.principal.tags) == {"Team": "b", "env": "x"}
    with pytest.raises(AwsError, match="conflicts with a transitive tag key from the calling session"):
        assume(desk, first.principal, key=first.access_key_id, Tags=[{"Key": "team", "Value": "c"}])  # rec-383


def test_tags_need_a_permission_of_their_own(desk: Desk) -> None:
    desk.role(trust=trusting({"AWS": ACCOUNT}))
    with pytest.raises(AwsError, match="not authorized to perform: sts:TagSession"):
        assume(desk, Tags=[{"Key": "a", "Value": "1"}])


def test_a_chained_session_lasts_an_hour_at_most(desk: Desk) -> None:
    desk.role(trust=trusting({"AWS": ACCOUNT}), MaxSessionDuration=43200)
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    first = session_of(desk, assume(desk, DurationSeconds=43200))
    with pytest.raises(AwsError, match="1 hour session limit for roles assumed by role chaining"):
        assume(desk, first.principal, DurationSeconds=3601)


@pytest.mark.parametrize(
    "option, value", [("SerialNumber", "GAHT12345678"), ("TokenCode", "123456"), ("MinimumSessionTokenSize", 4096)]
)
def test_what_is_not_served_says_so(desk: Desk, option: str, value: Any) -> None:
    desk.role(trust=trusting({"AWS": ACCOUNT}))
    with pytest.raises(NotServed, match=option):
        assume(desk, None, **{option: value})


def test_a_session_token_stands_for_the_user_itself(desk: Desk) -> None:
    who = user(desk)
    told = desk.sts("GetSessionToken", who)
    session = session_of(desk, told)
    assert session.principal == replace(who, issued_ms=desk.now)
    assert session.expires_ms == desk.now + 43_200_000
    with pytest.raises(AwsError, match="Cannot call GetSessionToken with session credentials"):
        desk.sts("GetSessionToken", who, key=session.access_key_id)


def test_a_function_s_environment_gets_its_role_s_credentials(desk: Desk) -> None:
    role = desk.role(Tags=[{"Key": "team", "Value": "a"}])

    def work(tx: Any) -> Any:
        ctx = make_context(tx, now=desk.now, ids=desk.ids)
        facts = desk.identities.role(tx, ROLE)
        assert facts is not None
        credentials = issue_for_role(ctx, facts, "resize", 900)
        return credentials, find_session(tx, credentials.access_key_id)

    credentials, session = desk.store.transact(work)
    assert credentials.expires_ms == session.expires_ms == desk.now + 900_000
    assert session.principal == replace(
        role_session(ROLE, role["RoleId"], "resize"), tags=(("team", "a"),), issued_ms=desk.now
    )


def test_sessions_are_swept_a_day_after_their_end(desk: Desk) -> None:
    desk.role(trust=trusting({"AWS": ACCOUNT}))
    old = assume(desk)["Credentials"]["AccessKeyId"]
    desk.now += 3_600_000 + KEPT_MS
    kept = assume(desk)["Credentials"]["AccessKeyId"]
    assert desk.store.transact(lambda tx: find_session(tx, old)) is not None
    desk.now += 1
    assume(desk)
    assert desk.store.transact(lambda tx: find_session(tx, old)) is None
    assert desk.store.transact(lambda tx: find_session(tx, kept)) is not None
    rows = desk.store.transact(lambda tx: (len(list(tx.scan(SESSIONS))), len(list(tx.scan(EXPIRIES)))))
    assert rows == (2, 2)
