"""Message move tasks: bringing messages of a dead-letter queue back to where they came from, or elsewhere.

A task is a row, and an item on the work queue `sqs/moves` for as long as it runs; whoever claims the item calls
`step_move`. The first step is made in the transaction of StartMessageMoveTask, so small queues are moved at once.
Rules: [LS:test_sqs_move_task];
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
"""

from __future__ import annotations

import binascii
import json

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Item, Key, Table
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.sqs.address import find, parse_queue_arn
from outfall.services.sqs.errors import InvalidParameterValue, ResourceNotFound, UnsupportedOperation, invalid, missing
from outfall.services.sqs.model import Message, Queue, decode_message, encode_message
from outfall.services.sqs.sources import sources_of

MOVES_QUEUE = "sqs/moves"
STEP_MESSAGES = 500
"""Messages moved in one transaction when no rate is asked for."""
RATE_MAX = 500
LISTED_MAX = 10
RUNNING, COMPLETED, CANCELLED, FAILED = "RUNNING", "COMPLETED", "CANCELLED", "FAILED"
NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


class Move(msgspec.Struct, frozen=True):
    """A task. `destination` is empty when each message goes back to its own source; `rate` is messages a second."""

    id: str
    source: str
    destination: str
    rate: int | None
    started_ms: int
    to_move: int
    moved: int = 0
    status: str = RUNNING
    failure: str = ""


MOVES = Table("sqs.moves", Move)


def key_of(move: Move) -> Key:
    """Tasks of a source lie together, in the order they were started."""
    return (move.source, f"{move.started_ms:015d}", move.id)


def _source_arn(call: Call, request: Request) -> str:
    return str(request.get("SourceArn") or "")


def _destination_arn(call: Call, request: Request) -> str:
    return str(request.get("DestinationArn") or "")


def _cancelled_arn(call: Call, request: Request) -> str:
    return _read_handle(request.get("TaskHandle"))[1]


def _has_destination(call: Call, request: Request) -> bool:
    return bool(request.get("DestinationArn"))


@operation(
    "StartMessageMoveTask",
    action="sqs:StartMessageMoveTask",
    resource=_source_arn,
    also=(
        Permission("sqs:ReceiveMessage", _source_arn),
        Permission("sqs:DeleteMessage", _source_arn),
        Permission("sqs:GetQueueAttributes", _source_arn),
        Permission("sqs:SendMessage", _destination_arn, when=_has_destination),
    ),
)
def start_message_move_task(call: Call, request: Request) -> Output:
    """Begins to move all messages of a dead-letter queue; answers the handle of the task."""
    source = _source(call, request)
    destination = request.get("DestinationArn") or ""
    rate = request.get("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= rate <= RATE_MAX:
        raise invalid("MaxNumberOfMessagesPerSecond", rate, f"Must be between 1 and {RATE_MAX}, if provided.")
    if next(sources_of(call, source), None) is None:
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    if destination:
        parse_queue_arn("DestinationArn", destination)
        target = find(call, destination)
        if target is None:
            raise ResourceNotFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
        if target.fifo != source.fifo:
            raise InvalidParameterValue("Source and destination queues must be of the same type.")
    if any(move.status == RUNNING for _, move in call.tx.scan(MOVES, (source.arn,))):
        raise InvalidParameterValue(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
    to_move = call.tx.counts(source.work_queue, call.now).ready
    move = Move(call.ids.uuid(), source.arn, destination, rate, call.now, to_move)
    call.tx.put(MOVES, key_of(move), move)
    _forget_old(call, source.arn)
    _go_on(call, _step(call, move))
    return {"TaskHandle": _handle(move)}


@operation("CancelMessageMoveTask", action="sqs:CancelMessageMoveTask", resource=_cancelled_arn)
def cancel_message_move_task(call: Call, request: Request) -> Output:
    """Ends a running task; what it moved stays moved."""
    task_id, source = _read_handle(request.get("TaskHandle"))
    if find(call, source) is None:
        raise ResourceNotFound("The resource that you specified for the SourceArn parameter doesn't exist.")
    move = next((move for _, move in call.tx.scan(MOVES, (source,)) if move.id == task_id), None)
    if move is None:
        raise ResourceNotFound("Task does not exist.")
    if move.status != RUNNING:
        raise UnsupportedOperation("Only active tasks can be cancelled.")
    call.tx.put(MOVES, key_of(move), msgspec.structs.replace(move, status=CANCELLED))
    return {"ApproximateNumberOfMessagesMoved": move.moved}


@operation("ListMessageMoveTasks", action="sqs:ListMessageMoveTasks", resource=_source_arn)
def list_message_move_tasks(call: Call, request: Request) -> Output:
    """The latest tasks of a source, newest first: one unless MaxResults says more, ten at most."""
    limit = request.get("MaxResults")
    limit = 1 if limit is None else limit
    if not 1 <= limit <= LISTED_MAX:
        raise invalid("MaxResults", limit, f"Must be between 1 and {LISTED_MAX}, if provided.")
    source = _source(call, request)
    found = call.tx.scan(MOVES, (source.arn,), reverse=True, limit=limit)
    return {"Results": [_shown(move) for _, move in found]}


def _source(call: Call, request: Request) -> Queue:
    arn = request.get("SourceArn")
    if not arn:
        raise missing("SourceArn")
    parse_queue_arn("SourceArn", arn)
    source = find(call, arn)
    if source is None:
        raise ResourceNotFound("The resource that you specified for the SourceArn parameter doesn't exist.")
    return source


def _shown(move: Move) -> dict[str, object]:
    shown: dict[str, object] = {}
    if move.status == RUNNING:
        shown["TaskHandle"] = _handle(move)
    shown["Status"] = move.status
    shown["SourceArn"] = move.source
    if move.destination:
        shown["DestinationArn"] = move.destination
    if move.rate is not None:
        shown["MaxNumberOfMessagesPerSecond"] = move.rate
    shown["ApproximateNumberOfMessagesMoved"] = move.moved
    shown["ApproximateNumberOfMessagesToMove"] = move.to_move
    if move.failure:
        shown["FailureReason"] = move.failure
    shown["StartedTimestamp"] = move.started_ms
    return shown


def _handle(move: Move) -> str:
    held = json.dumps({"taskId": move.id, "sourceArn": move.source})
    return binascii.b2a_base64(held.encode(), newline=False).decode()


def _read_handle(text: str | None) -> tuple[str, str]:
    """Task id and source ARN in a task handle. [LS:test_cancel_with_invalid_task_handle]"""
    try:
        held = json.loads(binascii.a2b_base64((text or "").encode("ascii"), strict_mode=True))
        return str(held["taskId"]), str(held["sourceArn"])
    except (ValueError, TypeError, KeyError):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None


def _forget_old(ctx: Context, source: str) -> None:
    """Keeps the ten tasks that can be listed."""
    for key, _ in list(ctx.tx.scan(MOVES, (source,), reverse=True))[LISTED_MAX:]:
        ctx.tx.delete(MOVES, key)


def step_move(ctx: Context, item: Item) -> None:
    """The next step of the task that a claimed item of `sqs/moves` names; acknowledges the item, and puts the step
    after it on the queue: at once, or in a second when the task has a rate."""
    ctx.tx.acknowledge(MOVES_QUEUE, item.handle)
    move = ctx.tx.get(MOVES, tuple(item.payload.decode().split("\0")))
    if move is not None and move.status == RUNNING:
        _go_on(ctx, _step(ctx, move))


def _go_on(ctx: Context, move: Move) -> None:
    ctx.tx.put(MOVES, key_of(move), move)
    if move.status == RUNNING:
        due_ms = ctx.now if move.rate is None else ctx.now + 1000
        ctx.tx.enqueue(MOVES_QUEUE, "\0".join(key_of(move)).encode(), now_ms=ctx.now, due_ms=due_ms)


def _step(ctx: Context, move: Move) -> Move:
    """Moves up to one step's messages. The task ends when it has moved as many as there were at its start, or when
    there are no more; it fails at the first message that has nowhere to go, which stays where it is."""
    source = find(ctx, move.source)
    if source is None:
        return msgspec.structs.replace(move, status=FAILED, failure=NO_QUEUE)
    limit = min(move.rate or STEP_MESSAGES, move.to_move - move.moved)
    items = ctx.tx.claim(source.work_queue, now_ms=ctx.now, lease_ms=60_000, limit=limit) if limit > 0 else []
    for number, item in enumerate(items):
        message = decode_message(item.payload)
        arn = move.destination or message.source_arn
        target = find(ctx, arn) if arn else None
        if target is None:
            for left in items[number:]:
                ctx.tx.release(source.work_queue, left.handle, due_ms=ctx.now)
            failure = NO_QUEUE if arn else "CouldNotDetermineMessageSource"
            return msgspec.structs.replace(move, moved=move.moved + number, status=FAILED, failure=failure)
        ctx.tx.acknowledge(source.work_queue, item.handle)
        _enter(ctx, target, message)
    moved = move.moved + len(items)
    done = len(items) < limit or moved >= move.to_move
    return msgspec.structs.replace(move, moved=moved, status=COMPLETED if done else RUNNING)


def _enter(ctx: Context, target: Queue, message: Message) -> None:
    """A moved message is a new one of the same contents: new id, new time, and it was never received. [DOC]"""
    moved = msgspec.structs.replace(
        message, id=ctx.ids.uuid(), sent_ms=ctx.now, source_arn="", receives=0, first_received_ms=None
    )
    group = message.group if target.fifo else None
    ctx.tx.enqueue(target.work_queue, encode_message(moved), now_ms=ctx.now, due_ms=ctx.now, group=group)


OPERATIONS = (start_message_move_task, cancel_message_move_task, list_message_move_tasks)
