"""Which messages a filter policy lets through."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.filter_policy import attributes_pass, body_passes, wildcard_matches

ATTRIBUTES: list[tuple[Any, Any, bool]] = [
    (["a", "b"], "b", True),
    (["a"], "A", False),
    ([1], 1.0, True),
    (["1"], 1, False),
    ([True], 1, False),
    ([{"prefix": "bas"}], "baseball", True),
    ([{"prefix": "Bas"}], "baseball", False),
    ([{"suffix": "ball"}], "baseball", True),
    ([{"suffix": "bat"}], "baseball", False),
    ([{"equals-ignore-case": "TENNIS"}], "tennis", True),
    ([{"wildcard": "*b*l"}], "baseball", True),
    ([{"wildcard": "b*b"}], "b", False),
    ([{"anything-but": ["rugby", "tennis"]}], "baseball", True),
    ([{"anything-but": ["rugby", "tennis"]}], "rugby", False),
    ([{"anything-but": ["rugby"]}], ["rugby", "baseball"], True),
    ([{"anything-but": ["rugby"]}], ["rugby"], False),
    ([{"anything-but": 100}], 100, False),
    ([{"anything-but": {"prefix": "order-"}}], "order-1", False),
    ([{"anything-but": {"suffix": "-1"}}], "order-2", True),
    ([{"numeric": ["=", 301.5]}], 301.5, True),
    ([{"numeric": [">", 0, "<=", 100]}], 100, True),
    ([{"numeric": [">", 0, "<=", 100]}], 0, False),
    ([{"numeric": ["<", 3]}], "2", False),
    ([{"cidr": "10.0.0.0/24"}], "10.0.0.255", True),
    ([{"cidr": "10.0.0.0/24"}], "10.0.1.0", False),
    ([{"cidr": "10.0.0.0/24"}], "no address", False),
    ([{"exists": True}], "x", True),
    ([{"exists": False}], "x", False),
    (["a"], ["b", "a"], True),
]


@pytest.mark.parametrize("wanted, value, passes", ATTRIBUTES)
def test_an_attribute_is_compared_with_every_alternative(wanted: Any, value: Any, passes: bool) -> None:
    assert attributes_pass({"k": wanted}, {"k": value}) is passes


@pytest.mark.parametrize(
    "wanted, passes",
    [(["a"], False), ([{"exists": False}], True), ([{"exists": True}], False), ([{"anything-but": "a"}], False)],
)
def test_what_an_attribute_that_is_not_there_satisfies(wanted: Any, passes: bool) -> None:
    assert attributes_pass({"k": wanted}, {}) is passes


def test_null_asks_for_an_attribute_that_is_not_there() -> None:
    """[LS:test_filter_policy]"""
    assert attributes_pass({"k": [None]}, {})
    assert not attributes_pass({"k": [None]}, {"k": "x"})


def test_all_keys_must_match_and_one_of_the_alternatives() -> None:
    policy = {"a": ["1"], "$or": [{"b": ["2"]}, {"c": ["3"]}]}
    assert attributes_pass(policy, {"a": "1", "c": "3"})
    assert not attributes_pass(policy, {"a": "1"})
    assert not attributes_pass(policy, {"b": "2"})


BODIES: list[tuple[Any, Any, bool]] = [
    ({"object": {"key": [{"prefix": "auto-"}]}}, {"object": {"key": "auto-test"}}, True),
    ({"object": {"key": [{"prefix": "auto-"}]}}, {"object": "auto-test"}, False),
    ({"object": {"nested": ["v"]}}, {"object.nested": "v"}, True),
    ({"object.nested": ["v"]}, {"object": {"nested": "v"}}, True),
    ({"object.nested.test": ["v"]}, {"object": {"nested.test": "v"}}, True),
    ({"headers": {"route-to": ["queue1"]}}, {"headers": {"route-to": ["queue2", "queue1"]}}, True),
    ({"k": [None]}, {"k": None}, True),
    ({"k": [None]}, {}, False),
    ({"k": [True]}, {"k": True}, True),
    ({"k": [True]}, {"k": "true"}, False),
    ({"a": {"b": [{"exists": False}]}}, {}, True),
    ({"a": {"b": [{"exists": False}]}}, {"a": {"b": 1}}, False),
    ({"$or": [{"a": [1]}, {"b": {"c": [2]}}]}, {"b": {"c": 2}}, True),
    ({"$or": [{"a": [1]}, {"b": {"c": [2]}}]}, {"a": 2}, False),
    ({"a": [1]}, [1], False),
]


@pytest.mark.parametrize("policy, body, passes", BODIES)
def test_a_body_is_compared_level_by_level(policy: Any, body: Any, passes: bool) -> None:
    assert body_passes(policy, json.dumps(body)) is passes


def test_what_is_asked_of_an_array_has_to_hold_in_one_element() -> None:
    policy = {"Records": {"name": ["a"], "s3": {"key": [{"prefix": "x"}]}}}
    one = {"Records": [[{"name": "a", "s3": {"key": "x1"}}], {"name": "b", "s3": {"key": "y"}}]}
    other = {"Records": [{"name": "a", "s3": {"key": "y"}}, {"name": "b", "s3": {"key": "x1"}}]}
    assert body_passes(policy, json.dumps(one))
    assert not body_passes(policy, json.dumps(other))


@pytest.mark.parametrize("text", ["", "plain", "{", "[" * 100_000])
def test_a_body_that_is_no_json_never_passes(text: str) -> None:
    assert not body_passes({"a": [{"exists": False}]}, text)


def test_many_stars_take_no_long_time() -> None:
    assert not wildcard_matches("*a" * 500 + "b", "a" * 100_000)
