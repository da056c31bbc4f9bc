"""The one point of authorisation: every call on the wire and everything that is sent asks here.

Order within an account: any explicit deny; then a resource policy's grant; then identity policies, limited by the
boundary and the session policies. Across accounts both sides have to allow.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from outfall.authz import explain
from outfall.authz.documents import Statement
from outfall.authz.evaluate import Asked, denial_at, denial_in, grant_at, grant_in
from outfall.authz.keys import Given, request_keys
from outfall.authz.principals import Reach
from outfall.core.context import Context
from outfall.core.ports import NamedPolicy
from outfall.core.principal import Principal, service_principal

RESOURCE_POLICY_ALWAYS = frozenset({"sts:assumerole", "sts:tagsession"})
"""Actions that a policy of the resource must allow even within the account: a role is assumed by its trust policy."""


PROVIDED = "aws"
"""The account in the ARNs of managed policies that AWS provides."""


class Ask(msgspec.Struct, frozen=True):
    """A question: may this principal do this action on this resource?

    `keys` are condition keys beside the global ones. `resource_policy` is the document at the resource, if there is
    one; `resource_account` is its owner where the ARN does not tell (S3).
    """

    principal: Principal
    action: str
    resource: str
    keys: Given = {}
    resource_policy: str | None = None
    resource_account: str = ""


class Decision(msgspec.Struct, frozen=True):
    """The answer. `reason` ends AWS's message; `policies` names those that were read; `statement` is the JSON of the
    statement that decided, or empty; `missing` is the JSON of one that would allow it, or empty."""

    allowed: bool
    ask: Ask
    reason: str = ""
    policies: tuple[str, ...] = ()
    statement: str = ""
    missing: str = ""


class _Sides(msgspec.Struct, frozen=True):
    """The policies that bear on a request."""

    identity: tuple[NamedPolicy, ...]
    boundary: tuple[NamedPolicy, ...]
    session: tuple[NamedPolicy, ...]
    resource: str | None

    def names(self) -> tuple[str, ...]:
        read = tuple(policy.name for policy in self.identity + self.boundary + self.session)
        return read if self.resource is None else (*read, explain.RESOURCE)


def authorize(ctx: Context, ask: Ask) -> Decision:
    """Whether the principal may; never raises for what a policy says."""
    principal = ask.principal
    if principal.kind == "root" and ask.resource_policy is None and _owner(ctx, ask) == principal.account:
        return Decision(True, ask)
    asked = Asked(principal, ask.action.lower(), ask.resource, request_keys(ctx, principal, ask.keys))
    if principal.kind in ("service", "anonymous"):
        return _by_resource_alone(ask, asked)
    sides = _sides(ctx, principal, ask.resource_policy)
    denied = _explicit_deny(ask, asked, sides)
    if denied is not None:
        return denied
    if _owner(ctx, ask) == principal.account:
        return _within_account(ask, asked, sides)
    return _across_accounts(ask, asked, sides)


def identity_decision(
    ctx: Context, principal: Principal, action: str, resource: str, keys: Mapping[str, str | list[str]] | None = None
) -> Decision:
    """What the identity policies of a principal (with boundary and session policies) say, whoever owns the resource."""
    ask = Ask(principal, action, resource, keys or {}, None, principal.account)
    return authorize(ctx, ask)


def service_may_assume(ctx: Context, role_arn: str, service: str) -> bool:
    """Whether a role is there and its trust policy lets an AWS service (as `lambda.amazonaws.com`) assume it."""
    role = ctx.house.identities.role(ctx.tx, role_arn)
    if role is None:
        return False
    principal = service_principal(service, role_arn.split(":")[4])
    return authorize(ctx, Ask(principal, "sts:AssumeRole", role_arn, {}, role.trust_policy)).allowed


def _owner(ctx: Context, ask: Ask) -> str:
    owner = ask.resource_account
    if not owner:
        parts = ask.resource.split(":", 5)
        owner = parts[4] if len(parts) == 6 else ""
    # What AWS provides (arn:aws:iam::aws:policy/...) is everybody's own.
    return ask.principal.account if owner == PROVIDED else owner or ctx.account


def _sides(ctx: Context, principal: Principal, resource: str | None) -> _Sides:
    if principal.kind == "root":
        return _Sides((), (), (), resource)
    identities = ctx.house.identities
    boundary = identities.boundary(ctx.tx, principal)
    return _Sides(
        identities.identity_policies(ctx.tx, principal),
        (boundary,) if boundary else (),
        tuple(NamedPolicy(explain.SESSION, document) for document in principal.session_policies),
        resource,
    )


def _explicit_deny(ask: Ask, asked: Asked, sides: _Sides) -> Decision | None:
    for kind, policies in (
        (explain.IDENTITY, sides.identity),
        (explain.BOUNDARY, sides.boundary),
        (explain.SESSION, sides.session),
    ):
        found = denial_in(policies, asked)
        if found is not None:
            return Decision(False, ask, explain.explicitly_denied(kind), sides.names(), found.text)
    found = None if sides.resource is None else denial_at(sides.resource, asked)
    if found is not None:
        return Decision(False, ask, explain.explicitly_denied(explain.RESOURCE), sides.names(), found.text)
    return None


def _by_resource_alone(ask: Ask, asked: Asked) -> Decision:
    """Services and anonymous callers have no policies of their own."""
    sides = _Sides((), (), (), ask.resource_policy)
    denied = _explicit_deny(ask, asked, sides)
    if denied is not None:
        return denied
    _, grant = (Reach.NONE, None) if ask.resource_policy is None else grant_at(ask.resource_policy, asked)
    return _refused(ask, sides, explain.RESOURCE) if grant is None else _granted(ask, sides, grant)


def _within_account(ask: Ask, asked: Asked, sides: _Sides) -> Decision:
    reach, grant = (Reach.NONE, None) if sides.resource is None else grant_at(sides.resource, asked)
    if asked.action in RESOURCE_POLICY_ALWAYS and grant is None:
        return _refused(ask, sides, explain.RESOURCE)
    if ask.principal.kind == "root":
        return Decision(True, ask, policies=sides.names())
    if grant is not None and reach is Reach.DIRECT:
        return _granted(ask, sides, grant)
    if grant is None or reach is Reach.ACCOUNT:
        grant = grant_in(sides.identity, asked)
        if grant is None:
            return _refused(ask, sides, explain.IDENTITY)
    return _limited(ask, asked, sides, grant)


def _across_accounts(ask: Ask, asked: Asked, sides: _Sides) -> Decision:
    mine = None if ask.principal.kind == "root" else grant_in(sides.identity, asked)
    if mine is None and ask.principal.kind != "root":
        return _refused(ask, sides, explain.IDENTITY)
    _, theirs = (Reach.NONE, None) if sides.resource is None else grant_at(sides.resource, asked)
    if theirs is None:
        return _refused(ask, sides, explain.RESOURCE)
    return _limited(ask, asked, sides, theirs)


def _limited(ask: Ask, asked: Asked, sides: _Sides, grant: Statement) -> Decision:
    """A grant stands only where the boundary allows it too, and each session policy."""
    for kind, policies in ((explain.BOUNDARY, sides.boundary), (explain.SESSION, sides.session)):
        for policy in policies:
            if grant_in((policy,), asked) is None:
                return _refused(ask, sides, kind)
    return _granted(ask, sides, grant)


def _granted(ask: Ask, sides: _Sides, grant: Statement) -> Decision:
    return Decision(True, ask, "", sides.names(), grant.text)


def _refused(ask: Ask, sides: _Sides, kind: str) -> Decision:
    if kind == explain.RESOURCE:
        source = request_source(ask.keys)
        missing = explain.resource_statement(ask.principal, ask.action, ask.resource, *source)
    else:
        missing = explain.identity_statement(ask.action, ask.resource)
    return Decision(False, ask, explain.not_allowed(kind, ask.action), sides.names(), "", missing)


def request_source(keys: Given) -> tuple[str, str]:
    """`aws:SourceArn` and `aws:SourceAccount` among the given keys, or empty."""
    lowered = {key.lower(): value for key, value in keys.items()}
    arn, account = lowered.get("aws:sourcearn", ""), lowered.get("aws:sourceaccount", "")
    return (arn if isinstance(arn, str) else "", account if isinstance(account, str) else "")
