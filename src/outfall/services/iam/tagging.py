"""Tags of roles, users, policies and instance profiles: the same three operations for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from outfall.core.errors import AwsError
from outfall.core.service import Call, Operation, Output, Request, Resource, operation
from outfall.services.iam import managed
from outfall.services.iam.checks import tags_of, without_tags
from outfall.services.iam.errors import InvalidInput
from outfall.services.iam.handlers import (
    Keys,
    find_role,
    find_user,
    resource_tags,
    role_resource,
    save,
    shown_tags,
    tag_keys,
    user_resource,
)
from outfall.services.iam.model import ROLES, USERS, Tags
from outfall.services.iam.oidc import find_provider, provider_resource, save_provider
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

    @property
    def keys(self) -> Keys:
        """Condition keys of a request about such a thing."""
        return _both_keys(self.find, self.member)


def _own_policy(call: Call, arn: str) -> Any:
    policy = managed.require(call, arn)
    if policy.account == "aws":
        raise InvalidInput(f"Policy {arn} is managed by AWS and cannot be tagged.")
    return policy


def _both_keys(find: Callable[[Call, str], Any], member: str) -> Keys:
    """The tags of the request and those that the thing has."""

    def keys(call: Call, request: Request) -> Mapping[str, Any]:
        try:
            row = find(call, str(request.get(member) or ""))
        except AwsError:
            return tag_keys(call, request)
        return {**resource_tags(row.tags), **tag_keys(call, request)}

    return keys


KINDS = (
    Taggable("Role", "RoleName", find_role, lambda call, row: save(call, ROLES, row), role_resource),
    Taggable("User", "UserName", find_user, lambda call, row: save(call, USERS, row), user_resource),
    Taggable("Policy", "PolicyArn", _own_policy, save_policy, policy_resource),
    Taggable("InstanceProfile", "InstanceProfileName", find_profile, save_profile, profile_resource),
    Taggable("OpenIDConnectProvider", "OpenIDConnectProviderArn", find_provider, save_provider, provider_resource),
)


def _tag(kind: Taggable) -> Operation:
    name = f"Tag{kind.word}"

    def tag(call: Call, request: Request) -> Output:
        row = kind.find(call, request[kind.member])
        kind.save(call, replace(row, tags=tags_of(request, row.tags)))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=kind.keys)(tag)


def _untag(kind: Taggable) -> Operation:
    name = f"Untag{kind.word}"

    def untag(call: Call, request: Request) -> Output:
        row = kind.find(call, request[kind.member])
        kind.save(call, replace(row, tags=without_tags(request, row.tags)))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=kind.keys)(untag)


def _list(kind: Taggable) -> Operation:
    name = f"List{kind.word}Tags"

    def list_tags(call: Call, request: Request) -> Output:
        tags: Tags = kind.find(call, request[kind.member]).tags
        rows = ((tag[0], tag) for tag in sorted(tags))
        return page(request, "Tags", rows, lambda tag: shown_tags((tag,))[0])

    return operation(name, action=f"iam:{name}", resource=kind.resource)(list_tags)


TAG_OPERATIONS = tuple(make(kind) for kind in KINDS for make in (_tag, _untag, _list))
