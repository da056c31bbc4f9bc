"""How policies of every kind play together: organisations, boundaries, sessions, federated users, NotPrincipal. One row
per case, with the page of the IAM or Organizations user guide that it comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from outfall.core.organization import Level, Organization
from outfall.core.ports import NamedPolicy
from outfall.core.principal import ANONYMOUS, Principal, role_session, root_of, service_principal
from outfall.core.s3ids import canonical_user_id
from tests.authz.people import QUEUE, SESSION, STRANGER, USER, decide_all, policy, statement
from tests.support import ACCOUNT, OTHER_ACCOUNT

SCP = "organizations: orgs_manage_policies_scps"
SCP_EVALUATION = "organizations: orgs_manage_policies_scps_evaluation"
RCP = "organizations: orgs_manage_policies_rcps"
BASICS = "reference_policies_evaluation-logic_policy-eval-basics-req-resource"
DENY_ALLOW = "reference_policies_evaluation-logic_policy-eval-denyallow"
CROSS = "reference_policies_evaluation-logic-cross-account"
NOT_PRINCIPAL = "reference_policies_elements_notprincipal"
PRINCIPAL = "reference_policies_elements_principal"
BOUNDARIES = "access_policies_boundaries"
FEDERATED = "id_credentials_temp_control-access_getfederationtoken"
SESSIONS = "access_policies (session policies)"
ACCESS_DENIED = "troubleshoot_access-denied"

ALLOW, DENY, OTHER = policy(statement()), policy(statement("Deny")), policy(statement(action="s3:*"))
MANAGEMENT = "999999999999"
ARN = f"arn:aws:organizations::{MANAGEMENT}:policy/o-exampleorgid/service_control_policy/p-x"
RCP_ARN = ARN.replace("service_control", "resource_control")
ROOT = root_of(ACCOUNT)
LINKED = role_session(
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda", "AROAL", "s"
)
S3 = service_principal("s3.amazonaws.com", ACCOUNT)
FED = Principal(
    "session",
    ACCOUNT,
    f"arn:aws:sts::{ACCOUNT}:federated-user/fred",
    f"{ACCOUNT}:fred",
    session_policies=(OTHER,),
    issued_ms=1,
    issuer_arn=USER.arn,
)
WEB = Principal("federated", "", "token", "token", service=f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example.com")
LIMITED, WIDE = replace(SESSION, session_policies=(OTHER,)), replace(SESSION, session_policies=(ALLOW,))
ROLE_ROOT = f"arn:aws:iam::{ACCOUNT}:root"

NO = "because no {} allows the sqs:SendMessage action"
NO_IDENTITY, NO_RESOURCE = NO.format("identity-based policy"), NO.format("resource-based policy")
NO_BOUNDARY, NO_SESSION = NO.format("permissions boundary"), NO.format("session policy")
NO_SCP = NO.format("service control policy")
BY_SCP = f"with an explicit deny in a service control policy: {ARN}"
BY_RCP = f"with an explicit deny in a resource control policy: {RCP_ARN}"
BY_RESOURCE = "with an explicit deny in a resource-based policy"


def scp(*documents: str, accounts: tuple[str, ...] = ()) -> Level:
    return Level(frozenset(accounts), tuple(NamedPolicy(ARN, document) for document in documents))


def rcp(*documents: str, accounts: tuple[str, ...] = ()) -> Level:
    return Level(frozenset(accounts), (), tuple(NamedPolicy(RCP_ARN, document) for document in documents))


def org(*levels: Level) -> Organization:
    return Organization("o-exampleorgid", MANAGEMENT, levels)


def to(principal: Any, effect: str = "Allow", **more: Any) -> str:
    return policy(statement(effect, Principal=principal, **more))


def to_none_but(*names: str) -> str:
    return policy(statement("Deny", NotPrincipal={"AWS": list(names)}))


RCP_DENY = to("*", "Deny")
RCP_NO_SERVICES = to("*", "Deny", Condition={"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}})


@dataclass(frozen=True)
class Row:
    """A case: where it stands, who asks, what is in force, and the reason of the refusal (empty: allowed)."""

    page: str
    who: Principal
    reason: str
    documents: dict[str, Any] = field(default_factory=dict)


def row(page: str, who: Principal, reason: str, **documents: Any) -> Row:
    return Row(page, who, reason, documents)


I = {"identity": (ALLOW,)}  # noqa: E741
BLOCK = {"boundary": OTHER}

ROWS = [
    # Service control policies: a limit for users, roles and root of the accounts, never a grant.
    row(SCP, USER, "", **I, organization=org(scp(ALLOW))),
    row(SCP, USER, NO_IDENTITY, organization=org(scp(ALLOW))),
    row(SCP, USER, NO_SCP, **I, organization=org(scp(OTHER))),
    row(SCP, USER, BY_SCP, **I, organization=org(scp(ALLOW, DENY))),
    row(SCP, ROOT, "", organization=org(scp(ALLOW))),
    row(SCP, ROOT, NO_SCP, organization=org(scp(OTHER))),
    row(SCP, ROOT, BY_SCP, organization=org(scp(ALLOW, DENY))),
    row(SCP, SESSION, NO_SCP, **I, organization=org(scp(OTHER))),
    row(SCP, LINKED, "", **I, organization=org(scp(OTHER, DENY))),
    row(SCP, S3, "", resource_policy=to({"Service": "s3.amazonaws.com"}), organization=org(scp(DENY))),
    row(SCP, ANONYMOUS, "", resource_policy=to("*"), organization=org(scp(DENY))),
    row(SCP, USER, NO_SCP, resource_policy=to({"AWS": USER.arn}), organization=org(scp(OTHER))),
    row(SCP, USER, "", resource_policy=to({"AWS": USER.arn}), organization=org(scp(ALLOW))),
    row(SCP, USER, "", **I, organization=org()),
    row(SCP_EVALUATION, USER, "", **I, organization=org(scp(ALLOW), scp(ALLOW))),
    row(SCP_EVALUATION, USER, NO_SCP, **I, organization=org(scp(ALLOW), scp(OTHER))),
    row(SCP_EVALUATION, USER, NO_SCP, **I, organization=org(scp(OTHER), scp(ALLOW))),
    row(SCP_EVALUATION, USER, "", **I, organization=org(scp(OTHER, ALLOW))),
    row(SCP_EVALUATION, USER, BY_SCP, **I, organization=org(scp(ALLOW), scp(ALLOW, DENY))),
    row(SCP_EVALUATION, USER, "", **I, organization=org(scp(ALLOW), scp(OTHER, accounts=(OTHER_ACCOUNT,)))),
    row(SCP_EVALUATION, USER, NO_SCP, **I, organization=org(scp(ALLOW), scp(OTHER, accounts=(ACCOUNT,)))),
    row(SCP, STRANGER, NO_SCP, **I, resource_policy=to("*"), organization=org(scp(OTHER, accounts=(OTHER_ACCOUNT,)))),
    # The owner's service control policies do not bind callers of other accounts.
    row(SCP, STRANGER, "", **I, resource_policy=to("*"), organization=org(scp(OTHER, accounts=(ACCOUNT,)))),
    row(SCP, root_of(MANAGEMENT), "", resource_policy=to("*"), organization=org(scp(DENY))),
    # Resource control policies: a limit for the resources of the accounts, whoever asks.
    row(RCP, USER, BY_RCP, **I, organization=org(rcp(RCP_DENY))),
    row(RCP, ROOT, BY_RCP, organization=org(rcp(RCP_DENY))),
    row(RCP, STRANGER, BY_RCP, **I, resource_policy=to("*"), organization=org(rcp(RCP_DENY, accounts=(ACCOUNT,)))),
    row(RCP, STRANGER, "", **I, resource_policy=to("*"), organization=org(rcp(RCP_DENY, accounts=(OTHER_ACCOUNT,)))),
    row(RCP, ANONYMOUS, BY_RCP, resource_policy=to("*"), organization=org(rcp(RCP_DENY))),
    row(RCP, S3, BY_RCP, resource_policy=to("*"), organization=org(rcp(RCP_DENY))),
    row(RCP, S3, "", resource_policy=to("*"), organization=org(rcp(RCP_NO_SERVICES))),
    row(RCP, USER, BY_RCP, **I, organization=org(rcp(RCP_NO_SERVICES))),
    row(RCP, LINKED, "", **I, organization=org(rcp(RCP_DENY))),
    row(RCP, USER, "", **I, organization=org(rcp())),
    # A grant in the resource's policy, and what limits it.
    row(BASICS, USER, "", resource_policy=to({"AWS": USER.arn}), **BLOCK),
    row(BASICS, SESSION, "", resource_policy=to({"AWS": SESSION.arn}), **BLOCK),
    row(BASICS, LIMITED, "", resource_policy=to({"AWS": SESSION.arn})),
    row(BASICS, SESSION, NO_BOUNDARY, resource_policy=to({"AWS": SESSION.role_arn}), **BLOCK),
    row(BASICS, LIMITED, NO_SESSION, resource_policy=to({"AWS": SESSION.role_arn})),
    row(BASICS, WIDE, "", resource_policy=to({"AWS": SESSION.role_arn})),
    row(
        BASICS,
        SESSION,
        "",
        resource_policy=to("*", Condition={"ArnEquals": {"aws:PrincipalArn": SESSION.role_arn}}),
        **BLOCK,
    ),
    row(BASICS, LIMITED, "", resource_policy=to("*", Condition={"ArnEquals": {"aws:PrincipalArn": SESSION.role_arn}})),
    row(
        BASICS,
        SESSION,
        NO_IDENTITY,
        resource_policy=to("*", Condition={"ArnEquals": {"aws:PrincipalArn": USER.arn}}),
    ),
    row(
        BASICS,
        SESSION,
        "with an explicit deny in an identity-based policy",
        identity=(DENY,),
        resource_policy=to({"AWS": SESSION.arn}),
    ),
    row(
        BASICS,
        USER,
        "with an explicit deny in a permissions boundary",
        boundary=DENY,
        resource_policy=to({"AWS": USER.arn}),
    ),
    row(
        BASICS,
        replace(SESSION, session_policies=(DENY,)),
        "with an explicit deny in a session policy",
        resource_policy=to({"AWS": SESSION.arn}),
    ),
    row(BASICS, USER, NO_BOUNDARY, **I, resource_policy=to({"AWS": ACCOUNT}), **BLOCK),
    row(BASICS, LIMITED, NO_SESSION, **I, resource_policy=to({"AWS": ROLE_ROOT})),
    row(BASICS, FED, "", resource_policy=to({"AWS": FED.arn})),
    row(BASICS, FED, NO_SESSION, resource_policy=to({"AWS": USER.arn})),
    row(BASICS, FED, NO_IDENTITY, resource_policy=to({"AWS": ACCOUNT})),
    row(FEDERATED, FED, NO_SESSION, **I),
    row(FEDERATED, replace(FED, session_policies=(ALLOW,)), "", **I),
    row(FEDERATED, replace(FED, session_policies=(ALLOW,)), NO_IDENTITY),
    row(FEDERATED, replace(FED, session_policies=()), "", **I),
    # Boundaries and sessions together: the intersection of all.
    row(BOUNDARIES, WIDE, "", **I, boundary=ALLOW),
    row(BOUNDARIES, WIDE, NO_BOUNDARY, **I, **BLOCK),
    row(BOUNDARIES, LIMITED, NO_SESSION, **I, boundary=ALLOW),
    row(BOUNDARIES, WIDE, NO_IDENTITY, boundary=ALLOW),
    row(SESSIONS, replace(SESSION, session_policies=(ALLOW, OTHER)), NO_SESSION, **I),
    row(SESSIONS, replace(SESSION, session_policies=(ALLOW, ALLOW)), "", **I),
    row(DENY_ALLOW, USER, "with an explicit deny in a permissions boundary", identity=(ALLOW,), boundary=DENY),
    row(DENY_ALLOW, USER, BY_SCP, identity=(ALLOW,), organization=org(scp(ALLOW, DENY)), resource_policy=to("*")),
    # Across accounts both sides have to allow, and the limits stay in force.
    row(CROSS, STRANGER, NO_IDENTITY, resource_policy=to({"AWS": STRANGER.arn})),
    row(CROSS, STRANGER, NO_BOUNDARY, **I, resource_policy=to({"AWS": STRANGER.arn}), **BLOCK),
    row(CROSS, STRANGER, "", **I, resource_policy=to({"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"})),
    row(CROSS, STRANGER, NO_RESOURCE, **I, resource_policy=to({"AWS": USER.arn})),
    row(CROSS, replace(LIMITED, account=OTHER_ACCOUNT), NO_SESSION, **I, resource_policy=to("*")),
    row(CROSS, replace(WIDE, account=OTHER_ACCOUNT), "", **I, resource_policy=to("*")),
    row(
        CROSS,
        STRANGER,
        BY_RESOURCE,
        **I,
        resource_policy=policy(statement(Principal="*"), statement("Deny", Principal={"AWS": OTHER_ACCOUNT})),
    ),
    row(CROSS, S3, NO_RESOURCE),
    row(CROSS, S3, "", resource_policy=to({"Service": "s3.amazonaws.com"})),
    # NotPrincipal that denies spares only who is named with account, role and session.
    row(NOT_PRINCIPAL, USER, "", **I, resource_policy=to_none_but(USER.arn, ROLE_ROOT)),
    row(NOT_PRINCIPAL, USER, "", **I, resource_policy=to_none_but(USER.arn, ACCOUNT)),
    row(NOT_PRINCIPAL, USER, BY_RESOURCE, **I, resource_policy=to_none_but(USER.arn)),
    row(NOT_PRINCIPAL, USER, BY_RESOURCE, **I, resource_policy=to_none_but(ROLE_ROOT)),
    row(NOT_PRINCIPAL, ROOT, "", resource_policy=to_none_but(ROLE_ROOT)),
    row(NOT_PRINCIPAL, SESSION, "", **I, resource_policy=to_none_but(SESSION.arn, SESSION.role_arn, ROLE_ROOT)),
    row(NOT_PRINCIPAL, SESSION, BY_RESOURCE, **I, resource_policy=to_none_but(SESSION.arn, ROLE_ROOT)),
    row(NOT_PRINCIPAL, SESSION, BY_RESOURCE, **I, resource_policy=to_none_but(SESSION.role_arn, ROLE_ROOT)),
    row(NOT_PRINCIPAL, STRANGER, BY_RESOURCE, **I, resource_policy=to_none_but(USER.arn, ROLE_ROOT)),
    row(NOT_PRINCIPAL, ANONYMOUS, BY_RESOURCE, resource_policy=to_none_but(USER.arn, ROLE_ROOT)),
    row(BOUNDARIES, USER, BY_RESOURCE, **I, boundary=ALLOW, resource_policy=to_none_but(USER.arn, ROLE_ROOT)),
    row(
        NOT_PRINCIPAL,
        S3,
        NO_RESOURCE,
        resource_policy=policy(statement("Deny", NotPrincipal={"Service": "s3.amazonaws.com"})),
    ),
    # Principals of other kinds.
    row(PRINCIPAL, USER, "", **I, resource_policy=to({"CanonicalUser": canonical_user_id(ACCOUNT)})),
    row(PRINCIPAL, STRANGER, "", **I, resource_policy=to({"CanonicalUser": canonical_user_id(OTHER_ACCOUNT)})),
    row(PRINCIPAL, STRANGER, NO_RESOURCE, **I, resource_policy=to({"CanonicalUser": canonical_user_id(ACCOUNT)})),
    row(PRINCIPAL, WEB, "", resource_policy=to({"Federated": WEB.service})),
    row(PRINCIPAL, WEB, NO_RESOURCE, resource_policy=to({"Federated": "accounts.google.com"})),
    row(PRINCIPAL, WEB, NO_RESOURCE, resource_policy=to({"AWS": ACCOUNT})),
    row(
        PRINCIPAL,
        WEB,
        BY_RESOURCE,
        resource_policy=policy(statement(Principal={"Federated": WEB.service}), statement("Deny", Principal="*")),
    ),
    row(ACCESS_DENIED, ANONYMOUS, NO_RESOURCE, resource_policy=to({"AWS": ACCOUNT})),
]


@pytest.mark.parametrize("case", ROWS, ids=[f"{at:03}-{one.page}" for at, one in enumerate(ROWS)])
def test_the_policies_agree(case: Row) -> None:
    decision = decide_all(case.who, "sqs:SendMessage", QUEUE, owner=ACCOUNT, **case.documents)
    assert (decision.allowed, decision.reason) == (not case.reason, case.reason), case.page


def test_a_role_that_does_not_trust_is_not_assumed_even_by_its_own_account() -> None:
    asked = {"action": "sts:AssumeRoleWithWebIdentity", "resource": SESSION.role_arn, "owner": ACCOUNT}
    trust = policy(
        statement(action="sts:AssumeRoleWithWebIdentity", resource=None, Principal={"Federated": WEB.service})
    )
    assert decide_all(WEB, **asked, resource_policy=trust).allowed  # type: ignore[arg-type]
    assert not decide_all(WEB, **asked, resource_policy="{}").allowed  # type: ignore[arg-type]


def test_the_deciding_policy_is_named() -> None:
    decision = decide_all(USER, "sqs:SendMessage", QUEUE, identity=(OTHER, ALLOW))
    assert (decision.kind, decision.policy) == ("identity-based policy", "p1")
    assert json.loads(decision.statement)["Action"] == "sqs:SendMessage"
    refused = decide_all(USER, "sqs:SendMessage", QUEUE, **I, organization=org(scp(ALLOW, DENY)))
    assert (refused.kind, refused.policy) == ("service control policy", ARN)
    assert refused.policies == ("p0", ARN, ARN)
