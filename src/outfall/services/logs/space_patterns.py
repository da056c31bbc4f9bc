"""Filter patterns on events whose fields are set apart by spaces: `[ip, user, ..., status = 4*, bytes > 1000]`.

Rule: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, space-delimited log events.
An event has the fields that the pattern names, one for each; `...` stands for any number of them. What is in quotes or
in brackets is one field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from outfall.services.logs.comparing import Test, compare, invalid_pattern

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
        self._tokens = list(_split(stripped[1:-1]))
        self._at = 0
        self._columns: list[tuple[str, Test | None]] = []
        if self._tokens:
            self._columns.append(self._column())
            while self._take("sign", ","):
                self._columns.append(self._column())
        names = [name for name, _ in self._columns]
        if self._at != len(self._tokens) or names.count(ANY) > 1:
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

    def _take(self, kind: str, *texts: str) -> str | None:
        if self._at < len(self._tokens):
            is_kind, text = self._tokens[self._at]
            if is_kind == kind and (not texts or text in texts):
                self._at += 1
                return text
        return None

    def _need(self, kind: str, *texts: str) -> str:
        found = self._take(kind, *texts)
        if found is None:
            raise invalid_pattern()
        return found

    def _column(self) -> tuple[str, Test | None]:
        if self._take("ellipsis"):
            return ANY, None
        if self._at == len(self._tokens) or self._tokens[self._at] == ("sign", ","):
            return "", None
        names: list[str] = []
        test = self._any(names, 0)
        if len(set(names)) != 1:
            raise invalid_pattern()
        return names[0], test

    def _any(self, names: list[str], depth: int) -> Test | None:
        tests = [self._all(names, depth)]
        while self._take("sign", "||"):
            tests.append(self._all(names, depth))
        return _joined(tests, any)

    def _all(self, names: list[str], depth: int) -> Test | None:
        tests = [self._one(names, depth)]
        while self._take("sign", "&&"):
            tests.append(self._one(names, depth))
        return _joined(tests, all)

    def _one(self, names: list[str], depth: int) -> Test | None:
        if depth > DEPTH_MAX:
            raise invalid_pattern()
        if self._take("sign", "("):
            test = self._any(names, depth + 1)
            self._need("sign", ")")
            return test
        names.append(self._need("word"))
        sign = self._take("sign", "=", "!=", "<", ">", "<=", ">=")
        if sign is None:
            return None
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        if kind not in ("word", "quoted", "regex"):
            raise invalid_pattern()
        self._at += 1
        return compare(sign, text, kind)


def _split(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _token.match(text, at)
        if found is None or found.lastgroup is None:
            raise invalid_pattern()
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()


def _joined(tests: list[Test | None], how: Callable[[Iterator[bool]], bool]) -> Test | None:
    if len(tests) == 1:
        return tests[0]
    wanted = [test for test in tests if test is not None]
    if len(wanted) != len(tests):
        raise invalid_pattern()
    return lambda value: how(test(value) for test in wanted)
