"""What IAM checks of a request before it looks at anything stored: a table of members, and the sentence about them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from outfall.core.arn import Arn, MalformedArn
from outfall.core.service import Request
from outfall.core.tags import reserved
from outfall.services.iam.errors import InvalidInput, ValidationError
from outfall.services.iam.model import Tags

TAGS_MAX = 50


class Text(msgspec.Struct, frozen=True):
    """The lengths and the pattern that the model gives a member. [BC]"""

    shortest: int
    longest: int
    pattern: str = ""


_NAME = r"[\w+=,.@-]+"
_PATH = r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)"
MEMBERS = {
    "RoleName": Text(1, 64, _NAME),
    "UserName": Text(1, 64, _NAME),
    "NewUserName": Text(1, 64, _NAME),
    "GroupName": Text(1, 128, _NAME),
    "PolicyName": Text(1, 128, _NAME),
    "InstanceProfileName": Text(1, 128, _NAME),
    "Path": Text(1, 512, _PATH),
    "PathPrefix": Text(1, 512, r"\u002F[\u0021-\u007F]*"),
    "PolicyDocument": Text(1, 131072),
    "AssumeRolePolicyDocument": Text(1, 131072),
    "Description": Text(0, 1000),
    "VersionId": Text(1, 32, r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?"),
    "AccessKeyId": Text(16, 128, r"[\w]+"),
    "PolicyArn": Text(20, 2048),
    "PermissionsBoundary": Text(20, 2048),
    "AccountAlias": Text(3, 63, r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"),
    "NewGroupName": Text(1, 128, _NAME),
    "NewPath": Text(1, 512, _PATH),
    "AWSServiceName": Text(1, 128, _NAME),
    "CustomSuffix": Text(1, 64, _NAME),
    "DeletionTaskId": Text(1, 1000),
    "OpenIDConnectProviderArn": Text(20, 2048),
    "Url": Text(1, 255),
    "ClientID": Text(1, 255),
}
"""Members by name."""

NUMBERS = {"MaxItems": (1, 1000), "MaxSessionDuration": (3600, 43200)}
"""Least and greatest value of whole numbers."""

CHOICES = {
    "Status": ("Active", "Inactive"),
    "Scope": ("All", "AWS", "Local"),
    "EntityFilter": ("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"),
    "PolicyUsageFilter": ("PermissionsPolicy", "PermissionsBoundary"),
}
"""Members that hold one of a few words."""


def check(request: Request, *required: str) -> None:
    """Raises AWS's `ValidationError` for what is missing or malformed, all at once."""
    found = [_sentence("null", name, "must not be null") for name in required if request.get(name) is None]
    for name, value in request.items():
        if value is not None:
            found += _text_faults(name, value) + _number_faults(name, value) + _choice_faults(name, value)
    if found:
        plural = "s" if len(found) > 1 else ""
        raise ValidationError(f"{len(found)} validation error{plural} detected: {'; '.join(found)}")


def _sentence(value: str, name: str, rule: str) -> str:
    return f"Value {value} at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: Member {rule}"


def _text_faults(name: str, value: Any) -> list[str]:
    rule = MEMBERS.get(name)
    if rule is None or not isinstance(value, str):
        return []
    faults = []
    shown = f"'{value[:2048]}'"
    if rule.pattern and not re.fullmatch(rule.pattern, value, re.ASCII):
        faults.append(_sentence(shown, name, f"must satisfy regular expression pattern: {rule.pattern}"))
    if len(value) > rule.longest:
        faults.append(_sentence(shown, name, f"must have length less than or equal to {rule.longest}"))
    if len(value) < rule.shortest:
        faults.append(_sentence(shown, name, f"must have length greater than or equal to {rule.shortest}"))
    return faults


def _number_faults(name: str, value: Any) -> list[str]:
    if name not in NUMBERS or not isinstance(value, int):
        return []
    least, greatest = NUMBERS[name]
    if value < least:
        return [_sentence(f"'{value}'", name, f"must have value greater than or equal to {least}")]
    if value > greatest:
        return [_sentence(f"'{value}'", name, f"must have value less than or equal to {greatest}")]
    return []


def _choice_faults(name: str, value: Any) -> list[str]:
    known = CHOICES.get(name)
    if known is None or value in known:
        return []
    return [_sentence(f"'{value}'", name, f"must satisfy enum value set: [{', '.join(known)}]")]


def policy_arn(text: str) -> Arn:
    """The ARN of a managed policy; `ValidationError` in AWS's words if it is none. [LS:test_role_attach_policy]"""
    try:
        arn = Arn.parse(text)
    except MalformedArn:
        raise ValidationError("Invalid ARN:  Could not be parsed!") from None
    if arn.service != "iam" or not arn.resource.startswith("policy/"):
        raise ValidationError(f"ARN {text} is not valid.")
    return arn


def tags_of(request: Request, known: Tags = ()) -> Tags:
    """The tags of a request put over `known`; keys are unique without regard to case."""
    given = [(one.get("Key") or "", one.get("Value") or "") for one in request.get("Tags") or []]
    if any(not name or len(name) > 128 or len(value) > 256 for name, value in given):
        raise ValidationError(
            "1 validation error detected: Value at 'tags' failed to satisfy constraint: "
            "Member must have length less than or equal to 128"
        )
    if key := reserved(name for name, _ in given):
        raise InvalidInput(f"Tag key {key} is not valid: the prefix aws: is reserved.")  # AWS's text is not known.
    lowered = [name.lower() for name, _ in given]
    if len(set(lowered)) != len(lowered):
        raise InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    kept = [tag for tag in known if tag[0].lower() not in lowered]
    merged = tuple(kept + given)
    if len(merged) > TAGS_MAX:
        raise InvalidInput(f"The number of tags has reached the maximum limit of {TAGS_MAX}.")
    return merged


def without_tags(request: Request, known: Tags) -> Tags:
    """`known` without the tags that the request names."""
    gone = {name.lower() for name in request.get("TagKeys") or []}
    return tuple(tag for tag in known if tag[0].lower() not in gone)
