"""The constraints of the models (required, ranges, lengths, patterns, enumerations), for services that answer with
AWS's sentence `1 validation error detected: ...`. S3 and SQS say what is wrong in words of their own, in their folders.

Texts: [LS:test_lambda_api, LS:test_sts_invalid_parameters, LS:test_get_log_events_limit_validation].
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from outfall.core.errors import AwsError, ValidationException
from outfall.wire.codec import operation_of
from outfall.wire.identify import Route
from outfall.wire.models import Models, ServiceModel, Shape


class ValidationError(AwsError):
    """1 validation error detected"""


class InvalidParameterException(AwsError):
    """1 validation error detected"""


SERVICES: dict[str, type[AwsError]] = {
    "cloudwatch": ValidationError,
    "events": ValidationException,
    "iam": ValidationError,
    "lambda": ValidationException,
    "logs": InvalidParameterException,
    "sns": ValidationError,
    "sts": ValidationError,
}
"""Which services check so, and the error that each raises."""

EXEMPT: frozenset[tuple[str, str]] = frozenset(
    {("lambda", "Runtime"), ("iam", "serviceSpecificCredentialId"), ("iam", "statusType")}
)
"""Shapes that their service checks itself, with another text: a runtime may also be an ARN."""

SAID: dict[tuple[str, str], str] = {
    ("lambda", "RecursiveLoop"): "Member must satisfy enum value set: [Terminate, Allow]",
    ("lambda", "InvokeMode"): "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]",
    ("lambda", "LayerVersionArn"): "Member must satisfy regular expression pattern: "
    r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:"
    r"[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)",
    ("lambda", "TaggableResource"): "Member must satisfy regular expression pattern: "
    r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
    r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|"
    r"code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-"
    r"[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)",
}
"""What AWS says of a shape's enumeration or pattern where it is not as the model has it: sets are printed in the order
of their hashes, patterns are those of another day. [LS:test_lambda_api]"""

MEMBERS_REQUIRED: frozenset[tuple[str, str]] = frozenset(
    {("lambda", "ArchitecturesList"), ("lambda", "CompatibleArchitectures")}
)
"""Lists of bounded length that complain of null members all the same, as unbounded ones do."""

GREATEST: dict[tuple[str, str], int] = {
    ("lambda", "EphemeralStorageSize"): 10_240,
    ("lambda", "MemorySize"): 10_240,
    ("lambda", "Timeout"): 900,
}
"""What a number may be at most, where the model has the greater one of kinds of functions that are not served.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

ERRORS_MAX = 10
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
    if broken:
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        raise error(count + "; ".join(broken[:ERRORS_MAX]))


class _Compiler:
    """Makes the check of each shape once; a shape inside itself refers to its own check."""

    def __init__(self, service: ServiceModel) -> None:
        self._service = service
        self._made: dict[str, Check] = {}

    def structure(self, shape: Shape) -> Check:
        name = shape["shape"]
        if name in self._made:
            return self._made[name]
        table: dict[str, tuple[str, Check]] = {}
        required: list[tuple[str, str]] = [(one, _camel(one)) for one in shape.get("required", ())]

        def check(value: Any, path: str, broken: list[str]) -> None:
            for member, called in required:
                if value.get(member) is None:
                    broken.append(
                        f"Value null at '{path}{called}' failed to satisfy constraint: Member must not be null"
                    )
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
        return _whole(rules, _shown_as(shape)) if rules else None

    def _rules(self, shape: Shape) -> list[Rule]:
        key = (self._service.name, shape["shape"])
        rules, said = _rules(shape | {"max": GREATEST[key]} if key in GREATEST else shape), SAID.get(key)
        return rules if said is None else [*rules[:-1], (said, rules[-1][1])]

    def _list(self, shape: Shape) -> Check | None:
        member = self._service.resolve(shape["member"])
        size = _whole(_size_rules(shape), _show)
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
        if "max" not in shape or (self._service.name, shape["shape"]) in MEMBERS_REQUIRED:
            said.append("Member must not be null")
        each = _some(rules, f"Member must satisfy constraint: [{', '.join(said)}]", list)

        def check(value: Any, path: str, broken: list[str]) -> None:
            size(value, path, broken)
            each(value, path, broken)

        return check

    def _map(self, shape: Shape) -> Check:
        keys, values = self._service.resolve(shape["key"]), self._service.resolve(shape["value"])
        size = _whole(_size_rules(shape), _show)
        rules = _rules(keys)
        each_key = _some(rules, f"Map keys must satisfy constraint: [{', '.join(text for text, _ in rules)}]", list)
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
        each = _some(
            rules, f"Map value must satisfy constraint: [{', '.join(said)}]", lambda value: list(value.values())
        )

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


def _pattern(text: str) -> re.Pattern[str] | None:
    """The pattern as Python has it; None for what only Java can say, which is then not checked."""
    if not text or text in ("^.*$", ".*"):
        return None
    if "\\p{" in text or "&&" in text:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None


def _whole(rules: list[Rule], show: Callable[[Any], str]) -> Check:
    def check(value: Any, path: str, broken: list[str]) -> None:
        for said, holds in rules:
            if not holds(value):
                broken.append(f"Value '{show(value)}' at '{path}' failed to satisfy constraint: {said}")

    return check


def _some(rules: list[Rule], said: str, parts: Callable[[Any], list[Any]]) -> Check:
    """The constraints of a collection's members: one sentence for all of them, showing the collection."""

    def check(value: Any, path: str, broken: list[str]) -> None:
        if rules and not all(holds(one) for one in parts(value) for _, holds in rules):
            broken.append(f"Value '{_show(value)}' at '{path}' failed to satisfy constraint: {said}")

    return check


def _shown_as(shape: Shape) -> Callable[[Any], str]:
    return (lambda value: "***") if shape.get("sensitive") else _show


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
