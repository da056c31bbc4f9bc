"""The private API of SQS queues: looking at messages without receiving them."""

from __future__ import annotations

from typing import Any

from outfall.core.ports import Item, Tx
from outfall.host.private_call import Answer, Asked, Facade, Refused, Route
from outfall.services.sqs.model import QUEUES, Attribute, Message, Queue, decode_message
from outfall.services.sqs.rendering import system_attributes

PEEK_MAX = 100
PEEK_BYTES_MAX = 4 * 1024 * 1024
"""A page ends after the message with which it reaches that size."""
AT_ONCE = 8


async def _peek(facade: Facade, asked: Asked) -> Answer:
    """Messages in the order they came, also those in flight and delayed; `after` is the number to go on after, 0 at the
    end."""
    key = (asked.path["account"], asked.path["region"], asked.path["queue"])
    after, limit = asked.number("after", 0), asked.number("limit", 50, 1, PEEK_MAX)

    def work(tx: Tx) -> dict[str, Any] | None:
        queue = tx.get(QUEUES, key)
        return None if queue is None else _page(tx, queue, facade.clock.now_ms(), after, limit)

    told = await facade.store.run(work, durable=False)
    if told is None:
        raise Refused(404, f"there is no queue {key[2][:80]} in {key[0][:12]}/{key[1][:32]}")
    return told


def _page(tx: Tx, queue: Queue, now_ms: int, after: int, limit: int) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    size, oldest_ms = 0, now_ms - queue.retention_s * 1000
    while items := tx.peek(queue.work_queue, after=after, limit=AT_ONCE):
        for item in items:
            if len(messages) == limit or size >= PEEK_BYTES_MAX:
                return {"messages": messages, "after": after}
            after = item.number
            if item.enqueued_ms >= oldest_ms:
                messages.append(_told(queue, item, now_ms))
                size += len(item.payload)
    return {"messages": messages, "after": 0}


def _told(queue: Queue, item: Item, now_ms: int) -> dict[str, Any]:
    message: Message = decode_message(item.payload)
    system = system_attributes(queue, item, message, now_ms)
    if not item.receives and not message.receives:
        del system["ApproximateFirstReceiveTimestamp"]
    return {
        "number": item.number,
        "id": message.id,
        "state": _state(item, now_ms),
        "due_ms": item.due_ms,
        "body": message.body,
        "md5": message.md5,
        "attributes": system,
        "message_attributes": {name: _value(one) for name, one in message.attributes.items()},
    }


def _state(item: Item, now_ms: int) -> str:
    if item.due_ms <= now_ms:
        return "visible"
    return "in flight" if item.leased else "delayed"


def _value(one: Attribute) -> dict[str, Any]:
    """As `MessageAttributes` in SQS's own JSON, bytes in base64."""
    if one.is_binary:
        return {"DataType": one.type, "BinaryValue": one.binary}
    return {"DataType": one.type, "StringValue": one.text}


ROUTES = (Route("GET", "/_outfall/api/sqs/{account}/{region}/{queue}/peek", _peek, ("after", "limit")),)
