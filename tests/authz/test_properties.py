"""The evaluation against an independent one, written as plainly as possible, on random policies; and nonsense."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.authz.documents import parse_document
from outfall.authz.glob import Pattern
from outfall.authz.grammar import identity_problem, trust_problem
from tests.authz.people import decide, policy

ACTIONS = ["sqs:SendMessage", "sqs:ReceiveMessage", "s3:GetObject", "iam:PassRole"]
RESOURCES = ["arn:aws:sqs:us-east-1:111111111111:jobs", "arn:aws:s3:::photos/a/b", "arn:aws:s3:::photos", "*"]


def naively(pattern: str, text: str) -> bool:
    """Wildcards as a regular expression, character by character."""
    return (
        re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), text, re.DOTALL) is not None
    )


def naive_decision(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    """Implicit deny, unless a statement allows and none denies."""
    matching = set()
    for one in statements:
        meant = any(naively(a.lower(), action.lower()) for a in one.get("Action", one.get("NotAction", [])))
        there = any(naively(r, resource) for r in one.get("Resource", one.get("NotResource", [])))
        if meant == ("Action" in one) and there == ("Resource" in one):
            matching.add(one["Effect"])
    return matching == {"Allow"}


@st.composite
def patterns(draw: st.DrawFn, texts: list[str]) -> str:
    """A text of the list, parts of which may have become wildcards."""
    text = draw(st.sampled_from(texts))
    if text == "*":
        return text
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 6)))
    wild = draw(st.sampled_from(["*", "?", "**", text[start:end], text[start:end].upper()]))
    made = text[:start] + wild + text[end:]
    # An ARN pattern of fewer than six parts matches nothing; that rule has its own test.
    return made if made.count(":") == text.count(":") else text


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """A statement about these actions and resources."""
    return {
        "Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        draw(st.sampled_from(["Action", "Action", "NotAction"])): draw(
            st.lists(patterns(ACTIONS), min_size=1, max_size=3)
        ),
        draw(st.sampled_from(["Resource", "Resource", "NotResource"])): draw(
            st.lists(patterns(RESOURCES), min_size=1, max_size=3)
        ),
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(statements(), max_size=5), st.sampled_from(ACTIONS), st.sampled_from(RESOURCES))
def test_decides_as_the_naive_evaluator_does(told: list[dict[str, Any]], action: str, resource: str) -> None:
    expected = naive_decision(told, action, resource)
    assert decide(action=action, resource=resource, identity=(policy(*told),), owner="111111111111").allowed is expected


@settings(max_examples=150, deadline=None)
@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_wildcards_match_as_the_regular_expression_does(pattern: str, text: str) -> None:
    assert Pattern.of(pattern).matches(text, lambda key: None) is naively(pattern, text)


def test_a_hostile_pattern_is_matched_in_linear_time() -> None:
    hostile = Pattern.of("*a?" * 400 + "b")
    assert not hostile.matches("a" * 20_000, lambda key: None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
elements = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"]
wild_statements = st.dictionaries(
    st.sampled_from(elements), json_values | st.sampled_from(["Allow", "Deny", "*"]), max_size=6
)
wild_conditions = st.dictionaries(
    st.sampled_from(
        ["StringLike", "ForAllValues:IpAddress", "DateLessThan", "NumericEquals", "ArnLike", "Null", "Bool", "x"]
    ),
    st.dictionaries(st.sampled_from(["aws:username", "aws:CurrentTime", "aws:SourceIp"]), json_values, max_size=2),
    max_size=2,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(wild_statements, max_size=3) | json_values, wild_conditions)
def test_no_document_raises(told: Any, condition: dict[str, Any]) -> None:
    if isinstance(told, list):
        valid = {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*", "Condition": condition}
        told = {"Version": "2012-10-17", "Statement": [*told, valid]}
    document = json.dumps(told)
    decide(identity=(document,), boundary=document, resource_policy=document, keys={"aws:SourceIp": "::1"})
    identity_problem(document)
    trust_problem(document)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    assert parse_document(text).statements == ()
    assert identity_problem(text) is not None
    assert trust_problem(text) is not None


def test_a_document_nested_to_the_sky_is_no_document() -> None:
    assert parse_document("[" * 100_000).statements == ()
    assert parse_document('{"Statement":' * 50_000).statements == ()
    assert parse_document("\ud800").statements == ()
