"""What did not arrive is sent again: the record, dead letter or message itself, to the byte, not the event it tells of.

Permission is asked again, as things stand now: for a record, of the role that the function has now.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.authz import service_may_assume, session_of_role
from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.parcel import Parcel
from outfall.core.principal import Principal
from outfall.flow import passage, timeline
from outfall.flow.passage import UNDELIVERED, Held
from outfall.flow.send import Receipt, Refusal, send

AT_ONCE_MAX = 500
"""So many are sent again in one transaction."""

EVENT_BRIDGE = "events.amazonaws.com"


class NothingToSend(Exception):
    """Why there is nothing to send again, in one line."""


class Sent(msgspec.Struct, frozen=True):
    """What came of one: `role` and `target`, the `receipt` if it arrived, else why it did not."""

    event: str
    role: str
    target: str
    receipt: str = ""
    explanation: str = ""


def redeliver(ctx: Context, event_id: str, *, to: str = "") -> list[Sent]:
    """Sends again what of an event did not arrive, to where it was for or to the ARN `to`. Raises `NothingToSend`."""
    held = [(key[1], row) for key, row in ctx.tx.scan(UNDELIVERED, (event_id,))]
    if not held:
        known = ctx.tx.get(timeline.EVENTS, (event_id,)) is not None
        raise NothingToSend(f"of event {event_id} everything arrived" if known else f"there is no event {event_id}")
    return [_again(ctx, event_id, role, row, to or row.target) for role, row in held]


def redeliver_all(ctx: Context, *, after: tuple[str, str] | None = None) -> tuple[list[Sent], tuple[str, str] | None]:
    """Sends again what did not arrive, of all events, the next `AT_ONCE_MAX` after the place `after`; and the place at
    which to go on, None at the end."""
    start = (after[0], after[1] + "\0") if after else ()
    held = list(ctx.tx.scan(UNDELIVERED, start=start, limit=AT_ONCE_MAX))
    sent = [_again(ctx, key[0], key[1], row, row.target) for key, row in held]
    return sent, (held[-1][0][0], held[-1][0][1]) if len(held) == AT_ONCE_MAX else None


def _again(ctx: Context, event_id: str, role: str, held: Held, target: str) -> Sent:
    summary = ctx.tx.get(timeline.EVENTS, (event_id,))
    here = ctx.at(summary.account, summary.region) if summary else ctx
    parcel = replace(held.parcel, sender=replace(held.parcel.sender, principal=_sender(here, held.parcel, summary)))
    result = _send(here, target, parcel)
    if isinstance(result, Refusal):
        passage.undelivered(here, event_id, parcel, target, result, role=role, again=True)
        return Sent(event_id, role, target, explanation=result.explanation)
    ctx.tx.delete(UNDELIVERED, (event_id, role))
    told = passage.delivered(ctx, parcel, target, result, role=role, again=True)
    timeline.tell(here, event_id, told)
    if summary is not None:
        done = {"state": "succeeded"} if summary.kind == "delivery" else {}
        timeline.note(here, event_id, undelivered=max(0, summary.undelivered - 1), **done)
    return Sent(event_id, role, target, receipt=result.id)


def _send(ctx: Context, target: str, parcel: Parcel) -> Receipt | Refusal:
    role_arn = parcel.sender.principal.role_arn
    if parcel.sender.origin == "events" and role_arn and not service_may_assume(ctx, role_arn, EVENT_BRIDGE):
        return Refusal("denied", f"{EVENT_BRIDGE} may not assume {role_arn}")
    return send(ctx, target, parcel)


def _sender(ctx: Context, parcel: Parcel, summary: timeline.Summary | None) -> Principal:
    """As whom it is sent now: records and dead letters as the role that the function has now, or had at last."""
    principal = parcel.sender.principal
    if summary is None or summary.kind != "invocation" or parcel.sender.origin not in ("destination", "dead-letter"):
        return principal
    target = ctx.house.functions.resolve(ctx, Arn.parse(summary.function))
    role_arn = target.environment.role_arn if target else principal.role_arn
    return session_of_role(ctx, role_arn, principal.arn.rsplit("/", 1)[-1])
