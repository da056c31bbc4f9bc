"""The road between events: what buckets, topics and buses hand on, told in the history of its trace.

What arrives costs one fact. What a bucket, topic or rule could not hand over becomes an event of the kind `delivery`,
which is found, looked at and sent again like any other; AWS drops it, or puts it on a dead-letter queue, and is silent.
"""

from __future__ import annotations

import msgspec

from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.history import Delivered, DeliveryFailed, Published, Undelivered, WaitStarted
from outfall.core.invocation import AsyncEvent
from outfall.core.parcel import Parcel
from outfall.core.ports import Table
from outfall.flow import timeline
from outfall.flow.send import Receipt, Refusal

TELLS_ITSELF = frozenset({"lambda", "sns", "events"})
"""Targets that tell of what arrives in their own words."""


class Held(msgspec.Struct, frozen=True):
    """What did not arrive, as it was sent: to send it again."""

    target: str
    parcel: Parcel


UNDELIVERED: Table[Held] = Table("flow.undelivered", Held)
"""At (event, role)."""


def new_root(ctx: Context) -> str:
    """The root of a new trace."""
    return f"1-{ctx.now // 1000:08x}-{ctx.ids.hex(24)}"


def published(
    ctx: Context, trace: str, resource: str, message: str, by: tuple[str, str], wanted: int, listeners: int
) -> None:
    """Tells that a topic or bus took something, which so many of its subscriptions or rules want; `by` are
    its sender and the ARN that it came from, or empty."""
    told = Published(
        at_ms=ctx.now,
        wall_ms=ctx.wall,
        resource=resource,
        message=message,
        sender=by[0],
        source_arn=by[1],
        wanted=wanted,
        listeners=listeners,
    )
    timeline.tell_trace(ctx, trace, told)


def passed(ctx: Context, parcel: Parcel, target: str, receipt: Receipt, *, role: str = "") -> None:
    """Tells that something arrived, if its target does not tell of that itself."""
    if role or service_of(target) not in TELLS_ITSELF:
        timeline.tell_trace(ctx, parcel.root, delivered(ctx, parcel, target, receipt, role=role))


def redriven(ctx: Context, trace: str, source: str, target: str, message: str, size: int) -> None:
    """Tells that a queue has given a message up to its dead-letter queue."""
    told = Delivered(
        at_ms=ctx.now, wall_ms=ctx.wall, role="redrive", source=source, target=target, receipt=message, size=size
    )
    timeline.tell_trace(ctx, trace, told)


def service_of(target: str) -> str:
    """The service of a target by its name in an ARN; `http` for a URL."""
    try:
        return Arn.parse(target).service
    except MalformedArn:
        return "http"


def waits(
    ctx: Context, event_id: str, parcel: Parcel, target: str, *, tries: int, why: str, nominal_ms: int, due_ms: int
) -> str:
    """Tells that a delivery failed for the `tries`th time and waits for the next; the id of its event, which is
    `event_id` if it has one already."""
    event_id = event_id or _open(ctx, parcel, target)
    failed = DeliveryFailed(
        at_ms=ctx.now,
        wall_ms=ctx.wall,
        role=parcel.sender.origin,
        source=parcel.sender.source_arn,
        target=target,
        attempt=tries,
        explanation=why,
    )
    timeline.tell(ctx, event_id, failed)
    waiting = WaitStarted(at_ms=ctx.now, wall_ms=ctx.wall, nominal_ms=nominal_ms, due_ms=due_ms)
    timeline.tell(ctx, event_id, waiting)
    timeline.note(ctx, event_id, state="waiting", attempts=tries, due_ms=due_ms)
    return event_id


def waits_at(ctx: Context, event_id: str, queue: str, item: int) -> None:
    """Says where the delivery of an event waits, so that its wait can be skipped."""
    timeline.note(ctx, event_id, queue=queue, item=item)


def arrived(ctx: Context, event_id: str, parcel: Parcel, target: str, receipt: Receipt, *, tries: int) -> None:
    """Tells that a delivery which had failed before has succeeded."""
    timeline.tell(ctx, event_id, delivered(ctx, parcel, target, receipt))
    timeline.note(ctx, event_id, state="succeeded", attempts=tries, item=0, due_ms=0)


def failed(
    ctx: Context,
    parcel: Parcel,
    target: str,
    refusal: Refusal,
    *,
    event_id: str = "",
    tries: int = 1,
    letter: tuple[Parcel, str, Receipt | Refusal] | None = None,
    again_at: str = "",
) -> None:
    """Tells that a delivery has failed for good, and of its dead letter (its parcel, its queue, what came of it). What
    no dead-letter queue has taken is held, to be sent again: to `target`, or to the ARN `again_at`."""
    event_id = event_id or _open(ctx, parcel, target)
    saved = letter is not None and isinstance(letter[2], Receipt)
    undelivered(ctx, event_id, parcel, target, refusal, hold=not saved, again_at=again_at)
    if letter is not None:
        _tell_letter(ctx, event_id, *letter)
    timeline.note(ctx, event_id, state="failed", attempts=tries, item=0, due_ms=0, undelivered=0 if saved else 1)


def undelivered(
    ctx: Context,
    event_id: str,
    parcel: Parcel,
    target: str,
    refusal: Refusal,
    *,
    role: str = "",
    hold: bool = True,
    again_at: str = "",
    again: bool = False,
) -> None:
    """Writes into the history of an event that something did not arrive, and holds it to be sent again; `again` says
    that it was not the first time, so it is held already."""
    hold = hold and not again
    role = role or parcel.sender.origin
    told = Undelivered(
        at_ms=ctx.now,
        wall_ms=ctx.wall,
        role=role,
        target=target,
        reason=refusal.kind,
        explanation=refusal.explanation,
        body=parcel.body.decode("utf-8", "replace") if hold else "",
        missing=refusal.decision.missing if refusal.decision else "",
        source=parcel.sender.source_arn,
        again=again,
    )
    timeline.tell(ctx, event_id, told)
    if hold:
        ctx.tx.put(UNDELIVERED, (event_id, role), Held(again_at or target, parcel))


def _tell_letter(ctx: Context, event_id: str, letter: Parcel, target: str, result: Receipt | Refusal) -> None:
    if isinstance(result, Receipt):
        timeline.tell(ctx, event_id, delivered(ctx, letter, target, result, role="dead-letter"))
    else:
        undelivered(ctx, event_id, letter, target, result, role="dead-letter", hold=False)


def delivered(
    ctx: Context, parcel: Parcel, target: str, receipt: Receipt, *, role: str = "", again: bool = False
) -> Delivered:
    """The fact that something arrived; `role` is the sender's unless it is told."""
    return Delivered(
        at_ms=ctx.now,
        wall_ms=ctx.wall,
        role=role or parcel.sender.origin,
        target=target,
        receipt=receipt.id,
        size=len(parcel.body),
        statement=receipt.decision.statement if receipt.decision else "",
        source=parcel.sender.source_arn,
        again=again,
        refused=receipt.refused,
    )


def _open(ctx: Context, parcel: Parcel, target: str) -> str:
    """A new event for a delivery that failed."""
    event_id, sender = ctx.ids.uuid(), parcel.sender
    timeline.open_event(
        ctx,
        timeline.Summary(
            id=event_id,
            account=sender.source_account or ctx.account,
            region=ctx.region,
            function=target,
            sender=sender.principal.service or sender.principal.arn,
            state="waiting",
            accepted_ms=ctx.now,
            updated_ms=ctx.now,
            kind="delivery",
            trace=parcel.root,
        ),
    )
    timeline.keep(ctx, AsyncEvent(event_id, target, parcel.body, ctx.now), always=False)
    return event_id
