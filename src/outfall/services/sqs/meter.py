"""The metrics of the namespace AWS/SQS: what is counted when a message moves, and what is measured of a queue.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
Messages that redrive moves to a dead-letter queue count as sent nowhere, as on AWS.
"""

from __future__ import annotations

from outfall.core.context import Context
from outfall.core.metrics import Dimensions, Sample
from outfall.services.sqs.model import QUEUES, Queue

NAMESPACE = "AWS/SQS"
DELETED = (Sample("NumberOfMessagesDeleted", 1),)
EMPTY = (Sample("NumberOfEmptyReceives", 1),)
SENT = Sample("NumberOfMessagesSent", 1)


def dimensions(name: str) -> Dimensions:
    """The one set of dimensions that SQS has."""
    return (("QueueName", name),)


def sent(ctx: Context, queue: Queue, size: int) -> None:
    """A message of so many bytes was sent to a queue."""
    _record(ctx, queue, (SENT, Sample("SentMessageSize", size, "Bytes")))


def received(ctx: Context, queue: Queue, count: int) -> None:
    """So many messages were received in one call."""
    _record(ctx, queue, (Sample("NumberOfMessagesReceived", count),))


def received_none(ctx: Context, queue: Queue) -> None:
    """A call received nothing."""
    _record(ctx, queue, EMPTY)


def deleted(ctx: Context, queue: Queue) -> None:
    """A message was deleted."""
    _record(ctx, queue, DELETED)


def _record(ctx: Context, queue: Queue, samples: tuple[Sample, ...]) -> None:
    metrics = ctx.house.metrics
    if metrics is not None:
        metrics.record(ctx.at(queue.account, queue.region), NAMESPACE, dimensions(queue.name), samples)


def measured(ctx: Context, name: str) -> tuple[Sample, ...]:
    """How full a queue is, and how old its oldest message; nothing if there is no such queue here."""
    queue = ctx.tx.get(QUEUES, (ctx.account, ctx.region, name))
    if queue is None:
        return ()
    counts = ctx.tx.counts(queue.work_queue, ctx.now)
    oldest = ctx.tx.peek(queue.work_queue, limit=1)
    age_s = max((ctx.now - oldest[0].enqueued_ms) // 1000, 0) if oldest else 0
    return (
        Sample("ApproximateNumberOfMessagesVisible", counts.ready),
        Sample("ApproximateNumberOfMessagesNotVisible", counts.leased),
        Sample("ApproximateNumberOfMessagesDelayed", counts.delayed),
        Sample("ApproximateAgeOfOldestMessage", age_s, "Seconds"),
    )
