"""Inline policies of roles, users and groups: the same four operations for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic

import msgspec
from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.ports import Table
from outfall.core.service import Call, Operation, Output, Request, Resource, operation
from outfall.services.iam.errors import LimitExceeded, NoSuchEntity
from outfall.services.iam.handlers import (
    INLINE_SIZE_MAX,
    H,
    Keys,
    encoded,
    find_group,
    find_role,
    find_user,
    group_keys,
    group_resource,
    require_identity,
    require_own,
    role_keys,
    role_resource,
    save,
    size_of,
    user_keys,
    user_resource,
)
from outfall.services.iam.model import GROUPS, ROLES, USERS, Inline
from outfall.services.iam.paging import page


class Kind(msgspec.Struct, Generic[H], frozen=True):
    """How operations on one kind of holder are spelled."""

    word: str
    table: Table[H]
    find: Callable[[Context, str], H]
    resource: Resource
    keys: Keys

    @property
    def member(self) -> str:
        """The member of requests that names the holder."""
        return f"{self.word}Name"


ROLE = Kind("Role", ROLES, find_role, role_resource, role_keys)
USER = Kind("User", USERS, find_user, user_resource, user_keys)
GROUP = Kind("Group", GROUPS, find_group, group_resource, group_keys)


def _put(kind: Kind[Any]) -> Operation:
    name = f"Put{kind.word}Policy"

    def put_policy(call: Call, request: Request) -> Output:
        require_identity(request["PolicyDocument"])
        holder = kind.find(call, request[kind.member])
        require_own(holder)
        made = Inline(request["PolicyName"], request["PolicyDocument"])
        kept = [one for one in holder.inline if one.name != made.name]
        most = INLINE_SIZE_MAX[holder.kind]
        if sum(size_of(one.document) for one in [*kept, made]) > most:
            raise LimitExceeded(f"Maximum policy size of {most} bytes exceeded for {holder.kind} {holder.name}")
        save(call, kind.table, replace(holder, inline=tuple(sorted([*kept, made], key=lambda one: one.name))))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=kind.keys)(put_policy)


def _get(kind: Kind[Any]) -> Operation:
    name = f"Get{kind.word}Policy"

    def get_policy(call: Call, request: Request) -> Output:
        found = _find(kind.find(call, request[kind.member]), request["PolicyName"])
        return {
            kind.member: request[kind.member],
            "PolicyName": found.name,
            "PolicyDocument": encoded(found.document),
        }

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=kind.keys)(get_policy)


def _find(holder: H, name: str) -> Inline:
    for one in holder.inline:
        if one.name == name:
            return one
    raise NoSuchEntity(f"The {holder.kind} policy with name {name} cannot be found.")


def _list(kind: Kind[Any]) -> Operation:
    name = f"List{kind.word}Policies"

    def list_policies(call: Call, request: Request) -> Output:
        holder = kind.find(call, request[kind.member])
        return page(request, "PolicyNames", ((one.name, one.name) for one in holder.inline), str)

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=kind.keys)(list_policies)


def _delete(kind: Kind[Any]) -> Operation:
    name = f"Delete{kind.word}Policy"

    def delete_policy(call: Call, request: Request) -> Output:
        holder = kind.find(call, request[kind.member])
        require_own(holder)
        gone = _find(holder, request["PolicyName"])
        save(call, kind.table, replace(holder, inline=tuple(one for one in holder.inline if one is not gone)))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=kind.keys)(delete_policy)


INLINE_OPERATIONS = tuple(make(kind) for kind in (ROLE, USER, GROUP) for make in (_put, _get, _list, _delete))
