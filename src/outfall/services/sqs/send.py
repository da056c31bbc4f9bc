"""SendMessage and SendMessageBatch, and `deposit`, by which every message enters a queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outfall.core.context import Context
from outfall.core.errors import AwsError
from outfall.core.principal import Principal
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sqs import batch, digest, fifo, meter
from outfall.services.sqs.address import arn_in_url, require
from outfall.services.sqs.contents import (
    TRACE_HEADER,
    check_characters,
    check_identifier,
    parse_attributes,
    parse_system_attributes,
    size_of,
)
from outfall.services.sqs.errors import BatchRequestTooLong, EmptyValue, InvalidParameterValue, invalid, missing
from outfall.services.sqs.model import DEFAULT_SIZE_MAX, Attribute, Message, Queue, encode_message

DELAY_S_MAX = 900


def sender_id(principal: Principal, source_account: str = "") -> str:
    """What the attribute SenderId shows: `AIDA...`, `AROA...:session`, or an account for root and for services."""
    if principal.kind == "service":
        return source_account or principal.account
    return principal.unique_id


def deposit(ctx: Context, queue: Queue, message: Message, *, delay_s: int | None = None) -> tuple[str, str]:
    """Puts a message on a queue. Returns its id and, on FIFO queues, its sequence number (else empty): those of the
    message that went before, when its deduplication id was used within five minutes."""
    due_ms = ctx.now + (queue.delay_s if delay_s is None else delay_s) * 1000
    if queue.fifo:
        return fifo.admit(ctx, queue, message, due_ms)
    ctx.tx.enqueue(queue.work_queue, encode_message(message), now_ms=ctx.now, due_ms=due_ms)
    return message.id, ""


@operation("SendMessage", action="sqs:SendMessage", resource=arn_in_url)
def send_message(call: Call, request: Request) -> Output:
    """One message; answers its id and the MD5 sums."""
    queue = require(call, request)
    body, attributes, system = _contents(request)
    if size_of(body, attributes) > queue.message_size_max:
        limit = queue.message_size_max
        raise InvalidParameterValue(
            f"One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
        )
    return _send(call, queue, request, body, attributes, system)


@operation("SendMessageBatch", action="sqs:SendMessage", resource=arn_in_url)
def send_message_batch(call: Call, request: Request) -> Output:
    """Up to ten messages, each of which succeeds or fails for itself."""
    queue = require(call, request)
    entries = batch.entries(request, "SendMessageBatchRequestEntry")
    if queue.fifo:
        for entry in entries:
            _refuse_batch_without_ids(queue, entry)
    total = sum(_size_sent(entry) for entry in entries)
    if total > DEFAULT_SIZE_MAX:
        raise BatchRequestTooLong(
            f"Batch requests cannot be longer than {DEFAULT_SIZE_MAX} bytes. You have sent {total} bytes."
        )
    return batch.each(entries, lambda entry: _send_entry(call, queue, entry))


def _refuse_batch_without_ids(queue: Queue, entry: Request) -> None:
    """A FIFO batch with a message that lacks its ids fails as a whole, under another code than a single message.
    [LS:test_send_batch_missing_message_group_id_for_fifo_queue]"""
    try:
        fifo.check(queue, entry)
    except AwsError as error:
        raise InvalidParameterValue(error.message) from None


def _send_entry(call: Call, queue: Queue, entry: Request) -> Output:
    if not entry.get("MessageBody"):
        # In a batch it has a code of its own. [GH: tests of Ballerina's SQS client against AWS]
        raise EmptyValue()
    body, attributes, system = _contents(entry)
    if size_of(body, attributes) > queue.message_size_max:
        limit = queue.message_size_max
        raise InvalidParameterValue(
            f"One or more parameters cannot be validated. Reason: Message must be shorter than {limit} bytes."
        )
    return _send(call, queue, entry, body, attributes, system)


def _size_sent(entry: Request) -> int:
    """The size of an entry before anything in it is checked."""
    total = len((entry.get("MessageBody") or "").encode("utf-8", "surrogatepass"))
    for name, value in (entry.get("MessageAttributes") or {}).items():
        total += len(name.encode("utf-8", "surrogatepass")) + len(str(value.get("DataType") or ""))
        total += len((value.get("StringValue") or "").encode("utf-8", "surrogatepass"))
        total += len(value.get("BinaryValue") or b"")
    return total


def _contents(request: Request) -> tuple[bytes, dict[str, Attribute], dict[str, Attribute]]:
    text = request.get("MessageBody")
    if not text:
        raise missing("MessageBody")
    check_characters(text)
    attributes = parse_attributes(request.get("MessageAttributes"))
    return text.encode(), attributes, parse_system_attributes(request.get("MessageSystemAttributes"))


def _delay(queue: Queue, request: Request) -> int | None:
    delay_s = request.get("DelaySeconds")
    if delay_s is None or (queue.fifo and delay_s == 0):
        return None
    if queue.fifo:
        reason = "The request include parameter that is not valid for this queue type."
        raise invalid("DelaySeconds", delay_s, reason)
    if not 0 <= delay_s <= DELAY_S_MAX:
        raise invalid("DelaySeconds", delay_s, f"DelaySeconds must be >= 0 and <= {DELAY_S_MAX}.")
    return int(delay_s)


def _send(
    call: Call,
    queue: Queue,
    request: Request,
    body: bytes,
    attributes: dict[str, Attribute],
    system: Mapping[str, Attribute],
) -> dict[str, Any]:
    delay_s = _delay(queue, request)
    group = request.get("MessageGroupId")
    deduplication_id = request.get("MessageDeduplicationId")
    if queue.fifo:
        deduplication_id = fifo.check(queue, request)
    elif deduplication_id is not None:
        check_identifier("MessageDeduplicationId", deduplication_id)
        reason = "The request include parameter that is not valid for this queue type."
        raise invalid("MessageDeduplicationId", deduplication_id, reason)
    if group is not None:
        check_identifier("MessageGroupId", group)
    message = Message(
        call.ids.uuid(),
        request["MessageBody"],
        digest.of_body(body),
        sender_id(call.principal),
        call.now,
        attributes,
        system[TRACE_HEADER].text if system else call.headers.get("x-amzn-trace-id", ""),
        group or "",
        deduplication_id or "",
    )
    message_id, sequence_number = deposit(call, queue, message, delay_s=delay_s)
    meter.sent(call, queue, len(body))
    answer: dict[str, Any] = {"MD5OfMessageBody": message.md5}
    if attributes:
        answer["MD5OfMessageAttributes"] = digest.of_attributes(attributes)
    if system:
        answer["MD5OfMessageSystemAttributes"] = digest.of_attributes(system)
    answer["MessageId"] = message_id
    if sequence_number:
        answer["SequenceNumber"] = sequence_number
    return answer


OPERATIONS = (send_message, send_message_batch)
