"""What STS checks of a request before it looks at anything stored.

Rule: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and [LS:test_sts_invalid_parameters].
"""

from __future__ import annotations

import re
from typing import Any

from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.service import Request
from outfall.services.sts.errors import InvalidParameterValue, ValidationError, refuse

SESSION_NAME = r"[\w+=,.@-]*"
EXTERNAL_ID = r"[\w+=,.@:\/-]*"
TAGS_MAX = 50

Tags = tuple[tuple[str, str], ...]


def role_arn(request: Request) -> str:
    """RoleArn, which must be an ARN."""
    text = request.get("RoleArn")
    if text is None:
        raise refuse(None, "roleArn", "must not be null")
    if len(text) < 20:
        raise refuse(text, "roleArn", "must have length greater than or equal to 20")
    try:
        Arn.parse(text)
    except MalformedArn:
        raise ValidationError(f"{text} is invalid") from None
    return str(text)


def session_name(request: Request) -> str:
    """RoleSessionName: 2 to 64 characters of a few kinds."""
    text = request.get("RoleSessionName")
    if text is None:
        raise refuse(None, "roleSessionName", "must not be null")
    return _name(text, "roleSessionName", SESSION_NAME, 64)


def federated_name(request: Request) -> str:
    """Name of a federated user: 2 to 32 characters of a few kinds."""
    text = request.get("Name")
    if text is None:
        raise refuse(None, "name", "must not be null")
    return _name(text, "name", SESSION_NAME, 32)


def source_identity(request: Request) -> str:
    """SourceIdentity: 2 to 64 characters of a few kinds, not beginning as AWS's own names; empty if none is given."""
    text = request.get("SourceIdentity")
    if text is None:
        return ""
    if text.lower().startswith("aws:"):
        raise ValidationError("SourceIdentity cannot start with 'aws:'")
    return _name(text, "sourceIdentity", SESSION_NAME, 64)


def external_id(request: Request) -> str:
    """ExternalId: 2 to 1224 characters of a few kinds; empty if none is given."""
    text = request.get("ExternalId")
    return "" if text is None else _name(text, "externalId", EXTERNAL_ID, 1224)


def _name(text: str, member: str, pattern: str, longest: int) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise refuse(text, member, f"must satisfy regular expression pattern: {pattern}")
    if len(text) < 2:
        raise refuse(text, member, "must have length greater than or equal to 2")
    if len(text) > longest:
        raise refuse(text, member, f"must have length less than or equal to {longest}")
    return str(text)


def duration_s(request: Request, *, most: int, default: int) -> int:
    """DurationSeconds: at least a quarter of an hour."""
    value = request.get("DurationSeconds")
    if value is None:
        return default
    if value < 900:
        raise refuse(value, "durationSeconds", "must have value greater than or equal to 900")
    if value > most:
        raise refuse(value, "durationSeconds", f"must have value less than or equal to {most}")
    return int(value)


def session_tags(request: Request) -> Tags:
    """The session's tags; their keys are unique without regard to case. [LS:test_assume_role_tag_validation]"""
    tags = tuple((one.get("Key") or "", one.get("Value") or "") for one in request.get("Tags") or [])
    lowered = [name.lower() for name, _ in tags]
    if len(set(lowered)) != len(lowered):
        raise InvalidParameterValue
    if len(tags) > TAGS_MAX:
        raise refuse("", "tags", f"must have length less than or equal to {TAGS_MAX}")
    for name, value in tags:
        if not 1 <= len(name) <= 128:
            raise refuse(name, "tags.1.member.key", "must have length less than or equal to 128")
        if len(value) > 256:
            raise refuse(value, "tags.1.member.value", "must have length less than or equal to 256")
    return tags


def transitive_keys(request: Request, tags: Tags) -> tuple[str, ...]:
    """TransitiveTagKeys, each the key of one of the tags. [LS:test_assume_role_tag_validation]"""
    keys = tuple(request.get("TransitiveTagKeys") or ())
    known = {name.lower() for name, _ in tags}
    if any(key.lower() not in known for key in keys):
        raise InvalidParameterValue("The specified transitive tag key must be included in the requested tags.")
    return keys


def served_options(request: dict[str, Any], *names: str) -> None:
    """Refuses options that this server does not have, rather than ignore them."""
    for name in names:
        if request.get(name):
            raise NotServed(f"{name} is not served by this version of Outfall.")
