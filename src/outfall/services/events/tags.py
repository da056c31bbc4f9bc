"""Tags of buses and rules, by ARN. [LS:test_events_tags]"""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.arn import Arn, MalformedArn
from outfall.core.service import Call, Output, Request, operation
from outfall.core.tags import reserved
from outfall.services.events.errors import LimitExceededException, ValidationException, no_bus, no_rule
from outfall.services.events.model import BUSES, DEFAULT, RULES, Bus, Rule
from outfall.services.events.names import BUS_PREFIX, find_bus

TAGS_MAX = 50
RULE_PREFIX = "rule/"


def as_dict(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """A TagList as a mapping."""
    given = {tag["Key"]: tag["Value"] for tag in tags or ()}
    if key := reserved(given):
        # AWS's text is not known.
        raise ValidationException(f"Parameter {key} is not valid. Reason: The prefix aws: of tag keys is reserved.")
    return given


def _resource(call: Call, request: Request) -> str:
    return str(request["ResourceARN"])


def _find(call: Call, request: Request) -> Bus | Rule:
    text = str(request["ResourceARN"])
    try:
        arn = Arn.parse(text)
    except MalformedArn:
        raise ValidationException(
            f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format."
        ) from None
    place = (arn.account, arn.region)
    if arn.resource.startswith(BUS_PREFIX):
        name = arn.resource.removeprefix(BUS_PREFIX)
        bus = find_bus(call, (*place, name))
        if bus is None:
            raise no_bus(name)
        return bus
    if arn.resource.startswith(RULE_PREFIX):
        bus_name, _, name = arn.resource.removeprefix(RULE_PREFIX).rpartition("/")
        rule = call.tx.get(RULES, (*place, bus_name or DEFAULT, name))
        if rule is None:
            raise no_rule(name, bus_name or DEFAULT)
        return rule
    raise ValidationException(f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format.")


def _write(call: Call, resource: Bus | Rule, tags: dict[str, str]) -> None:
    if len(tags) > TAGS_MAX:
        raise LimitExceededException()
    if isinstance(resource, Bus):
        call.tx.put(BUSES, resource.key, msgspec.structs.replace(resource, tags=tags))
    else:
        call.tx.put(RULES, resource.key, msgspec.structs.replace(resource, tags=tags))


@operation("TagResource", action="events:TagResource", resource=_resource)
def tag_resource(call: Call, request: Request) -> Output:
    """Adds tags; a tag of the same key is replaced."""
    resource = _find(call, request)
    _write(call, resource, {**resource.tags, **as_dict(request["Tags"])})
    return {}


@operation("UntagResource", action="events:UntagResource", resource=_resource)
def untag_resource(call: Call, request: Request) -> Output:
    """Removes tags by key; a key that is not there is no error."""
    resource = _find(call, request)
    gone = set(request["TagKeys"])
    _write(call, resource, {key: value for key, value in resource.tags.items() if key not in gone})
    return {}


@operation("ListTagsForResource", action="events:ListTagsForResource", resource=_resource)
def list_tags_for_resource(call: Call, request: Request) -> Output:
    """All tags of a bus or a rule."""
    tags: list[dict[str, Any]] = [{"Key": key, "Value": value} for key, value in _find(call, request).tags.items()]
    return {"Tags": tags}


OPERATIONS = (tag_resource, untag_resource, list_tags_for_resource)
