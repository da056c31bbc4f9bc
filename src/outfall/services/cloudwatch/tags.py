"""The tags of alarms."""

from __future__ import annotations

import msgspec

from outfall.core.service import Call, Output, Request, operation
from outfall.core.tags import reserved
from outfall.services.cloudwatch.errors import InvalidParameterValue, ResourceNotFoundException
from outfall.services.cloudwatch.model import ALARMS, Alarm

TAGS_MAX = 50


def added(before: dict[str, str], request: Request) -> dict[str, str]:
    """The tags of before with those of the request."""
    given = {one["Key"]: one["Value"] for one in request.get("Tags") or ()}
    if key := reserved(given):
        raise InvalidParameterValue(f"Tag key {key} is not valid: the prefix aws: is reserved.")  # Text not known.
    tags = before | given
    if len(tags) > TAGS_MAX:
        raise InvalidParameterValue(f"A resource has at most {TAGS_MAX} tags.")  # Neither is this one.
    return tags


def _named(call: Call, request: Request) -> str:
    return str(request.get("ResourceARN") or "*")


def _alarm(call: Call, request: Request) -> Alarm:
    arn = request.get("ResourceARN") or ""
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[2] != "cloudwatch" or parts[5] != "alarm":
        raise InvalidParameterValue(f"Invalid resource ARN: {arn}")
    alarm = call.tx.get(ALARMS, (parts[4], parts[3], parts[6]))
    if alarm is None:
        raise ResourceNotFoundException(ResourceType="alarm", ResourceId=parts[6])
    return alarm


def _keep(call: Call, alarm: Alarm, tags: dict[str, str]) -> None:
    call.tx.put(ALARMS, alarm.key, msgspec.structs.replace(alarm, tags=tags))


@operation("ListTagsForResource", action="cloudwatch:ListTagsForResource", resource=_named)
def list_tags_for_resource(call: Call, request: Request) -> Output:
    """The tags of an alarm by its ARN."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _alarm(call, request).tags.items()]}


@operation("TagResource", action="cloudwatch:TagResource", resource=_named)
def tag_resource(call: Call, request: Request) -> Output:
    """Adds tags to an alarm."""
    alarm = _alarm(call, request)
    _keep(call, alarm, added(alarm.tags, request))
    return {}


@operation("UntagResource", action="cloudwatch:UntagResource", resource=_named)
def untag_resource(call: Call, request: Request) -> Output:
    """Removes tags from an alarm."""
    alarm = _alarm(call, request)
    _keep(call, alarm, {key: value for key, value in alarm.tags.items() if key not in request["TagKeys"]})
    return {}


OPERATIONS = (list_tags_for_resource, tag_resource, untag_resource)
