"""What IAM's handlers share: finding rows or refusing, resources for authorisation, ids, and how rows are shown.

Policy documents leave percent-encoded (RFC 3986); clients decode them. [BC]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from outfall.authz.grammar import identity_problem, trust_problem
from outfall.core.context import Context
from outfall.core.ports import Ids, Table
from outfall.core.service import Call, Permission, Request, Resource
from outfall.services.iam.errors import LimitExceeded, MalformedPolicyDocument, NoSuchEntity, UnmodifiableEntity
from outfall.services.iam.model import GROUPS, ROLES, USERS, Group, Holder, Role, Tags, User, key

H = TypeVar("H", bound=Holder)

ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
INLINE_SIZE_MAX = {"role": 10240, "user": 2048, "group": 5120}
"""Characters of all inline policies of a holder together, white space not counted. [DOC:reference_iam-quotas]"""
TRUST_SIZE_MAX = 2048
LINKED_PATH = "/aws-service-role/"
"""The path of service-linked roles."""


def new_id(ids: Ids, prefix: str) -> str:
    """A unique id as `AROA` and 17 characters."""
    return prefix + ids.text(ID_ALPHABET, 17)


def find(ctx: Context, table: Table[H], name: str, word: str) -> H:
    """The row by name; `NoSuchEntity` in AWS's words."""
    found = ctx.tx.get(table, key(ctx.account, name))
    if found is None:
        raise NoSuchEntity(f"The {word} with name {name} cannot be found.")
    return found


def find_role(ctx: Context, name: str) -> Role:
    """The role by name, or `NoSuchEntity`."""
    return find(ctx, ROLES, name, "role")


def is_linked(role: Holder) -> bool:
    """Whether a role is the service-linked one of a service."""
    return isinstance(role, Role) and role.path.startswith(LINKED_PATH)


def require_own(holder: Holder) -> None:
    """Refuses to change a role that belongs to a service."""
    if is_linked(holder):
        raise UnmodifiableEntity(
            f"Cannot perform the operation on the protected role '{holder.name}' - this role is only modifiable by AWS"
        )


def find_user(ctx: Context, name: str) -> User:
    """The user by name, or `NoSuchEntity`."""
    return find(ctx, USERS, name, "user")


def find_group(ctx: Context, name: str) -> Group:
    """The group by name, or `NoSuchEntity`."""
    return find(ctx, GROUPS, name, "group")


def save(ctx: Context, table: Table[H], row: H) -> None:
    """Writes a holder."""
    ctx.tx.put(table, key(row.account, row.name), row)


def holder_resource(table: Table[H], word: str, member: str) -> Resource:
    """The ARN that an operation on a role, user or group is authorised on; one that does not exist has the path `/`
    or the one that the request gives it."""

    def resource(call: Call, request: Request) -> str:
        name = str(request.get(member) or "")
        found = call.tx.get(table, key(call.account, name))
        if found is not None:
            return found.arn
        return f"arn:aws:iam::{call.account}:{word}{request.get('Path') or '/'}{name}"

    return resource


role_resource = holder_resource(ROLES, "role", "RoleName")
user_resource = holder_resource(USERS, "user", "UserName")
group_resource = holder_resource(GROUPS, "group", "GroupName")


Keys = Callable[[Call, Request], Mapping[str, Any]]
"""Condition keys of a request."""


def holder_keys(table: Table[H], member: str) -> Keys:
    """The condition keys of the role, user or group that a request is about: its tags and its boundary."""

    def keys(call: Call, request: Request) -> Mapping[str, Any]:
        found = call.tx.get(table, key(call.account, str(request.get(member) or "")))
        if found is None:
            return {}
        told = resource_tags(found.tags)
        return told | {"iam:PermissionsBoundary": found.boundary} if found.boundary else told

    return keys


role_keys = holder_keys(ROLES, "RoleName")
user_keys = holder_keys(USERS, "UserName")
group_keys = holder_keys(GROUPS, "GroupName")


def resource_tags(tags: Tags) -> dict[str, Any]:
    """Tags as the condition keys of the resource that has them: the global ones and IAM's older ones."""
    return {f"{prefix}:ResourceTag/{name}": value for name, value in tags for prefix in ("aws", "iam")}


def tag_keys(call: Call, request: Request) -> Mapping[str, Any]:
    """Condition keys of the tags that a request sends or names."""
    tags = {str(one.get("Key")): str(one.get("Value") or "") for one in request.get("Tags") or []}
    keys: dict[str, Any] = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    named = [*tags, *(request.get("TagKeys") or [])]
    return keys | {"aws:TagKeys": named} if named else keys


def new_keys(call: Call, request: Request) -> Mapping[str, Any]:
    """Condition keys of what is about to be made: the tags and the boundary that it is given."""
    keys = tag_keys(call, request)
    bound = request.get("PermissionsBoundary")
    return {**keys, "iam:PermissionsBoundary": str(bound)} if bound else keys


def tagging(action: str, resource: Resource) -> Permission:
    """To give something tags as it is made takes the permission to tag.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html"""
    return Permission(action, resource, tag_keys, lambda call, request: bool(request.get("Tags")))


def listing_resource(word: str) -> Resource:
    """The ARN that a listing is authorised on: everything below its path prefix."""

    def resource(call: Call, request: Request) -> str:
        return f"arn:aws:iam::{call.account}:{word}{request.get('PathPrefix') or '/'}"

    return resource


def whole_second(at_ms: int) -> int:
    """A date as IAM shows it, without the fraction: `2026-09-14T15:46:17Z`."""
    return at_ms // 1000 * 1000


def encoded(document: str) -> str:
    """A policy document as responses carry it."""
    return quote(document, safe="")


def shown_tags(tags: Tags) -> list[dict[str, str]]:
    """Tags as the model has them."""
    return [{"Key": name, "Value": value} for name, value in tags]


def with_extras(shown: dict[str, Any], holder: Holder) -> dict[str, Any]:
    """Adds boundary and tags where there are any."""
    if holder.boundary:
        shown["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": holder.boundary,
        }
    if holder.tags:
        shown["Tags"] = shown_tags(holder.tags)
    return shown


def size_of(document: str) -> int:
    """Characters of a document as quotas count them, without white space."""
    return len("".join(document.split()))


def require_identity(document: str) -> None:
    """Refuses a document that is no identity policy."""
    problem = identity_problem(document)
    if problem is not None:
        raise MalformedPolicyDocument(problem)


def require_trust(document: str) -> None:
    """Refuses a document that is no trust policy, or too long a one."""
    problem = trust_problem(document)
    if problem is not None:
        raise MalformedPolicyDocument(problem)
    if size_of(document) > TRUST_SIZE_MAX:
        raise LimitExceeded(f"Cannot exceed quota for ACLSizePerRole: {TRUST_SIZE_MAX}")
