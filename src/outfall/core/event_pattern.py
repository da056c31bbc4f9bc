"""Event patterns: which events a rule is about. Compiled once, asked for every event.

A pattern is JSON: nested objects whose leaves are arrays of values or match expressions, all of which must hold, and
`$or`, of which one must. A pattern becomes branches (one for each way through its `$or`s), and a branch a tree of
names; a tree meets an array if it meets one of its elements as a whole. Texts of errors: [LS:test_event_pattern].
Rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from outfall.core.matchers import Values, read_values
from outfall.core.pattern_reader import PatternError, Reader, Token

__all__ = ["EventPattern", "PatternError", "compile_pattern"]

OR = "$or"
RESERVED_IN_OR = frozenset({"anything-but", "exists", "prefix", "suffix", "numeric", "cidr", "equals-ignore-case"})
BRANCHES_MAX = 1000
"""Combinations that the `$or`s of a pattern may make. [DOC]"""

COMPILED_MAX = 2048
_MISSING = object()

Paths = dict[tuple[str, ...], Values]


class _Node(msgspec.Struct):
    """A name in the tree of a branch: what its value must be, and what the names below it need."""

    values: Values | None = None
    children: dict[str, _Node] = msgspec.field(default_factory=dict)


class _Branch(msgspec.Struct, frozen=True):
    """What must hold together. `absent` are paths that may be missing: each with what it must meet if it is not."""

    tree: _Node
    absent: tuple[tuple[tuple[str, ...], _Node | None], ...]


class EventPattern(msgspec.Struct, frozen=True):
    """A compiled pattern."""

    branches: tuple[_Branch, ...]

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether the event (as JSON decodes it) is one that the pattern is about."""
        return any(_holds(branch, event) for branch in self.branches)


@lru_cache(maxsize=COMPILED_MAX)
def compile_pattern(text: str) -> EventPattern:
    """The pattern that `text` spells; raises `PatternError`."""
    reader = Reader(text)
    first = reader.next()
    if first.kind != "{":
        reader.fail("Filter is not an object", first)
    branches = _read_object(reader, (), [{}], inside_or=False)
    return EventPattern(tuple(_plant(paths) for paths in branches))


def _read_object(reader: Reader, path: tuple[str, ...], branches: list[Paths], *, inside_or: bool) -> list[Paths]:
    """Reads an object whose brace was read, and adds what it asks to each branch."""
    empty = True
    while True:
        token = reader.next()
        if token.kind == "}":
            if empty:
                reader.fail("Empty objects are not allowed", token)
            return branches
        empty = False
        name = str(token.value)
        if name == OR:
            branches = _read_or(reader, path, branches)
            continue
        if inside_or and name in RESERVED_IN_OR:
            reader.fail(f"{name} is Ruler reserved fieldName which cannot be used inside {OR}.", token)
        value = reader.next()
        here = (*path, *name.split("."))
        if value.kind == "{":
            branches = _read_object(reader, here, branches, inside_or=inside_or)
        elif value.kind == "[":
            values = read_values(reader)
            for branch in branches:
                branch[here] = values
        else:
            reader.fail(f'"{name}" must be an object or an array', value)


def _read_or(reader: Reader, path: tuple[str, ...], branches: list[Paths]) -> list[Paths]:
    opening = reader.next()
    if opening.kind != "[":
        reader.fail(f"It must be an Array followed with {OR}.", opening)
    made: list[Paths] = []
    count = 0
    while (token := reader.next()).kind != "]":
        count += 1
        if token.kind != "{":
            reader.fail(f"Only JSON object is allowed in array of {OR} relationship.", token)
        made += _read_object(reader, path, [dict(branch) for branch in branches], inside_or=True)
        _check_count(reader, token, made)
    if count < 2:
        reader.fail(f"There must have at least 2 Objects in {OR} relationship.", token)
    return made


def _check_count(reader: Reader, token: Token, made: list[Paths]) -> None:
    if len(made) > BRANCHES_MAX:  # AWS's text is not known.
        reader.fail(f"The {OR} combinations of the pattern exceed {BRANCHES_MAX}", token)


def _plant(paths: Paths) -> _Branch:
    tree = _Node()
    absent: list[tuple[tuple[str, ...], _Node | None]] = []
    for path, values in paths.items():
        if values.absent:
            absent.append((path, _branch_of(path, values) if values.any else None))
        else:
            _put(tree, path, values)
    return _Branch(tree, tuple(absent))


def _branch_of(path: tuple[str, ...], values: Values) -> _Node:
    node = _Node()
    _put(node, path, values)
    return node


def _put(node: _Node, path: tuple[str, ...], values: Values) -> None:
    for name in path:
        node = node.children.setdefault(name, _Node())
    node.values = values


def _holds(branch: _Branch, event: Mapping[str, Any]) -> bool:
    if not _meets(branch.tree, event):
        return False
    for path, otherwise in branch.absent:
        if _is_there(event, path) and (otherwise is None or not _meets(otherwise, event)):
            return False
    return True


def _meets(node: _Node, value: Any) -> bool:
    if isinstance(value, list):
        return any(_meets(node, one) for one in _elements(value))
    if node.values is not None and (isinstance(value, dict) or not node.values.match(value)):
        return False
    if not node.children:
        return True
    if not isinstance(value, dict):
        return False
    for name, child in node.children.items():
        below = _below(value, name)
        if below is _MISSING or not _meets(child, below):
            return False
    return True


def _elements(values: list[Any]) -> Iterator[Any]:
    """The elements of an array, and of arrays in it, in order."""
    waiting = [iter(values)]
    while waiting:
        for one in waiting[-1]:
            if isinstance(one, list):
                waiting.append(iter(one))
                break
            yield one
        else:
            waiting.pop()


def _below(value: dict[str, Any], name: str) -> Any:
    """What lies under a name: a name with dots in an event is as good as objects in objects. [LS:dot_joining_event]"""
    found = value.get(name, _MISSING)
    if found is _MISSING:
        dotted = {key[len(name) + 1 :]: one for key, one in value.items() if key.startswith(name + ".")}
        return dotted or _MISSING
    return found


def _is_there(value: Any, path: tuple[str, ...]) -> bool:
    """Whether a value (no object, no empty array) lies at this path."""
    if isinstance(value, list):
        return any(_is_there(one, path) for one in _elements(value))
    if not path:
        return not isinstance(value, dict)
    if not isinstance(value, dict):
        return False
    below = _below(value, path[0])
    return below is not _MISSING and _is_there(below, path[1:])
