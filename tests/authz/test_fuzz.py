"""Nonsense of every kind: parameters, documents and organisations that nobody would write. Nothing of it raises."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.authz import Ask, authorize
from outfall.authz.grammar import identity_problem, organization_problem, resource_problem, trust_problem
from outfall.authz.keys import GLOBAL_KEYS, request_keys
from outfall.authz.service_keys import PARAMETERS, PARTS
from outfall.authz.telling import told
from outfall.core.organization import Level, Organization
from outfall.core.ports import NamedPolicy, Tx
from outfall.core.principal import ANONYMOUS, root_of, service_principal
from outfall.store.memory import MemoryStore
from tests.authz.people import SESSION, USER, Bounded
from tests.support import ACCOUNT, make_call, make_context, make_house

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
members = sorted(
    {name for names in PARAMETERS.values() for name in names}
    | {name for pair in PARTS.values() for name in pair}
    | {"Tags", "tags", "TagKeys", "Tagging", "TagSet", "Targets", "Key", "Value"}
)
parameters = st.dictionaries(
    st.sampled_from(members), json_values | st.lists(st.dictionaries(st.sampled_from(members), json_values)), max_size=5
)
every_key = sorted(
    {*GLOBAL_KEYS, *PARAMETERS, *PARTS}
    | {"aws:requesttag/a", "aws:resourcetag/a", "s3:requestobjecttag/a", "s3:requestobjecttagkeys", "events:targetarn"}
    | {"s3:authtype", "s3:signatureversion", "s3:x-amz-acl", "s3:existingobjecttag/a", "", ":", "aws:principaltag/"}
)


@settings(max_examples=200, deadline=None)
@given(parameters, st.text(max_size=20))
def test_no_parameters_raise(given_parameters: dict[str, Any], resource: str) -> None:
    def work(tx: Tx) -> None:
        call = make_call(tx, principal=USER)
        for vendor in ("s3", "sns", "events", "lambda", "iam", "sts", "cloudwatch"):
            lookup = request_keys(
                call, USER, {}, action=f"{vendor}:Act", resource=resource, parameters=given_parameters
            )
            for key in every_key:
                value = lookup(key)
                assert value is None or isinstance(value, str) or all(isinstance(one, str) for one in value)

    MemoryStore().transact(work)


elements = st.sampled_from(
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"]
)
likely = st.sampled_from(
    ["Allow", "Deny", "*", "sqs:*", "arn:aws:sqs:*:*:*", {"AWS": "*"}, {"StringLike": {"aws:username": "*"}}, ["*"]]
)
policies = st.fixed_dictionaries(
    {"Version": st.sampled_from(["2012-10-17", "2008-10-17"]) | json_values},
    optional={"Statement": json_values | st.lists(st.dictionaries(elements, likely | json_values), max_size=3)},
)
CALLERS = [USER, SESSION, ANONYMOUS, root_of(ACCOUNT), service_principal("s3.amazonaws.com", ACCOUNT)]


@settings(max_examples=250, deadline=None)
@given(policies, policies, st.sampled_from(CALLERS), st.text(max_size=12), st.text(max_size=12))
def test_no_policy_raises(one: Any, other: Any, who: Any, action: str, resource: str) -> None:
    first, second = json.dumps(one), json.dumps(other)
    organization = Organization(
        "o-exampleorgid", "", (Level(frozenset(), (NamedPolicy("s", first),), (NamedPolicy("r", second),)),)
    )

    def work(tx: Tx) -> None:
        identities = Bounded({who.policy_arn: (NamedPolicy("p", first),)}, NamedPolicy("b", second))
        ctx = make_context(tx)
        ctx.house = make_house(identities=identities, organization=organization)
        for name, place in ((action, resource), ("sqs:SendMessage", "arn:aws:sqs:us-east-1:111111111111:q")):
            decision = authorize(ctx, Ask(who, name, place, {"k": ["v"]}, second))
            assert decision.allowed or decision.reason
            json.dumps(told(ctx, decision))

    MemoryStore().transact(work)
    for problem in (identity_problem(first), trust_problem(first), resource_problem(first)):
        assert problem is None or problem
    for resource_control in (False, True):
        organization_problem(first, resource=resource_control)
