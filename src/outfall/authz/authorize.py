"""The one point of authorisation: every call on the wire and everything that is sent asks here.

What the policies say is worked out by `judge`; `authorize` holds it against the mode of the house and tells the watch.

Order within an account: any explicit deny; then the organisation; then a resource policy's grant; then identity
policies, limited by the boundary and the session policies. Across accounts both sides have to allow.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from outfall.authz import explain
from outfall.authz.decision import Ask, Decision
from outfall.authz.evaluate import Asked, Found, denial_at, denial_at_any, denial_in, grant_at, grant_in
from outfall.authz.glob import KeyValue
from outfall.authz.keys import Given, request_keys
from outfall.authz.principals import Reach
from outfall.authz.sides import Sides, sides_of
from outfall.core.context import Context
from outfall.core.principal import Principal, service_principal

RESOURCE_POLICY_ALWAYS = frozenset(
    {"sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext", "sts:assumerolewithwebidentity"}
)
"""Actions that a policy of the resource must allow even within the account: a role is assumed by its trust policy."""

PROVIDED = "aws"
"""The account in the ARNs of managed policies that AWS provides."""

QUESTIONS_MAX = 2048
"""How many questions are remembered whose answer was yes, and of each `ANSWERS_MAX` answers."""
ANSWERS_MAX = 4

_WITHOUT_POLICIES = ("service", "anonymous", "federated")


def authorize(ctx: Context, ask: Ask) -> Decision:
    """Whether the principal may, here and now; never raises for what a policy says."""
    house = ctx.house
    decision = Decision(True, ask) if house.iam == "off" else judge(ctx, ask)
    if not decision.allowed and house.iam == "audit":
        decision = msgspec.structs.replace(decision, allowed=True, audited=True)
    if house.watch is not None:
        house.watch.decided(ctx, decision)
    return decision


def judge(ctx: Context, ask: Ask) -> Decision:
    """What the policies say, in whichever mode the house is; nobody is told."""
    principal, owner = ask.principal, owner_of(ctx, ask)
    unbound = ask.resource_policy is None and ctx.house.organization is None
    if principal.kind == "root" and unbound and owner == principal.account:
        return Decision(True, ask)
    sides = sides_of(ctx, principal, ask.resource_policy, owner)
    answers = _answers(principal, ask.action, ask.resource, sides, owner)
    for answer in answers:
        if not answer.seen or _sees(ctx, ask, owner, answer.seen):
            return answer.to(ask)
    decision = judge_by(ctx, ask, sides, owner)
    if decision.allowed:
        answers.insert(0, _Answer.of(decision))
        del answers[ANSWERS_MAX:]
    return decision


class _Answer(msgspec.Struct, frozen=True):
    """What a decision that allows says whoever asks: see `Decision`."""

    seen: Mapping[str, KeyValue]
    policies: tuple[str, ...]
    statement: str
    policy: str
    kind: str

    @classmethod
    def of(cls, decision: Decision) -> _Answer:
        return cls(decision.seen, decision.policies, decision.statement, decision.policy, decision.kind)

    def to(self, ask: Ask) -> Decision:
        return Decision(True, ask, "", self.policies, self.statement, "", self.policy, self.kind, False, self.seen)


@lru_cache(maxsize=QUESTIONS_MAX)
def _answers(principal: Principal, action: str, resource: str, sides: Sides, owner: str) -> list[_Answer]:
    """What was answered to this question, first nothing. The texts of all policies are part of the question, so one
    that changes is another question; the only other thing that an answer depends on is the condition keys that were
    looked up on the way to it, and those are looked up again."""
    return []


def _sees(ctx: Context, ask: Ask, owner: str, seen: Mapping[str, KeyValue]) -> bool:
    """Whether the request has the same under these condition keys."""
    lookup = request_keys(
        ctx, ask.principal, ask.keys, action=ask.action, resource=ask.resource, owner=owner, parameters=ask.parameters
    )
    return all(lookup(key) == value for key, value in seen.items())


def judge_by(ctx: Context, ask: Ask, sides: Sides, owner: str) -> Decision:
    """What these policies say of a resource that `owner` has."""
    seen: dict[str, KeyValue] = {}
    decision = _judged(ctx, ask, sides, owner, seen)
    return msgspec.structs.replace(decision, seen=seen) if seen else decision


def _judged(ctx: Context, ask: Ask, sides: Sides, owner: str, seen: dict[str, KeyValue]) -> Decision:
    principal = ask.principal
    lookup = request_keys(
        ctx,
        principal,
        ask.keys,
        action=ask.action,
        resource=ask.resource,
        owner=owner,
        parameters=ask.parameters,
        seen=seen,
    )
    asked = Asked(principal, ask.action.lower(), ask.resource, lookup, bool(sides.boundary))
    refused = _explicit_deny(ask, asked, sides) or _organisation(ask, asked, sides)
    if refused is not None:
        return refused
    if principal.kind in _WITHOUT_POLICIES:
        return _by_resource_alone(ask, asked, sides)
    return _within_account(ask, asked, sides) if owner == principal.account else _across_accounts(ask, asked, sides)


def identity_decision(
    ctx: Context,
    principal: Principal,
    action: str,
    resource: str,
    keys: Mapping[str, str | list[str]] | None = None,
    *,
    acts: bool = True,
) -> Decision:
    """What the identity policies of a principal (with boundary and session policies) say, whoever owns the resource."""
    return authorize(ctx, Ask(principal, action, resource, keys or {}, None, principal.account, None, acts))


def service_may_assume(ctx: Context, role_arn: str, service: str) -> bool:
    """Whether a role is there and its trust policy lets an AWS service (as `lambda.amazonaws.com`) assume it."""
    role = ctx.house.identities.role(ctx.tx, role_arn)
    if role is None:
        return False
    principal = service_principal(service, role_arn.split(":")[4])
    return authorize(ctx, Ask(principal, "sts:AssumeRole", role_arn, {}, role.trust_policy)).allowed


def owner_of(ctx: Context, ask: Ask) -> str:
    """The account that owns the resource of a question."""
    owner = ask.resource_account
    if not owner:
        parts = ask.resource.split(":", 5)
        owner = parts[4] if len(parts) == 6 else ""
    # What AWS provides (arn:aws:iam::aws:policy/...) is everybody's own.
    return ask.principal.account if owner == PROVIDED else owner or ctx.account


def _explicit_deny(ask: Ask, asked: Asked, sides: Sides) -> Decision | None:
    for kind, policies in (
        (explain.IDENTITY, sides.identity),
        (explain.BOUNDARY, sides.boundary),
        (explain.SESSION, sides.session),
    ):
        found = denial_in(policies, asked)
        if found is not None:
            return _denied(ask, sides, kind, found)
    statement = None if sides.resource is None else denial_at(sides.resource, asked)
    if statement is not None:
        return _denied(ask, sides, explain.RESOURCE, Found(explain.RESOURCE, statement))
    return None


def _organisation(ask: Ask, asked: Asked, sides: Sides) -> Decision | None:
    """What the organisation refuses: by a deny, or by a level at which no service control policy allows.

    Resource control policies only deny: the one that allows everything is always attached beside them.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """
    for level in sides.resource_levels:
        found = denial_at_any(level.resource_control, asked)
        if found is not None:
            return _denied(ask, sides, explain.RESOURCE_CONTROL, found)
    for level in sides.service_levels:
        found = denial_in(level.service_control, asked)
        if found is not None:
            return _denied(ask, sides, explain.SERVICE_CONTROL, found)
    for level in sides.service_levels:
        if level.service_control and grant_in(level.service_control, asked) is None:
            return _refused(ask, sides, explain.SERVICE_CONTROL)
    return None


def _by_resource_alone(ask: Ask, asked: Asked, sides: Sides) -> Decision:
    """Services, anonymous callers and those who show a token have no policies of their own."""
    _, grant = (Reach.NONE, None) if sides.resource is None else grant_at(sides.resource, asked)
    if grant is None:
        return _refused(ask, sides, explain.RESOURCE)
    return _granted(ask, sides, explain.RESOURCE, Found(explain.RESOURCE, grant))


def _within_account(ask: Ask, asked: Asked, sides: Sides) -> Decision:
    reach, statement = (Reach.NONE, None) if sides.resource is None else grant_at(sides.resource, asked)
    if asked.action in RESOURCE_POLICY_ALWAYS and statement is None:
        return _refused(ask, sides, explain.RESOURCE)
    if ask.principal.kind == "root":
        return Decision(True, ask, policies=sides.names())
    if statement is not None and reach is not Reach.ACCOUNT:
        granted = _granted(ask, sides, explain.RESOURCE, Found(explain.RESOURCE, statement))
        return granted if reach is Reach.DIRECT else _limited(asked, sides, granted)
    found = grant_in(sides.identity, asked)
    if found is None:
        return _refused(ask, sides, explain.IDENTITY)
    return _limited(asked, sides, _granted(ask, sides, explain.IDENTITY, found))


def _across_accounts(ask: Ask, asked: Asked, sides: Sides) -> Decision:
    mine = None if ask.principal.kind == "root" else grant_in(sides.identity, asked)
    if mine is None and ask.principal.kind != "root":
        return _refused(ask, sides, explain.IDENTITY)
    _, theirs = (Reach.NONE, None) if sides.resource is None else grant_at(sides.resource, asked)
    if theirs is None:
        return _refused(ask, sides, explain.RESOURCE)
    # Both sides allowed; the caller's own is told of, for it is what its account can change.
    granted = _granted(ask, sides, explain.IDENTITY, mine or Found(explain.RESOURCE, theirs))
    return _limited(asked, sides, granted)


def _limited(asked: Asked, sides: Sides, granted: Decision) -> Decision:
    """A grant stands only where the boundary allows it too, and each session policy."""
    for kind, policies in ((explain.BOUNDARY, sides.boundary), (explain.SESSION, sides.session)):
        for policy in policies:
            if grant_in((policy,), asked) is None:
                return _refused(granted.ask, sides, kind)
    return granted


def _granted(ask: Ask, sides: Sides, kind: str, found: Found) -> Decision:
    return Decision(True, ask, "", sides.names(), found.statement.text, "", found.policy, kind)


def _denied(ask: Ask, sides: Sides, kind: str, found: Found) -> Decision:
    reason = explain.explicitly_denied(kind, found.policy)
    return Decision(False, ask, reason, sides.names(), found.statement.text, "", found.policy, kind)


def _refused(ask: Ask, sides: Sides, kind: str) -> Decision:
    if kind == explain.RESOURCE:
        source = request_source(ask.keys)
        missing = explain.resource_statement(ask.principal, ask.action, ask.resource, *source)
    else:
        missing = explain.identity_statement(ask.action, ask.resource)
    return Decision(False, ask, explain.not_allowed(kind, ask.action), sides.names(), "", missing, "", kind)


def request_source(keys: Given) -> tuple[str, str]:
    """`aws:SourceArn` and `aws:SourceAccount` among the given keys, or empty."""
    lowered = {key.lower(): value for key, value in keys.items()}
    arn, account = lowered.get("aws:sourcearn", ""), lowered.get("aws:sourceaccount", "")
    return (arn if isinstance(arn, str) else "", account if isinstance(account, str) else "")
