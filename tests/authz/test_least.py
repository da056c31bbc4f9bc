"""The smallest policy from what was done, and what is held in vain."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.authz import least
from outfall.authz.grammar import identity_problem
from outfall.authz.uses import Spot, Use
from outfall.core.ports import NamedPolicy
from tests.authz.people import QUEUE, SESSION, decide, policy, statement
from tests.support import ACCOUNT, T0

WHO = SESSION.role_arn
OTHER_QUEUE = QUEUE.replace("jobs", "other")


def done(*pairs: tuple[str, str], needed: bool = True) -> list[tuple[Spot, Use]]:
    return [(Spot(WHO, action, resource), Use(T0, T0, 1, needed)) for action, resource in pairs]


def test_actions_on_the_same_resources_share_a_statement() -> None:
    told = least.smallest(
        done(
            ("sqs:SendMessage", QUEUE),
            ("sqs:SendMessage", OTHER_QUEUE),
            ("sqs:DeleteMessage", QUEUE),
            ("sqs:DeleteMessage", OTHER_QUEUE),
            ("s3:PutObject", "arn:aws:s3:::photos/a"),
        )
    )
    assert told == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/a"},
            {"Effect": "Allow", "Action": ["sqs:DeleteMessage", "sqs:SendMessage"], "Resource": [QUEUE, OTHER_QUEUE]},
        ],
    }


def test_what_the_resource_s_policy_allowed_is_left_out() -> None:
    assert least.smallest(done(("sqs:SendMessage", QUEUE), needed=False))["Statement"] == []


def test_a_key_with_wildcards_means_itself() -> None:
    [told] = least.smallest(done(("s3:PutObject", "arn:aws:s3:::photos/a*?${x}")))["Statement"]
    assert told["Resource"] == "arn:aws:s3:::photos/a${*}${?}${$}{x}"


def test_a_pattern_keeps_its_star_and_takes_in_what_it_covers() -> None:
    pattern = (Spot(WHO, "s3:PutObject", "arn:aws:s3:::photos/2027/*"), Use(T0, T0, 500, folded=True))
    [told] = least.smallest([pattern, *done(("s3:PutObject", "arn:aws:s3:::photos/2027/x"))])["Statement"]
    assert told["Resource"] == "arn:aws:s3:::photos/2027/*"


def test_it_fits_into_a_managed_policy() -> None:
    many = [(f"sqs:Action{number}", f"{QUEUE}-{number}-{at}") for number in range(20) for at in range(50)]
    told = least.smallest(done(*many))
    assert len(json.dumps(told, separators=(",", ":"))) <= least.SIZE_MAX


def test_a_policy_with_every_step_allows_all_that_was_done() -> None:
    pairs = [("sqs:SendMessage", QUEUE), ("s3:GetObject", "arn:aws:s3:::b/k*"), ("sqs:ListQueues", "*")]
    document = json.dumps(least.smallest(done(*pairs)))
    for action, resource in pairs:
        assert decide(SESSION, action, resource, identity=(document,), owner=ACCOUNT).allowed


keys = st.text("ab/*?${}", min_size=1, max_size=8).map(lambda key: f"arn:aws:s3:::bucket/{key}")
calls = st.lists(
    st.tuples(st.sampled_from(["s3:GetObject", "s3:PutObject"]), keys)
    | st.tuples(st.sampled_from(["sqs:SendMessage"]), st.sampled_from([QUEUE, OTHER_QUEUE])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(calls)
def test_it_allows_all_that_was_done_and_is_a_valid_policy(told: list[tuple[str, str]]) -> None:
    document = json.dumps(least.smallest(done(*dict.fromkeys(told))))
    assert identity_problem(document) is None
    for action, resource in told:
        assert decide(SESSION, action, resource, identity=(document,), owner=ACCOUNT).allowed


INSIDE, IN_TIME = ('{"StringEquals":{"my:network":"inside"}}', '{"StringEquals":{"my:hour":"day"}}')
GIVEN = {"": {}, INSIDE: {"my:network": "inside"}, IN_TIME: {"my:hour": "day"}}
"""Conditions, and the keys of a request that satisfies this one alone."""


def used(action: str, resource: str, condition: str = "", **more: bool) -> tuple[Spot, Use]:
    return Spot(WHO, action, resource), Use(T0, T0, 1, condition=condition, **more)


def test_a_condition_under_which_something_was_allowed_stays() -> None:
    told = least.smallest(
        [
            used("sqs:SendMessage", QUEUE, INSIDE),
            used("sqs:DeleteMessage", QUEUE, INSIDE),
            used("sqs:SendMessage", OTHER_QUEUE),
        ]
    )
    assert told["Statement"] == [
        {
            "Effect": "Allow",
            "Action": ["sqs:DeleteMessage", "sqs:SendMessage"],
            "Resource": QUEUE,
            "Condition": {"StringEquals": {"my:network": "inside"}},
        },
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": OTHER_QUEUE},
    ]


def test_a_pattern_under_a_condition_does_not_stand_for_what_had_none() -> None:
    pattern = used("s3:PutObject", "arn:aws:s3:::photos/*", INSIDE, folded=True)
    told = least.smallest([pattern, used("s3:PutObject", "arn:aws:s3:::photos/x")])
    assert [(one["Resource"], "Condition" in one) for one in told["Statement"]] == [
        ("arn:aws:s3:::photos/x", False),
        ("arn:aws:s3:::photos/*", True),
    ]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from(["s3:GetObject", "s3:PutObject"]), keys), st.sampled_from([*GIVEN])))
def test_under_conditions_too_it_allows_all_that_was_done(told: dict[tuple[str, str], str]) -> None:
    done = [used(action, resource, condition) for (action, resource), condition in told.items()]
    document = json.dumps(least.smallest(done))
    for (action, resource), condition in told.items():
        assert decide(SESSION, action, resource, identity=(document,), owner=ACCOUNT, keys=GIVEN[condition]).allowed


def held(*statements: dict[str, object], did: list[tuple[Spot, Use]]) -> list[least.Held]:
    return least.held([NamedPolicy("p", policy(*statements))], did)  # type: ignore[arg-type]


def test_an_action_that_was_never_used_is_named() -> None:
    [one] = held(statement(action=["sqs:SendMessage", "sqs:ReceiveMessage"]), did=done(("sqs:SendMessage", QUEUE)))
    assert (one.used, one.unused_actions, one.unused_resources) == (("sqs:SendMessage",), ("sqs:ReceiveMessage",), ())


def test_a_wildcard_tells_what_was_used_of_it() -> None:
    [one] = held(statement(action="sqs:*"), did=done(("sqs:SendMessage", QUEUE), ("s3:GetObject", "arn:aws:s3:::b/k")))
    assert (one.used, one.unused_actions) == (("sqs:SendMessage",), ())


def test_a_resource_that_was_never_used_is_named() -> None:
    [one] = held(statement(resource=[QUEUE, OTHER_QUEUE]), did=done(("sqs:SendMessage", QUEUE)))
    assert one.unused_resources == (OTHER_QUEUE,)


def test_a_statement_in_vain_has_no_uses() -> None:
    [one, other] = held(statement(), statement(action="s3:*"), did=done(("sqs:SendMessage", QUEUE)))
    assert one.used == ("sqs:SendMessage",)
    assert (other.used, other.unused_actions, other.unused_resources) == ((), ("s3:*",), ("*",))


def test_denials_are_not_held() -> None:
    assert held(statement("Deny"), did=[]) == []


def test_variables_may_have_been_anything() -> None:
    mine = statement(action="s3:PutObject", resource="arn:aws:s3:::home/${aws:PrincipalTag/team}/*")
    [one] = held(mine, did=done(("s3:PutObject", "arn:aws:s3:::home/red/file")))
    assert one.used == ("s3:PutObject",)
