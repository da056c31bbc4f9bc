"""The constraints of the models (required, ranges, lengths, patterns, enumerations), for services that answer with
AWS's sentence `1 validation error detected: ...`. Which these are, and where they say it in other words, stands in
`constraint_texts.py`. S3 and SQS say what is wrong in words of their own, in their folders.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from outfall.wire.codec import operation_of
from outfall.wire.constraint_texts import EXEMPT, GREATEST, IN_WORDS, MEMBERS_REQUIRED, SAID, SERVICES, SILENT
from outfall.wire.identify import Route
from outfall.wire.models import Models, ServiceModel, Shape

ERRORS_MAX = 10
WORDS = "The specified value for "
Check = Callable[[Any, str, list[str]], None]
"""Looks at a value at a path and adds a sentence for each constraint that it breaks."""


def validate(models: Models, route: Route, params: dict[str, Any]) -> None:
    """Raises the service's error, naming each constraint that the parameters break; nothing for other services."""
    error = SERVICES.get(route.service)
    if error is None:
        return
    operation = operation_of(models, route)
    if operation.input is None:
        return
    check: Check | None = operation.compiled.get("constraints")
    if check is None:
        check = operation.compiled["constraints"] = _Compiler(operation.service).structure(operation.input)
    broken: list[str] = []
    check(params, "", broken)
    if not broken:
        return
    counted = [sentence for sentence in broken if not sentence.startswith(WORDS)]
    if not counted:
        raise error(broken[0])
    count = f"{len(counted)} validation error{'s' if len(counted) > 1 else ''} detected: "
    raise error(count + "; ".join(counted[:ERRORS_MAX]))


class _Compiler:
    """Makes the check of each shape once; a shape inside itself refers to its own check."""

    def __init__(self, service: ServiceModel) -> None:
        self._service = service
        self._silent = service.name in SILENT
        self._made: dict[str, Check] = {}

    def structure(self, shape: Shape) -> Check:
        name = shape["shape"]
        if name in self._made:
            return self._made[name]
        table: dict[str, tuple[str, Check]] = {}
        required: list[tuple[str, str]] = [(one, _camel(one)) for one in shape.get("required", ())]
        null = "Value" if self._silent else "Value null"

        def check(value: Any, path: str, broken: list[str]) -> None:
            for member, called in required:
                if value.get(member) is None:
                    broken.append(f"{null} at '{path}{called}' failed to satisfy constraint: Member must not be null")
            for member, one in value.items():
                entry = table.get(member)
                if entry is not None:
                    entry[1](one, path + entry[0], broken)

        self._made[name] = check
        for member, one in self._service.members(shape).items():
            made = self.of(one)
            if made is not None:
                table[member] = (_camel(member), made)
        return check

    def of(self, shape: Shape) -> Check | None:
        kind = shape["type"]
        if (self._service.name, shape["shape"]) in EXEMPT or shape.get("document") or shape.get("jsonvalue"):
            return None
        if kind == "structure":
            inner = self.structure(shape)
            return lambda value, path, broken: inner(value, path + ".", broken)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        rules = self._rules(shape)
        return _whole(rules, self._shown(shape)) if rules else None

    def _shown(self, shape: Shape) -> Callable[[Any], str]:
        """How a value that breaks a rule is told."""
        if self._silent:
            return lambda value: "Value"
        return (lambda value: "Value '***'") if shape.get("sensitive") else _quoted

    def _rules(self, shape: Shape) -> list[Rule]:
        key = (self._service.name, shape["shape"])
        rules, said = _rules(shape | {"max": GREATEST[key]} if key in GREATEST else shape), SAID.get(key)
        if self._silent and "enum" in shape:
            said = "Member must satisfy enum value set"
        if key in IN_WORDS:
            said = f"is invalid. {IN_WORDS[key]}"
        return rules if said is None else [*rules[:-1], (said, rules[-1][1])]

    def _list(self, shape: Shape) -> Check | None:
        member = self._service.resolve(shape["member"])
        size = _whole(_size_rules(shape), self._shown(shape))
        if member["type"] in ("structure", "list", "map"):
            inner = self.of(member)

            def check_each(value: Any, path: str, broken: list[str]) -> None:
                size(value, path, broken)
                if inner is not None:
                    for number, one in enumerate(value, 1):
                        inner(one, f"{path}.{number}.member", broken)

            return check_each
        rules = [] if (self._service.name, member["shape"]) in EXEMPT else self._rules(member)
        said = [text for text, _ in rules]
        unbounded = "max" not in shape and not self._silent
        if unbounded or (self._service.name, shape["shape"]) in MEMBERS_REQUIRED:
            said.append("Member must not be null")
        each = _some(rules, f"Member must satisfy constraint: [{', '.join(said)}]", list, self._shown(shape))

        def check(value: Any, path: str, broken: list[str]) -> None:
            size(value, path, broken)
            each(value, path, broken)

        return check

    def _map(self, shape: Shape) -> Check:
        keys, values = self._service.resolve(shape["key"]), self._service.resolve(shape["value"])
        shown = self._shown(shape)
        size = _whole(_size_rules(shape), shown)
        rules = _rules(keys)
        told = ", ".join(text for text, _ in rules)
        each_key = _some(rules, f"Map keys must satisfy constraint: [{told}]", list, shown)
        if values["type"] in ("structure", "list", "map"):
            inner = self.of(values)

            def check_each(value: Any, path: str, broken: list[str]) -> None:
                size(value, path, broken)
                each_key(value, path, broken)
                if inner is not None:
                    for key, one in value.items():
                        inner(one, f"{path}.{key}.member", broken)

            return check_each
        rules = _rules(values)
        said = [*(text for text, _ in rules), "Member must not be null"]
        told = f"Map value must satisfy constraint: [{', '.join(said)}]"
        each = _some(rules, told, lambda value: list(value.values()), shown)

        def check(value: Any, path: str, broken: list[str]) -> None:
            size(value, path, broken)
            each_key(value, path, broken)
            each(value, path, broken)

        return check


Rule = tuple[str, Callable[[Any], bool]]
"""What the value must be, in AWS's words, and whether it is."""


def _rules(shape: Shape) -> list[Rule]:
    """The constraints of a simple shape, in the order in which AWS tells them."""
    kind = shape["type"]
    if kind in ("integer", "long", "float", "double"):
        return _range_rules(shape, "value")
    if kind == "blob":
        return _size_rules(shape)
    if kind != "string":
        return []
    if "enum" in shape:
        allowed = frozenset(shape["enum"])
        text = f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]"
        return [(text, lambda value: value in allowed)]
    rules = _size_rules(shape)
    pattern = _pattern(shape.get("pattern", ""))
    if pattern is not None:
        said = f"Member must satisfy regular expression pattern: {shape['pattern']}"
        rules.append((said, lambda value: pattern.fullmatch(value) is not None))
    return rules


def _range_rules(shape: Shape, noun: str, measure: Callable[[Any], Any] = lambda value: value) -> list[Rule]:
    rules: list[Rule] = []
    if "max" in shape:
        most = shape["max"]
        rules.append((f"Member must have {noun} less than or equal to {most}", lambda value: measure(value) <= most))
    if "min" in shape:
        least = shape["min"]
        rules.append(
            (f"Member must have {noun} greater than or equal to {least}", lambda value: measure(value) >= least)
        )
    return rules


def _size_rules(shape: Shape) -> list[Rule]:
    return _range_rules(shape, "length", len)


_LETTERS = (r"\p{L}\p{Z}\p{N}_", r"\w\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000")
"""What Java's patterns of tags have for letters, separators and digits of any script, and what Python has for it."""


def _pattern(text: str) -> re.Pattern[str] | None:
    """The pattern as Python has it; None for what only Java can say, which is then not checked."""
    if not text or text in ("^.*$", ".*"):
        return None
    made = text.replace(*_LETTERS)
    if "\\p{" in made or "&&" in made:
        return None
    try:
        return re.compile(made, re.ASCII if made == text else re.NOFLAG)
    except re.error:
        return None


def _whole(rules: list[Rule], show: Callable[[Any], str]) -> Check:
    def check(value: Any, path: str, broken: list[str]) -> None:
        for said, holds in rules:
            if not holds(value):
                broken.append(_sentence(show(value), path, said))

    return check


def _some(rules: list[Rule], said: str, parts: Callable[[Any], list[Any]], show: Callable[[Any], str]) -> Check:
    """The constraints of a collection's members: one sentence for all of them, showing the collection."""

    def check(value: Any, path: str, broken: list[str]) -> None:
        if rules and not all(holds(one) for one in parts(value) for _, holds in rules):
            broken.append(_sentence(show(value), path, said))

    return check


def _sentence(shown: str, path: str, said: str) -> str:
    return (
        f"{WORDS}{path} {said}"
        if said.startswith("is ")
        else f"{shown} at '{path}' failed to satisfy constraint: {said}"
    )


def _quoted(value: Any) -> str:
    return f"Value '{_show(value)}'"


def _show(value: Any) -> str:
    """A value as AWS prints it: lists in brackets, maps as `{key=value}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_show(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_show(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


def _camel(member: str) -> str:
    return member[:1].lower() + member[1:]
