"""The evaluation of policies a second time, written as plainly as can be and without a line of `outfall.authz`.

It knows what the property tests ask for: plain values and wildcards, a few operators, identity, resource, boundary,
session and service control policies of users and role sessions. Statements come as the values that their JSON spells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Statements = list[dict[str, Any]]


@dataclass
class Case:
    """A request and everything that bears on it. `ways` are the names under which a resource policy may mean the
    caller, from the account over the role to the caller itself."""

    account: str
    owner: str
    account_names: tuple[str, ...]
    role_names: tuple[str, ...]
    own_names: tuple[str, ...]
    action: str
    resource: str
    keys: dict[str, str | list[str]]
    identity: list[Statements] = field(default_factory=list)
    boundary: Statements | None = None
    sessions: list[Statements] = field(default_factory=list)
    resource_policy: Statements | None = None
    levels: list[list[Statements]] = field(default_factory=list)


def like(pattern: str, text: str) -> bool:
    """Wildcards, character by character."""
    spelled = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(spelled, text, re.DOTALL) is not None


def matches(statement: dict[str, Any], case: Case) -> bool:
    """Action, resource and conditions."""
    if "Action" in statement:
        action = any(like(one.lower(), case.action.lower()) for one in statement["Action"])
    else:
        action = not any(like(one.lower(), case.action.lower()) for one in statement["NotAction"])
    if "Resource" in statement:
        resource = any(like(one, case.resource) for one in statement["Resource"])
    else:
        resource = not any(like(one, case.resource) for one in statement["NotResource"])
    return (
        action
        and resource
        and all(
            holds(operator, values, case.keys.get(key))
            for operator, block in statement.get("Condition", {}).items()
            for key, values in block.items()
        )
    )


def one_holds(operator: str, values: list[str], held: str) -> bool:
    """An operator without prefix and suffix on one value."""
    if operator == "StringEquals":
        return held in values
    if operator == "StringNotEquals":
        return held not in values
    if operator == "StringLike":
        return any(like(value, held) for value in values)
    if operator == "StringNotLike":
        return not any(like(value, held) for value in values)
    if operator == "StringEqualsIgnoreCase":
        return held.lower() in [value.lower() for value in values]
    if operator == "NumericLessThan":
        return number(held) is not None and any(number(held) < number(value) for value in values)  # type: ignore[operator]
    if operator == "Bool":
        return any((held.lower() == "true") == (value.lower() == "true") for value in values)
    raise AssertionError(operator)


def number(text: str) -> float | None:
    """A number, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def holds(operator: str, values: list[str], held: str | list[str] | None) -> bool:
    """An operator with its prefix and suffix on what the request holds."""
    if operator == "Null":
        return any((held is None) == (value == "true") for value in values)
    prefix, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    if held is None and rest.endswith("IfExists"):
        return True
    if prefix == "ForAllValues":
        listed = [] if held is None else [held] if isinstance(held, str) else held
        return all(one_holds(base, values, one) for one in listed)
    if prefix == "ForAnyValue":
        listed = [] if held is None else [held] if isinstance(held, str) else held
        return any(one_holds(base, values, one) for one in listed)
    if held is None:
        return "Not" in base
    return isinstance(held, str) and one_holds(base, values, held)


def says(statements: Statements, case: Case) -> str:
    """`deny`, `allow` or nothing, as a policy of the caller's side says."""
    effects = {one["Effect"] for one in statements if matches(one, case)}
    return "deny" if "Deny" in effects else "allow" if "Allow" in effects else ""


def is_allowed(case: Case) -> bool:
    """The whole logic."""
    own_side = [*case.identity, *case.sessions, *(policy for level in case.levels for policy in level)]
    if case.boundary is not None:
        own_side.append(case.boundary)
    if any(says(policy, case) == "deny" for policy in own_side):
        return False
    if denied_at_resource(case):
        return False
    for level in case.levels:
        if level and not any(says(policy, case) == "allow" for policy in level):
            return False
    identity = any(says(policy, case) == "allow" for policy in case.identity)
    limits = all(says(policy, case) == "allow" for policy in case.sessions)
    if case.boundary is not None:
        limits = limits and says(case.boundary, case) == "allow"
    granted = granted_to(case)
    if case.account != case.owner:
        return identity and bool(granted) and limits
    if "own" in granted:
        return True
    if "role" in granted:
        return limits
    return identity and limits


def named(statement: dict[str, Any]) -> list[str]:
    """The names in Principal."""
    value = statement["Principal"]
    return ["*"] if value == "*" else list(value["AWS"])


def granted_to(case: Case) -> set[str]:
    """To whom a resource policy grants this: the account, the role, the caller itself."""
    found = set()
    for one in case.resource_policy or []:
        if one["Effect"] == "Allow" and matches(one, case):
            names = named(one)
            found |= {"own"} if "*" in names or set(names) & set(case.own_names) else set()
            found |= {"role"} if set(names) & set(case.role_names) else set()
            found |= {"account"} if set(names) & set(case.account_names) else set()
    return found


def denied_at_resource(case: Case) -> bool:
    """Whether a statement of the resource policy denies the caller, under any of its names."""
    mine = {"*", *case.account_names, *case.role_names, *case.own_names}
    return any(
        one["Effect"] == "Deny" and matches(one, case) and mine & set(named(one)) for one in case.resource_policy or []
    )
