"""What a condition of a filter pattern asks of one value: equal to a text with wildcards, a number, an expression.

Rule: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from outfall.services.logs.errors import InvalidParameterException

Test = Callable[[Any], bool]

_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_escaped = re.compile(r"\\(.)")
_regex_allowed = re.compile(r"(?:[A-Za-z0-9_\s:#=@/;,\-\[\]^$.|?*+{}]|\\[dDsSwW^$?\[\]{}|\\*+.\-/])*").fullmatch
_nested_quantifier = re.compile(r"[*+}][*+{]")


def invalid_pattern() -> InvalidParameterException:
    """The error for a pattern that cannot be read."""
    return InvalidParameterException("Invalid filter pattern")


def unescaped(text: str) -> str:
    """A quoted text without its backslashes."""
    return _escaped.sub(r"\1", text)


def compile_regex(source: str) -> Callable[[str], bool]:
    """What tells whether a regular expression is found in a text. AWS's are a small language without groups, which also
    keeps their run time bounded. Raises InvalidParameterException."""
    if not _regex_allowed(source) or _nested_quantifier.search(source):
        raise invalid_pattern()
    try:
        search = re.compile(source).search
    except re.error:
        raise invalid_pattern() from None
    return lambda text: search(text) is not None


def compare(sign: str, text: str, kind: str) -> Test:
    """The test that `sign` and its operand make, which came as a `word`, `quoted` or as a `regex`. Values are texts of
    a space-delimited event, or what JSON holds. Raises InvalidParameterException."""
    if sign in _ORDERS:
        return _ordered(_ORDERS[sign], text, kind)
    equal = _equal(text, kind)
    return equal if sign == "=" else lambda value: not equal(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _ordered(holds: Callable[[float, float], bool], text: str, kind: str) -> Test:
    bound = _number(text) if kind == "word" else None
    if bound is None:
        raise invalid_pattern()
    limit = bound

    def test(value: Any) -> bool:
        number = _number(value)
        return number is not None and holds(number, limit)

    return test


def _equal(text: str, kind: str) -> Test:
    """Equality with a text, in which `*` stands for any run of characters, or with a number."""
    if kind == "regex":
        found_in = compile_regex(text)
        return lambda value: isinstance(value, str) and found_in(value)
    number = _number(text) if kind == "word" else None
    wanted = unescaped(text) if kind == "quoted" else text

    def equal(value: Any) -> bool:
        if isinstance(value, str):
            return fits(wanted, value) or (number is not None and _number(value) == number)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return value == number if number is not None else fits(wanted, str(value))

    return equal


def fits(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern`, in which each `*` stands for any run of characters."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    last = others.pop()
    if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in others:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
