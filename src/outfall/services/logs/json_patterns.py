"""Filter patterns on JSON events: `{ ($.level = "ERROR") && ($.latency > 100) }`.

Rule: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html#matching-terms-json-log-events
A selector that finds nothing makes its condition false, whatever the operator, but for NOT EXISTS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from outfall.services.logs.comparing import invalid_pattern
from outfall.services.logs.pattern_tokens import END, PatternTokens

Condition = Callable[[Any], bool]
Step = str | int | None
"""A step of a selector: a member, an index, or None for every element."""

DEPTH_MAX = 20
_token = re.compile(
    r"""\s*(?:(?P<selector>\$(?:\.[\w\-]+|\[\s*(?:\d+|\*|"[^"]*"|'[^']*')\s*\])*)|(?P<sign>&&|\|\||!=|<=|>=|[=<>(){}])"""
    r"""|"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%|(?P<word>[^\s"=<>!(){}&|]+))"""
)
_step = re.compile(r"""\.([\w\-]+)|\[\s*(?:(\d+)|(\*)|"([^"]*)"|'([^']*)')\s*\]""")
ORDERS = ("<", ">", "<=", ">=")
CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}


class JsonCondition:
    """One pattern. Raises InvalidParameterException."""

    def __init__(self, pattern: str) -> None:
        parser = _Parser(pattern)
        self._condition = parser.parse()
        self._selectors = parser.selectors

    def matches(self, text: str) -> bool:
        """Whether an event's text is JSON that fits."""
        return self._fits(_read(text))

    def extract(self, text: str) -> dict[str, str] | None:
        """What the pattern's selectors find in an event that fits, as text; None when it does not."""
        value = _read(text)
        if not self._fits(value):
            return None
        found: dict[str, str] = {}
        for selector in self._selectors:
            one = next(_select(value, _steps(selector)), _MISSING)
            if one is not _MISSING:
                found[selector] = one if isinstance(one, str) else json.dumps(one)
        return found

    def _fits(self, value: Any) -> bool:
        return isinstance(value, dict | list) and self._condition(value)


def value_at(selector: str, text: str) -> Any:
    """What a selector (`$.a.b`) finds in an event's text; None when nothing."""
    return next(_select(_read(text), _steps(selector)), None)


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class _Parser:
    """Recursive descent over the tokens of one pattern."""

    def __init__(self, pattern: str) -> None:
        self._tokens = PatternTokens(_token, pattern.strip())
        self.selectors: list[str] = []

    def parse(self) -> Condition:
        """The condition between the braces."""
        self._tokens.need("sign", "{")
        condition = self._any(0)
        self._tokens.need("sign", "}")
        if self._tokens.peek() != END:
            raise invalid_pattern()
        return condition

    def _any(self, depth: int) -> Condition:
        parts = [self._all(depth)]
        while self._tokens.take("sign", "||"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else lambda value: any(part(value) for part in parts)

    def _all(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._tokens.take("sign", "&&"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)

    def _one(self, depth: int) -> Condition:
        if depth > DEPTH_MAX:
            raise invalid_pattern()
        if self._tokens.take("sign", "("):
            condition = self._any(depth + 1)
            self._tokens.need("sign", ")")
            return condition
        selector = self._tokens.need("selector")
        self.selectors.append(selector)
        steps = _steps(selector)
        if self._tokens.take("word", "IS"):
            constant = CONSTANTS[self._tokens.need("word", *CONSTANTS).upper()]
            return lambda value: any(found is constant for found in _select(value, steps))
        if self._tokens.take("word", "NOT"):
            self._tokens.need("word", "EXISTS")
            return lambda value: next(_select(value, steps), _MISSING) is _MISSING
        return self._comparison(steps)

    def _comparison(self, steps: Sequence[Step]) -> Condition:
        sign = self._tokens.need("sign", "=", "!=", *ORDERS)
        test = self._tokens.test(sign)
        if sign in ORDERS:
            return lambda value: any(test(found) for found in _select(value, steps) if not isinstance(found, str))
        return lambda value: any(test(found) for found in _select(value, steps))


_MISSING = object()


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
