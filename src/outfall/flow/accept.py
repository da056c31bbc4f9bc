"""An event for a function becomes durable work: one item on the function's asynchronous queue."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from outfall.core import lineage
from outfall.core.arn import Arn, function_arn, function_name
from outfall.core.context import Context
from outfall.core.history import EventAccepted
from outfall.core.invocation import AsyncEvent, Ending
from outfall.flow import metrics, passage, timeline

QUEUES = "lambda/async/"
"""What the names of all asynchronous queues begin with."""

REMEMBERED_MAX = 1024
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(AsyncEvent)


@lru_cache(maxsize=REMEMBERED_MAX)
def queue_of(function: Arn) -> str:
    """The asynchronous queue of a function: one for all its versions and aliases, so that throttling one function
    holds up no other."""
    return f"{QUEUES}{function.account}/{function.region}/{function_name(function)[0]}"


def pack(event: AsyncEvent) -> bytes:
    """The event as it lies on its queue."""
    return _encoder.encode(event)


def unpack(payload: bytes) -> AsyncEvent:
    """The event that `pack` wrote."""
    return _decoder.decode(payload)


def accept(
    ctx: Context,
    *,
    function: str,
    payload: bytes,
    request_id: str,
    sender: str,
    source_arn: str = "",
    trace_header: str = "",
    trace: str = "",
) -> None:
    """Accepts an event for the function (or version, or alias) with the ARN `function`, which the caller has found to
    exist. An empty payload is delivered as `{}`. [LS:test_reserved_concurrency] `trace` is the root of its trace where
    no header tells it."""
    arn = Arn.parse(function)
    target = ctx.house.functions.resolve(ctx, arn)
    header = entered(ctx, arn, trace_header, trace)
    event = AsyncEvent(
        id=request_id,
        function=function,
        payload=payload or b"{}",
        accepted_ms=ctx.now,
        ending=Ending.of(target) if target else Ending(),
        trace_header=header,
    )
    queue = queue_of(arn)
    due_ms = ctx.now + (ctx.house.delay_ms() if ctx.house.delay_ms else 0)
    item = ctx.tx.enqueue(queue, pack(event), now_ms=ctx.now, due_ms=due_ms)
    timeline.open_event(
        ctx,
        timeline.Summary(
            id=request_id,
            account=arn.account,
            region=arn.region,
            function=function,
            sender=sender,
            state="queued",
            accepted_ms=ctx.now,
            updated_ms=ctx.now,
            queue=queue,
            item=item,
            due_ms=due_ms,
            trace=lineage.root_in(header),
        ),
    )
    timeline.tell(
        ctx,
        request_id,
        EventAccepted(
            at_ms=ctx.now,
            wall_ms=ctx.wall,
            function=function,
            sender=sender,
            source_arn=source_arn,
            payload_size=len(event.payload),
        ),
    )
    metrics.accepted(ctx, function)


def entered(ctx: Context, function: Arn, header: str, trace: str = "") -> str:
    """The trace header that an invocation of the function is given: `header`, if it came with one, or a new one (with
    the root `trace`, if there is one), its lineage one hop further. [async-039]"""
    whole = str(function_arn(function.account, function.region, function_name(function)[0]))
    return lineage.enter(header, whole, root=trace or passage.new_root(ctx), parent=ctx.ids.hex(16))
