"""ReceiveRequestAttemptId: a receive of a FIFO queue that is asked for again, because its answer got lost.

Within five minutes the same id brings the same messages under the same receipt handles, and their visibility timeout
anew, unless one of them was deleted, changed or became visible meanwhile: then it is a receive like any other. Rule:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

from __future__ import annotations

from collections.abc import Sequence

from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.services.sqs.claims import in_flight
from outfall.services.sqs.contents import check_identifier
from outfall.services.sqs.fifo import DEDUPLICATION_MS, outdated_queue
from outfall.services.sqs.handles import Receipt
from outfall.services.sqs.model import ATTEMPTS, Attempt, Message, Queue, decode_message

PARAMETER = "ReceiveRequestAttemptId"
Received = list[tuple[Item, Message]]


def again(ctx: Context, queue: Queue, attempt_id: str, visibility_s: int) -> tuple[Received, int]:
    """What an earlier receive with that id brought, and when that was; nothing when there is none that holds. Raises
    InvalidParameterValue for what can be no id."""
    check_identifier(PARAMETER, attempt_id)
    before = ctx.tx.get(ATTEMPTS, (queue.generation, attempt_id))
    if before is None or before.until_ms <= ctx.now:
        return [], 0
    found: Received = []
    for (number, claim), due_ms in zip(before.claims, before.due_ms, strict=True):
        item = in_flight(ctx, queue, Receipt(number, before.received_ms, claim))
        if item is None or item.due_ms != due_ms:
            return [], 0
        found.append((item, decode_message(item.payload)))
    for item, _ in found:
        ctx.tx.extend(queue.work_queue, item.handle, ctx.now + visibility_s * 1000)
    _write(ctx, queue, attempt_id, found, before.received_ms, visibility_s, before.until_ms)
    return found, before.received_ms


def remember(ctx: Context, queue: Queue, attempt_id: str, received: Received, visibility_s: int) -> None:
    """Keeps what a receive brought under its id."""
    until_ms = ctx.now + DEDUPLICATION_MS
    _write(ctx, queue, attempt_id, received, ctx.now, visibility_s, until_ms)
    payload = f"{queue.generation}\0{attempt_id}".encode()
    ctx.tx.enqueue(outdated_queue(queue), payload, now_ms=ctx.now, due_ms=until_ms)


def _write(
    ctx: Context,
    queue: Queue,
    attempt_id: str,
    received: Sequence[tuple[Item, Message]],
    received_ms: int,
    visibility_s: int,
    until_ms: int,
) -> None:
    claims = [(item.number, item.handle) for item, _ in received]
    due_ms = [ctx.now + visibility_s * 1000] * len(claims)
    ctx.tx.put(ATTEMPTS, (queue.generation, attempt_id), Attempt(until_ms, received_ms, claims, due_ms))
