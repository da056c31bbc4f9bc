"""Dead-letter queues: the policies RedrivePolicy and RedriveAllowPolicy, and the move of a message.

Rules: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.services.sqs.address import find
from outfall.services.sqs.errors import invalid
from outfall.services.sqs.model import Message, Queue, encode_message

RECEIVES_MAX = 1000
SOURCES_MAX = 10
ALLOW = "RedriveAllowPolicy"


class Redrive(msgspec.Struct, frozen=True):
    """A RedrivePolicy: where messages go that were received `receives_max` times."""

    dead_letter_arn: str
    receives_max: int


def parse(ctx: Context, source: Queue, text: str) -> Redrive:
    """The RedrivePolicy in `text`, if the queue `source` may have it; raises InvalidParameterValue."""

    def refuse(reason: str) -> Exception:
        return invalid("RedrivePolicy", text, reason)

    policy = _json_object(text)
    if policy is None:
        raise refuse("Redrive policy is not a valid JSON map.")
    for member in ("deadLetterTargetArn", "maxReceiveCount"):
        if member not in policy:
            raise refuse(f"Redrive policy does not contain mandatory attribute: {member}.")
    receives_max = _count(policy["maxReceiveCount"])
    if receives_max is None or not 1 <= receives_max <= RECEIVES_MAX:
        raise refuse(
            f"Invalid value for maxReceiveCount: {policy['maxReceiveCount']}, valid values are from 1 to "
            f"{RECEIVES_MAX} both inclusive."
        )
    arn = str(policy["deadLetterTargetArn"])
    target = find(ctx, arn)
    if target is None or (target.account, target.region) != (source.account, source.region):
        raise refuse("Dead letter target does not exist.")
    if target.fifo != source.fifo:
        raise refuse("Dead-letter queue must be same type of queue as the source.")
    if not allows(target, source.arn):
        raise refuse("Dead letter target does not allow this source queue.")
    return Redrive(arn, receives_max)


def check_allow(text: str) -> None:
    """Raises InvalidParameterValue unless `text` is a RedriveAllowPolicy."""

    def refuse(reason: str) -> Exception:
        return invalid(ALLOW, text, reason)

    policy = _json_object(text)
    if policy is None:
        raise refuse("Redrive allow policy is not a valid JSON map.")
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if permission not in ("allowAll", "denyAll", "byQueue"):
        raise refuse("Redrive permission must be one of allowAll, denyAll, byQueue.")
    if permission == "byQueue":
        if not isinstance(sources, list) or not 1 <= len(sources) <= SOURCES_MAX:
            raise refuse(f"byQueue must have between 1 and {SOURCES_MAX} source queues.")
    elif sources:
        raise refuse("Source queues can only be given with byQueue.")


def allows(target: Queue, source_arn: str) -> bool:
    """Whether `target` lets itself be the dead-letter queue of `source_arn`."""
    policy = _json_object(target.settings.get(ALLOW, "")) or {}
    permission = policy.get("redrivePermission", "allowAll")
    return permission == "allowAll" or (permission == "byQueue" and source_arn in policy.get("sourceQueueArns", ()))


def move(ctx: Context, source: Queue, item: Item, message: Message) -> bool:
    """Moves a claimed message to the dead-letter queue. False when there is none to take it: the message stays.

    It keeps its id, contents and count of receives. A standard queue keeps the time it was enqueued (so its age goes
    on), a FIFO queue starts anew. [LS:test_dead_letter_queue_message_attributes]
    """
    target = find(ctx, source.dead_letter_arn)
    if target is None or target.fifo != source.fifo or not allows(target, source.arn):
        return False
    moved = msgspec.structs.replace(
        message,
        sent_ms=ctx.now if target.fifo else message.sent_ms,
        source_arn=source.arn,
        receives=message.receives + item.receives - 1,
        first_received_ms=message.first_received_ms or item.first_received_ms,
    )
    ctx.tx.acknowledge(source.work_queue, item.handle)
    ctx.tx.enqueue(
        target.work_queue,
        encode_message(moved),
        now_ms=ctx.now if target.fifo else item.enqueued_ms,
        due_ms=ctx.now,
        group=message.group if target.fifo else None,
    )
    return True


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _count(value: object) -> int | None:
    """maxReceiveCount may be a number or a text of digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None
