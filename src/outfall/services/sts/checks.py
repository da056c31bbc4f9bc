"""What STS checks of a request beside the constraints of its model, before it looks at anything stored.

Rule: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html and [LS:test_sts_invalid_parameters].
"""

from __future__ import annotations

from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.service import Request
from outfall.core.tags import reserved
from outfall.services.sts.errors import InvalidParameterValue, ValidationError

Tags = tuple[tuple[str, str], ...]


def role_arn(request: Request) -> str:
    """RoleArn, which must be an ARN."""
    text = str(request["RoleArn"])
    try:
        Arn.parse(text)
    except MalformedArn:
        raise ValidationError(f"{text} is invalid") from None
    return text


def source_identity(request: Request) -> str:
    """SourceIdentity, which does not begin as AWS's own names; empty if none is given."""
    text = str(request.get("SourceIdentity") or "")
    if text.lower().startswith("aws:"):
        raise ValidationError("SourceIdentity cannot start with 'aws:'")
    return text


def session_tags(request: Request) -> Tags:
    """The session's tags; their keys are unique without regard to case. [LS:test_assume_role_tag_validation]"""
    tags = tuple((one["Key"], one["Value"]) for one in request.get("Tags") or [])
    if key := reserved(name for name, _ in tags):
        raise InvalidParameterValue(f"Tag key {key} is not valid: the prefix aws: is reserved.")  # AWS's is not known.
    lowered = [name.lower() for name, _ in tags]
    if len(set(lowered)) != len(lowered):
        raise InvalidParameterValue
    return tags


def transitive_keys(request: Request, tags: Tags) -> tuple[str, ...]:
    """TransitiveTagKeys, each the key of one of the tags. [LS:test_assume_role_tag_validation]"""
    keys = tuple(request.get("TransitiveTagKeys") or ())
    known = {name.lower() for name, _ in tags}
    if any(key.lower() not in known for key in keys):
        raise InvalidParameterValue("The specified transitive tag key must be included in the requested tags.")
    return keys


def served_options(request: Request, *names: str) -> None:
    """Refuses options that this server does not have, rather than ignore them."""
    for name in names:
        if request.get(name):
            raise NotServed(f"{name} is not served by this version of Outfall.")
