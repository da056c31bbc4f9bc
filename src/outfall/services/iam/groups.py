"""Groups and who is in them. Their policies are in `inline.py` and `attachments.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from outfall.services.iam.handlers import (
    find_group,
    find_user,
    group_resource,
    listing_resource,
    new_id,
    save,
    user_resource,
    whole_second,
)
from outfall.services.iam.model import GROUPS, USERS, Group, User, key
from outfall.services.iam.paging import page
from outfall.services.iam.roles import require_bare, under
from outfall.services.iam.users import show_user

GROUPS_MAX = 10
"""Groups per user. [DOC:reference_iam-quotas]"""


def show_group(group: Group) -> dict[str, Any]:
    """A group as AWS shows it."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": whole_second(group.created_ms),
    }


def _members(call: Call, group: Group) -> Iterator[tuple[str, User]]:
    for (_, name), user in call.tx.scan(USERS, (call.account,)):
        if group.name in user.groups:
            yield name, user


@operation("CreateGroup", action="iam:CreateGroup", resource=group_resource)
def create_group(call: Call, request: Request) -> Output:
    """Makes a group."""
    name = request["GroupName"]
    if call.tx.get(GROUPS, key(call.account, name)) is not None:
        raise EntityAlreadyExists(f"Group with name {name} already exists.")
    path = request.get("Path") or "/"
    group = Group(account=call.account, name=name, path=path, id=new_id(call.ids, "AGPA"), created_ms=call.now)
    save(call, GROUPS, group)
    return {"Group": show_group(group)}


@operation("GetGroup", action="iam:GetGroup", resource=group_resource)
def get_group(call: Call, request: Request) -> Output:
    """The group and its users, a page at a time."""
    group = find_group(call, request["GroupName"])
    return {"Group": show_group(group)} | page(request, "Users", _members(call, group), show_user)


@operation("ListGroups", action="iam:ListGroups", resource=listing_resource("group"))
def list_groups(call: Call, request: Request) -> Output:
    """Groups by name, a page at a time."""
    return page(request, "Groups", under(call, GROUPS, request.get("PathPrefix") or "/"), show_group)


@operation("DeleteGroup", action="iam:DeleteGroup", resource=group_resource)
def delete_group(call: Call, request: Request) -> Output:
    """Removes a group without users and policies."""
    group = find_group(call, request["GroupName"])
    if next(_members(call, group), None) is not None:
        raise DeleteConflict("Cannot delete entity, must remove users from group first.")
    require_bare(group)
    call.tx.delete(GROUPS, key(call.account, group.name))
    return None


@operation("UpdateGroup", action="iam:UpdateGroup", resource=group_resource)
def update_group(call: Call, request: Request) -> Output:
    """Changes name or path; members and policies stay."""
    group = find_group(call, request["GroupName"])
    name = request.get("NewGroupName") or group.name
    if name.lower() != group.name.lower() and call.tx.get(GROUPS, key(call.account, name)) is not None:
        raise EntityAlreadyExists(f"Group with name {name} already exists.")
    for _, user in list(_members(call, group)):
        renamed = tuple(name if one == group.name else one for one in user.groups)
        save(call, USERS, replace(user, groups=renamed))
    call.tx.delete(GROUPS, key(call.account, group.name))
    save(call, GROUPS, replace(group, name=name, path=request.get("NewPath") or group.path))
    return None


@operation("AddUserToGroup", action="iam:AddUserToGroup", resource=group_resource)
def add_user_to_group(call: Call, request: Request) -> Output:
    """Puts a user into a group; again is no error."""
    group, user = find_group(call, request["GroupName"]), find_user(call, request["UserName"])
    if group.name in user.groups:
        return None
    if len(user.groups) >= GROUPS_MAX:
        raise LimitExceeded(f"Cannot exceed quota for GroupsPerUser: {GROUPS_MAX}")
    save(call, USERS, replace(user, groups=(*user.groups, group.name)))
    return None


@operation("RemoveUserFromGroup", action="iam:RemoveUserFromGroup", resource=group_resource)
def remove_user_from_group(call: Call, request: Request) -> Output:
    """Takes a user out of a group."""
    group, user = find_group(call, request["GroupName"]), find_user(call, request["UserName"])
    save(call, USERS, replace(user, groups=tuple(name for name in user.groups if name != group.name)))
    return None


@operation("ListGroupsForUser", action="iam:ListGroupsForUser", resource=user_resource)
def list_groups_for_user(call: Call, request: Request) -> Output:
    """The groups that a user is in."""
    user = find_user(call, request["UserName"])
    found = (call.tx.get(GROUPS, key(call.account, name)) for name in sorted(user.groups))
    return page(request, "Groups", ((group.name, group) for group in found if group is not None), show_group)


GROUP_OPERATIONS = (
    create_group,
    get_group,
    list_groups,
    update_group,
    delete_group,
    add_user_to_group,
    remove_user_from_group,
    list_groups_for_user,
)
