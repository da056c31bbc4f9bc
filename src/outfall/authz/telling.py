"""A decision told as a value: everything that a person needs to see why, by the names of the private API."""

from __future__ import annotations

from typing import Any

from outfall.authz import explain
from outfall.authz.authorize import owner_of
from outfall.authz.decision import Decision
from outfall.authz.denied import head
from outfall.authz.keys import KEYS, request_keys
from outfall.core.context import Context

_WHERE = {
    explain.IDENTITY: "a policy of {who}",
    explain.RESOURCE: "the policy of {resource}",
    explain.BOUNDARY: "the permissions boundary of {who}",
    explain.SESSION: "the session policy that came with these credentials",
    explain.SERVICE_CONTROL: "a service control policy at each level of the organisation",
}


def told(ctx: Context, decision: Decision) -> dict[str, Any]:
    """The decision with its question, the context that it was asked in, and where a missing statement belongs."""
    ask = decision.ask
    refused = not decision.allowed or decision.audited
    who = ask.principal.policy_arn
    return {
        "allowed": decision.allowed,
        "audited": decision.audited,
        "principal": ask.principal.arn,
        "principal_kind": ask.principal.kind,
        "policies_of": who,
        "action": ask.action,
        "resource": ask.resource,
        "context": context_of(ctx, decision),
        "absent": sorted(key for key, value in decision.seen.items() if value is None),
        "policies": list(decision.policies),
        "kind": decision.kind,
        "policy": decision.policy,
        "statement": decision.statement,
        "missing": decision.missing,
        "missing_in": _place(decision) if decision.missing else "",
        "message": f"{head(ask, ask.action)}{ask.resource} {decision.reason}" if refused else "",
    }


def _place(decision: Decision) -> str:
    ask = decision.ask
    if decision.kind == explain.RESOURCE and ask.action.startswith("sts:"):
        return f"the trust policy of {ask.resource}"
    return _WHERE.get(decision.kind, "").format(who=ask.principal.policy_arn, resource=ask.resource)


def context_of(ctx: Context, decision: Decision) -> dict[str, str | list[str]]:
    """The condition keys that the request had: those it was asked with, the global ones, tags of the caller."""
    ask = decision.ask
    found: dict[str, str | list[str]] = {
        key: value if isinstance(value, str) else list(value) for key, value in ask.keys.items()
    }
    lowered = {key.lower() for key in found}
    lookup = request_keys(ctx, ask.principal, {}, action=ask.action, resource=ask.resource, owner=owner_of(ctx, ask))
    names = [*KEYS, *(f"aws:PrincipalTag/{key}" for key, _ in ask.principal.tags)]
    for key in names:
        value = None if key.lower() in lowered else lookup(key.lower())
        if value is not None:
            found[key] = value if isinstance(value, str) else list(value)
    told = {key.lower() for key in found}
    for key, value in decision.seen.items():
        if value is not None and key not in told:
            found[key] = value if isinstance(value, str) else list(value)
    return found
