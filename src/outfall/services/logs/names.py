"""Which group and stream a request means, and the resources that authorisation asks about."""

from __future__ import annotations

import re

from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.service import Call, Permission, Request
from outfall.services.logs.errors import InvalidParameterException, ResourceNotFoundException, ValidationException
from outfall.services.logs.model import GROUPS, STREAMS, Group, Stream

NAME_LENGTH_MAX = 512
_group_name = re.compile(r"[.\-_/#A-Za-z0-9]+").fullmatch
_stream_name = re.compile(r"[^:*]+").fullmatch
_group_arn = re.compile(r"arn:[^:]+:logs:([^:]*):([^:]*):log-group:([^:]+)(:\*)?").fullmatch


def constraint(value: object, member: str, rule: str) -> InvalidParameterException:
    """`1 validation error detected: Value 'V' at 'M' failed to satisfy constraint: R`"""
    return InvalidParameterException(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    )


def group_in(request: Request) -> str:
    """The name of the group in logGroupName or logGroupIdentifier (a name or an ARN); empty when neither is given."""
    if request.get("logGroupName"):
        return str(request["logGroupName"])
    given = str(request.get("logGroupIdentifier") or "")
    arn = _group_arn(given)
    return arn[3] if arn else given


def group_in_arn(text: str) -> str | None:
    """The name of the group whose ARN the text is, or None."""
    arn = _group_arn(text)
    return arn[3] if arn else None


def check_group_name(name: str) -> None:
    """Raises unless `name` can be that of a group. [LS:test_create_log_group_invalid_name_length]"""
    _check_name(name, "logGroupName", _group_name(name) is not None, r"[\.\-_/#A-Za-z0-9]+")


def check_stream_name(name: str) -> None:
    """Raises unless `name` can be that of a stream."""
    _check_name(name, "logStreamName", _stream_name(name) is not None, r"[^:*]*")


def _check_name(name: str, member: str, matches: bool, pattern: str) -> None:
    if len(name) > NAME_LENGTH_MAX:
        raise InvalidParameterException(
            "Invalid LogGroup or LogStream, both must have length less than or equal to 512."
        )
    if not name:
        raise constraint("", member, "Member must have length greater than or equal to 1")
    if not matches:
        raise constraint(name, member, f"Member must satisfy regular expression pattern: {pattern}")


def find_group(ctx: Context, name: str) -> Group:
    """The group of that name; raises ResourceNotFoundException."""
    group = ctx.tx.get(GROUPS, (ctx.account, ctx.region, name))
    if group is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return group


def require_group(call: Call, request: Request) -> Group:
    """The group that the request names; raises. [LS:test_describe_log_streams_with_log_group_identifier]"""
    if request.get("logGroupName") and request.get("logGroupIdentifier"):
        raise ValidationException("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    name = group_in(request)
    if not name:
        raise InvalidParameterException("Either logGroupName or logGroupIdentifier is required.")
    return find_group(call, name)


def require_own(request: Request, operation: str) -> None:
    """Raises `NotServed` where groups of other accounts are asked for."""
    for option in ("includeLinkedAccounts", "accountIdentifiers"):
        if request.get(option):
            raise NotServed(f"{operation} with {option} is not served by this version of Outfall.")


def require_stream(call: Call, group: Group, name: str) -> Stream:
    """The stream of that name in `group`; raises ResourceNotFoundException."""
    stream = call.tx.get(STREAMS, (*group.key, name))
    if stream is None:
        raise ResourceNotFoundException("The specified log stream does not exist.")
    return stream


def group_resource(call: Call, request: Request) -> str:
    """The ARN of the group."""
    return f"arn:aws:logs:{call.region}:{call.account}:log-group:{group_in(request)}"


def every_group(call: Call, request: Request) -> str:
    """The resource of operations that list groups."""
    return f"arn:aws:logs:{call.region}:{call.account}:log-group::log-stream:"


def stream_resource(call: Call, request: Request) -> str:
    """The ARN of the stream; for operations on all of a group, that of no stream, as AWS's own denials print it."""
    return f"{group_resource(call, request)}:log-stream:{request.get('logStreamName') or ''}"


UNMASK_IF_ASKED = Permission("logs:Unmask", stream_resource, when=lambda call, request: bool(request.get("unmask")))
"""For operations that read events. Nothing is masked here, as data protection policies are not served."""


def tagged_resource(call: Call, request: Request) -> str:
    """The ARN in resourceArn."""
    return str(request.get("resourceArn") or "").removesuffix(":*")


def tagged_group(call: Call, request: Request) -> Group:
    """The group whose ARN is in resourceArn; raises."""
    arn = _group_arn(str(request.get("resourceArn") or ""))
    group = call.tx.get(GROUPS, (arn[2], arn[1], arn[3])) if arn else None
    if group is None:
        raise ResourceNotFoundException("The specified resource does not exist.")
    return group
