"""DeleteMessage and ChangeMessageVisibility, alone and in batches: what a receipt handle is good for."""

from __future__ import annotations

from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sqs import batch, handles, meter
from outfall.services.sqs.address import arn_in_url, require
from outfall.services.sqs.errors import invalid, missing
from outfall.services.sqs.handles import Receipt
from outfall.services.sqs.model import TWELVE_HOURS_S, Queue


@operation("DeleteMessage", action="sqs:DeleteMessage", resource=arn_in_url, loose=True)
def delete_message(call: Call, request: Request) -> Output:
    """Removes a message. A standard queue also takes a handle that no longer holds; a FIFO queue refuses it.
    [LS:test_fifo_delete_after_visibility_timeout]"""
    _delete(call, require(call, request), request)


@operation("DeleteMessageBatch", action="sqs:DeleteMessage", resource=arn_in_url, loose=True)
def delete_message_batch(call: Call, request: Request) -> Output:
    """Up to ten deletions."""
    queue = require(call, request)
    entries = batch.entries(request, "DeleteMessageBatchRequestEntry")
    return batch.each(entries, lambda entry: _delete(call, queue, entry))


@operation("ChangeMessageVisibility", action="sqs:ChangeMessageVisibility", resource=arn_in_url)
def change_message_visibility(call: Call, request: Request) -> Output:
    """Moves the end of a message's visibility timeout; 0 makes it visible at once."""
    _change(call, require(call, request), request)


@operation("ChangeMessageVisibilityBatch", action="sqs:ChangeMessageVisibility", resource=arn_in_url)
def change_message_visibility_batch(call: Call, request: Request) -> Output:
    """Up to ten changes."""
    queue = require(call, request)
    entries = batch.entries(request, "ChangeMessageVisibilityBatchRequestEntry")
    return batch.each(entries, lambda entry: _change(call, queue, entry))


def _receipt(queue: Queue, request: Request, parameter: str) -> Receipt:
    text = request.get("ReceiptHandle")
    if not text:
        raise missing(parameter)
    return handles.read(queue, text)


def _item(ctx: Context, queue: Queue, receipt: Receipt) -> Item | None:
    """The item that was received, if it is still on the queue."""
    found = ctx.tx.peek(queue.work_queue, after=receipt.number - 1, limit=1)
    return found[0] if found and found[0].number == receipt.number else None


def in_flight(ctx: Context, queue: Queue, receipt: Receipt) -> Item | None:
    """The item of this receive, if its visibility timeout still runs."""
    item = _item(ctx, queue, receipt)
    holds = item is not None and item.handle == receipt.claim and item.leased and item.due_ms > ctx.now
    return item if holds else None


def _delete(call: Call, queue: Queue, request: Request) -> None:
    # AWS asks for a MessageHandle when there is no ReceiptHandle. [GH aws-sdk-js-v3 5478]
    receipt = _receipt(queue, request, "MessageHandle")
    if queue.fifo and _item(call, queue, receipt) is not None and in_flight(call, queue, receipt) is None:
        raise invalid("ReceiptHandle", request["ReceiptHandle"], "The receipt handle has expired.")
    if call.tx.acknowledge(queue.work_queue, receipt.claim):
        meter.deleted(call, queue)


def _change(call: Call, queue: Queue, request: Request) -> None:
    timeout_s = request.get("VisibilityTimeout")
    receipt = _receipt(queue, request, "ReceiptHandle")
    if timeout_s is None:
        raise missing("VisibilityTimeout")
    if not 0 <= timeout_s <= TWELVE_HOURS_S:
        reason = f"VisibilityTimeout must be an integer between 0 and {TWELVE_HOURS_S}."
        raise invalid("VisibilityTimeout", timeout_s, reason)
    item = in_flight(call, queue, receipt) if queue.fifo else _item(call, queue, receipt)
    if item is None:
        reason = "Message does not exist or is not available for visibility timeout change."
        raise invalid("ReceiptHandle", request["ReceiptHandle"], reason)
    until_ms = call.now + timeout_s * 1000
    if until_ms > receipt.received_ms + TWELVE_HOURS_S * 1000:
        reason = f"Total VisibilityTimeout for the message is beyond the limit [{TWELVE_HOURS_S} seconds]."
        raise invalid("VisibilityTimeout", timeout_s, reason)
    # A standard queue takes older handles for the receive that holds now, and hides a message again that is visible.
    # [LS:test_terminate_visibility_timeout_after_receive, test_change_message_visibility_after_visibility_timeout_exp]
    call.tx.extend(queue.work_queue, item.handle, until_ms)


OPERATIONS = (delete_message, delete_message_batch, change_message_visibility, change_message_visibility_batch)
