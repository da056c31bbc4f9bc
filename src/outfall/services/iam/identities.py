"""What the rest of the house asks of IAM: the facts of a role, and the policies of a principal."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from outfall.core.context import Context
from outfall.core.ports import NamedPolicy, RoleFacts, Tx
from outfall.core.principal import Principal, role_session
from outfall.services.iam import managed
from outfall.services.iam.model import ACCESS_KEYS, GROUPS, OIDC_PROVIDERS, ROLES, USERS, Holder, Role, key

ROOT_POLICY = NamedPolicy(
    "root of the account", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
)
"""What limits a federated user whom root made: nothing but the session's own policy."""

REMEMBERED_MAX = 1024
"""What follows from a row alone is worked out once for each value of the row: a row that changes is another value."""


class IamIdentities:
    """The `Identities` port on IAM's rows."""

    def role(self, tx: Tx, arn: str) -> RoleFacts | None:
        """The role with that ARN, path included."""
        role = _role_at(tx, arn)
        return None if role is None else _facts(role)

    def identity_policies(self, tx: Tx, principal: Any) -> tuple[NamedPolicy, ...]:
        """Inline policies, then attached ones in the order of attachment; a user's own before its groups'."""
        if principal.issuer_arn.endswith(":root"):
            return (ROOT_POLICY,)
        holder = _holder(tx, principal)
        if holder is None:
            return ()
        if type(holder) is Role and not holder.attached:
            return _inline(holder)
        policies = list(_policies(tx, holder))
        for group in getattr(holder, "groups", ()):
            found = tx.get(GROUPS, key(holder.account, group))
            policies += _policies(tx, found) if found else []
        return tuple(policies)

    def boundary(self, tx: Tx, principal: Any) -> NamedPolicy | None:
        """The permissions boundary of a user or of a session's role."""
        holder = _holder(tx, principal)
        if holder is None or not holder.boundary:
            return None
        return _managed(tx, holder.boundary)

    def managed_policy(self, tx: Tx, arn: str) -> NamedPolicy | None:
        """The managed policy with that ARN."""
        return _managed(tx, arn)

    def provider_audiences(self, tx: Tx, account: str, url: str) -> tuple[str, ...] | None:
        """The client ids of an OpenID Connect provider."""
        provider = tx.get(OIDC_PROVIDERS, (account, url))
        return None if provider is None else provider.client_ids

    def account_of_key(self, tx: Tx, access_key_id: str) -> str | None:
        """The account of a user's access key."""
        row = tx.get(ACCESS_KEYS, (access_key_id,))
        return None if row is None else row.account


def principal_at(ctx: Context, arn: str) -> Principal | None:
    """Whom the ARN of a user or role of the account stands for; a role as a session of it. None if there is none."""
    role = _role_at(ctx.tx, arn)
    if role is not None and role.account == ctx.account:
        return role_session(role.arn, role.id, "simulation")
    user = ctx.tx.get(USERS, key(ctx.account, arn.rsplit("/", 1)[-1]))
    if user is None or user.arn != arn:
        return None
    return Principal("user", user.account, user.arn, user.id, user_name=user.name, tags=user.tags)


def policies_of_group(ctx: Context, arn: str) -> tuple[NamedPolicy, ...] | None:
    """The policies of the group of the account with that ARN; None if there is none."""
    group = ctx.tx.get(GROUPS, key(ctx.account, arn.rsplit("/", 1)[-1]))
    return tuple(_policies(ctx.tx, group)) if group is not None and group.arn == arn else None


def _role_at(tx: Tx, arn: str) -> Role | None:
    place = _place(arn)
    role = None if place is None else tx.get(ROLES, place)
    return role if role is not None and _facts(role).arn == arn else None


@lru_cache(maxsize=REMEMBERED_MAX)
def _place(arn: str) -> tuple[str, str] | None:
    """The key of the row that the ARN of a role or user is about."""
    parts = arn.split(":", 5)
    return key(parts[4], parts[5].rsplit("/", 1)[-1]) if len(parts) == 6 else None


@lru_cache(maxsize=REMEMBERED_MAX)
def _facts(role: Role) -> RoleFacts:
    return RoleFacts(role.arn, role.id, role.trust, role.tags, role.session_s_max)


@lru_cache(maxsize=REMEMBERED_MAX)
def _inline(holder: Holder) -> tuple[NamedPolicy, ...]:
    return tuple(
        NamedPolicy(f"inline policy {p.name} of {holder.kind} {holder.name}", p.document) for p in holder.inline
    )


def _holder(tx: Tx, principal: Principal) -> Holder | None:
    """The row behind a principal. A role or user that was deleted and made again is another one: its id differs."""
    found: Holder | None = None
    if principal.issuer_arn:
        user = tx.get(USERS, key(principal.account, principal.issuer_arn.rsplit("/", 1)[-1]))
        known = user is not None and user.arn == principal.issuer_arn and user.created_ms <= principal.issued_ms
        return user if known else None
    if principal.kind == "session":
        found = _role_at(tx, principal.role_arn)
    elif principal.kind == "user":
        found = tx.get(USERS, key(principal.account, principal.user_name))
    if found is None or found.id != principal.unique_id.partition(":")[0]:
        return None
    return found


def _policies(tx: Tx, holder: Holder) -> list[NamedPolicy]:
    return [*_inline(holder)] + [found for arn in holder.attached if (found := _managed(tx, arn)) is not None]


def _managed(tx: Tx, arn: str) -> NamedPolicy | None:
    policy = managed.find(tx, arn)
    return NamedPolicy(arn, policy.document) if policy else None
