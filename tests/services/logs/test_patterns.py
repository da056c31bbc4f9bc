"""Filter patterns, by what they match."""

from __future__ import annotations

import pytest

from outfall.core.errors import NotServed
from outfall.services.logs.errors import InvalidParameterException
from outfall.services.logs.patterns import compile_pattern


@pytest.mark.parametrize(
    "pattern, fits, fits_not",
    [
        ("", ["", "anything"], []),
        ("ERROR", ["[ERROR] x"], ["error", "warn"]),
        ("ERROR ARGUMENTS", ["ARGUMENTS ERROR"], ["ERROR"]),
        ('"INTERNAL SERVER"', ["an INTERNAL SERVER error"], ["SERVER INTERNAL"]),
        (r'"say \"x\""', ['say "x" now'], ["say x"]),
        ("?ERROR ?WARN", ["ERROR", "WARN"], ["INFO"]),
        ("ERROR -timeout", ["ERROR x"], ["ERROR timeout", "x"]),
        ('-"a b"', ["a", "b a"], ["x a b"]),
        ("ERROR ?WARN", ["ERROR"], ["WARN"]),
        ("%[0-9]+ms%", ["took 12ms"], ["took ms"]),
        ("2026-11-23", ["at 2026-11-23T"], ["2026"]),
    ],
)
def test_terms(pattern, fits, fits_not):
    matches = compile_pattern(pattern)
    assert [text for text in fits + fits_not if matches(text)] == fits


LINE = """{"level": "ERROR", "n": 5, "ok": true, "gone": null, "list": [{"a": 1}, {"a": 2}], "x.y": {"z": "deep"}}"""


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.level = "ERROR" }',
        "{ $.level = ERROR }",
        "{$.level=ERR*}",
        '{ $.level = "*RO*" }',
        '{ $.level != "INFO" }',
        "{ $.n = 5 }",
        "{ $.n >= 5 && $.n < 5.5 }",
        "{ $.n != 4 }",
        "{ ($.n = 1) || ($.n = 5) }",
        "{ $.n = 1 && $.n = 2 || $.n = 5 }",
        "{ $.ok IS TRUE }",
        "{ $.gone IS NULL }",
        "{ $.nothing NOT EXISTS }",
        "{ $.list[1].a = 2 }",
        "{ $.list[*].a = 2 }",
        '{ $["x.y"].z = deep }',
    ],
)
def test_conditions_that_hold(pattern):
    assert compile_pattern(pattern)(LINE)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.level = INFO }",
        "{ $.level = RO }",
        "{ $.n > 5 }",
        "{ $.level > 1 }",
        "{ $.nothing = 1 }",
        "{ $.nothing != 1 }",
        "{ $.ok IS FALSE }",
        "{ $.n IS NULL }",
        "{ $.gone NOT EXISTS }",
        "{ $.list[7].a = 2 }",
        "{ ($.n = 1 || $.n = 5) && $.n = 2 }",
    ],
)
def test_conditions_that_do_not_hold(pattern):
    assert not compile_pattern(pattern)(LINE)


@pytest.mark.parametrize("text", ["", "text", "1", '"ERROR"', "[" * 100_000])
def test_what_is_not_a_json_object_fits_no_condition(text):
    assert not compile_pattern("{ $.level NOT EXISTS }")(text)


@pytest.mark.parametrize(
    "pattern",
    [
        '"open',
        "{",
        "{}",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a > x }",
        "{ $.a = 1 } x",
        "{ ($.a = 1 }",
        "{ " + "(" * 500 + "$.a = 1" + ")" * 500 + " }",
        "%(a+)+%",
        "%[%",
    ],
)
def test_patterns_that_cannot_be_read(pattern):
    with pytest.raises(InvalidParameterException):
        compile_pattern(pattern)


def test_patterns_of_columns_are_not_served():
    with pytest.raises(NotServed):
        compile_pattern("[ip, user, status=404]")
