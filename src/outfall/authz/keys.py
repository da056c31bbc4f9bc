"""Condition keys: those that the caller of `authorize` gives, and the global ones that every request has.

Nothing is worked out before a policy asks for it. The keys that services add are in `service_keys.py`.
Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from outfall.authz.glob import KeyValue, Lookup
from outfall.authz.service_keys import Facts, of_request, request_tags, tag_keys
from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.principal import Principal
from outfall.core.service import Call

Given = Mapping[str, str | list[str] | tuple[str, ...]]

_KINDS = {"root": "Account", "user": "User", "session": "AssumedRole", "anonymous": "Anonymous"}
_NAMELESS = ("service", "anonymous", "federated")


class _Facts(Facts, frozen=True):
    """A request, as far as keys are read from it."""

    ctx: Context
    principal: Principal
    owner: str

    @property
    def call(self) -> Call | None:
        """The call, if the principal makes it itself; None for what a service does because of a call."""
        ctx = self.ctx
        return ctx if isinstance(ctx, Call) and ctx.principal == self.principal else None

    def header(self, name: str) -> str | None:
        """A header of the call."""
        call = self.call
        return call.headers.get(name) if call else None

    def tags(self) -> Mapping[str, str]:
        """The tags of the resource."""
        try:
            arn = Arn.parse(self.resource)
        except MalformedArn:
            return {}
        read = self.ctx.house.resource_tags.get(arn.service)
        return read(self.ctx, arn) if read else {}


def _iso(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _of_identity(read: Callable[[Principal], str]) -> Callable[[_Facts], str | None]:
    def value(facts: _Facts) -> str | None:
        return None if facts.principal.kind in _NAMELESS else read(facts.principal) or None

    return value


def _kind(facts: _Facts) -> str | None:
    principal = facts.principal
    if principal.issuer_arn:
        return "FederatedUser"
    return _KINDS.get(principal.kind)


def _temporary(facts: _Facts) -> bool:
    principal = facts.principal
    return principal.kind == "session" or (principal.kind in ("user", "root") and principal.issued_ms > 0)


def _source_ip(facts: _Facts) -> str | None:
    return facts.call.source_ip if facts.call else None


def _service_names(facts: _Facts) -> KeyValue:
    service = facts.principal.service if facts.principal.kind == "service" else ""
    return (service,) if service else None


def _organization(account: str, facts: _Facts) -> str | None:
    known = facts.ctx.house.organization
    return known.id if known is not None and account else None


KEYS: dict[str, Callable[[_Facts], KeyValue]] = {
    "aws:PrincipalArn": _of_identity(lambda principal: principal.policy_arn),
    "aws:PrincipalAccount": _of_identity(lambda principal: principal.account),
    "aws:PrincipalType": _kind,
    "aws:userid": _of_identity(lambda principal: principal.unique_id),
    "aws:username": lambda facts: facts.principal.user_name or None,
    "aws:PrincipalIsAWSService": lambda facts: "true" if facts.principal.kind == "service" else "false",
    "aws:PrincipalServiceName": lambda facts: facts.principal.service if facts.principal.kind == "service" else None,
    "aws:PrincipalServiceNamesList": _service_names,
    "aws:PrincipalOrgID": lambda facts: (
        None if facts.principal.kind in _NAMELESS else _organization(facts.principal.account, facts)
    ),
    "aws:ResourceAccount": lambda facts: facts.owner or None,
    "aws:ResourceOrgID": lambda facts: _organization(facts.owner, facts),
    "aws:sourceidentity": lambda facts: facts.principal.source_identity or None,
    "aws:FederatedProvider": lambda facts: facts.principal.service if facts.principal.kind == "federated" else None,
    "aws:ViaAWSService": lambda facts: "false",
    # A local server stands for endpoints that are reached through TLS. Were it "false", or what policies that refuse
    # plain HTTP take for it, every bucket with such a policy would be closed.
    "aws:SecureTransport": lambda facts: "true",
    "aws:SourceIp": _source_ip,
    "aws:UserAgent": lambda facts: facts.header("user-agent"),
    "aws:Referer": lambda facts: facts.header("referer"),
    "aws:CurrentTime": lambda facts: _iso(facts.ctx.now),
    "aws:EpochTime": lambda facts: str(facts.ctx.now // 1000),
    "aws:TokenIssueTime": lambda facts: _iso(facts.principal.issued_ms) if facts.principal.issued_ms else None,
    # Only temporary credentials have it, and nobody has a device here.
    "aws:MultiFactorAuthPresent": lambda facts: "false" if _temporary(facts) else None,
    "aws:SourceIdentity": lambda facts: facts.principal.source_identity or None,
    "aws:RequestedRegion": lambda facts: facts.ctx.region or None,
    "aws:TagKeys": lambda facts: tag_keys(facts.parameters),
    "lambda:SourceFunctionArn": lambda facts: facts.principal.function_arn or None,
}
"""Each global key in AWS's spelling, and where its value comes from. aws:CalledVia is not among them: none of the
services that set it (Athena, CloudFormation, DynamoDB, KMS) is served."""

GLOBAL_KEYS = {name.lower(): read for name, read in KEYS.items()}
"""The same in lower case: keys are compared without regard to it."""

_PRINCIPAL_TAG, _REQUEST_TAG = "aws:principaltag/", "aws:requesttag/"
_RESOURCE_TAGS = ("aws:resourcetag/", "iam:resourcetag/", "s3:existingobjecttag/")


def request_keys(
    ctx: Context,
    principal: Principal,
    given: Given,
    *,
    action: str = "",
    resource: str = "*",
    owner: str = "",
    parameters: Mapping[str, Any] | None = None,
    seen: dict[str, KeyValue] | None = None,
) -> Lookup:
    """A lookup that prefers what the caller gave; it notes in `seen` what was looked up, and what was found."""
    lowered: dict[str, KeyValue] | None = None
    facts = _Facts(action.partition(":")[0].lower(), resource, parameters or {}, ctx, principal, owner)

    def lookup(key: str) -> KeyValue:
        value = find(key)
        if seen is not None:
            seen[key] = value
        return value

    def find(key: str) -> KeyValue:
        nonlocal lowered
        if lowered is None:
            lowered = {k.lower(): v if isinstance(v, str) else tuple(v) for k, v in given.items()}
        if key in lowered:
            return lowered[key]
        found = GLOBAL_KEYS.get(key)
        return found(facts) if found is not None else _of_family(facts, key)

    return lookup


def _of_family(facts: _Facts, key: str) -> KeyValue:
    if key.startswith(_PRINCIPAL_TAG):
        return _named(facts.principal.tags, key[len(_PRINCIPAL_TAG) :])
    if key.startswith(_REQUEST_TAG):
        return _named(request_tags(facts.parameters).items(), key[len(_REQUEST_TAG) :])
    for family in _RESOURCE_TAGS:
        if key.startswith(family):
            return _named(facts.tags().items(), key[len(family) :])
    return of_request(facts, key)


def _named(tags: Any, wanted: str) -> str | None:
    return next((value for key, value in tags if key.lower() == wanted), None)
