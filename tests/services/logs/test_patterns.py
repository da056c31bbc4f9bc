"""Filter patterns, by what they match."""

from __future__ import annotations

import pytest

from outfall.services.logs.errors import InvalidParameterException
from outfall.services.logs.patterns import compile_extract, compile_pattern


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


ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, server, user, time, request, status, bytes]",
        "[ip=%127\\.0\\.0\\.[1-9]%, server, user, time, request, status, bytes]",
        "[ip, server, username, timestamp, request=*.html*, status=4*, bytes]",
        "[..., status=404, bytes]",
        "[ip, ..., bytes > 1000]",
        "[ip, ...]",
        "[...]",
        "[ip, server, user=frank && user!=bob, ...]",
        "[ip, server, user=bob || user=frank, ...]",
        '[ip, server, (user="bob" || user="frank"), ...]',
        "[,,,,,,]",
        "[ip, server, user, time, request, status != 200, bytes >= 1534]",
        "[..., request = %GET .+html%, status, bytes < 2e3]",
    ],
)
def test_columns_that_fit(pattern):
    assert compile_pattern(pattern)(ACCESS)


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, server]",
        "[ip, server, user, time, request, status, bytes, more]",
        "[..., status=5*, bytes]",
        "[ip=%10\\.%, ...]",
        "[ip, ..., bytes > 2000]",
        "[ip > 1, ...]",
        "[ip, server, user=frank && user=bob, ...]",
        "[a, b, c, d, e, f, ..., g, h]",
    ],
)
def test_columns_that_do_not_fit(pattern):
    assert not compile_pattern(pattern)(ACCESS)


def test_what_columns_find():
    assert compile_extract("[ip, ..., status, ]")(ACCESS) == {"$ip": "127.0.0.1", "$status": "404", "$3": "1534"}


@pytest.mark.parametrize(
    "pattern",
    [
        "[a",
        "[a=]",
        "[a b]",
        "[..., b, ...]",
        "[a > x]",
        "[a=1 && b=2]",
        "[a=%(%]",
        "[" + "(" * 500 + "a=1" + ")" * 500 + "]",
        '[a="open]',
    ],
)
def test_columns_that_cannot_be_read(pattern):
    with pytest.raises(InvalidParameterException):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern, character", [("Status: timeout", ":"), ("a,b", ","), ("(x)", "("), ("a*", "*")])
def test_terms_of_other_characters_need_quotes(pattern, character):
    with pytest.raises(InvalidParameterException) as refused:
        compile_pattern(pattern)
    assert refused.value.message == f"Invalid character(s) in term '{character}'"


def test_json_conditions_take_regular_expressions():
    matches = compile_pattern("{ $.ip = %10\\.0\\.[0-9]+% }")
    assert matches('{"ip": "10.0.12"}')
    assert not matches('{"ip": "10.1.12"}')
