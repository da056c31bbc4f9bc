"""Roles: made, read, listed, changed, removed. Their policies are in `inline.py` and `attachments.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from outfall.core.ports import Table
from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam import managed
from outfall.services.iam.checks import tags_of
from outfall.services.iam.errors import DeleteConflict, EntityAlreadyExists
from outfall.services.iam.handlers import (
    H,
    encoded,
    find_role,
    listing_resource,
    new_id,
    new_keys,
    require_own,
    require_trust,
    role_keys,
    role_resource,
    save,
    tagging,
    whole_second,
    with_extras,
)
from outfall.services.iam.last_used import show_role_use
from outfall.services.iam.model import INSTANCE_PROFILES, LAST_USED, ROLES, Role, key
from outfall.services.iam.paging import page
from outfall.services.iam.trusted import require_principals


def show_role(role: Role) -> dict[str, Any]:
    """A role as CreateRole and the listings show it."""
    shown: dict[str, Any] = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": whole_second(role.created_ms),
        "AssumeRolePolicyDocument": encoded(role.trust),
    }
    if role.description is not None:
        shown["Description"] = role.description
    return shown


def _listed(role: Role) -> dict[str, Any]:
    return show_role(role) | {"MaxSessionDuration": role.session_s_max}


def _full(call: Call, role: Role) -> dict[str, Any]:
    return with_extras(_listed(role), role) | {"RoleLastUsed": show_role_use(call.tx, role.id)}


@operation(
    "CreateRole",
    action="iam:CreateRole",
    resource=role_resource,
    context=new_keys,
    also=(tagging("iam:TagRole", role_resource),),
)
def create_role(call: Call, request: Request) -> Output:
    """Makes a role. [LS:test_iam; its answer has MaxSessionDuration only if that was sent]"""
    name, trust = request["RoleName"], request["AssumeRolePolicyDocument"]
    require_trust(trust)
    require_principals(call, trust)
    if call.tx.get(ROLES, key(call.account, name)) is not None:
        raise EntityAlreadyExists(f"Role with name {name} already exists.")
    role = Role(
        account=call.account,
        name=name,
        path=request.get("Path") or "/",
        id=new_id(call.ids, "AROA"),
        created_ms=call.now,
        trust=trust,
        description=request.get("Description"),
        session_s_max=request.get("MaxSessionDuration") or 3600,
        tags=tags_of(request),
        boundary=managed.require_boundary(call, request.get("PermissionsBoundary")),
    )
    save(call, ROLES, role)
    shown = show_role(role)
    if request.get("MaxSessionDuration"):
        shown["MaxSessionDuration"] = role.session_s_max
    return {"Role": with_extras(shown, role)}


@operation("GetRole", action="iam:GetRole", resource=role_resource, context=role_keys)
def get_role(call: Call, request: Request) -> Output:
    """The role with its last use."""
    return {"Role": _full(call, find_role(call, request["RoleName"]))}


def under(call: Call, table: Table[H], prefix: str) -> Iterator[tuple[str, H]]:
    """Holders of the account whose path begins so, with the name they are ordered by."""
    for (_, name), row in call.tx.scan(table, (call.account,)):
        if row.path.startswith(prefix):
            yield name, row


@operation("ListRoles", action="iam:ListRoles", resource=listing_resource("role"))
def list_roles(call: Call, request: Request) -> Output:
    """Roles by name, a page at a time."""
    return page(request, "Roles", under(call, ROLES, request.get("PathPrefix") or "/"), _listed)


@operation("UpdateRole", action="iam:UpdateRole", resource=role_resource, context=role_keys)
def update_role(call: Call, request: Request) -> Output:
    """Changes description and longest session."""
    role = find_role(call, request["RoleName"])
    description = request.get("Description")
    changed = replace(
        role,
        description=role.description if description is None else description,
        session_s_max=request.get("MaxSessionDuration") or role.session_s_max,
    )
    save(call, ROLES, changed)
    return {}


@operation("UpdateRoleDescription", action="iam:UpdateRoleDescription", resource=role_resource, context=role_keys)
def update_role_description(call: Call, request: Request) -> Output:
    """Changes the description; the older operation."""
    role = replace(find_role(call, request["RoleName"]), description=request["Description"])
    save(call, ROLES, role)
    return {"Role": _full(call, role)}


@operation("UpdateAssumeRolePolicy", action="iam:UpdateAssumeRolePolicy", resource=role_resource, context=role_keys)
def update_assume_role_policy(call: Call, request: Request) -> Output:
    """Replaces the trust policy."""
    role = find_role(call, request["RoleName"])
    require_own(role)
    require_trust(request["PolicyDocument"])
    require_principals(call, request["PolicyDocument"])
    save(call, ROLES, replace(role, trust=request["PolicyDocument"]))
    return None


@operation("DeleteRole", action="iam:DeleteRole", resource=role_resource, context=role_keys)
def delete_role(call: Call, request: Request) -> Output:
    """Removes a role that has no policies and is in no instance profile."""
    role = find_role(call, request["RoleName"])
    require_own(role)
    require_bare(role)
    for _, profile in call.tx.scan(INSTANCE_PROFILES, (call.account,)):
        if profile.role == role.name:
            raise DeleteConflict("Cannot delete entity, must remove roles from instance profile first.")
    call.tx.delete(ROLES, key(call.account, role.name))
    call.tx.delete(LAST_USED, (role.id,))
    return None


def require_bare(holder: H) -> None:
    """Refuses to remove what still has policies."""
    if holder.attached:
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if holder.inline:
        raise DeleteConflict("Cannot delete entity, must delete policies first.")


ROLE_OPERATIONS = (
    create_role,
    get_role,
    list_roles,
    update_role,
    update_role_description,
    update_assume_role_policy,
    delete_role,
)
