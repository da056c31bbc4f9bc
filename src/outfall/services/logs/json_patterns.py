"""Filter patterns on JSON events: `{ ($.level = "ERROR") && ($.latency > 100) }`.

Rule: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-json-log-events
A selector that finds nothing makes its condition false, whatever the operator, but for NOT EXISTS.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from outfall.services.logs.errors import InvalidParameterException

Condition = Callable[[Any], bool]
Step = str | int | None
"""A step of a selector: a member, an index, or None for every element."""

DEPTH_MAX = 20
_token = re.compile(
    r"""\s*(?:(?P<selector>\$(?:\.[\w\-]+|\[\s*(?:\d+|\*|"[^"]*"|'[^']*')\s*\])*)|(?P<sign>&&|\|\||!=|<=|>=|[=<>(){}])"""
    r"""|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s"=<>!(){}&|]+))"""
)
_step = re.compile(r"""\.([\w\-]+)|\[\s*(?:(\d+)|(\*)|"([^"]*)"|'([^']*)')\s*\]""")
_orders: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """What tells whether an event's text is JSON that fits. Raises InvalidParameterException."""
    condition = _Parser(pattern).parse()

    def matches(text: str) -> bool:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(value, dict | list) and condition(value)

    return matches


class _Parser:
    """Recursive descent over the tokens of one pattern."""

    def __init__(self, pattern: str) -> None:
        self._tokens = list(self._split(pattern.strip()))
        self._at = 0

    @staticmethod
    def _split(pattern: str) -> Iterator[tuple[str, str]]:
        at = 0
        while at < len(pattern):
            found = _token.match(pattern, at)
            if found is None or found.lastgroup is None:
                raise _invalid()
            yield found.lastgroup, found[found.lastgroup]
            at = found.end()

    def _take(self, kind: str, *texts: str) -> str | None:
        """The next token's text, if it is of that kind (and one of those texts)."""
        if self._at < len(self._tokens):
            is_kind, text = self._tokens[self._at]
            if is_kind == kind and (not texts or text.upper() in texts):
                self._at += 1
                return text
        return None

    def _need(self, kind: str, *texts: str) -> str:
        found = self._take(kind, *texts)
        if found is None:
            raise _invalid()
        return found

    def parse(self) -> Condition:
        """The condition between the braces."""
        self._need("sign", "{")
        condition = self._any(0)
        self._need("sign", "}")
        if self._at != len(self._tokens):
            raise _invalid()
        return condition

    def _any(self, depth: int) -> Condition:
        parts = [self._all(depth)]
        while self._take("sign", "||"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else lambda value: any(part(value) for part in parts)

    def _all(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._take("sign", "&&"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)

    def _one(self, depth: int) -> Condition:
        if depth > DEPTH_MAX:
            raise _invalid()
        if self._take("sign", "("):
            condition = self._any(depth + 1)
            self._need("sign", ")")
            return condition
        steps = _steps(self._need("selector"))
        if self._take("word", "IS"):
            constant = {"NULL": None, "TRUE": True, "FALSE": False}[self._need("word", "NULL", "TRUE", "FALSE").upper()]
            return lambda value: any(found is constant for found in _select(value, steps))
        if self._take("word", "NOT"):
            self._need("word", "EXISTS")
            return lambda value: next(_select(value, steps), _MISSING) is _MISSING
        return self._comparison(steps)

    def _comparison(self, steps: Sequence[Step]) -> Condition:
        sign = self._need("sign", "=", "!=", *_orders)
        quoted = self._take("quoted")
        text = self._need("word") if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if sign in _orders:
            return _ordered(_orders[sign], text, steps)
        equal = _equal(text, is_text=quoted is not None)
        if sign == "=":
            return lambda value: any(equal(found) for found in _select(value, steps))
        return lambda value: any(not equal(found) for found in _select(value, steps))


_MISSING = object()


def _invalid() -> InvalidParameterException:
    return InvalidParameterException("Invalid filter pattern")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _ordered(compare: Callable[[float, float], bool], text: str, steps: Sequence[Step]) -> Condition:
    bound = _number(text)
    if bound is None:
        raise _invalid()
    limit = bound
    return lambda value: any(
        compare(found, limit)
        for found in _select(value, steps)
        if isinstance(found, int | float) and not isinstance(found, bool)
    )


def _equal(text: str, *, is_text: bool) -> Condition:
    """Equality with a text, in which `*` stands for any run of characters, or with a number."""
    number = None if is_text else _number(text)

    def equal(found: Any) -> bool:
        if isinstance(found, str):
            return _fits(text, found)
        if isinstance(found, bool) or not isinstance(found, int | float):
            return False
        return found == number if number is not None else _fits(text, str(found))

    return equal


def _fits(pattern: str, text: str) -> bool:
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


def _steps(selector: str) -> list[Step]:
    steps: list[Step] = []
    for name, index, every, double, single in _step.findall(selector):
        steps.append(int(index) if index else None if every else name or double or single)
    return steps


def _select(value: Any, steps: Sequence[Step]) -> Iterator[Any]:
    """What the steps find in `value`: nothing, one value, or one for each element."""
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        for element in value if isinstance(value, list) else ():
            yield from _select(element, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield from _select(value[step], rest)
    elif isinstance(value, dict) and step in value:
        yield from _select(value[step], rest)
