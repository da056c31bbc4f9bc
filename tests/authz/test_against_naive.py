"""The evaluation against the naive one, on random policies of every kind and random requests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.core.organization import Level, Organization
from outfall.core.ports import NamedPolicy
from outfall.core.principal import Principal, role_session
from tests.authz.naive import Case, is_allowed
from tests.authz.people import SESSION, USER, decide_all
from tests.support import ACCOUNT, OTHER_ACCOUNT

ACTIONS = ["sqs:SendMessage", "sqs:ReceiveMessage", "s3:GetObject"]
ACTION_PATTERNS = [*ACTIONS, "sqs:*", "*", "S3:Get*", "sqs:?endMessage"]
RESOURCES = [f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", "arn:aws:s3:::photos/a/b"]
RESOURCE_PATTERNS = [*RESOURCES, "*", "arn:aws:s3:::photos/*", f"arn:aws:sqs:*:{ACCOUNT}:j?bs", "arn:aws:sns:*:*:t"]
VALUES = ["a", "A", "ab", "5", "10", "true"]
PATTERNS = [*VALUES, "a*", "?"]
OPERATORS = [
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIgnoreCase",
    "Bool",
    "StringEqualsIfExists",
    "StringNotLikeIfExists",
    "ForAllValues:StringEquals",
    "ForAnyValue:StringLike",
    "ForAllValues:StringNotEquals",
    "ForAnyValue:StringNotEqualsIfExists",
]
PRINCIPALS = [
    "*",
    {"AWS": ["*"]},
    {"AWS": [ACCOUNT]},
    {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", "arn:aws:iam::999999999999:user/x"]},
    {"AWS": [USER.arn]},
    {"AWS": [SESSION.role_arn]},
    {"AWS": [SESSION.arn, USER.arn]},
    {"AWS": ["arn:aws:iam::999999999999:root"]},
]

conditions = st.one_of(
    st.just({}),
    st.just({}),
    st.dictionaries(
        st.sampled_from(OPERATORS),
        st.dictionaries(st.sampled_from(["k:a", "k:b"]), st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2)),
        max_size=2,
    ),
    st.dictionaries(
        st.just("Null"), st.dictionaries(st.just("k:a"), st.sampled_from([["true"], ["false"]])), max_size=1
    ),
    st.dictionaries(
        st.just("NumericLessThan"), st.dictionaries(st.just("k:b"), st.sampled_from([["7"], ["5", "100"]])), max_size=1
    ),
)


@st.composite
def statements(draw: st.DrawFn, *, named: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Allow", "Deny"]))}
    some_actions = st.lists(st.sampled_from(ACTION_PATTERNS), min_size=1, max_size=2)
    some_resources = st.lists(st.sampled_from(RESOURCE_PATTERNS), min_size=1, max_size=2)
    told[draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))] = draw(some_actions)
    told[draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))] = draw(some_resources)
    condition = draw(conditions)
    if condition:
        told["Condition"] = condition
    if named:
        told["Principal"] = draw(st.sampled_from(PRINCIPALS))
    return told


policies = st.lists(statements(), min_size=1, max_size=3)
resource_policies = st.lists(statements(named=True), min_size=1, max_size=3)
keys = st.dictionaries(
    st.sampled_from(["k:a", "k:b"]), st.sampled_from(VALUES) | st.lists(st.sampled_from(VALUES), max_size=2)
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Case, Principal]:
    as_role = draw(st.booleans())
    principal = SESSION if as_role else USER
    case = Case(
        account=ACCOUNT,
        owner=draw(st.sampled_from([ACCOUNT, ACCOUNT, OTHER_ACCOUNT])),
        account_names=(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"),
        role_names=(SESSION.role_arn,) if as_role else (),
        own_names=(principal.arn,),
        action=draw(st.sampled_from(ACTIONS)),
        resource=draw(st.sampled_from(RESOURCES)),
        keys=draw(keys),
        identity=draw(st.lists(policies, max_size=2)),
        boundary=draw(st.none() | policies),
        sessions=draw(st.lists(policies, max_size=2)) if as_role else [],
        resource_policy=draw(st.none() | resource_policies),
        levels=draw(st.lists(st.lists(policies, max_size=2), max_size=2)),
    )
    return case, principal


def text(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def decided(case: Case, principal: Principal) -> bool:
    caller = role_session(SESSION.role_arn, "AROA" + "B" * 17, "s1") if principal is SESSION else USER
    if case.sessions:
        caller = type(caller)(
            caller.kind,
            caller.account,
            caller.arn,
            caller.unique_id,
            caller.user_name,
            caller.role_arn,
            caller.service,
            tuple(text(one) for one in case.sessions),
        )
    levels = tuple(
        Level(frozenset(), tuple(NamedPolicy(f"p-{at}", text(one)) for at, one in enumerate(level)))
        for level in case.levels
    )
    return decide_all(
        caller,
        case.action,
        case.resource,
        identity=tuple(text(one) for one in case.identity),
        boundary=None if case.boundary is None else text(case.boundary),
        resource_policy=None if case.resource_policy is None else text(case.resource_policy),
        keys=case.keys,
        owner=case.owner,
        organization=Organization("o-exampleorgid", "", levels) if levels else None,
    ).allowed


@settings(max_examples=600, deadline=None)
@given(cases())
def test_decides_as_the_naive_evaluator_does(drawn: tuple[Case, Principal]) -> None:
    case, principal = drawn
    assert decided(case, principal) is is_allowed(case)


EVERYTHING = [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]


@pytest.mark.parametrize("owner, allowed", [(ACCOUNT, True), (OTHER_ACCOUNT, False)])
def test_the_naive_evaluator_itself_allows_and_refuses(owner: str, allowed: bool) -> None:
    case = Case(ACCOUNT, owner, (ACCOUNT,), (), (USER.arn,), ACTIONS[0], RESOURCES[0], {}, [EVERYTHING])
    assert is_allowed(case) is allowed
    assert not is_allowed(replace(case, identity=[]))
