"""What one policy says to one request: the statements that match, denials before grants.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import msgspec

from outfall.authz.documents import Statement, parse_document
from outfall.authz.glob import Lookup
from outfall.authz.principals import Reach
from outfall.core.ports import NamedPolicy
from outfall.core.principal import Principal


class Asked(msgspec.Struct):
    """A request as policies see it; the action is in lower case. `bounded`: the principal has a boundary."""

    principal: Principal
    action: str
    resource: str
    lookup: Lookup
    bounded: bool = False


class Found(msgspec.Struct, frozen=True):
    """A statement that decides, and the name of the policy that it stands in."""

    policy: str
    statement: Statement


def applies(statement: Statement, asked: Asked) -> bool:
    """Whether action, resource and conditions of a statement match; its principals are not asked."""
    if not statement.actions.match(asked.action) or not statement.resources.match(asked.resource, asked.lookup):
        return False
    lookup = asked.lookup
    return all(condition.holds(lookup) for condition in statement.conditions)


def denial_in(policies: tuple[NamedPolicy, ...], asked: Asked) -> Found | None:
    """The first statement of identity-like policies (identity, boundary, session, organisation) that denies."""
    for policy in policies:
        for statement in parse_document(policy.document).denies:
            if applies(statement, asked):
                return Found(policy.name, statement)
    return None


def grant_in(policies: tuple[NamedPolicy, ...], asked: Asked) -> Found | None:
    """The first statement of identity-like policies that allows."""
    for policy in policies:
        for statement in parse_document(policy.document).allows:
            if applies(statement, asked):
                return Found(policy.name, statement)
    return None


def denial_at(document: str, asked: Asked) -> Statement | None:
    """The first statement of a resource policy that denies this principal."""
    for statement in parse_document(document).denies:
        named = statement.principals
        if named is not None and named.is_denied(asked.principal, bounded=asked.bounded) and applies(statement, asked):
            return statement
    return None


def denial_at_any(policies: tuple[NamedPolicy, ...], asked: Asked) -> Found | None:
    """The first statement of several resource-like policies (resource control) that denies this principal."""
    for policy in policies:
        statement = denial_at(policy.document, asked)
        if statement is not None:
            return Found(policy.name, statement)
    return None


def grant_at(document: str, asked: Asked) -> tuple[Reach, Statement | None]:
    """The most direct grant of a resource policy to this principal."""
    best: tuple[Reach, Statement | None] = (Reach.NONE, None)
    for statement in parse_document(document).allows:
        reach = Reach.NONE if statement.principals is None else statement.principals.reach(asked.principal)
        if reach > best[0] and applies(statement, asked):
            best = (reach, statement)
    return best
