"""What IAM's handlers share: finding rows or refusing, resources for authorisation, ids, and how rows are shown.

Policy documents leave percent-encoded (RFC 3986); clients decode them. [BC]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from outfall.authz.grammar import identity_problem, trust_problem
from outfall.core.context import Context
from outfall.core.ports import Ids, Table
from outfall.core.service import Call, Request, Resource
from outfall.services.iam.errors import LimitExceeded, MalformedPolicyDocument, NoSuchEntity
from outfall.services.iam.model import GROUPS, ROLES, USERS, Group, Holder, Role, Tags, User, key

H = TypeVar("H", bound=Holder)

ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
INLINE_SIZE_MAX = {"role": 10240, "user": 2048, "group": 5120}
"""Characters of all inline policies of a holder together, white space not counted. [DOC:reference_iam-quotas]"""
TRUST_SIZE_MAX = 2048


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


Shown = Callable[[H], dict[str, Any]]
