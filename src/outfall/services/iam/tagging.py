"""Tags of roles, users, policies and instance profiles: the same three operations for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from outfall.core.service import Call, Operation, Output, Request, Resource, operation
from outfall.services.iam import managed
from outfall.services.iam.checks import check, tags_of, without_tags
from outfall.services.iam.errors import InvalidInput
from outfall.services.iam.handlers import find_role, find_user, role_resource, save, shown_tags, user_resource
from outfall.services.iam.model import ROLES, USERS, Tags
from outfall.services.iam.paging import page
from outfall.services.iam.policies import policy_resource, save_policy
from outfall.services.iam.profiles import find_profile, profile_resource, save_profile


class Taggable(msgspec.Struct, frozen=True):
    """How tag operations on one kind of thing are spelled."""

    word: str
    member: str
    find: Callable[[Call, str], Any]
    save: Callable[[Call, Any], None]
    resource: Resource


def _own_policy(call: Call, arn: str) -> Any:
    policy = managed.require(call, arn)
    if policy.account == "aws":
        raise InvalidInput(f"Policy {arn} is managed by AWS and cannot be tagged.")
    return policy


KINDS = (
    Taggable("Role", "RoleName", find_role, lambda call, row: save(call, ROLES, row), role_resource),
    Taggable("User", "UserName", find_user, lambda call, row: save(call, USERS, row), user_resource),
    Taggable("Policy", "PolicyArn", _own_policy, save_policy, policy_resource),
    Taggable("InstanceProfile", "InstanceProfileName", find_profile, save_profile, profile_resource),
)


def tag_keys(call: Call, request: Request) -> Mapping[str, Any]:
    """Condition keys of the tags that a request sends or names."""
    tags = {str(one.get("Key")): str(one.get("Value") or "") for one in request.get("Tags") or []}
    keys: dict[str, Any] = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    named = [*tags, *(request.get("TagKeys") or [])]
    return keys | {"aws:TagKeys": named} if named else keys


def _tag(kind: Taggable) -> Operation:
    name = f"Tag{kind.word}"

    def tag(call: Call, request: Request) -> Output:
        check(request, kind.member, "Tags")
        row = kind.find(call, request[kind.member])
        kind.save(call, replace(row, tags=tags_of(request, row.tags)))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=tag_keys)(tag)


def _untag(kind: Taggable) -> Operation:
    name = f"Untag{kind.word}"

    def untag(call: Call, request: Request) -> Output:
        check(request, kind.member, "TagKeys")
        row = kind.find(call, request[kind.member])
        kind.save(call, replace(row, tags=without_tags(request, row.tags)))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=tag_keys)(untag)


def _list(kind: Taggable) -> Operation:
    name = f"List{kind.word}Tags"

    def list_tags(call: Call, request: Request) -> Output:
        check(request, kind.member)
        tags: Tags = kind.find(call, request[kind.member]).tags
        rows = ((tag[0], tag) for tag in sorted(tags))
        return page(request, "Tags", rows, lambda tag: shown_tags((tag,))[0])

    return operation(name, action=f"iam:{name}", resource=kind.resource)(list_tags)


TAG_OPERATIONS = tuple(make(kind) for kind in KINDS for make in (_tag, _untag, _list))
