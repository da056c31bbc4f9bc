"""Dead-letter queues: the policies RedrivePolicy and RedriveAllowPolicy, and the move of a message.

Rules: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.lineage import root_in
from outfall.core.ports import Item
from outfall.flow import passage
from outfall.services.sqs.address import find
from outfall.services.sqs.errors import InvalidAttributeValue, invalid
from outfall.services.sqs.model import Message, Queue, encode_message

RECEIVES_MAX = 1000
SOURCES_MAX = 10
REDRIVE = ("maxReceiveCount", "deadLetterTargetArn")
ALLOW = "RedriveAllowPolicy"
ALLOW_MEMBERS = frozenset({"redrivePermission", "sourceQueueArns"})
PERMISSIONS = ("allowAll", "denyAll", "byQueue")
CANNOT = "Amazon SQS can't create the redrive allow policy"
_arn = re.compile(r"arn:aws[a-z\-]*:([a-z0-9\-]+):[a-z0-9\-]*:\d*:.+").fullmatch


class Redrive(msgspec.Struct, frozen=True):
    """A RedrivePolicy: where messages go that were received `receives_max` times."""

    dead_letter_arn: str
    receives_max: int

    @property
    def text(self) -> str:
        """The policy as AWS gives it back: two members, the count a number. [GH]"""
        shown = {"deadLetterTargetArn": self.dead_letter_arn, "maxReceiveCount": self.receives_max}
        return json.dumps(shown, separators=(",", ":"))


def parse(ctx: Context, source: Queue, text: str) -> Redrive:
    """The RedrivePolicy in `text`, if the queue `source` may have it; raises InvalidParameterValue, and
    InvalidAttributeValue for what is no JSON map.

    Texts: [LS:test_invalid_dead_letter_arn_rejected_before_lookup], [GH].
    """

    def refuse(reason: str) -> Exception:
        return invalid("RedrivePolicy", text, reason)

    policy = _json_object(text)
    if policy is None:
        raise InvalidAttributeValue(
            "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."
        )
    for member in REDRIVE:
        if member not in policy:
            raise refuse(f"Redrive policy does not contain mandatory attribute: {member}.")
    receives_max = _count(policy["maxReceiveCount"])
    if receives_max is None or not 1 <= receives_max <= RECEIVES_MAX:
        raise refuse(
            f"Invalid value for maxReceiveCount: {policy['maxReceiveCount']}, valid values are from 1 to "
            f"{RECEIVES_MAX} both inclusive."
        )
    arn = str(policy["deadLetterTargetArn"])
    named = _arn(arn)
    if named is None:
        raise refuse("Invalid value for deadLetterTargetArn.")
    if named[1] != "sqs":
        raise refuse("Only SQS queues are valid resources for deadLetterTargetArn.")
    if len(policy) > len(REDRIVE):
        raise refuse("Only following attributes are supported: [maxReceiveCount, deadLetterTargetArn].")
    _check_target(ctx, source, arn, refuse)
    return Redrive(arn, receives_max)


def _check_target(ctx: Context, source: Queue, arn: str, refuse: Callable[[str], Exception]) -> None:
    if arn.endswith(".fifo") != source.fifo:
        raise refuse("Dead-letter queue must be same type of queue as the source..")
    target = find(ctx, arn)
    if target is None or (target.account, target.region) != (source.account, source.region):
        raise refuse("Dead letter target does not exist.")
    if not allows(target, source.arn):
        raise refuse("Dead letter target does not allow this source queue.")


def canonical_allow(text: str) -> str:
    """The RedriveAllowPolicy in `text`; raises InvalidParameterValue, and InvalidAttributeValue for what has not even
    its form. [GH]"""
    policy = _json_object(text)
    permission = policy.get("redrivePermission") if policy is not None else None
    sources = policy.get("sourceQueueArns") if policy is not None else None
    formed = sources is None or (isinstance(sources, list) and all(isinstance(one, str) for one in sources))
    if policy is None or not formed or not ALLOW_MEMBERS.issuperset(policy) or permission not in PERMISSIONS:
        raise InvalidAttributeValue(
            f"Invalid value for the parameter {ALLOW}. Reason: {CANNOT}, as it\u2019s in an unsupported format."
        )
    if permission != "byQueue":
        if sources:
            raise invalid(
                ALLOW,
                text,
                f"{CANNOT}. To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
            )
        return json.dumps({"redrivePermission": permission}, separators=(",", ":"))
    if not sources:
        raise invalid(
            ALLOW,
            text,
            f"{CANNOT}. When you specify the byQueue permission type, you must also specify one or more "
            "sourceQueueArns values.",
        )
    if len(sources) > SOURCES_MAX:
        raise invalid(
            ALLOW, text, f"{CANNOT}. The maximum number of source queue ARNs you can specify is {SOURCES_MAX}."
        )
    return json.dumps({"redrivePermission": permission, "sourceQueueArns": sources}, separators=(",", ":"))


def allows(target: Queue, source_arn: str) -> bool:
    """Whether `target` lets itself be the dead-letter queue of `source_arn`."""
    policy = _json_object(target.settings.get(ALLOW, "")) or {}
    permission = policy.get("redrivePermission", "allowAll")
    return permission == "allowAll" or (permission == "byQueue" and source_arn in policy.get("sourceQueueArns", ()))


def move(ctx: Context, source: Queue, item: Item, message: Message) -> bool:
    """Moves a claimed message to the dead-letter queue. False when there is none to take it: the message stays. A
    RedriveAllowPolicy is asked when the source gets its RedrivePolicy, and not again. [GH]

    It keeps its id, contents and count of receives. A standard queue keeps the time it was enqueued (so its age goes
    on), a FIFO queue starts anew. [LS:test_dead_letter_queue_message_attributes]
    """
    target = find(ctx, source.dead_letter_arn)
    if target is None or target.fifo != source.fifo:
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
    root = root_in(message.trace_header) or message.trace
    passage.redriven(ctx, root, source.arn, target.arn, message.id, len(message.body))
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
