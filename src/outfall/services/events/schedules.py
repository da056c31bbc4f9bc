"""Rules with a schedule: the next occurrence waits on `SCHEDULES_QUEUE`; when it comes, the rule's targets receive a
Scheduled Event and the one after it is put there.

Occurrences that passed while nobody claimed them (the clock jumped, the server was down) are made up for one by one;
when they are very many, once.
Rule: [LS:test_events_schedule]
"""

from __future__ import annotations

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.services.events import cron
from outfall.services.events.deliver import deliver_all
from outfall.services.events.errors import not_valid
from outfall.services.events.make import make_event
from outfall.services.events.model import RULES, SCHEDULES_QUEUE, Rule, RuleKey, encode

STAMP_DIGITS = 8

MADE_UP_FOR_MAX = 100
"""So many missed occurrences of a rule are made up for one by one: a week's sleep must not end in a flood."""


class Occurrence(msgspec.Struct, frozen=True):
    """An occurrence that waits: of which rule, which of its schedules, and for when (a claim hides its due time)."""

    rule: RuleKey
    stamp: str
    due_ms: int = 0


_decode = msgspec.msgpack.Decoder(Occurrence).decode


def check(expression: str) -> None:
    """Raises ValidationException for an expression that is none."""
    try:
        cron.parse(expression)
    except cron.BadSchedule:
        raise not_valid("ScheduleExpression") from None


def arrange(ctx: Context, rule: Rule) -> Rule:
    """The rule as it is to be stored: its next occurrence is put on the queue, an older one falls away."""
    cancel(ctx, rule)
    if not rule.schedule or rule.state == "DISABLED":
        return msgspec.structs.replace(rule, stamp="", item=0)
    return _enqueue(ctx, msgspec.structs.replace(rule, stamp=ctx.ids.hex(STAMP_DIGITS), item=0), ctx.now)


def cancel(ctx: Context, rule: Rule) -> None:
    """Lets the occurrence that waits come due at once; it finds that nobody wants it, and goes."""
    if rule.item:
        ctx.tx.reschedule(SCHEDULES_QUEUE, rule.item, due_ms=ctx.now, payload=encode(Occurrence(rule.key, "")))


def _enqueue(ctx: Context, rule: Rule, after_ms: int) -> Rule:
    due_ms = cron.parse(rule.schedule).after(after_ms)
    if due_ms is None:
        return rule
    waiting = encode(Occurrence(rule.key, rule.stamp, due_ms))
    number = ctx.tx.enqueue(SCHEDULES_QUEUE, waiting, now_ms=ctx.now, due_ms=due_ms)
    return msgspec.structs.replace(rule, item=number)


def step_schedule(ctx: Context, item: Item) -> None:
    """An occurrence that was claimed from `SCHEDULES_QUEUE`: the Scheduled Event, and the next occurrence."""
    ctx.tx.acknowledge(SCHEDULES_QUEUE, item.handle)
    occurrence = _decode(item.payload)
    rule = ctx.tx.get(RULES, occurrence.rule)
    if rule is None or not occurrence.stamp or rule.stamp != occurrence.stamp:
        return
    ctx = ctx.at(rule.account, rule.region)
    event = make_event(
        ctx,
        source="aws.events",
        detail_type="Scheduled Event",
        detail="{}",
        resources=(rule.arn,),
        at_ms=occurrence.due_ms,
    )
    deliver_all(ctx, rule, event)
    after_ms = _catch_up(cron.parse(rule.schedule), occurrence.due_ms, ctx.now)
    ctx.tx.put(RULES, rule.key, _enqueue(ctx, msgspec.structs.replace(rule, item=0), after_ms))


def _catch_up(schedule: cron.Rate | cron.Cron, due_ms: int, now_ms: int) -> int:
    """The time after which the next occurrence is looked for."""
    at_ms: int | None = due_ms
    for _ in range(MADE_UP_FOR_MAX + 1):
        at_ms = schedule.after(at_ms) if at_ms is not None else None
        if at_ms is None or at_ms > now_ms:
            return due_ms
    if isinstance(schedule, cron.Rate):
        return due_ms + (now_ms - due_ms) // schedule.every_ms * schedule.every_ms
    return now_ms
