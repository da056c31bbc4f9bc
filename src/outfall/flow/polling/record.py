"""A message of a queue as a function sees it: one record of the event that an event source mapping hands over.

Key order: [esm-010], [GH raw log 2025-09]; FIFO attributes
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#sample-fifo-queues-message-event
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from outfall.core.arn import Arn
from outfall.core.source import MessageAttribute, SourceMessage

SYSTEM_ORDER = (
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn",
)

_encode = msgspec.json.Encoder().encode


def record_of(message: SourceMessage, source: Arn) -> dict[str, Any]:
    """The record of a message that was taken from the queue at `source`."""
    record: dict[str, Any] = {
        "messageId": message.id,
        "receiptHandle": message.handle,
        "body": message.body,
        "attributes": {name: message.system[name] for name in SYSTEM_ORDER if name in message.system},
        "messageAttributes": {name: _attribute(one) for name, one in message.attributes.items()},
    }
    if message.attributes_md5:
        record["md5OfMessageAttributes"] = message.attributes_md5
    record["md5OfBody"] = message.body_md5
    record["eventSource"] = f"aws:{source.service}"
    record["eventSourceARN"] = str(source)
    record["awsRegion"] = source.region
    return record


def _attribute(one: MessageAttribute) -> dict[str, Any]:
    value = {"stringValue": one.text} if one.binary is None else {"binaryValue": one.binary}
    return {**value, "stringListValues": [], "binaryListValues": [], "dataType": one.type}


def encode_record(record: dict[str, Any]) -> bytes:
    """The record as it stands in the event."""
    return _encode(record)


def event_of(records: Iterable[bytes]) -> bytes:
    """The event of these encoded records."""
    return b'{"Records":[' + b",".join(records) + b"]}"
