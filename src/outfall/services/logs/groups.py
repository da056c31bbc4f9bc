"""Log groups: create, delete, list, how long they keep events, and tags."""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.ports import Table
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.core.tags import reserved
from outfall.services.logs import paging
from outfall.services.logs.errors import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
    TooManyTagsException,
    ValidationException,
)
from outfall.services.logs.model import CHUNKS, FILTERS, GROUPS, METRIC, STREAMS, Group
from outfall.services.logs.names import (
    check_group_name,
    constraint,
    every_group,
    group_in,
    group_resource,
    require_group,
    require_own,
    stream_resource,
    tagged_group,
    tagged_resource,
)

LISTED_MAX = 50
TAGS_MAX = 50
CLASSES = ("STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS")
NOT_SERVED = ("DELIVERY", "ESSENTIALS")
"""Classes whose groups keep events for less time, or do less with them."""
# fmt: off
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)
# fmt: on


def _tags_given(call: Call, request: Request) -> bool:
    return bool(request.get("tags"))


@operation(
    "CreateLogGroup",
    action="logs:CreateLogGroup",
    resource=group_resource,
    also=(Permission("logs:TagResource", group_resource, when=_tags_given),),
)
def create_log_group(call: Call, request: Request) -> Output:
    """A new group; an error if there is one of that name."""
    name = request.get("logGroupName") or ""
    check_group_name(name)
    log_class = request.get("logGroupClass") or "STANDARD"
    if log_class not in CLASSES:
        raise constraint(log_class, "logGroupClass", f"Member must satisfy enum value set: [{', '.join(CLASSES)}]")
    if log_class in NOT_SERVED:
        raise NotServed(f"Log groups of the class {log_class} are not served by this version of Outfall.")
    group = Group(
        call.account,
        call.region,
        name,
        call.now,
        log_class=log_class,
        kms_key=request.get("kmsKeyId") or "",
        protected=bool(request.get("deletionProtectionEnabled")),
        tags=_checked(request.get("tags")),
    )
    if call.tx.get(GROUPS, group.key) is not None:
        raise ResourceAlreadyExistsException("The specified log group already exists")
    call.tx.put(GROUPS, group.key, group)


@operation("DeleteLogGroup", action="logs:DeleteLogGroup", resource=stream_resource)
def delete_log_group(call: Call, request: Request) -> Output:
    """Removes a group with all streams and events."""
    group = require_group(call, request)
    if group.protected:
        raise ValidationException("The specified log group has deletion protection enabled.")
    tables: tuple[Table[Any], ...] = (CHUNKS, STREAMS, FILTERS)
    for table in tables:
        for key, _ in call.tx.scan(table, group.key):
            call.tx.delete(table, key)
    call.tx.delete(GROUPS, group.key)


@operation("DescribeLogGroups", action="logs:DescribeLogGroups", resource=every_group)
def describe_log_groups(call: Call, request: Request) -> Output:
    """Groups by name, with a prefix or with a text somewhere in the name (upper and lower case alike)."""
    require_own(request, "DescribeLogGroups")
    prefix, pattern = request.get("logGroupNamePrefix") or "", request.get("logGroupNamePattern") or ""
    if prefix and pattern:
        raise InvalidParameterException(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    limit = paging.limit_of(request, LISTED_MAX, LISTED_MAX)
    wanted = {group_in({"logGroupIdentifier": one}) for one in request.get("logGroupIdentifiers") or ()}
    log_class = request.get("logGroupClass")
    start = paging.after(request)
    found: list[Group] = []
    for _, group in call.tx.scan(GROUPS, (call.account, call.region), starts_with=prefix, start=start):
        fits = pattern.lower() in group.name.lower() and (not wanted or group.name in wanted)
        if fits and (not log_class or group.log_class == log_class):
            found.append(group)
        if len(found) > limit:
            break
    shown = [_shown(call, group) for group in found[:limit]]
    return {"logGroups": shown} | paging.next_token(found[limit - 1].name if len(found) > limit else "")


def _shown(ctx: Context, group: Group) -> dict[str, object]:
    shown: dict[str, object] = {"logGroupName": group.name, "creationTime": group.created_ms}
    if group.retention_days:
        shown["retentionInDays"] = group.retention_days
    shown["metricFilterCount"] = sum(1 for _ in ctx.tx.scan(FILTERS, (*group.key, METRIC)))
    shown["arn"] = f"{group.arn}:*"
    shown["storedBytes"] = sum(stream.size for _, stream in ctx.tx.scan(STREAMS, group.key))
    if group.kms_key:
        shown["kmsKeyId"] = group.kms_key
    shown["logGroupClass"] = group.log_class
    shown["logGroupArn"] = group.arn
    shown["deletionProtectionEnabled"] = group.protected
    return shown


@operation("PutRetentionPolicy", action="logs:PutRetentionPolicy", resource=stream_resource)
def put_retention_policy(call: Call, request: Request) -> Output:
    """Events older than that many days are gone, on the clock of record."""
    group = require_group(call, request)
    days = request.get("retentionInDays")
    if days not in RETENTION_DAYS:
        allowed = ", ".join(map(str, RETENTION_DAYS))
        raise constraint(days, "retentionInDays", f"Member must satisfy enum value set: [{allowed}]")
    call.tx.put(GROUPS, group.key, msgspec.structs.replace(group, retention_days=days))


@operation("DeleteRetentionPolicy", action="logs:DeleteRetentionPolicy", resource=stream_resource)
def delete_retention_policy(call: Call, request: Request) -> Output:
    """Events never expire again."""
    group = require_group(call, request)
    call.tx.put(GROUPS, group.key, msgspec.structs.replace(group, retention_days=0))


def _checked(given: dict[str, str] | None) -> dict[str, str]:
    if key := reserved(given or ()):
        raise InvalidParameterException(f"Tag key {key} is not valid: the prefix aws: is reserved.")  # Text not known.
    return dict(given or {})


def _tag(call: Call, group: Group, given: dict[str, str]) -> None:
    tags = {**group.tags, **_checked(given)}
    if len(tags) > TAGS_MAX:
        raise TooManyTagsException()
    call.tx.put(GROUPS, group.key, msgspec.structs.replace(group, tags=tags))


def _untag(call: Call, group: Group, gone: list[str]) -> None:
    tags = {key: value for key, value in group.tags.items() if key not in gone}
    call.tx.put(GROUPS, group.key, msgspec.structs.replace(group, tags=tags))


@operation("TagResource", action="logs:TagResource", resource=tagged_resource)
def tag_resource(call: Call, request: Request) -> Output:
    """Adds tags to a group by its ARN."""
    _tag(call, tagged_group(call, request), request.get("tags") or {})


@operation("UntagResource", action="logs:UntagResource", resource=tagged_resource)
def untag_resource(call: Call, request: Request) -> Output:
    """Removes tags from a group by its ARN."""
    _untag(call, tagged_group(call, request), request.get("tagKeys") or [])


@operation("ListTagsForResource", action="logs:ListTagsForResource", resource=tagged_resource)
def list_tags_for_resource(call: Call, request: Request) -> Output:
    """The tags of a group by its ARN."""
    return {"tags": tagged_group(call, request).tags}


@operation("TagLogGroup", action="logs:TagLogGroup", resource=group_resource)
def tag_log_group(call: Call, request: Request) -> Output:
    """The older form of TagResource, by name."""
    _tag(call, require_group(call, request), request.get("tags") or {})


@operation("UntagLogGroup", action="logs:UntagLogGroup", resource=group_resource)
def untag_log_group(call: Call, request: Request) -> Output:
    """The older form of UntagResource, by name."""
    _untag(call, require_group(call, request), request.get("tags") or [])


@operation("ListTagsLogGroup", action="logs:ListTagsLogGroup", resource=group_resource)
def list_tags_log_group(call: Call, request: Request) -> Output:
    """The older form of ListTagsForResource, by name."""
    return {"tags": require_group(call, request).tags}


OPERATIONS = (
    create_log_group,
    delete_log_group,
    describe_log_groups,
    put_retention_policy,
    delete_retention_policy,
    tag_resource,
    untag_resource,
    list_tags_for_resource,
    tag_log_group,
    untag_log_group,
    list_tags_log_group,
)
