"""Where the statements of a policy stand in its text, and the condition keys that it asks for: what simulators tell.

Positions are lines and columns from 1 on, as AWS's own simulator counts them: a statement in a list begins right after
the bracket or the statement before it, a single one right after its brace; it ends right after its closing brace.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html (the sample responses)
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from outfall.authz.documents import read_json, texts

_decode = json.JSONDecoder(strict=False).raw_decode
_SPACE = re.compile(r"[ \t\r\n]*")
_VARIABLE = re.compile(r"\$\{\s*([^{},\s]+)[^{}]*\}")
_ESCAPES = ("*", "?", "$")


class Span(NamedTuple):
    """Line and column of the beginning and of the end."""

    start: tuple[int, int]
    end: tuple[int, int]


def statement_spans(document: str) -> list[Span]:
    """The place of each statement, in order; none if the text is not a policy."""
    try:
        return [Span(_place(document, start), _place(document, end)) for start, end in _spans(document)]
    except (ValueError, IndexError, RecursionError):
        return []


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _spans(text: str) -> list[tuple[int, int]]:
    at = _skip(text, 0)
    if text[at] != "{":
        return []
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = _decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if name == "Statement":
            return _within(text, at)
        _, at = _decode(text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at] == "," else at
    return []


def _within(text: str, at: int) -> list[tuple[int, int]]:
    if text[at] != "[":
        return [(at + 1, _decode(text, at)[1])]
    found, at = [], at + 1
    while text[_skip(text, at)] != "]":
        start = at
        comma = _skip(text, at)
        _, at = _decode(text, _skip(text, comma + 1) if text[comma] == "," else comma)
        found.append((start, at))
    return found


def context_keys(document: str) -> list[str]:
    """The condition keys that a policy asks for, as it spells them, in the order in which they come."""
    told = read_json(document)
    written = told.get("Statement") if isinstance(told, dict) else None
    found: dict[str, str] = {}
    for statement in written if isinstance(written, list) else [written]:
        if isinstance(statement, dict):
            for key in _keys(statement):
                found.setdefault(key.lower(), key)
    return list(found.values())


def _keys(statement: dict[str, Any]) -> list[str]:
    keys: list[str] = []
    for name in ("Resource", "NotResource"):
        keys += _variables(statement.get(name, []))
    block = statement.get("Condition", {})
    for of_operator in block.values() if isinstance(block, dict) else ():
        for key, values in of_operator.items() if isinstance(of_operator, dict) else ():
            keys += [key, *_variables(values)]
    return keys


def _variables(values: Any) -> list[str]:
    return [key for text in texts(values) for key in _VARIABLE.findall(text) if key not in _ESCAPES]
