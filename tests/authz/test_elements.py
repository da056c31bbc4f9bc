"""Which action, resource and principal an element means: a row per rule, each with its page of the IAM user guide."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.principal import ANONYMOUS, Principal, root_of, service_principal
from tests.authz.people import QUEUE, SESSION, STRANGER, USER, decide, policy, statement
from tests.support import ACCOUNT, OTHER_ACCOUNT

ACTION, NOT_ACTION = "reference_policies_elements_action", "reference_policies_elements_notaction"
RESOURCE, NOT_RESOURCE = "reference_policies_elements_resource", "reference_policies_elements_notresource"
VARIABLES, PRINCIPAL = "reference_policies_variables", "reference_policies_elements_principal"
NOT_PRINCIPAL, ARNS = "reference_policies_elements_notprincipal", "reference-arns"
VERSION = "reference_policies_elements_version"

ACTIONS = [
    (ACTION, {"Action": "sqs:SendMessage"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "SQS:sendmessage"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "sqs:Send*"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "sqs:send*"}, "sqs:SendMessageBatch", True),
    (ACTION, {"Action": "sqs:*"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "*"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "*:*"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "sqs:*Message"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "sqs:*Message"}, "sqs:SendMessageBatch", False),
    (ACTION, {"Action": "sqs:SendMessag?"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "sqs:SendMessage?"}, "sqs:SendMessage", False),
    (ACTION, {"Action": "sqs:S*d*M*"}, "sqs:SendMessage", True),
    (ACTION, {"Action": "sqs:SendMessage"}, "sqs:SendMessageBatch", False),
    (ACTION, {"Action": "s3:*"}, "sqs:SendMessage", False),
    (ACTION, {"Action": ["s3:GetObject", "sqs:SendMessage"]}, "sqs:SendMessage", True),
    (ACTION, {"Action": []}, "sqs:SendMessage", False),
    (ACTION, {"Action": "sqs:[A-Z]endMessage"}, "sqs:SendMessage", False),
    (NOT_ACTION, {"NotAction": "iam:*"}, "sqs:SendMessage", True),
    (NOT_ACTION, {"NotAction": "iam:*"}, "iam:GetRole", False),
    (NOT_ACTION, {"NotAction": ["iam:*", "SQS:SENDMESSAGE"]}, "sqs:SendMessage", False),
    (NOT_ACTION, {"NotAction": ["iam:*", "s3:GetObject"]}, "s3:PutObject", True),
]


@pytest.mark.parametrize("page, element, action, allowed", ACTIONS)
def test_an_action_element_means(page: str, element: dict[str, Any], action: str, allowed: bool) -> None:
    document = policy({"Effect": "Allow", "Resource": "*", **element})
    assert decide(action=action, identity=(document,)).allowed is allowed, page


RESOURCES = [
    (RESOURCE, {"Resource": "*"}, QUEUE, True),
    (RESOURCE, {"Resource": QUEUE}, QUEUE, True),
    (RESOURCE, {"Resource": QUEUE.upper()}, QUEUE, False),
    (RESOURCE, {"Resource": "arn:aws:sqs:*:*:j?b*"}, QUEUE, True),
    (RESOURCE, {"Resource": "arn:aws:sqs:*:*:a?c*"}, f"arn:aws:sqs:us-east-1:{ACCOUNT}:abcd", True),
    (RESOURCE, {"Resource": "arn:aws:sqs:*:*:job?"}, QUEUE, True),
    (RESOURCE, {"Resource": "arn:aws:sqs:*:*:jobs?"}, QUEUE, False),
    (RESOURCE, {"Resource": "arn:aws:sqs:us-east-1:*:*"}, QUEUE, True),
    (RESOURCE, {"Resource": "arn:aws:sqs:eu-*:*:*"}, QUEUE, False),
    (RESOURCE, {"Resource": "arn:aws:s3:::b/*"}, "arn:aws:s3:::b/a/deep/key", True),
    (RESOURCE, {"Resource": "arn:aws:s3:::b/*/key"}, "arn:aws:s3:::b/a/deep/key", True),
    (RESOURCE, {"Resource": "arn:aws:s3:::b"}, "arn:aws:s3:::b/key", False),
    (RESOURCE, {"Resource": "arn:aws:s3:::b*"}, "arn:aws:s3:::b/key", True),
    (RESOURCE, {"Resource": ["arn:aws:s3:::a", QUEUE]}, QUEUE, True),
    (RESOURCE, {"Resource": []}, QUEUE, False),
    (ARNS, {"Resource": "arn:aws:sqs:*"}, QUEUE, False),
    (ARNS, {"Resource": "jobs"}, QUEUE, False),
    (ARNS, {"Resource": "arn:aws:sqs:us-east-1:*:[j]obs"}, QUEUE, False),
    (
        RESOURCE,
        {"Resource": "arn:aws:lambda:us-east-1:1:function:f"},
        "arn:aws:lambda:us-east-1:1:function:f:live",
        False,
    ),
    (RESOURCE, {"Resource": "arn:aws:lambda:us-east-1:1:function:f:*"}, "arn:aws:lambda:us-east-1:1:function:f", False),
    (RESOURCE, {"Resource": QUEUE}, "*", False),
    (RESOURCE, {"Resource": "*"}, "*", True),
    (NOT_RESOURCE, {"NotResource": QUEUE}, QUEUE, False),
    (NOT_RESOURCE, {"NotResource": "arn:aws:sqs:*:*:other"}, QUEUE, True),
    (NOT_RESOURCE, {"NotResource": ["arn:aws:sqs:*:*:x", "arn:aws:sqs:*:*:j*"]}, QUEUE, False),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${aws:username}/*"}, "arn:aws:s3:::b/ann/file", True),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${aws:username}/*"}, "arn:aws:s3:::b/bob/file", False),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${AWS:USERNAME}/*"}, "arn:aws:s3:::b/ann/file", True),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team}/*"}, "arn:aws:s3:::b//file", False),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team, 'all'}/*"}, "arn:aws:s3:::b/all/file", True),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${*}"}, "arn:aws:s3:::b/*", True),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${*}"}, "arn:aws:s3:::b/x", False),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${?}"}, "arn:aws:s3:::b/?", True),
    (VARIABLES, {"Resource": "arn:aws:s3:::b/${$}"}, "arn:aws:s3:::b/$", True),
]


@pytest.mark.parametrize("page, element, resource, allowed", RESOURCES)
def test_a_resource_element_means(page: str, element: dict[str, Any], resource: str, allowed: bool) -> None:
    document = policy({"Effect": "Allow", "Action": "*", **element})
    assert decide(resource=resource, identity=(document,), owner=ACCOUNT).allowed is allowed, page


def test_variables_are_plain_text_in_the_old_version() -> None:
    old = policy(statement(resource="arn:aws:s3:::b/${aws:username}"), version="2008-10-17")
    assert not decide(resource="arn:aws:s3:::b/ann", identity=(old,), owner=ACCOUNT).allowed, VERSION
    assert decide(resource="arn:aws:s3:::b/${aws:username}", identity=(old,), owner=ACCOUNT).allowed, VERSION


def test_a_question_mark_is_one_utf16_unit() -> None:
    one, two = policy(statement(resource="arn:aws:s3:::b/?")), policy(statement(resource="arn:aws:s3:::b/??"))
    assert decide(resource="arn:aws:s3:::b/é", identity=(one,), owner=ACCOUNT).allowed
    assert not decide(resource="arn:aws:s3:::b/😀", identity=(one,), owner=ACCOUNT).allowed
    assert decide(resource="arn:aws:s3:::b/😀", identity=(two,), owner=ACCOUNT).allowed


S3, LAMBDA = service_principal("s3.amazonaws.com", ACCOUNT), service_principal("lambda.amazonaws.com", ACCOUNT)
ROLE = SESSION.role_arn
PRINCIPALS: list[tuple[str, dict[str, Any], Principal, bool]] = [
    (PRINCIPAL, {"Principal": "*"}, USER, True),
    (PRINCIPAL, {"Principal": "*"}, SESSION, True),
    (PRINCIPAL, {"Principal": "*"}, ANONYMOUS, True),
    (PRINCIPAL, {"Principal": "*"}, S3, True),
    (PRINCIPAL, {"Principal": {"AWS": "*"}}, USER, True),
    (PRINCIPAL, {"Principal": {"AWS": "*"}}, ANONYMOUS, True),
    (PRINCIPAL, {"Principal": {"AWS": USER.arn}}, USER, True),
    (PRINCIPAL, {"Principal": {"AWS": USER.arn}}, SESSION, False),
    (PRINCIPAL, {"Principal": {"AWS": USER.arn}}, ANONYMOUS, False),
    (PRINCIPAL, {"Principal": {"AWS": ["arn:aws:iam::1:user/x", USER.arn]}}, USER, True),
    (PRINCIPAL, {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"}}, USER, False),
    (PRINCIPAL, {"Principal": {"AWS": USER.unique_id}}, USER, True),
    (PRINCIPAL, {"Principal": {"AWS": ROLE}}, SESSION, True),
    (PRINCIPAL, {"Principal": {"AWS": SESSION.arn}}, SESSION, True),
    (PRINCIPAL, {"Principal": {"AWS": SESSION.arn.replace("/s1", "/s2")}}, SESSION, False),
    (PRINCIPAL, {"Principal": {"AWS": SESSION.unique_id.split(":")[0]}}, SESSION, True),
    # The account only delegates: without an identity policy nobody in it may.
    (PRINCIPAL, {"Principal": {"AWS": ACCOUNT}}, USER, False),
    (PRINCIPAL, {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, USER, False),
    (PRINCIPAL, {"Principal": {"AWS": ACCOUNT}}, root_of(ACCOUNT), True),
    (PRINCIPAL, {"Principal": {"AWS": OTHER_ACCOUNT}}, USER, False),
    (PRINCIPAL, {"Principal": {"Service": "s3.amazonaws.com"}}, S3, True),
    (PRINCIPAL, {"Principal": {"Service": "s3.amazonaws.com"}}, LAMBDA, False),
    (PRINCIPAL, {"Principal": {"Service": ["sns.amazonaws.com", "s3.amazonaws.com"]}}, S3, True),
    (PRINCIPAL, {"Principal": {"Service": "s3.amazonaws.com"}}, USER, False),
    (PRINCIPAL, {"Principal": {"AWS": "s3.amazonaws.com"}}, S3, False),
    (PRINCIPAL, {"Principal": {"Federated": "cognito-identity.amazonaws.com"}}, USER, False),
    (PRINCIPAL, {}, USER, False),
    (PRINCIPAL, {}, S3, False),
    (NOT_PRINCIPAL, {"NotPrincipal": {"AWS": USER.arn}}, USER, False),
    (NOT_PRINCIPAL, {"NotPrincipal": {"AWS": USER.arn}}, SESSION, True),
]


@pytest.mark.parametrize("page, element, principal, allowed", PRINCIPALS)
def test_a_principal_element_means(page: str, element: dict[str, Any], principal: Principal, allowed: bool) -> None:
    document = policy(statement(**element))
    assert decide(principal, resource_policy=document).allowed is allowed, page


def test_a_user_of_another_account_needs_both_sides() -> None:
    mine, theirs = policy(statement()), policy(statement(Principal={"AWS": STRANGER.arn}))
    assert decide(STRANGER, identity=(mine,), resource_policy=theirs).allowed
    assert not decide(STRANGER, identity=(), resource_policy=theirs).allowed
    assert not decide(STRANGER, identity=(mine,), resource_policy=None).allowed
