"""What IAM checks of a request beside the constraints of its model, before it looks at anything stored."""

from __future__ import annotations

from outfall.core.arn import Arn, MalformedArn
from outfall.core.service import Request
from outfall.core.tags import reserved
from outfall.services.iam.errors import InvalidInput, ValidationError
from outfall.services.iam.model import Tags

TAGS_MAX = 50


def policy_arn(text: str) -> Arn:
    """The ARN of a managed policy; `ValidationError` in AWS's words if it is none. [LS:test_role_attach_policy]"""
    try:
        arn = Arn.parse(text)
    except MalformedArn:
        raise ValidationError("Invalid ARN:  Could not be parsed!") from None
    if arn.service != "iam" or not arn.resource.startswith("policy/"):
        raise ValidationError(f"ARN {text} is not valid.")
    return arn


def status(request: Request) -> str:
    """The status that a key or credential is to have. The model has a third one, which AWS alone gives."""
    wanted = str(request["Status"])
    if wanted not in ("Active", "Inactive"):
        raise ValidationError(
            "1 validation error detected: Value at 'status' failed to satisfy constraint: "
            "Member must satisfy enum value set"
        )
    return wanted


def tags_of(request: Request, known: Tags = ()) -> Tags:
    """The tags of a request put over `known`; keys are unique without regard to case."""
    given = [(one["Key"], one["Value"]) for one in request.get("Tags") or []]
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
