"""What STS checks of a request before it looks at anything stored.

Rule: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and [LS:test_sts_invalid_parameters].
"""

from __future__ import annotations

import re
from typing import Any

from outfall.authz.grammar import identity_problem
from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.service import Request
from outfall.services.sts.errors import InvalidParameterValue, MalformedPolicyDocument, ValidationError

SESSION_NAME = r"[\w+=,.@-]*"
POLICY_SIZE_MAX = 2048
TAGS_MAX = 50

Tags = tuple[tuple[str, str], ...]


def refuse(value: object, member: str, rule: str) -> ValidationError:
    """AWS's sentence about one member."""
    shown = "null" if value is None else f"'{value}'"
    return ValidationError(
        f"1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: Member {rule}"
    )


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
    if not re.fullmatch(SESSION_NAME, text, re.ASCII):
        raise refuse(text, "roleSessionName", f"must satisfy regular expression pattern: {SESSION_NAME}")
    if len(text) < 2:
        raise refuse(text, "roleSessionName", "must have length greater than or equal to 2")
    if len(text) > 64:
        raise refuse(text, "roleSessionName", "must have length less than or equal to 64")
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


def session_policy(request: Request) -> str | None:
    """The session policy, which must be a policy."""
    document: str | None = request.get("Policy")
    if document is None:
        return None
    if len(document) > POLICY_SIZE_MAX:
        raise refuse(document, "policy", f"must have length less than or equal to {POLICY_SIZE_MAX}")
    problem = identity_problem(document)
    if problem is not None:
        raise MalformedPolicyDocument(problem)
    return document


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
