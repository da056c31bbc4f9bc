"""Users: made, read, listed, renamed, removed. Policies are in `inline.py` and `attachments.py`, keys in `keys.py`."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam import managed
from outfall.services.iam.checks import tags_of
from outfall.services.iam.errors import DeleteConflict, EntityAlreadyExists, ValidationError
from outfall.services.iam.handlers import (
    find_user,
    listing_resource,
    new_id,
    new_keys,
    save,
    tagging,
    user_keys,
    user_resource,
    whole_second,
    with_extras,
)
from outfall.services.iam.keys import keys_of, rename_owner
from outfall.services.iam.model import SERVICE_CREDENTIALS, USERS, User, key
from outfall.services.iam.paging import page
from outfall.services.iam.roles import require_bare, under


def show_user(user: User) -> dict[str, Any]:
    """A user as the listings show it."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": whole_second(user.created_ms),
    }


def own_name(call: Call, request: Request) -> str:
    """The user that a request means: the one it names, else the one who calls."""
    name: str = request.get("UserName") or call.principal.user_name
    if not name:
        raise ValidationError("Must specify userName when calling with non-User credentials")
    return name


def own_resource(call: Call, request: Request) -> str:
    """The ARN of the user that a request means."""
    return user_resource(call, request | {"UserName": request.get("UserName") or call.principal.user_name})


@operation(
    "CreateUser",
    action="iam:CreateUser",
    resource=user_resource,
    context=new_keys,
    also=(tagging("iam:TagUser", user_resource),),
)
def create_user(call: Call, request: Request) -> Output:
    """Makes a user."""
    name = request["UserName"]
    if call.tx.get(USERS, key(call.account, name)) is not None:
        raise EntityAlreadyExists(f"User with name {name} already exists.")
    user = User(
        account=call.account,
        name=name,
        path=request.get("Path") or "/",
        id=new_id(call.ids, "AIDA"),
        created_ms=call.now,
        tags=tags_of(request),
        boundary=managed.require_boundary(call, request.get("PermissionsBoundary")),
    )
    save(call, USERS, user)
    return {"User": with_extras(show_user(user), user)}


@operation("GetUser", action="iam:GetUser", resource=own_resource)
def get_user(call: Call, request: Request) -> Output:
    """The named user, or the one who calls."""
    principal = call.principal
    if principal.kind == "root" and not request.get("UserName"):
        root = {"Path": "/", "UserId": principal.account, "Arn": principal.arn, "CreateDate": 0}
        return {"User": root}
    user = find_user(call, own_name(call, request))
    return {"User": with_extras(show_user(user), user)}


@operation("ListUsers", action="iam:ListUsers", resource=listing_resource("user"))
def list_users(call: Call, request: Request) -> Output:
    """Users by name, a page at a time."""
    return page(request, "Users", under(call, USERS, request.get("PathPrefix") or "/"), show_user)


@operation("UpdateUser", action="iam:UpdateUser", resource=user_resource, context=user_keys)
def update_user(call: Call, request: Request) -> Output:
    """Changes name or path; the unique id and the keys stay."""
    user = find_user(call, request["UserName"])
    name = request.get("NewUserName") or user.name
    if name.lower() != user.name.lower() and call.tx.get(USERS, key(call.account, name)) is not None:
        raise EntityAlreadyExists(f"User with name {name} already exists.")
    call.tx.delete(USERS, key(call.account, user.name))
    rename_owner(call, user.name, name)
    save(call, USERS, replace(user, name=name, path=request.get("NewPath") or user.path))
    return None


@operation("DeleteUser", action="iam:DeleteUser", resource=user_resource, context=user_keys)
def delete_user(call: Call, request: Request) -> Output:
    """Removes a user who has no policies, keys or groups."""
    user = find_user(call, request["UserName"])
    require_bare(user)
    if user.groups:
        raise DeleteConflict("Cannot delete entity, must remove users from group first.")
    if keys_of(call, user.name):
        raise DeleteConflict("Cannot delete entity, must delete access keys first.")
    if next(iter(call.tx.scan(SERVICE_CREDENTIALS, key(call.account, user.name), limit=1)), None) is not None:
        raise DeleteConflict
    call.tx.delete(USERS, key(call.account, user.name))
    return None


USER_OPERATIONS = (create_user, get_user, list_users, update_user, delete_user)
