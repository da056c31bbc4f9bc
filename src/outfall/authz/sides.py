"""The policies that bear on a request, gathered: the caller's, the resource's and the organisation's."""

from __future__ import annotations

import msgspec

from outfall.authz import explain
from outfall.core.context import Context
from outfall.core.organization import Level
from outfall.core.ports import NamedPolicy
from outfall.core.principal import Principal


class Sides(msgspec.Struct, frozen=True, cache_hash=True):
    """The policies. `service_levels` are the organisation's for the caller's account, `resource_levels` those for the
    account that owns the resource."""

    identity: tuple[NamedPolicy, ...]
    boundary: tuple[NamedPolicy, ...] = ()
    session: tuple[NamedPolicy, ...] = ()
    resource: str | None = None
    service_levels: tuple[Level, ...] = ()
    resource_levels: tuple[Level, ...] = ()

    def names(self) -> tuple[str, ...]:
        """What was read, by names that a person finds it by."""
        read = tuple(policy.name for policy in self.identity + self.boundary + self.session)
        if self.resource is not None:
            read = (*read, explain.RESOURCE)
        for level in self.service_levels:
            read += tuple(policy.name for policy in level.service_control)
        for level in self.resource_levels:
            read += tuple(policy.name for policy in level.resource_control)
        return read


def sides_of(ctx: Context, principal: Principal, resource: str | None, owner: str) -> Sides:
    """What bears on a request of this principal for a resource of `owner` with that policy."""
    organization = ctx.house.organization
    owners = organization.levels_of(owner) if organization is not None else ()
    if principal.kind in ("service", "anonymous", "federated"):
        return Sides((), resource=resource, resource_levels=owners)
    callers = organization.levels_of(principal.account) if organization is not None else ()
    if is_linked(principal):
        # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
        callers = owners = ()
    if principal.kind == "root":
        return Sides((), resource=resource, service_levels=callers, resource_levels=owners)
    identities = ctx.house.identities
    boundary = identities.boundary(ctx.tx, principal)
    return Sides(
        identities.identity_policies(ctx.tx, principal),
        (boundary,) if boundary else (),
        tuple(NamedPolicy(explain.SESSION, document) for document in principal.session_policies),
        resource,
        callers,
        owners,
    )


def is_linked(principal: Principal) -> bool:
    """Whether this is a session of a service-linked role, which no organisation binds."""
    return ":role/aws-service-role/" in principal.role_arn
