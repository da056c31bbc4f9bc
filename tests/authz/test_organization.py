"""The document of an organisation: what it means, and what is wrong with one that means nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.authz.organization import DEFAULT_ID, BadOrganization, read_organization
from tests.authz.people import policy, statement

FULL: dict[str, Any] = json.loads(policy(statement(action="*")))
GUARD: dict[str, Any] = json.loads(policy(statement("Deny", action="s3:*", Principal="*")))


def test_one_policy_binds_every_account() -> None:
    known = read_organization(json.dumps(FULL))
    [level] = known.levels
    assert (known.id, known.management_account, level.accounts) == (DEFAULT_ID, "", frozenset())
    assert [json.loads(one.document) for one in level.service_control] == [FULL]


def test_levels_concern_the_accounts_they_name() -> None:
    told = {
        "Id": "o-exampleorgid",
        "ManagementAccount": "999999999999",
        "Levels": [
            {"ServiceControlPolicies": {"p-full": FULL}},
            {"Accounts": ["111111111111"], "ResourceControlPolicies": {"p-guard": GUARD}},
        ],
    }
    known = read_organization(json.dumps(told))
    root, account = known.levels
    prefix = "arn:aws:organizations::999999999999:policy/o-exampleorgid"
    assert [one.name for one in root.service_control] == [f"{prefix}/service_control_policy/p-full"]
    assert [one.name for one in account.resource_control] == [f"{prefix}/resource_control_policy/p-guard"]
    assert known.levels_of("111111111111") == (root, account)
    assert known.levels_of("222222222222") == (root,)
    assert known.levels_of("999999999999") == ()


@pytest.mark.parametrize(
    "told, problem",
    [
        ([], "it is not a JSON object"),
        ({"Levels": {}}, "Levels is a list, from the root down"),
        ({"Levels": [], "Policies": []}, "the document has Id, Levels, ManagementAccount, not 'Policies'"),
        ({"Levels": [], "Id": "x"}, "Id is as o-exampleorgid: o- and 10 to 32 letters and digits"),
        ({"Levels": [], "ManagementAccount": "1"}, "an account is twelve digits, not '1'"),
        ({"Levels": [{"Accounts": [1]}]}, "an account is twelve digits, not 1"),
        ({"Levels": ["x"]}, "a level is an object"),
        ({"Levels": [{"Scp": {}}]}, "a level has Accounts, ResourceControlPolicies, ServiceControlPolicies, not 'Scp'"),
        (
            {"Levels": [{"ServiceControlPolicies": []}]},
            "ServiceControlPolicies maps the id of each policy to its document",
        ),
        (
            {"Levels": [{"ServiceControlPolicies": {"p": {"Statement": 1}}}]},
            "ServiceControlPolicies p: Syntax errors in policy.",
        ),
        (
            {"Levels": [{"ResourceControlPolicies": {"p": FULL}}]},
            'ResourceControlPolicies p: A resource control policy has "Principal": "*".',
        ),
        (
            {"Levels": [{"ResourceControlPolicies": {"p": json.loads(policy(statement(Principal="*")))}}]},
            "ResourceControlPolicies p: A resource control policy can only deny.",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(told: Any, problem: str) -> None:
    with pytest.raises(BadOrganization) as refused:
        read_organization(json.dumps(told))
    assert str(refused.value) == problem


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
members = st.sampled_from(
    ["Id", "ManagementAccount", "Levels", "Accounts", "ServiceControlPolicies", "ResourceControlPolicies", "Statement"]
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(members, json_values | st.lists(st.dictionaries(members, json_values), max_size=2)))
def test_no_document_does_more_than_be_refused(told: Any) -> None:
    assert "\n" not in problem_of(json.dumps(told))


def problem_of(document: str) -> str:
    try:
        read_organization(document)
    except BadOrganization as refused:
        return str(refused)
    return ""
