"""How each service words a refusal: the cases of the recordings, by their ids."""

from __future__ import annotations

import pytest

from outfall.authz import Ask, Decision, denial
from outfall.authz.explain import explicitly_denied
from outfall.core.principal import ANONYMOUS, role_session
from tests.authz.people import USER, decide, policy, statement
from tests.support import ACCOUNT, OTHER_ACCOUNT

SESSION = role_session(f"arn:aws:iam::{ACCOUNT}:role/r", "AROAX", "s")
U = "User: arn:aws:iam::111111111111:user/ann is not authorized to perform: "
S = "User: arn:aws:sts::111111111111:assumed-role/r/s is not authorized to perform: "
AT = "arn:aws:{}:us-east-1:111111111111:{}"

# case, service, who, action, resource, code, query code, status, message
ROWS = [
    (
        "sqs-026",
        *("sqs", SESSION, "sqs:SendMessage", AT.format("sqs", "q"), "AccessDeniedException", "AccessDenied", 403),
        f"{S}sqs:sendmessage on resource: arn:aws:sqs:us-east-1:111111111111:q "
        "because no identity-based policy allows the sqs:sendmessage action",
    ),
    (
        "iam-009",
        *("s3", USER, "s3:PutObject", "arn:aws:s3:::b/k", "AccessDenied", "AccessDenied", 403),
        f'{U}s3:PutObject on resource: "arn:aws:s3:::b/k" '
        "because no identity-based policy allows the s3:PutObject action",
    ),
    (
        "sns-017",
        *("sns", USER, "sns:Publish", AT.format("sns", "t"), "AuthorizationError", "AuthorizationError", 403),
        f"{U}SNS:Publish on resource: arn:aws:sns:us-east-1:111111111111:t "
        "because no identity-based policy allows the SNS:Publish action",
    ),
    (
        "lambda-023",
        *("lambda", SESSION, "lambda:InvokeFunction", AT.format("lambda", "function:f")),
        *("AccessDeniedException", "AccessDeniedException", 403),
        f"{S}lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:111111111111:function:f "
        "because no identity-based policy allows the lambda:InvokeFunction action",
    ),
    (
        "iam-020",
        *("lambda", USER, "iam:PassRole", "arn:aws:iam::111111111111:role/r"),
        *("AccessDeniedException", "AccessDeniedException", 403),
        f"{U}iam:PassRole on resource: arn:aws:iam::111111111111:role/r "
        "because no identity-based policy allows the iam:PassRole action",
    ),
    (
        "iam.md: Logs",
        *("logs", USER, "logs:CreateLogGroup", AT.format("logs", "log-group:g:*")),
        *("AccessDeniedException", "AccessDeniedException", 400),
        f"{U}logs:CreateLogGroup on resource: arn:aws:logs:us-east-1:111111111111:log-group:g:* "
        "because no identity-based policy allows the logs:CreateLogGroup action",
    ),
    (
        "iam.md: STS",
        *("sts", USER, "sts:AssumeRole", "arn:aws:iam::111111111111:role/x", "AccessDenied", "AccessDenied", 403),
        f"{U}sts:AssumeRole on resource: arn:aws:iam::111111111111:role/x",
    ),
]


@pytest.mark.parametrize(
    "service, who, action, resource, code, query_code, status, message",
    [row[1:] for row in ROWS],
    ids=[r[0] for r in ROWS],
)
def test_a_refusal_reads(
    service: str, who: object, action: str, resource: str, code: str, query_code: str, status: int, message: str
) -> None:
    error = denial(decide(who, action, resource, owner=ACCOUNT), service)  # type: ignore[arg-type]
    assert (error.code, error.query_code, error.status, error.message) == (code, query_code, status, message)


def test_iam_008_an_explicit_deny_on_s3() -> None:
    documents = (policy(statement(action="s3:*")), policy(statement("Deny", "s3:PutObject")))
    error = denial(decide(USER, "s3:PutObject", "arn:aws:s3:::b/k", identity=documents, owner=ACCOUNT), "s3")
    assert error.message == (
        f'{U}s3:PutObject on resource: "arn:aws:s3:::b/k" with an explicit deny in an identity-based policy'
    )


@pytest.mark.parametrize(
    "action, resource, shown",
    [
        ("iam:GetRole", "role/acme-deploy", "role acme-deploy"),
        ("iam:AttachRolePolicy", "role/service-role/acme", "role acme"),
        ("iam:GetUser", "user/backup", "user backup"),
        ("iam:CreateAccessKey", "user/team/backup", "user backup"),
        ("iam:GetGroup", "group/g", "group g"),
        ("iam:AddRoleToInstanceProfile", "instance-profile/p", "instance profile p"),
        ("iam:GetPolicy", "policy/team/p", "policy arn:aws:iam::111111111111:policy/team/p"),
        ("iam:CreatePolicyVersion", "policy/p", "policy arn:aws:iam::111111111111:policy/p"),
        ("iam:CreatePolicy", "policy/team/p", "policy p"),
        ("iam:TagPolicy", "policy/p", "policy p"),
        ("iam:ListPolicies", "policy/", "policy path /"),
        ("iam:ListPolicies", "policy/team/", "policy path /team/"),
        *(
            (action, resource, f"arn:aws:iam::111111111111:{resource}")
            for action, resource in (
                ("iam:CreateRole", "role/acme-deploy"),
                ("iam:CreateUser", "user/backup"),
                ("iam:CreateGroup", "group/g"),
                ("iam:CreateInstanceProfile", "instance-profile/p"),
                ("iam:CreateServiceLinkedRole", "role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"),
                ("iam:TagRole", "role/acme-deploy"),
                ("iam:PassRole", "role/acme-deploy"),
                ("iam:SimulatePrincipalPolicy", "user/backup"),
                ("iam:CreateOpenIDConnectProvider", "oidc-provider/issuer.example"),
                ("iam:ListRoles", "role/"),
                ("iam:ListRoles", "role/team"),
                ("iam:ListUsers", "user/"),
                ("iam:ListInstanceProfiles", "instance-profile/"),
            )
        ),
    ],
)
def test_iam_names_what_an_action_is_about(action: str, resource: str, shown: str) -> None:
    error = denial(decide(USER, action, f"arn:aws:iam::{ACCOUNT}:{resource}"), "iam")
    assert (
        error.message == f"{U}{action} on resource: {shown} because no identity-based policy allows the {action} action"
    )
    assert (error.code, error.status) == ("AccessDenied", 403)


@pytest.mark.parametrize("kind", ["identity-based policy", "permissions boundary"])
def test_a_policy_that_denies_is_named_if_it_has_an_arn(kind: str) -> None:
    managed = f"arn:aws:iam::{ACCOUNT}:policy/no-deletion"
    article = "an" if kind.startswith("i") else "a"
    assert explicitly_denied(kind, managed) == f"with an explicit deny in {article} {kind}: {managed}"
    assert explicitly_denied(kind, "inline policy p of user ann") == f"with an explicit deny in {article} {kind}"


@pytest.mark.parametrize("who, owner", [(ANONYMOUS, ACCOUNT), (USER, OTHER_ACCOUNT)])
def test_s3_tells_strangers_nothing(who: object, owner: str) -> None:
    error = denial(decide(who, "s3:GetObject", "arn:aws:s3:::b/k", owner=owner), "s3")  # type: ignore[arg-type]
    assert error.message == "Access Denied"


@pytest.mark.parametrize("action, silent", [("lambda:GetFunction", True), ("lambda:InvokeFunction", False)])
def test_rec_123_lambda_tells_strangers_only_why_they_may_not_invoke(action: str, silent: bool) -> None:
    resource = f"arn:aws:lambda:us-east-1:{OTHER_ACCOUNT}:function:f"
    error = denial(decide(USER, action, resource, identity=(policy(statement(action="*")),)), "lambda")
    assert (error.code, error.message is None) == ("AccessDeniedException", silent)
    mine = denial(decide(USER, action, resource.replace(OTHER_ACCOUNT, ACCOUNT)), "lambda")
    assert mine.message.endswith(f"because no identity-based policy allows the {action} action")


@pytest.mark.parametrize(
    "service, action, ends",
    [
        ("sts", "sts:AssumeRole", "on resource: arn:aws:iam::111111111111:role/x"),
        ("sts", "sts:TagSession", "on resource: arn:aws:iam::111111111111:role/x"),
        (
            "sts",
            "sts:GetFederationToken",
            "role/x because no identity-based policy allows the sts:GetFederationToken action",
        ),
    ],
)
def test_sts_gives_a_reason_for_all_but_assuming(service: str, action: str, ends: str) -> None:
    decision = decide(USER, action, f"arn:aws:iam::{ACCOUNT}:role/x")
    assert denial(decision, service).message.endswith(ends)


def test_the_error_keeps_the_decision() -> None:
    decision = Decision(False, Ask(USER, "sqs:SendMessage", "*"), "because")
    assert denial(decision, "sqs").decision is decision
