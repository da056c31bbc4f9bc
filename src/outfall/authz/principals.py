"""Principal and NotPrincipal of a resource policy: who is meant, and how directly.

How directly matters within one account: a grant to the account only delegates to its identity policies, a grant to a
user or a session stands by itself, a grant to a role (or to everybody) is still limited by boundary and session policy.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-req-resource.html
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec

from outfall.core.principal import Principal


class Reach(IntEnum):
    """How directly a statement means a principal; higher is more direct."""

    NONE = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


class PrincipalSet(msgspec.Struct, frozen=True):
    """The principals that a statement names, or with `inverted` all but those."""

    everybody: bool
    aws: frozenset[str]
    services: frozenset[str]
    inverted: bool

    def reach(self, principal: Principal) -> Reach:
        """How directly the statement means this principal."""
        named = self._named(principal)
        if not self.inverted:
            return named
        return Reach.NONE if named else Reach.ROLE

    def _named(self, principal: Principal) -> Reach:
        kind = principal.kind
        if kind == "service":
            return Reach.DIRECT if self.everybody or principal.service in self.services else Reach.NONE
        if kind == "anonymous":
            return Reach.ROLE if self.everybody else Reach.NONE
        aws = self.aws
        if principal.arn in aws or (kind != "session" and principal.unique_id in aws and kind != "root"):
            return Reach.DIRECT
        if self.everybody:
            return Reach.ROLE
        if kind == "session" and (principal.role_arn in aws or principal.unique_id.split(":", 1)[0] in aws):
            return Reach.ROLE
        account = principal.account
        if account in aws or f"arn:aws:iam::{account}:root" in aws:
            return Reach.ACCOUNT
        return Reach.NONE


def compile_principals(told: dict[str, Any]) -> PrincipalSet | None:
    """The principals of a statement; None if it has neither element."""
    inverted = "Principal" not in told
    if inverted and "NotPrincipal" not in told:
        return None
    value = told["NotPrincipal" if inverted else "Principal"]
    if value == "*":
        return PrincipalSet(True, frozenset(), frozenset(), inverted)
    if not isinstance(value, dict):
        return PrincipalSet(inverted, frozenset(), frozenset(), inverted)
    aws, services = _names(value.get("AWS")), _names(value.get("Service"))
    return PrincipalSet("*" in aws, aws, services, inverted)


def _names(value: Any) -> frozenset[str]:
    values = value if isinstance(value, list) else [value]
    return frozenset(one for one in values if isinstance(one, str))
