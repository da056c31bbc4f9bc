"""ReceiveMessage: claiming what is due, ageing out, moving to the dead-letter queue, waiting for more."""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.effects import Park
from outfall.core.ports import Item
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sqs import attempts, meter, redrive
from outfall.services.sqs.address import arn_in_url, require
from outfall.services.sqs.errors import OverLimit, invalid
from outfall.services.sqs.model import QUEUES, TWELVE_HOURS_S, Message, Queue, decode_message
from outfall.services.sqs.rendering import Wanted, render

IN_FLIGHT_MAX = 120_000
AMONG = 32
"""What appears again comes before what was sent after it, in the order of sending, as on AWS where few messages wait.
Of many, the oldest of the first so many come first: AWS promises no order."""
ROUNDS_MAX = 1000
"""How often one request claims anew, when what it claimed was too old or had to be redriven."""


@operation("ReceiveMessage", action="sqs:ReceiveMessage", resource=arn_in_url, loose=True)
def receive_message(call: Call, request: Request) -> Output:
    """Up to ten messages under a visibility timeout; with WaitTimeSeconds, as soon as there is one."""
    queue = require(call, request)
    limit = _ranged(request, "MaxNumberOfMessages", 1, 1, 10, "Must be between 1 and 10, if provided.")
    wait_s = _ranged(request, "WaitTimeSeconds", queue.receive_wait_s, 0, 20, "Must be >= 0 and <= 20, if provided.")
    visibility_s = _ranged(
        request,
        "VisibilityTimeout",
        queue.visibility_timeout_s,
        0,
        TWELVE_HOURS_S,
        f"Must be >= 0 and <= {TWELVE_HOURS_S}, if provided.",
    )
    attempt_id = request.get(attempts.PARAMETER) if queue.fifo else None
    if attempt_id is not None:
        before, received_ms = attempts.again(call, queue, attempt_id, visibility_s)
        if before:
            return _shown(call, queue, request, before, received_ms)
    room = room_in_flight(call, queue)
    # At the limit a short poll of a standard queue is refused; others see nothing. [sqs.md 6.4]
    if room <= 0 and not wait_s and not queue.fifo:
        raise OverLimit()
    received = take(call, queue, limit=min(limit, room), visibility_s=visibility_s) if room else []
    if received:
        watch_limit(call, queue, max(item.number for item, _ in received))
        if attempt_id is not None:
            attempts.remember(call, queue, attempt_id, received, visibility_s)
        return _shown(call, queue, request, received, call.now)
    # At the limit there are items that are due and cannot be had: waiting for the queue would never wait.
    return _wait(call, queue, queue.work_queue if room else f"{queue.work_queue}/full", wait_s)


def _shown(
    call: Call, queue: Queue, request: Request, received: list[tuple[Item, Message]], received_ms: int
) -> dict[str, Any]:
    wanted = Wanted.of(request, call.protocol)
    return {"Messages": [render(queue, wanted, item, message, received_ms) for item, message in received]}


def take(ctx: Context, queue: Queue, *, limit: int, visibility_s: int) -> list[tuple[Item, Message]]:
    """Claims up to `limit` messages. Those past retention are dropped, and those received too often are moved to the
    dead-letter queue, which happens on this receive and not before. [LS:test_dead_letter_queue_message_attributes]"""
    taken: list[tuple[Item, Message]] = []
    oldest_ms = ctx.now - queue.retention_s * 1000
    for _ in range(ROUNDS_MAX):
        items = ctx.tx.claim(
            queue.work_queue,
            now_ms=ctx.now,
            lease_ms=visibility_s * 1000,
            limit=limit - len(taken),
            among=0 if queue.fifo else AMONG,
        )
        for item in items:
            if item.enqueued_ms < oldest_ms:
                ctx.tx.acknowledge(queue.work_queue, item.handle)
                continue
            message = decode_message(item.payload)
            if not (queue.receives_max and item.receives > queue.receives_max) or not redrive.move(
                ctx, queue, item, message
            ):
                taken.append((item, message))
        if len(taken) == limit or not items or (visibility_s == 0 and taken):
            break
    if taken:
        meter.received(ctx, queue, len(taken))
    return taken


def _wait(call: Call, queue: Queue, topic: str, wait_s: int) -> Output:
    until_ms = call.parked_until if call.parked_until is not None else call.now + wait_s * 1000
    if until_ms > call.now:
        return Park(topic, until_ms)
    meter.received_none(call, queue)
    return {}


def room_in_flight(ctx: Context, queue: Queue) -> int:
    """How many more messages may be in flight."""
    if not queue.full:
        return IN_FLIGHT_MAX
    return max(IN_FLIGHT_MAX - ctx.tx.counts(queue.work_queue, ctx.now).leased, 0)


def watch_limit(ctx: Context, queue: Queue, newest: int) -> None:
    """Counts what is in flight, but only when it may have reached the limit: counting takes as long as there are
    messages in flight. Since the last count no more can have been added than item numbers were given out."""
    if queue.full or newest >= queue.recount_at:
        leased = ctx.tx.counts(queue.work_queue, ctx.now).leased
        changed = msgspec.structs.replace(
            queue, full=leased >= IN_FLIGHT_MAX, recount_at=newest + max(IN_FLIGHT_MAX - leased, 0)
        )
        ctx.tx.put(QUEUES, queue.key, changed)


def _ranged(request: Request, parameter: str, default: int, least: int, most: int, reason: str) -> int:
    value = request.get(parameter)
    if value is None:
        return default
    if not least <= value <= most:
        raise invalid(parameter, value, reason)
    return int(value)


OPERATIONS = (receive_message,)
