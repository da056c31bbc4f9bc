"""Whom a person means by the name of a principal, and which policy stands at a resource: for questions that no caller
asks."""

from __future__ import annotations

import re

from outfall.authz.authorize import RESOURCE_POLICY_ALWAYS
from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.principal import ANONYMOUS, Principal, role_session, root_of, service_principal
from outfall.services.iam.model import ROLES, USERS, Role, User, key
from outfall.services.s3.access import owner_account

_account = re.compile(r"\d{12}", re.ASCII).fullmatch
_service = re.compile(r"[a-z0-9.-]+\.amazonaws\.com", re.ASCII).fullmatch
SESSION = "explained"
"""The name of a session, where only the role is known."""


class Nobody(Exception):
    """There is no such principal; says so in a line."""


def principal_of(ctx: Context, name: str) -> Principal:
    """The principal that a name stands for: the ARN of a user, role, session or root, an account, a service (as
    `s3.amazonaws.com`), `anonymous`, or `role/NAME` or `user/NAME` in the account of the context. Raises `Nobody`."""
    if name == "anonymous":
        return ANONYMOUS
    if _account(name):
        return root_of(name)
    if _service(name):
        return service_principal(name, ctx.account)
    parts = name.split(":", 5)
    account, resource = (parts[4], parts[5]) if len(parts) == 6 else (ctx.account, name)
    found = _by_resource(ctx, account, resource)
    if found is None:
        raise Nobody(f"there is no principal {name[:200]}")
    return found


def _by_resource(ctx: Context, account: str, resource: str) -> Principal | None:
    kind, _, name = resource.partition("/")
    if kind == "root":
        return root_of(account)
    if kind == "assumed-role":
        role_name, _, session = name.partition("/")
        role = role_named(ctx, account, role_name)
        return _session(role, session or SESSION) if role else None
    if kind == "role":
        role = role_named(ctx, account, name.rsplit("/", 1)[-1])
        return _session(role, SESSION) if role else None
    user = user_named(ctx, account, name.rsplit("/", 1)[-1]) if kind == "user" else None
    if user is None:
        return None
    return Principal("user", user.account, user.arn, user.id, user_name=user.name, tags=user.tags)


def _session(role: Role, name: str) -> Principal:
    session = role_session(role.arn, role.id, name)
    return Principal("session", session.account, session.arn, session.unique_id, role_arn=role.arn, tags=role.tags)


def role_named(ctx: Context, account: str, name: str) -> Role | None:
    """The role of that name."""
    return ctx.tx.get(ROLES, key(account, name))


def user_named(ctx: Context, account: str, name: str) -> User | None:
    """The user of that name."""
    return ctx.tx.get(USERS, key(account, name))


def policy_at(ctx: Context, action: str, resource: str) -> tuple[str | None, str]:
    """The policy at a resource (for a role, and where it counts, its trust policy), and the account that owns it."""
    try:
        arn = Arn.parse(resource)
    except MalformedArn:
        return None, ctx.account
    owner = arn.account or owner_account(ctx.tx, arn.resource.split("/", 1)[0]) or ctx.account
    if action.lower() in RESOURCE_POLICY_ALWAYS:
        role = ctx.house.identities.role(ctx.tx, resource)
        return (role.trust_policy if role else "{}"), owner
    read = ctx.house.resource_policies.get(arn.service)
    there = ctx.at(owner, arn.region or ctx.region)
    return (read(there, arn) if read else None), owner
