"""Tags of queues. Limits: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_TagQueue.html"""

from __future__ import annotations

import msgspec

from outfall.core.service import Call, Output, Request, operation
from outfall.core.tags import reserved
from outfall.services.sqs.address import arn_in_url, require
from outfall.services.sqs.errors import InvalidParameterValue, missing
from outfall.services.sqs.model import QUEUES

TAGS_MAX = 50


@operation("TagQueue", action="sqs:TagQueue", resource=arn_in_url)
def tag_queue(call: Call, request: Request) -> Output:
    """Adds tags; a tag of the same key is replaced."""
    queue = require(call, request)
    given = request.get("Tags")
    if not given:
        raise missing("Tags")
    for key, value in given.items():
        check_tag(key, value or "")
    tags = {**queue.tags, **given}
    if len(tags) > TAGS_MAX:
        raise InvalidParameterValue(f"Too many tags added for queue {queue.name}.")
    call.tx.put(QUEUES, queue.key, msgspec.structs.replace(queue, tags=tags))


def check_tag(key: str, value: str) -> None:
    """Raises InvalidParameterValue for a key or value of the wrong length. [GH]"""
    if not 1 <= len(key) <= 128:
        raise InvalidParameterValue("Tag keys must be between 1 and 128 characters in length.")
    if reserved((key,)):
        raise InvalidParameterValue("Tag keys with the prefix aws: are reserved.")  # AWS's text is not known.
    if len(value) > 256:
        raise InvalidParameterValue("Tag values must be between 0 and 256 characters in length.")


@operation("UntagQueue", action="sqs:UntagQueue", resource=arn_in_url)
def untag_queue(call: Call, request: Request) -> Output:
    """Removes tags by key; a key that is not there is no error."""
    queue = require(call, request)
    gone = set(request.get("TagKeys") or ())
    if not gone:
        raise missing("TagKeys")
    tags = {key: value for key, value in queue.tags.items() if key not in gone}
    call.tx.put(QUEUES, queue.key, msgspec.structs.replace(queue, tags=tags))


@operation("ListQueueTags", action="sqs:ListQueueTags", resource=arn_in_url)
def list_queue_tags(call: Call, request: Request) -> Output:
    """All tags; no member `Tags` when there are none."""
    queue = require(call, request)
    return {"Tags": queue.tags} if queue.tags else {}


OPERATIONS = (tag_queue, untag_queue, list_queue_tags)
