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
    """A request as policies see it; the action is in lower case."""

    principal: Principal
    action: str
    resource: str
    lookup: Lookup


def applies(statement: Statement, asked: Asked) -> bool:
    """Whether action, resource and conditions of a statement match; its principals are not asked."""
    if not statement.actions.match(asked.action) or not statement.resources.match(asked.resource, asked.lookup):
        return False
    lookup = asked.lookup
    return all(condition.holds(lookup) for condition in statement.conditions)


def denial_in(policies: tuple[NamedPolicy, ...], asked: Asked) -> Statement | None:
    """The first statement of identity-like policies (identity, boundary, session) that denies."""
    for policy in policies:
        for statement in parse_document(policy.document).denies:
            if applies(statement, asked):
                return statement
    return None


def grant_in(policies: tuple[NamedPolicy, ...], asked: Asked) -> Statement | None:
    """The first statement of identity-like policies that allows."""
    for policy in policies:
        for statement in parse_document(policy.document).allows:
            if applies(statement, asked):
                return statement
    return None


def denial_at(document: str, asked: Asked) -> Statement | None:
    """The first statement of a resource policy that denies this principal."""
    for statement in parse_document(document).denies:
        if _reach(statement, asked.principal) and applies(statement, asked):
            return statement
    return None


def grant_at(document: str, asked: Asked) -> tuple[Reach, Statement | None]:
    """The most direct grant of a resource policy to this principal."""
    best: tuple[Reach, Statement | None] = (Reach.NONE, None)
    for statement in parse_document(document).allows:
        reach = _reach(statement, asked.principal)
        if reach > best[0] and applies(statement, asked):
            best = (reach, statement)
    return best


def _reach(statement: Statement, principal: Principal) -> Reach:
    return Reach.NONE if statement.principals is None else statement.principals.reach(principal)
