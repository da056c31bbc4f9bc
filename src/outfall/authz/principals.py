"""Principal and NotPrincipal of a resource policy: who is meant, and how directly.

How directly matters within one account: a grant to the account only delegates to its identity policies, a grant to a
user, a session or everybody stands by itself, a grant to a role is still limited by boundary and session policy.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-req-resource.html
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec

from outfall.core.principal import Principal
from outfall.core.s3ids import canonical_user_id


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
    federated: frozenset[str] = frozenset()
    canonical: frozenset[str] = frozenset()

    def reach(self, principal: Principal) -> Reach:
        """How directly a statement that allows means this principal."""
        named = self._named(principal)
        if not self.inverted:
            return named
        return Reach.NONE if named else Reach.ROLE

    def is_denied(self, principal: Principal, *, bounded: bool) -> bool:
        """Whether a statement that denies means this principal.

        NotPrincipal spares only who is named with all that it is: its account, its role, its session; and nobody whose
        permissions are bounded.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        if not self.inverted:
            return self._named(principal) is not Reach.NONE
        return bounded or not self._spared(principal)

    def _spared(self, principal: Principal) -> bool:
        named, account = self._named(principal), principal.account
        if self.everybody or principal.kind in ("service", "anonymous", "federated"):
            return named is not Reach.NONE
        if not (account in self.aws or _root(account) in self.aws):
            return False
        if principal.kind == "session" and principal.role_arn:
            return principal.arn in self.aws and principal.role_arn in self.aws
        return principal.kind == "root" or named is Reach.DIRECT

    def _named(self, principal: Principal) -> Reach:
        kind = principal.kind
        if kind == "service":
            return Reach.DIRECT if self.everybody or principal.service in self.services else Reach.NONE
        if kind == "federated":
            return Reach.DIRECT if self.everybody or principal.service in self.federated else Reach.NONE
        if kind == "anonymous":
            return Reach.DIRECT if self.everybody else Reach.NONE
        aws = self.aws
        # Everybody means the session itself, too: neither boundary nor session policy limits what it is granted so.
        if self.everybody or principal.arn in aws:
            return Reach.DIRECT
        if kind == "user" and principal.unique_id in aws:
            return Reach.DIRECT
        if principal.role_arn and (principal.role_arn in aws or principal.unique_id.split(":", 1)[0] in aws):
            return Reach.ROLE
        if principal.issuer_arn and principal.issuer_arn in aws:
            return Reach.ROLE
        account = principal.account
        if account in aws or _root(account) in aws:
            return Reach.ACCOUNT
        return Reach.ACCOUNT if self.canonical and canonical_user_id(account) in self.canonical else Reach.NONE


def _root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


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
    federated, canonical = _names(value.get("Federated")), _names(value.get("CanonicalUser"))
    return PrincipalSet("*" in aws, aws, services, inverted, federated, canonical)


def _names(value: Any) -> frozenset[str]:
    values = value if isinstance(value, list) else [value]
    return frozenset(one for one in values if isinstance(one, str))
