"""Filter patterns on events whose fields are set apart by spaces: `[ip, user, ..., status = 4*, bytes > 1000]`.

Rule: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, space-delimited log events.
An event has the fields that the pattern names, one for each; `...` stands for any number of them. What is in quotes or
in brackets is one field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from outfall.services.logs.comparing import Test, invalid_pattern
from outfall.services.logs.pattern_tokens import END, PatternTokens

Fields = dict[str, str]
DEPTH_MAX = 20
ANY = "..."
_token = re.compile(
    r"""\s*(?:(?P<ellipsis>\.\.\.)|(?P<sign>&&|\|\||!=|<=|>=|[=<>(),])|"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%"""
    r"""|(?P<word>[^\s"=<>!(),&|]+))"""
)
_field = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+))""")


def fields_of(text: str) -> list[str]:
    """The fields of an event, without the quotes or brackets around them."""
    return [next(part for part in found.groups() if part is not None) for found in _field.finditer(text)]


class Columns:
    """One pattern: what each field is called, and what is asked of it. Raises InvalidParameterException."""

    def __init__(self, pattern: str) -> None:
        stripped = pattern.strip()
        if not stripped.endswith("]"):
            raise invalid_pattern()
        self._tokens = PatternTokens(_token, stripped[1:-1])
        self._columns: list[tuple[str, Test | None]] = []
        if self._tokens.peek() != END:
            self._columns.append(self._column())
            while self._tokens.take("sign", ","):
                self._columns.append(self._column())
        names = [name for name, _ in self._columns]
        if self._tokens.peek() != END or names.count(ANY) > 1:
            raise invalid_pattern()
        self._gap = names.index(ANY) if ANY in names else None

    def extract(self, text: str) -> Fields | None:
        """The fields of an event by their names as `$name`, unnamed ones as `$3`; None when it does not fit."""
        fields, columns = fields_of(text), self._columns
        if self._gap is None:
            if len(fields) != len(columns):
                return None
            pairs = list(zip(columns, fields, strict=True))
        else:
            after = len(columns) - self._gap - 1
            if len(fields) < self._gap + after:
                return None
            pairs = list(zip(columns[: self._gap], fields, strict=False))
            pairs += zip(columns[self._gap + 1 :], fields[len(fields) - after :], strict=True)
        if not all(test is None or test(field) for (_, test), field in pairs):
            return None
        return {f"${name or at}": field for at, ((name, _), field) in enumerate(pairs, 1)}

    def _column(self) -> tuple[str, Test | None]:
        if self._tokens.take("ellipsis"):
            return ANY, None
        if self._tokens.peek() in (END, ("sign", ",")):
            return "", None
        names: list[str] = []
        test = self._any(names, 0)
        if len(set(names)) != 1:
            raise invalid_pattern()
        return names[0], test

    def _any(self, names: list[str], depth: int) -> Test | None:
        tests = [self._all(names, depth)]
        while self._tokens.take("sign", "||"):
            tests.append(self._all(names, depth))
        return _joined(tests, any)

    def _all(self, names: list[str], depth: int) -> Test | None:
        tests = [self._one(names, depth)]
        while self._tokens.take("sign", "&&"):
            tests.append(self._one(names, depth))
        return _joined(tests, all)

    def _one(self, names: list[str], depth: int) -> Test | None:
        if depth > DEPTH_MAX:
            raise invalid_pattern()
        if self._tokens.take("sign", "("):
            test = self._any(names, depth + 1)
            self._tokens.need("sign", ")")
            return test
        names.append(self._tokens.need("word"))
        sign = self._tokens.take("sign", "=", "!=", "<", ">", "<=", ">=")
        if sign is None:
            return None
        return self._tokens.test(sign)


def _joined(tests: list[Test | None], how: Callable[[Iterator[bool]], bool]) -> Test | None:
    if len(tests) == 1:
        return tests[0]
    wanted = [test for test in tests if test is not None]
    if len(wanted) != len(tests):
        raise invalid_pattern()
    return lambda value: how(test(value) for test in wanted)
