"""The life of a queue: create, find, list, delete, purge, and its attributes."""

from __future__ import annotations

import re

import msgspec

from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.core.sweeping import over
from outfall.core.tokens import text_of, token_of
from outfall.services.sqs import attributes, fifo
from outfall.services.sqs.address import (
    arn_in_url,
    arn_of_account,
    arn_of_name,
    queue_url,
    require,
    unknown_queue,
)
from outfall.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueNameExists,
    invalid,
)
from outfall.services.sqs.model import DELETED, QUEUES, Deleted, Queue
from outfall.services.sqs.tags import check_tag

MINUTE_MS = 60_000
PAGE_SIZE_MAX = 1000
_standard_name = re.compile(r"[A-Za-z0-9_\-]{1,80}").fullmatch
_fifo_name = re.compile(r"(?=.{6,80}$)[A-Za-z0-9_\-]+\.fifo").fullmatch


def _tags_given(call: Call, request: Request) -> bool:
    return bool(request.get("tags"))


@operation(
    "CreateQueue",
    action="sqs:CreateQueue",
    resource=arn_of_name,
    also=(Permission("sqs:TagQueue", arn_of_name, when=_tags_given),),
)
def create_queue(call: Call, request: Request) -> Output:
    """A new queue; or the one of that name, if the attributes given are the ones it has."""
    name = _name_of(request)
    given = dict(request.get("Attributes") or {})
    is_fifo = _is_fifo(name, given)
    generation = call.ids.hex(16)
    queue = Queue(call.account, call.region, name, generation, call.now, call.now, fifo=is_fifo)
    existing = call.tx.get(QUEUES, queue.key)
    if existing is not None:
        _compare(call, existing, given)
    else:
        deleted = call.tx.get(DELETED, queue.key)
        if deleted is not None and call.now - deleted.at_ms < MINUTE_MS:
            raise QueueDeletedRecently()
        tags = dict(request.get("tags") or {})
        for key, value in tags.items():
            check_tag(key, value or "")
        call.tx.put(QUEUES, queue.key, msgspec.structs.replace(attributes.apply(call, queue, given), tags=tags))
        call.tx.delete(DELETED, queue.key)
    return {"QueueUrl": queue_url(call.endpoint, call.account, name)}


def _name_of(request: Request) -> str:
    """The request's QueueName; raises when there is none. [GH]"""
    name = request.get("QueueName")
    if not name:
        raise InvalidParameterValue("Value for parameter QueueName is invalid. Reason: Must specify a queue name.")
    return str(name)


def _is_fifo(name: str, given: dict[str, str]) -> bool:
    wanted = given.get("FifoQueue")
    if wanted == "true":
        if not _fifo_name(name):
            raise InvalidParameterValue(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
                "with .fifo suffix and be 1 to 80 in length."
            )
        return True
    if wanted is not None:
        if wanted == "false":
            raise InvalidAttributeName("Unknown Attribute FifoQueue.")
        raise InvalidAttributeValue("Invalid value for the parameter FifoQueue.")
    if not _standard_name(name):
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
    return False


def _compare(call: Call, existing: Queue, given: dict[str, str]) -> None:
    """Raises unless the attributes given leave the queue as it is. [LS:test_create_queue_with_different_attributes]"""
    for name, value in given.items():
        if attributes.apply(call, existing, {name: value}) != existing:
            raise QueueNameExists(
                f"A queue already exists with the same name and a different value for attribute {name}"
            )


@operation("GetQueueUrl", action="sqs:GetQueueUrl", resource=arn_of_name)
def get_queue_url(call: Call, request: Request) -> Output:
    """The URL of a queue by its name, and its owner if that is another account."""
    name = _name_of(request)
    account = request.get("QueueOwnerAWSAccountId") or call.account
    if call.tx.get(QUEUES, (account, call.region, name)) is None:
        raise unknown_queue(call)
    return {"QueueUrl": queue_url(call.endpoint, account, name)}


@operation("ListQueues", action="sqs:ListQueues", resource=arn_of_account)
def list_queues(call: Call, request: Request) -> Output:
    """The queues whose names begin with a prefix, in pages when MaxResults is given."""
    prefix = request.get("QueueNamePrefix") or ""
    found = call.tx.scan(
        QUEUES,
        (call.account, call.region),
        starts_with=prefix,
        start=page_start(request),
        limit=page_size(request) + 1,
    )
    urls, token = page(request, [queue.name for _, queue in found], call)
    return ({"QueueUrls": urls} if urls else {}) | ({"NextToken": token} if token else {})


def page_size(request: Request) -> int:
    """MaxResults, which is 1000 unless given."""
    size = request.get("MaxResults")
    if size is None:
        return PAGE_SIZE_MAX
    if not 1 <= size <= PAGE_SIZE_MAX:
        raise invalid("MaxResults", size, f"Must be between 1 and {PAGE_SIZE_MAX}, if provided.")
    return int(size)


def page_start(request: Request) -> tuple[str, ...]:
    """Where the scan of names goes on, from NextToken, which does not go without MaxResults."""
    token = request.get("NextToken")
    if not token:
        return ()
    if request.get("MaxResults") is None:
        raise InvalidParameterValue("MaxResults is a mandatory parameter when you provide a value for NextToken.")
    try:
        return (text_of(token) + "\0",)
    except ValueError:
        raise invalid("NextToken", token, "Invalid NextToken.") from None


def page(request: Request, names: list[str], call: Call) -> tuple[list[str], str]:
    """URLs of a page of names, one more of which says that there is another page; and the token for that, or empty.
    Without MaxResults AWS gives none."""
    size = page_size(request)
    urls = [queue_url(call.endpoint, call.account, name) for name in names[:size]]
    more = len(names) > size and request.get("MaxResults") is not None
    return urls, token_of(names[size - 1]) if more else ""


@operation("DeleteQueue", action="sqs:DeleteQueue", resource=arn_in_url)
def delete_queue(call: Call, request: Request) -> Output:
    """Removes a queue and its messages; its name is free after 60 seconds."""
    queue = require(call, request)
    call.tx.purge(queue.work_queue)
    if queue.fifo:
        fifo.forget(call, queue)
    call.tx.delete(QUEUES, queue.key)
    call.tx.put(DELETED, queue.key, Deleted(call.now))
    call.tx.wake(queue.work_queue)


@operation("PurgeQueue", action="sqs:PurgeQueue", resource=arn_in_url)
def purge_queue(call: Call, request: Request) -> Output:
    """Removes all messages; once in 60 seconds. Deduplication starts anew.
    [LS:test_purge_queue_clears_fifo_deduplication_cache]"""
    queue = require(call, request)
    if queue.purged_ms is not None and call.now - queue.purged_ms < MINUTE_MS:
        raise PurgeQueueInProgress(f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.")
    call.tx.purge(queue.work_queue)
    if queue.fifo:
        fifo.forget(call, queue)
    call.tx.put(QUEUES, queue.key, msgspec.structs.replace(queue, purged_ms=call.now))


@operation("GetQueueAttributes", action="sqs:GetQueueAttributes", resource=arn_in_url)
def get_queue_attributes(call: Call, request: Request) -> Output:
    """The attributes asked for, or `All`; nothing when none is asked for."""
    queue = require(call, request)
    names = request.get("AttributeNames") or []
    for name in names:
        if name != "All" and name not in attributes.NAMES:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if not names:
        return {}
    call.tx.expire(queue.work_queue, call.now - queue.retention_s * 1000)
    shown = attributes.render(queue, call.tx.counts(queue.work_queue, call.now))
    chosen = shown if "All" in names else {name: value for name, value in shown.items() if name in names}
    return {"Attributes": chosen} if chosen else {}


@operation("SetQueueAttributes", action="sqs:SetQueueAttributes", resource=arn_in_url)
def set_queue_attributes(call: Call, request: Request) -> Output:
    """Sets the attributes given and leaves the others."""
    queue = require(call, request)
    changed = attributes.apply(call, queue, request.get("Attributes") or {})
    call.tx.put(QUEUES, queue.key, msgspec.structs.replace(changed, modified_ms=call.now))


sweep = over(DELETED, lambda ctx, deleted: ctx.now - deleted.at_ms >= MINUTE_MS)
"""Forgets names that are free again."""

OPERATIONS = (
    create_queue,
    get_queue_url,
    list_queues,
    delete_queue,
    purge_queue,
    get_queue_attributes,
    set_queue_attributes,
)
