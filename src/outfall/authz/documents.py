"""Policy documents, compiled: JSON text in, immutable statements out.

Reading is lenient, since what may be stored is decided where it is stored (`grammar.py`, and each service): a part that
cannot be read makes a statement that matches nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import msgspec

from outfall.authz.conditions import AnyCondition, Never, compile_condition
from outfall.authz.glob import Lookup, Pattern
from outfall.authz.principals import PrincipalSet, compile_principals

COMPILED_MAX = 2048
"""How many compiled documents are kept."""


class Actions(msgspec.Struct, frozen=True):
    """The Action or NotAction of a statement. Actions are compared without regard to case."""

    exact: frozenset[str]
    patterns: tuple[Pattern, ...]
    inverted: bool

    def match(self, action: str) -> bool:
        """Whether the action (in lower case) is meant."""
        if action in self.exact:
            return not self.inverted
        return any(pattern.matches(action, _nothing) for pattern in self.patterns) != self.inverted


class Resources(msgspec.Struct, frozen=True):
    """The Resource or NotResource of a statement, or neither, which means every resource."""

    patterns: tuple[Pattern, ...] | None
    everything: bool
    inverted: bool

    def match(self, resource: str, lookup: Lookup) -> bool:
        """Whether the resource is meant."""
        if self.patterns is None or self.everything:
            return not self.inverted
        return any(pattern.matches(resource, lookup) for pattern in self.patterns) != self.inverted


class Statement(msgspec.Struct, frozen=True):
    """One statement. `text` is its JSON as it was written, compact."""

    effect: Literal["Allow", "Deny"]
    actions: Actions
    resources: Resources
    principals: PrincipalSet | None
    conditions: tuple[AnyCondition, ...]
    text: str
    sid: str = ""


class Document(msgspec.Struct, frozen=True):
    """A policy: its statements, denials apart because they are asked first."""

    statements: tuple[Statement, ...]
    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]


def _nothing(key: str) -> None:
    return None


def read_json(text: str) -> Any:
    """The value that JSON text spells; None (JSON's null, too) when it spells none."""
    try:
        return msgspec.json.decode(text.encode())
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=COMPILED_MAX)
def parse_document(text: str) -> Document:
    """The compiled policy; without statements if the text is not a policy."""
    told = read_json(text)
    if not isinstance(told, dict):
        return Document((), (), ())
    variables = told.get("Version") == "2012-10-17"
    written = told.get("Statement")
    listed = written if isinstance(written, list) else [written]
    statements = tuple(made for one in listed if (made := _statement(one, variables)) is not None)
    return Document(
        statements,
        tuple(one for one in statements if one.effect == "Deny"),
        tuple(one for one in statements if one.effect == "Allow"),
    )


def texts(value: Any) -> tuple[str, ...]:
    """A member that may be one value or a list of them, as texts; booleans and numbers as JSON spells them."""
    values = value if isinstance(value, list) else [value]
    return tuple(made for one in values if (made := _text(one)) is not None)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else None


def _statement(told: Any, variables: bool) -> Statement | None:
    if not isinstance(told, dict) or told.get("Effect") not in ("Allow", "Deny"):
        return None
    actions, resources = _actions(told), _resources(told, variables)
    if actions is None or resources is None:
        return None
    sid = told.get("Sid")
    return Statement(
        told["Effect"],
        actions,
        resources,
        compile_principals(told),
        _conditions(told, variables),
        msgspec.json.encode(told).decode(),
        sid if isinstance(sid, str) else "",
    )


def _actions(told: dict[str, Any]) -> Actions | None:
    inverted = "Action" not in told
    if inverted and "NotAction" not in told:
        return None
    names = [name.lower() for name in texts(told["NotAction" if inverted else "Action"])]
    wild = [name for name in names if "*" in name or "?" in name]
    patterns = tuple(Pattern.of(name, variables=False) for name in wild)
    return Actions(frozenset(names) - frozenset(wild), patterns, inverted)


def _resources(told: dict[str, Any], variables: bool) -> Resources | None:
    if "Resource" not in told and "NotResource" not in told:
        return Resources(None, False, False)
    inverted = "Resource" not in told
    names = texts(told["NotResource" if inverted else "Resource"])
    # A pattern that is neither all stars nor of six parts matches nothing. [SD:condition_strings]
    usable = [name for name in names if name.count(":") >= 5]
    everything = any(name and not name.strip("*") for name in names)
    return Resources(tuple(Pattern.of(name, variables=variables) for name in usable), everything, inverted)


def _conditions(told: dict[str, Any], variables: bool) -> tuple[AnyCondition, ...]:
    block = told.get("Condition", {})
    if not isinstance(block, dict):
        return (Never(""),)
    made: list[AnyCondition] = []
    for name, keys in block.items():
        if not isinstance(keys, dict):
            return (Never(""),)
        made += [compile_condition(name, key, texts(value), variables=variables) for key, value in keys.items()]
    return tuple(made)
