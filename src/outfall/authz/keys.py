"""Condition keys: those that the caller of `authorize` gives, and the global ones that every request has.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from outfall.authz.glob import KeyValue, Lookup
from outfall.core.context import Context
from outfall.core.principal import Principal

Given = Mapping[str, str | list[str] | tuple[str, ...]]

_KINDS = {"root": "Account", "user": "User", "session": "AssumedRole", "anonymous": "Anonymous"}
_NAMELESS = ("service", "anonymous")


def _iso(now_ms: int) -> str:
    return f"{datetime.fromtimestamp(now_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _of_identity(read: Callable[[Principal], str]) -> Callable[[Context, Principal], str | None]:
    def value(ctx: Context, principal: Principal) -> str | None:
        return None if principal.kind in _NAMELESS else read(principal)

    return value


GLOBAL_KEYS: dict[str, Callable[[Context, Principal], str | None]] = {
    "aws:principalarn": _of_identity(lambda principal: principal.policy_arn),
    "aws:principalaccount": _of_identity(lambda principal: principal.account),
    "aws:principaltype": lambda ctx, principal: _KINDS.get(principal.kind),
    "aws:userid": _of_identity(lambda principal: principal.unique_id),
    "aws:username": lambda ctx, principal: principal.user_name or None,
    "aws:principalisawsservice": lambda ctx, principal: "true" if principal.kind == "service" else "false",
    "aws:principalservicename": lambda ctx, principal: principal.service or None,
    "aws:viaawsservice": lambda ctx, principal: "false",
    "aws:currenttime": lambda ctx, principal: _iso(ctx.now),
    "aws:epochtime": lambda ctx, principal: str(ctx.now // 1000),
    "aws:requestedregion": lambda ctx, principal: ctx.region or None,
}
"""Each global key in lower case, and where its value comes from. aws:SecureTransport is not among them: to a policy
that refuses plain HTTP, as many bucket policies do, a local server would have to refuse everything."""

_TAG = "aws:principaltag/"


def request_keys(ctx: Context, principal: Principal, given: Given) -> Lookup:
    """A lookup that prefers what the caller gave; nothing is worked out before a policy asks for it."""
    lowered: dict[str, KeyValue] | None = None

    def lookup(key: str) -> KeyValue:
        nonlocal lowered
        if lowered is None:
            lowered = {k.lower(): v if isinstance(v, str) else tuple(v) for k, v in given.items()}
        if key in lowered:
            return lowered[key]
        found = GLOBAL_KEYS.get(key)
        if found is not None:
            return found(ctx, principal)
        return _tag(principal, key[len(_TAG) :]) if key.startswith(_TAG) else None

    return lookup


def _tag(principal: Principal, wanted: str) -> str | None:
    return next((value for key, value in principal.tags if key.lower() == wanted), None)
