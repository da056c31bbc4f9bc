"""Tags of topics. Limits: https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html"""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.service import Call, Output, Request, operation
from outfall.core.tags import reserved
from outfall.services.sns.address import find_topic, parse_arn
from outfall.services.sns.errors import ResourceNotFound, TagLimitExceeded, invalid
from outfall.services.sns.model import TOPICS, Topic

TAGS_MAX = 50


def parse_tags(given: list[dict[str, Any]] | None) -> dict[str, str]:
    """Tags by their keys; raises when a key comes twice. [LS:test_tags]"""
    tags = {str(one.get("Key") or ""): str(one.get("Value") or "") for one in given or ()}
    if len(tags) != len(given or ()):
        raise invalid("Duplicated keys are not allowed.")
    if reserved(tags):
        raise invalid("Tags Reason: Tag keys with the prefix aws: are reserved")  # AWS's text is not known.
    if len(tags) > TAGS_MAX:
        raise TagLimitExceeded()
    return tags


def _resource(call: Call, request: Request) -> str:
    return str(parse_arn("ResourceArn", request.get("ResourceArn")))


def _require(call: Call, request: Request) -> Topic:
    topic = find_topic(call, parse_arn("ResourceArn", request.get("ResourceArn")))
    if topic is None:
        raise ResourceNotFound()
    return topic


@operation("TagResource", action="sns:TagResource", resource=_resource)
def tag_resource(call: Call, request: Request) -> Output:
    """Adds tags; a tag of the same key is replaced."""
    topic = _require(call, request)
    tags = {**topic.tags, **parse_tags(request.get("Tags"))}
    if len(tags) > TAGS_MAX:
        raise TagLimitExceeded()
    call.tx.put(TOPICS, topic.key, msgspec.structs.replace(topic, tags=tags))
    return {}


@operation("UntagResource", action="sns:UntagResource", resource=_resource)
def untag_resource(call: Call, request: Request) -> Output:
    """Removes tags by key; a key that is not there is no error."""
    topic, gone = _require(call, request), set(request.get("TagKeys") or ())
    tags = {key: value for key, value in topic.tags.items() if key not in gone}
    call.tx.put(TOPICS, topic.key, msgspec.structs.replace(topic, tags=tags))
    return {}


@operation("ListTagsForResource", action="sns:ListTagsForResource", resource=_resource)
def list_tags_for_resource(call: Call, request: Request) -> Output:
    """All tags."""
    topic = _require(call, request)
    return {"Tags": [{"Value": value, "Key": key} for key, value in topic.tags.items()]}


OPERATIONS = (tag_resource, untag_resource, list_tags_for_resource)
