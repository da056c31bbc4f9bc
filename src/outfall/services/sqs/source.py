"""How queues are polled by event source mappings of Lambda; implements `core.source.Source`."""

from __future__ import annotations

import binascii
from collections.abc import Sequence

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.lineage import root_in
from outfall.core.ports import Item
from outfall.core.source import MessageAttribute, SourceFacts, SourceMessage
from outfall.services.sqs import digest, handles, meter
from outfall.services.sqs.claims import in_flight
from outfall.services.sqs.errors import ReceiptHandleIsInvalid
from outfall.services.sqs.handles import Receipt
from outfall.services.sqs.model import QUEUES, Attribute, Message, Queue, key_of
from outfall.services.sqs.receive import room_in_flight, take, watch_limit
from outfall.services.sqs.rendering import system_attributes
from outfall.services.sqs.target import queue_policy

VISIBILITY_S_MIN = 1
"""With none at all a message that fails would come back at once, without end."""


class SqsSource:
    """Queues as sources."""

    actions: tuple[str, ...] = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")

    def facts(self, ctx: Context, arn: Arn) -> SourceFacts | None:
        """The queue's visibility timeout, and the name of its work queue."""
        queue = ctx.tx.get(QUEUES, key_of(arn))
        if queue is None:
            return None
        return SourceFacts(queue.work_queue, max(queue.visibility_timeout_s, VISIBILITY_S_MIN), queue.fifo)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """The queue's policy."""
        return queue_policy(ctx, arn)

    def take(self, ctx: Context, arn: Arn, limit: int) -> list[SourceMessage]:
        """As ReceiveMessage does: what is too old is dropped, and what was received too often is redriven."""
        queue = ctx.tx.get(QUEUES, key_of(arn))
        limit = min(limit, room_in_flight(ctx, queue)) if queue else 0
        if queue is None or limit <= 0:
            return []
        visibility_s = max(queue.visibility_timeout_s, VISIBILITY_S_MIN)
        taken = take(ctx, queue, limit=limit, visibility_s=visibility_s)
        if taken:
            watch_limit(ctx, queue, max(item.number for item, _ in taken))
        return [_shown(queue, item, message, ctx.now) for item, message in taken]

    def delete(self, ctx: Context, arn: Arn, handles: Sequence[str]) -> None:
        """As DeleteMessage does; a FIFO queue keeps what is visible again."""
        queue = ctx.tx.get(QUEUES, key_of(arn))
        if queue is not None:
            for handle in handles:
                _delete(ctx, queue, handle)

    def give_back(self, ctx: Context, arn: Arn, handles: Sequence[str]) -> int:
        """As ChangeMessageVisibility does with a timeout of 0."""
        queue = ctx.tx.get(QUEUES, key_of(arn))
        return 0 if queue is None else sum(_give_back(ctx, queue, handle) for handle in handles)


def _delete(ctx: Context, queue: Queue, handle: str) -> None:
    receipt = _receipt(queue, handle)
    if receipt is None:
        return
    holds = not queue.fifo or in_flight(ctx, queue, receipt) is not None
    if holds and ctx.tx.acknowledge(queue.work_queue, receipt.claim):
        meter.deleted(ctx, queue)


def _give_back(ctx: Context, queue: Queue, handle: str) -> bool:
    receipt = _receipt(queue, handle)
    if receipt is None or in_flight(ctx, queue, receipt) is None:
        return False
    return ctx.tx.extend(queue.work_queue, receipt.claim, ctx.now)


def _receipt(queue: Queue, handle: str) -> Receipt | None:
    """What the handle stands for; None if the queue was deleted and created again meanwhile."""
    try:
        return handles.read(queue, handle)
    except ReceiptHandleIsInvalid:
        return None


def _shown(queue: Queue, item: Item, message: Message, now_ms: int) -> SourceMessage:
    return SourceMessage(
        id=message.id,
        handle=handles.issue(queue, item.number, now_ms, item.handle, message.id),
        body=message.body,
        body_md5=message.md5,
        system=system_attributes(queue, item, message, now_ms),
        attributes={name: _attribute(one) for name, one in message.attributes.items()},
        attributes_md5=digest.of_attributes(message.attributes) if message.attributes else "",
        trace=root_in(message.trace_header) or message.trace,
    )


def _attribute(one: Attribute) -> MessageAttribute:
    if one.is_binary:
        return MessageAttribute(one.type, binary=binascii.b2a_base64(one.binary, newline=False).decode())
    return MessageAttribute(one.type, one.text)
