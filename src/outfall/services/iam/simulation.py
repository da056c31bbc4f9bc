"""What a simulation finds: the evaluation of `authz`, asked without doing anything, with the statements that matched
and where they stand.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from outfall.authz.authorize import judge_by
from outfall.authz.decision import Ask, Decision
from outfall.authz.documents import parse_document
from outfall.authz.evaluate import Asked, applies, grant_in
from outfall.authz.keys import Given, request_keys
from outfall.authz.positions import Span, context_keys, statement_spans
from outfall.authz.sides import Sides
from outfall.core.context import Context
from outfall.core.ports import NamedPolicy
from outfall.core.principal import Principal

POLICY, RESOURCE_POLICY = "IAM Policy", "Resource Policy"
_TRUST = '{{"Statement":{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"sts:*"}}}}'
"""A trust policy that leaves everything to an account's own policies."""


class Simulation(msgspec.Struct, frozen=True):
    """Whose requests are simulated, under which policies, and what is known of the request."""

    principal: Principal
    sides: Sides
    keys: Given
    owner: str
    """The account that owns resources whose ARN does not tell."""
    given: frozenset[str]
    """Condition keys, in lower case, that the simulation was given or knows of its principal."""


def results(ctx: Context, simulation: Simulation, actions: list[str], resources: list[str]) -> Iterator[dict[str, Any]]:
    """One result for each action on each resource."""
    for action in actions:
        for resource in resources:
            yield _result(ctx, simulation, action, resource)


def _result(ctx: Context, simulation: Simulation, action: str, resource: str) -> dict[str, Any]:
    sides, owner = simulation.sides, _owner(simulation, resource)
    judged = sides
    if action.lower().startswith("sts:assume"):
        # Trust policies are not read here, not even those that were given: https://github.com/aws/aws-cli/issues/10314
        sides = replace(sides, resource=None)
        judged = replace(sides, resource=_TRUST.format(simulation.principal.account))
    ask = Ask(simulation.principal, action, resource, simulation.keys, sides.resource, owner, None, False)
    decision = judge_by(ctx, ask, judged, owner)
    lookup = request_keys(ctx, ask.principal, ask.keys, action=action, resource=resource, owner=owner)
    asked = Asked(ask.principal, action.lower(), resource, lookup, bool(sides.boundary))
    word = word_of(decision)
    matched = _matched(asked, sides, word)
    missing = _missing(simulation)
    told: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": word,
        "MatchedStatements": matched,
        "MissingContextValues": missing if resource == "*" else [],
    }
    if sides.service_levels:
        allowed = all(not one.service_control or grant_in(one.service_control, asked) for one in sides.service_levels)
        denied = decision.kind == "service control policy" and word == "explicitDeny"
        told["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed and not denied}
    bounded = {}
    if sides.boundary:
        bounded = {
            "PermissionsBoundaryDecisionDetail": {
                "AllowedByPermissionsBoundary": grant_in(sides.boundary, asked) is not None
                and not _statements(sides.boundary, asked, "Deny")
            }
        }
    told |= bounded
    if resource == "*":
        return told
    details = _details(asked, sides) if owner != ask.principal.account else {}
    specific: dict[str, Any] = {
        "EvalResourceName": resource,
        "EvalResourceDecision": word,
        "MatchedStatements": matched,
        "MissingContextValues": missing,
    }
    if details:
        specific["EvalDecisionDetails"] = details
    return told | {"EvalDecisionDetails": details, "ResourceSpecificResults": [specific | bounded]}


def word_of(decision: Decision) -> str:
    """A decision in the simulator's words."""
    if decision.allowed:
        return "allowed"
    return "explicitDeny" if decision.statement else "implicitDeny"


def _owner(simulation: Simulation, resource: str) -> str:
    parts = resource.split(":", 5)
    return (parts[4] if len(parts) == 6 else "") or simulation.owner


def _details(asked: Asked, sides: Sides) -> dict[str, str]:
    """What each side of a request across accounts says."""
    identity = _word(asked, sides.identity)
    resource = (NamedPolicy("resource", sides.resource),) if sides.resource is not None else ()
    return {POLICY: identity, RESOURCE_POLICY: _word(asked, resource, named=True)}


def _word(asked: Asked, policies: tuple[NamedPolicy, ...], *, named: bool = False) -> str:
    if _statements(policies, asked, "Deny", named=named):
        return "explicitDeny"
    return "allowed" if _statements(policies, asked, "Allow", named=named) else "implicitDeny"


def _matched(asked: Asked, sides: Sides, word: str) -> list[dict[str, Any]]:
    """The statements that decide: those that allow, or only those that deny."""
    if word == "implicitDeny":
        return []
    effect = "Allow" if word == "allowed" else "Deny"
    policies = sides.identity if effect == "Allow" else sides.identity + sides.boundary
    found = [_shown(name, POLICY, span) for name, span in _statements(policies, asked, effect)]
    if sides.resource is not None:
        there = (NamedPolicy("ResourcePolicy", sides.resource),)
        matching = _statements(there, asked, effect, named=True)
        found += [_shown(name, RESOURCE_POLICY, span) for name, span in matching]
    return found


def _statements(
    policies: tuple[NamedPolicy, ...], asked: Asked, effect: str, *, named: bool = False
) -> list[tuple[str, Span | None]]:
    """Statements of that effect that match, with the policy's name and their place; `named`: they name principals."""
    found = []
    for policy in policies:
        statements, spans = parse_document(policy.document).statements, statement_spans(policy.document)
        for number, statement in enumerate(statements):
            if statement.effect != effect or not applies(statement, asked):
                continue
            if named and not (statement.principals and _names(statement.principals, asked, effect)):
                continue
            found.append((policy.name, spans[number] if len(spans) == len(statements) else None))
    return found


def _names(principals: Any, asked: Asked, effect: str) -> bool:
    if effect == "Deny":
        return bool(principals.is_denied(asked.principal, bounded=asked.bounded))
    return bool(principals.reach(asked.principal))


def _shown(name: str, kind: str, span: Span | None) -> dict[str, Any]:
    told: dict[str, Any] = {"SourcePolicyId": source_id(name), "SourcePolicyType": kind}
    if span is not None:
        told["StartPosition"] = {"Line": span.start[0], "Column": span.start[1]}
        told["EndPosition"] = {"Line": span.end[0], "Column": span.end[1]}
    return told


def source_id(name: str) -> str:
    """The name of a policy, as the simulator gives it: without ARN, path or holder."""
    if name.startswith("arn:"):
        return name.rsplit("/", 1)[-1]
    return name.removeprefix("inline policy ").partition(" of ")[0]


def _missing(simulation: Simulation) -> list[str]:
    sides = simulation.sides
    documents = [policy.document for policy in sides.identity + sides.boundary]
    documents += [sides.resource] if sides.resource is not None else []
    wanted = {key.lower(): key for document in documents for key in reversed(context_keys(document))}
    return sorted(key for lowered, key in wanted.items() if lowered not in simulation.given)
