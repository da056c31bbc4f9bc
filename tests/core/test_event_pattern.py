"""Event patterns: what they match, and AWS's complaints about those that are none, to the byte."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall.core.event_pattern import PatternError, compile_pattern


def matches(pattern: Any, event: Any) -> bool:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    return compile_pattern(text).matches(event)


def leaf(*alternatives: Any) -> dict[str, Any]:
    return {"k": list(alternatives)}


VALUES = [
    # exact
    (["a"], "a", True),
    (["a"], "A", False),
    (["a", "b"], "b", True),
    ([""], "", True),
    ([5], 5, True),
    ([5], 5.0, True),
    ([3.018e2], 301.8, True),
    ([5], "5", False),
    (["5"], 5, False),
    ([1], True, False),
    ([True], True, True),
    ([True], 1, False),
    ([True], "true", False),
    ([False], False, True),
    ([None], None, True),
    ([None], "", False),
    ([123456789012], 123456789012, True),
    # arrays: one element is enough
    (["a"], ["b", "a"], True),
    (["a"], ["b"], False),
    (["a"], [["b"], ["a"]], True),
    ([None], [], False),
    ([None], [None], True),
    # prefix and suffix
    ([{"prefix": "ab"}], "abc", True),
    ([{"prefix": "ab"}], "xab", False),
    ([{"prefix": "ab"}], 12, False),
    ([{"prefix": ""}], "x", True),
    ([{"prefix": {"equals-ignore-case": "AB"}}], "abc", True),
    ([{"suffix": ".png"}], "a.png", True),
    ([{"suffix": ".png"}], "a.PNG", False),
    ([{"suffix": {"equals-ignore-case": ".png"}}], "a.PNG", True),
    # equals-ignore-case
    ([{"equals-ignore-case": "aLiCe"}], "Alice", True),
    ([{"equals-ignore-case": ""}], "", True),
    ([{"equals-ignore-case": ""}], "x", False),
    # wildcard
    ([{"wildcard": "dir/*.png"}], "dir/a/b.png", True),
    ([{"wildcard": "dir/*.png"}], "dir/.pn", False),
    ([{"wildcard": "*a*b*"}], "xxaxxbxx", True),
    ([{"wildcard": "*a*b*"}], "xxbxxaxx", False),
    ([{"wildcard": "ab*ba"}], "aba", False),
    ([{"wildcard": "a\\*b"}], "a*b", True),
    ([{"wildcard": "a\\*b"}], "axb", False),
    ([{"wildcard": "a\\\\*"}], "a\\z", True),
    # anything-but
    ([{"anything-but": "a"}], "b", True),
    ([{"anything-but": "a"}], "a", False),
    ([{"anything-but": "a"}], None, True),
    ([{"anything-but": ["a", "b"]}], "b", False),
    ([{"anything-but": ["a", "b"]}], 1, True),
    ([{"anything-but": 100}], 100.0, False),
    ([{"anything-but": [100, 200]}], 300, True),
    ([{"anything-but": 0}], False, True),
    ([{"anything-but": {"prefix": "in"}}], "init", False),
    ([{"anything-but": {"prefix": "in"}}], 123, True),
    ([{"anything-but": {"prefix": ["in", "out"]}}], "output", False),
    ([{"anything-but": {"suffix": [".txt", ".rtf"]}}], "a.png", True),
    ([{"anything-but": {"equals-ignore-case": ["In", "OUT"]}}], "out", False),
    ([{"anything-but": {"wildcard": "*/lib/*"}}], "dir/lib/x", False),
    ([{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}], "dir/etc/x", True),
    ([{"anything-but": {"wildcard": ""}}], "dir", True),
    # numeric
    ([{"numeric": [">", 0, "<=", 5]}], 5, True),
    ([{"numeric": [">", 0, "<=", 5]}], 0, False),
    ([{"numeric": ["<", 10]}], -3.5, True),
    ([{"numeric": ["=", 3.018e2]}], 301.8, True),
    ([{"numeric": [">=", 10]}], "11", False),
    ([{"numeric": [">=", 0]}], None, False),
    ([{"numeric": [">=", 0]}], True, False),
    # cidr
    ([{"cidr": "10.0.0.0/24"}], "10.0.0.255", True),
    ([{"cidr": "10.0.0.0/24"}], "10.0.1.0", False),
    ([{"cidr": "10.0.0.0/24"}], "xx.11.xx", False),
    ([{"cidr": "2001:db8:1234:1a00::/56"}], "2001:db8:1234:1a00::1", True),
    ([{"cidr": "2001:db8:1234:1a00::/56"}], "10.0.0.1", False),
    # exists
    ([{"exists": True}], None, True),
    ([{"exists": True}], "", True),
    ([{"exists": True}], [], False),
    ([{"exists": True}], {"S": "leaves alone exist"}, False),
    ([{"exists": False}], "x", False),
    ([{"exists": False}], [], True),
    ([{"exists": False}, "x"], "x", True),
    ([{"exists": False}, "x"], "y", False),
    # of several alternatives one is enough
    ([{"prefix": "a"}, {"suffix": "z"}], "xz", True),
]


@pytest.mark.parametrize("alternatives, value, expected", VALUES, ids=lambda one: repr(one)[:50])
def test_a_leaf_matches_its_alternatives(alternatives: list[Any], value: Any, expected: bool) -> None:
    assert matches(leaf(*alternatives), {"k": value}) is expected


@pytest.mark.parametrize(
    "alternatives, expected",
    [
        (["x"], False),
        ([None], False),
        ([{"anything-but": "x"}], False),
        ([{"exists": True}], False),
        ([{"exists": False}], True),
        ([{"exists": False}, {"anything-but": "x"}], True),
    ],
)
def test_a_missing_leaf_matches_what_may_be_missing(alternatives: list[Any], expected: bool) -> None:
    assert matches(leaf(*alternatives), {"other": 1}) is expected


TREES = [
    # all names must match
    ({"a": ["1"], "b": {"c": ["2"]}}, {"a": "1", "b": {"c": "2"}}, True),
    ({"a": ["1"], "b": {"c": ["2"]}}, {"a": "1", "b": {"c": "3"}}, False),
    ({"b": {"c": ["2"]}}, {"b": "c"}, False),
    ({"b": {"c": ["2"]}}, {"b": '{"c": "2"}'}, False),
    # names with dots are objects in objects, on both sides
    ({"detail": {"state.status": ["x"]}}, {"detail": {"state": {"status": "x"}}}, True),
    ({"detail": {"state": {"status": ["x"]}}}, {"detail": {"state.status": "x"}}, True),
    ({"detail": {"state": {"status": ["x"]}}}, {"detail": {"state.status": {"status": "x"}}}, False),
    # one element of an array must meet all that is asked of elements
    ({"l": {"k": ["a"], "v": [1]}}, {"l": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]}, True),
    ({"l": {"k": ["a"], "v": [2]}}, {"l": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]}, False),
    ({"l": {"m": {"k": ["b"]}}}, {"l": [{"m": [{"k": "a"}]}, {"m": [{"k": "a"}, {"k": "b"}]}]}, True),
    # what is missing under an absent name is missing
    ({"a": {"b": [{"exists": False}]}}, {"a": {"c": 1}}, True),
    ({"a": {"b": [{"exists": False}]}}, {}, True),
    ({"a": {"b": [{"exists": False}]}}, {"a": [{"b": 1}]}, False),
    # $or
    ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "2"}, True),
    ({"$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "1"}, False),
    ({"s": ["x"], "$or": [{"a": ["1"]}, {"b": ["2"]}]}, {"b": "2"}, False),
    ({"d": {"$or": [{"a": ["1"], "c": ["3"]}, {"b": ["2"]}]}}, {"d": {"a": "1", "c": "3"}}, True),
    ({"d": {"$or": [{"a": ["1"], "c": ["3"]}, {"b": ["2"]}]}}, {"d": {"a": "1", "c": "4"}}, False),
    ({"$or": [{"$or": [{"a": ["1"]}, {"a": ["2"]}]}, {"b": ["3"]}]}, {"a": "2"}, True),
    ({"$or": [{"l": {"k": ["a"]}}, {"z": ["1"]}], "l": {"v": [2]}}, {"l": [{"k": "a"}, {"v": 2}]}, False),
]


@pytest.mark.parametrize("pattern, event, expected", TREES, ids=lambda one: json.dumps(one)[:60])
def test_a_tree_of_names(pattern: Any, event: Any, expected: bool) -> None:
    assert matches(pattern, event) is expected


def test_the_last_of_two_equal_names_counts() -> None:
    """[LS:test_event_pattern_with_multi_key]"""
    assert matches('{"a": ["1"], "a": ["2"]}', {"a": "2"})
    assert not matches('{"a": ["1"], "a": ["2"]}', {"a": "1"})


def placed(reason: str, text: str, column: int, times: int = 1) -> str:
    return reason + f'\n at [Source: (String)"{text}"; line: 1, column: {column}]' * times


TOKEN = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
BUT_KINDS = "Value of anything-but must be an array or single string/number value."

RECORDED = [
    # [LS:test_event_pattern, test_invalid_json_event_pattern], recorded 2024-11 and 2024-12
    ('{"int": 42}', '"int" must be an object or an array', 11),
    ('{"string": "my-value"}', '"string" must be an object or an array', 13),
    ('{"resources": []}', "Empty arrays are not allowed", 17),
    ('{"my_key": [{"EXISTS": true}]}', "Unrecognized match type EXISTS", 28),
    ('{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}', "Unrecognized match type NUMERIC", 36),
    ('{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}', "Bad numeric range operator: >", 49),
    ('{"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}}', "Value of < must be numeric", 50),
    ('{"FileName": [{"suffix": 123}]}', "suffix match pattern must be a string", 29),
    ('{"FileName": [{"suffix": [".png"]}]}', "suffix match pattern must be a string", 27),
    ('{"time": [{"prefix": 123}]}', "prefix match pattern must be a string", 25),
    ('{"time": [{"prefix": ["2022-07-13"]}]}', "prefix match pattern must be a string", 23),
    ('{"EventBusArn": [{"wildcard": 123}]}', "wildcard match pattern must be a string", 34),
    (
        '{"EventBusArn": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}',
        "Consecutive wildcard characters at pos 26",
        72,
    ),
    (
        '{"detail-type": [{"equals-ignore-case": ["ec2 instance state-change notification"]}]}',
        "equals-ignore-case match pattern must be a string",
        42,
    ),
    (
        '{"detail": {"state": [{"anything-but": {"equals-ignore-case": 123}}]}}',
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        66,
    ),
    (
        '{"detail": {"state": [{"anything-but": {"prefix": 123}}]}}',
        "prefix/suffix match pattern must be a string",
        54,
    ),
    (
        '{"detail": {"FilePath": [{"anything-but": {"wildcard": 123}}]}}',
        "wildcard match pattern must be a string",
        59,
    ),
    ('{"detail": {"FileName": [{"anything-but": {"prefix": {"equals-ignore-case": "file"}}}]}}', BUT_KINDS, 55),
    ('{"detail": {"sourceIPAddress": [{"cidr": ["bad-type"]}]}}', "prefix match pattern must be a string", 43),
    ("this is valid json but not a dict", f"Unrecognized token 'this': {TOKEN}", 5),
    ('{"not": closed mark"', f"Unrecognized token 'closed': {TOKEN}", 15),
    (
        "{'bad': 'quotation'}",
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        2,
    ),
    ('["not", "a", "dict", "but valid json"]', "Filter is not an object", 2),
]


@pytest.mark.parametrize("text, reason, column", RECORDED, ids=[one[0][:50] for one in RECORDED])
def test_a_complaint_is_aws_s_with_its_place(text: str, reason: str, column: int) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(text)
    assert str(caught.value) == placed(reason, text, column)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "text, reason, column",
    [
        (
            '{"detail": {"state": [{"anything-but": {"prefix": [123, "test"]}}]}}',
            "prefix/suffix match pattern must be a string",
            55,
        ),
        (
            '{"detail": {"state": [{"anything-but": {"wildcard": [123, "*/dir/*"]}}]}}',
            "wildcard match pattern must be a string",
            57,
        ),
        (
            '{"detail": {"state": [{"anything-but": {"equals-ignore-case": [123, 456]}}]}}',
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
            67,
        ),
    ],
)
def test_a_complaint_about_a_list_inside_anything_but_tells_its_place_twice(
    text: str, reason: str, column: int
) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(text)
    assert str(caught.value) == placed(reason, text, column, times=2)


@pytest.mark.parametrize(
    "cidr, reason",
    [
        ("bad-filter", "Malformed CIDR, one '/' required"),
        ("10.0.0.0/xx", "Malformed CIDR, mask bits must be an integer"),
        ("xx.11.xx/8", "Nonstandard IP address: xx.11.xx"),
        ("xxxx:db8:1234:1a00::/56", "Nonstandard IP address: xxxx:db8:1234:1a00::"),
    ],
)
def test_a_complaint_about_a_cidr_tells_no_place(cidr: str, reason: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(json.dumps(leaf({"cidr": cidr})))
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "text, reason",
    [
        ('{"a": {}}', "Empty objects are not allowed"),
        ('{"a": [{}]}', "Match expression name not found"),
        ('{"a": [["b"]]}', "Match value must be String, number, true, false, or null"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', "Only one key allowed in match expression"),
        ('{"a": [{"exists": "true"}]}', "exists match pattern must be either true or false."),
        ('{"a": [{"numeric": 5}]}', "Value of numeric must be an array."),
        ('{"a": [{"numeric": ["<", 5, ">", 1]}]}', "Too many elements in numeric expression"),
        ('{"a": [{"numeric": [">", 5, "<", 1]}]}', "Bottom must be less than top"),
        ('{"a": [{"numeric": ["!", 5]}]}', "Unrecognized numeric range operator: !"),
        ('{"a": [{"numeric": ["=", 6000000000]}]}', "Value must be between -5.0E9 and 5.0E9, inclusive"),
        ('{"a": [{"wildcard": "a\\\\b"}]}', "Invalid escape character at pos 2"),
        ('{"a": [{"anything-but": true}]}', BUT_KINDS),
        ('{"a": [{"anything-but": {"numeric": ["=", 1]}}]}', "Unsupported anything-but pattern: numeric"),
        ('{"a": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed"),
        ('{"$or": {"a": ["b"]}}', "It must be an Array followed with $or."),
        ('{"$or": [{"a": ["b"]}]}', "There must have at least 2 Objects in $or relationship."),
        ('{"$or": ["a", "b"]}', "Only JSON object is allowed in array of $or relationship."),
        (
            '{"$or": [{"prefix": ["b"]}, {"a": ["b"]}]}',
            "prefix is Ruler reserved fieldName which cannot be used inside $or.",
        ),
    ],
)
def test_other_complaints(text: str, reason: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(text)
    assert caught.value.reason == reason


def test_a_mixed_list_in_anything_but_is_refused() -> None:
    with pytest.raises(PatternError, match="either all values are number or string"):
        compile_pattern('{"a": [{"anything-but": ["b", 1]}]}')


def test_long_patterns_are_shown_in_part_and_lines_are_counted() -> None:
    text = '{"a": ["' + "x" * 600 + '"],\n "b": 5}'
    with pytest.raises(PatternError) as caught:
        compile_pattern(text)
    assert f'"{text[:500]}"[truncated {len(text) - 500} chars]; line: 2, column: 8]' in str(caught.value)


def test_no_pattern_may_have_too_many_branches_or_depth() -> None:
    choice = {"$or": [{"a": ["1"]}, {"b": ["2"]}]}
    many: Any = ["1"]
    for number in range(11):
        many = {"$or": [{f"x{number}": ["1"]}, {f"y{number}": ["2"]}], "d": many}
    assert matches(choice, {"a": "1"})
    with pytest.raises(PatternError, match="combinations"):
        compile_pattern(json.dumps(many))
    with pytest.raises(PatternError, match="nested too deeply"):
        compile_pattern('{"a":' * 400 + "[1]" + "}" * 400)


def test_deep_arrays_in_events_do_no_harm() -> None:
    value: Any = "x"
    for _ in range(900):
        value = [value]
    assert matches(leaf("x"), {"k": value})
    assert not matches(leaf({"exists": False}), {"k": value})


@given(st.text(alphabet='{}[]",:$or \\ab1-.*/', max_size=40))
def test_what_is_no_pattern_is_always_a_pattern_error(text: str) -> None:
    try:
        pattern = compile_pattern(text)
    except PatternError:
        return
    assert pattern.matches({"a": "b"}) in (True, False)


@given(st.lists(st.text(alphabet="ab", max_size=3), min_size=1, max_size=5), st.text(alphabet="ab", max_size=12))
def test_wildcards_match_as_regular_expressions_do(parts: list[str], value: str) -> None:
    wildcard = re.sub(r"\*+", "*", "*".join(parts))
    expected = re.fullmatch(wildcard.replace("*", ".*"), value) is not None
    assert matches(leaf({"wildcard": wildcard}), {"k": value}) is expected


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text(alphabet="ab", max_size=2)
TREE = st.recursive(SCALARS, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3))


@given(st.dictionaries(st.sampled_from("abc"), TREE, min_size=1, max_size=3))
def test_every_event_matches_the_pattern_made_of_it(event: dict[str, Any]) -> None:
    def pattern_of(value: Any) -> Any:
        return {key: pattern_of(one) for key, one in value.items()} if isinstance(value, dict) else [value]

    assert matches(pattern_of(event), event)
    assert matches(pattern_of(event), event | {"z": 1})
