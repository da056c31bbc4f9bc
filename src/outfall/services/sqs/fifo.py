"""FIFO queues: the ids that their messages need, deduplication within five minutes, sequence numbers.

Order within a group is the store's: items of a group wait while an earlier claim of the group has a lease running.
Rules: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from outfall.core.context import Context
from outfall.core.ports import Key, Table
from outfall.core.service import Request
from outfall.services.sqs.contents import check_identifier
from outfall.services.sqs.errors import InvalidParameterValue, missing
from outfall.services.sqs.model import ATTEMPTS, DEDUPLICATION, Message, Queue, Sent, encode_message

DEDUPLICATION_MS = 300_000
FIRST_SEQUENCE_NUMBER = 18_850_000_000_000_000_000
"""Sequence numbers have 20 digits and grow by 256, as AWS's do."""


def check(queue: Queue, request: Request) -> str:
    """The deduplication id of a message that is about to enter a FIFO queue; raises when an id lacks or is wrong."""
    group = request.get("MessageGroupId")
    if group is None:
        raise missing("MessageGroupId")
    check_identifier("MessageGroupId", group)
    given = request.get("MessageDeduplicationId")
    if given is not None:
        check_identifier("MessageDeduplicationId", given)
        return str(given)
    if queue.content_deduplication:
        return sha256((request.get("MessageBody") or "").encode("utf-8", "surrogatepass")).hexdigest()
    raise InvalidParameterValue(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
    )


def sequence_number(item_number: int) -> str:
    """The sequence number of the item with this number: 20 digits that grow with it."""
    return f"{FIRST_SEQUENCE_NUMBER + item_number * 256:020d}"


def admit(ctx: Context, queue: Queue, message: Message, due_ms: int) -> tuple[str, str]:
    """Puts a message on a FIFO queue unless its deduplication id holds; message id and sequence number either way."""
    _forget_outdated(ctx, queue)
    key = _deduplication_key(queue, message)
    before = ctx.tx.get(DEDUPLICATION, key)
    if before is not None and before.until_ms > ctx.now:
        return before.message_id, before.sequence_number
    item_number = ctx.tx.enqueue(
        queue.work_queue, encode_message(message), now_ms=ctx.now, due_ms=due_ms, group=message.group
    )
    sent = Sent(message.id, sequence_number(item_number), ctx.now + DEDUPLICATION_MS)
    ctx.tx.put(DEDUPLICATION, key, sent)
    ctx.tx.enqueue(outdated_queue(queue), "\0".join(key).encode(), now_ms=ctx.now, due_ms=sent.until_ms)
    return sent.message_id, sent.sequence_number


def outdated_queue(queue: Queue) -> str:
    """The work queue on which deduplication ids wait for their end."""
    return f"sqs-deduplication/{queue.account}/{queue.region}/{queue.name}/{queue.generation}"


def forget(ctx: Context, queue: Queue) -> None:
    """Removes all that is known of deduplication and of attempts: the queue is deleted or purged."""
    tables: tuple[Table[Any], ...] = (DEDUPLICATION, ATTEMPTS)
    for table in tables:
        for key, _ in list(ctx.tx.scan(table, (queue.generation,))):
            ctx.tx.delete(table, key)
    ctx.tx.purge(outdated_queue(queue))


def _deduplication_key(queue: Queue, message: Message) -> Key:
    scope = message.group if queue.deduplication_scope == "messageGroup" else ""
    return (queue.generation, scope, message.deduplication_id)


def _forget_outdated(ctx: Context, queue: Queue) -> None:
    """Each message that comes sweeps up to two ids whose time has passed, so that their number stays bounded."""
    for item in ctx.tx.claim(outdated_queue(queue), now_ms=ctx.now, lease_ms=1000, limit=2):
        key = tuple(item.payload.decode().split("\0"))
        table: Table[Any] = DEDUPLICATION if len(key) == 3 else ATTEMPTS
        kept = ctx.tx.get(table, key)
        if kept is not None and kept.until_ms <= ctx.now:
            ctx.tx.delete(table, key)
        ctx.tx.acknowledge(outdated_queue(queue), item.handle)
