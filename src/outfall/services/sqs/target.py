"""How SQS receives what other services send: notifications, destinations, dead letters."""

from __future__ import annotations

from base64 import b64decode

from outfall.core import parcel as parcels
from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.parcel import Parcel
from outfall.services.sqs import digest, fifo, meter
from outfall.services.sqs.contents import size_of
from outfall.services.sqs.errors import InvalidParameterValue, QueueDoesNotExist
from outfall.services.sqs.model import QUEUES, Attribute, Message, Queue, key_of
from outfall.services.sqs.send import deposit, sender_id


def queue_policy(ctx: Context, arn: Arn) -> str | None:
    """The policy document of the queue at `arn`, if there is one."""
    queue = ctx.tx.get(QUEUES, key_of(arn))
    return queue.settings.get("Policy") if queue is not None else None


class SqsTarget:
    """Queues as targets; implements `core.ports.Target`."""

    action = "sqs:SendMessage"

    def resource(self, arn: Arn) -> str:
        """The queue itself."""
        return str(arn)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """The queue's policy."""
        return queue_policy(ctx, arn)

    def exists(self, ctx: Context, arn: Arn) -> bool:
        """Whether the queue is there."""
        return ctx.tx.get(QUEUES, key_of(arn)) is not None

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        """Puts the parcel on the queue; its message id. Raises `QueueDoesNotExist`, `InvalidParameterValue` when it is
        larger than the queue takes, and `MissingParameter` on a FIFO queue when the sender gives no group."""
        queue = ctx.tx.get(QUEUES, key_of(arn))
        if queue is None:
            raise QueueDoesNotExist()
        body = parcel.body.decode("utf-8", "replace")
        deduplication_id = _deduplication_id(queue, parcel, body) if queue.fifo else ""
        attributes = {name: _attribute(one) for name, one in parcel.attributes.items()}
        if size_of(parcel.body, attributes) > queue.message_size_max:
            raise InvalidParameterValue(
                "One or more parameters are invalid. Reason: Message must be shorter than "
                f"{queue.message_size_max} bytes."
            )
        sender = parcel.sender
        message = Message(
            ctx.ids.uuid(),
            body,
            digest.of_body(body.encode()),
            sender_id(sender.principal, sender.source_account),
            ctx.now,
            attributes,
            parcel.trace_header,
            parcel.group_id,
            deduplication_id,
            trace="" if parcel.trace_header else parcel.trace,
        )
        message_id, _ = deposit(ctx, queue, message)
        meter.sent(ctx, queue, len(parcel.body))
        return message_id


def _deduplication_id(queue: Queue, parcel: Parcel, body: str) -> str:
    ids = {"MessageGroupId": parcel.group_id or None, "MessageDeduplicationId": parcel.deduplication_id or None}
    return fifo.check(queue, {**ids, "MessageBody": body})


def _attribute(one: parcels.Attribute) -> Attribute:
    if one.type.startswith("Binary"):
        return Attribute(one.type, binary=b64decode(one.value))
    return Attribute(one.type, one.value)
