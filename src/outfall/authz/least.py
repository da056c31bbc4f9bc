"""Least privilege from what happened: the smallest policy that would have allowed it, and what was held in vain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from outfall.authz.documents import read_json, texts
from outfall.authz.explain import literal
from outfall.authz.glob import Pattern
from outfall.authz.uses import Spot, Use, folded
from outfall.core.ports import NamedPolicy

SIZE_MAX = 6144
"""Characters of a managed policy without white space. [DOC:reference_iam-quotas]"""
_STEPS = (20, 10, 5, 2, 1)
"""How many resources of one action are kept apart, until the policy is small enough."""

Done = Sequence[tuple[Spot, Use]]


class Held(msgspec.Struct, frozen=True):
    """A statement that allows, in a policy of the role, and what of it was never used. `used` are the actions that it
    allowed; conditions are not asked."""

    policy: str
    statement: str
    used: tuple[str, ...]
    unused_actions: tuple[str, ...]
    unused_resources: tuple[str, ...]


def smallest(done: Done) -> dict[str, Any]:
    """The policy, as the value that its JSON spells; one without statements if nothing needs one."""
    made: dict[str, Any] = {}
    for most in _STEPS:
        made = {"Version": "2012-10-17", "Statement": _statements(done, most)}
        if len(msgspec.json.encode(made)) <= SIZE_MAX:
            break
    return made


def _statements(done: Done, most: int) -> list[dict[str, Any]]:
    by_action: dict[str, dict[str, Use]] = {}
    for spot, use in done:
        if use.needed:
            by_action.setdefault(spot.action, {})[spot.resource] = use
    actions_at: dict[tuple[str, str], set[str]] = {}
    for action, uses in by_action.items():
        for place in _places(uses, most):
            actions_at.setdefault(place, set()).add(action)
    together: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (resource, condition), actions in actions_at.items():
        together.setdefault((tuple(sorted(actions)), condition), []).append(resource)
    return [
        {"Effect": "Allow", "Action": _one_or_all(actions), "Resource": _one_or_all(sorted(resources))}
        | ({"Condition": read_json(condition)} if condition else {})
        for (actions, condition), resources in sorted(together.items())
    ]


def _places(uses: dict[str, Use], most: int) -> list[tuple[str, str]]:
    """The resources of one action, each with the condition under which it was allowed; those that a pattern among them
    covers, under no other condition, are left out."""
    kept = folded(uses, most)
    patterns = [(Pattern.of(resource, variables=False), use.condition) for resource, use in kept.items() if use.folded]
    found = []
    for resource, use in kept.items():
        if use.folded:
            found.append((resource, use.condition))
        elif not any(under in ("", use.condition) and one.matches(resource, _nothing) for one, under in patterns):
            found.append((literal(resource), use.condition))
    return found


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _nothing(key: str) -> None:
    return None


def held(policies: Iterable[NamedPolicy], done: Done) -> list[Held]:
    """Every statement of these policies that allows, held against what was done."""
    found = []
    for policy in policies:
        told = read_json(policy.document)
        written = told.get("Statement") if isinstance(told, dict) else None
        for statement in written if isinstance(written, list) else [written]:
            if isinstance(statement, dict) and statement.get("Effect") == "Allow":
                found.append(_held(policy.name, statement, done))
    return found


def _held(policy: str, statement: dict[str, Any], done: Done) -> Held:
    actions, resources = texts(statement.get("Action", [])), texts(statement.get("Resource", []))
    by_action = {action: _matching(done, (action,), resources, statement) for action in actions}
    by_resource = {resource: _matching(done, actions, (resource,), statement) for resource in resources}
    used = {spot.action for spots in (*by_action.values(), *by_resource.values()) for spot in spots}
    return Held(
        policy,
        msgspec.json.encode(statement).decode(),
        tuple(sorted(used)),
        tuple(action for action, spots in by_action.items() if not spots),
        tuple(resource for resource, spots in by_resource.items() if not spots),
    )


def _matching(done: Done, actions: Sequence[str], resources: Sequence[str], statement: dict[str, Any]) -> list[Spot]:
    """What was done of these actions on these resources. What a statement excludes (NotAction, NotResource) is not
    told apart: such a statement counts as one that names everything."""
    wanted = [Pattern.of(action.lower(), variables=False) for action in actions]
    places = [Pattern.of(_open(resource), variables=False) for resource in resources]
    return [
        spot
        for spot, _ in done
        if ("NotAction" in statement or any(one.matches(spot.action.lower(), _nothing) for one in wanted))
        and ("NotResource" in statement or any(one.matches(spot.resource, _nothing) for one in places))
    ]


def _open(resource: str) -> str:
    """A resource with its variables, which have no value here, taken for anything."""
    opened, rest = "", resource
    while "${" in rest and "}" in rest[rest.index("${") :]:
        before, _, after = rest.partition("${")
        opened, rest = f"{opened}{before}*", after.partition("}")[2]
    return opened + rest
