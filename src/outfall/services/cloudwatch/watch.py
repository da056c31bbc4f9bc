"""Watching: an alarm is evaluated when its item on the work queue is due, changes its state, and tells its actions.

AWS evaluates every minute (every ten seconds where the period is shorter than a minute), over periods that are over.
"""

from __future__ import annotations

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.flow.send import Receipt, send
from outfall.services.cloudwatch import history, notice
from outfall.services.cloudwatch.evaluation import COMPARISONS, EXTRA_PERIODS, judge
from outfall.services.cloudwatch.model import ALARM_QUEUE, ALARMS, MINUTE_MS, Alarm, State
from outfall.services.cloudwatch.reading import points
from outfall.services.cloudwatch.samples import Samples, samples_needed

SHORT_STEP_MS = 10_000


def begin(ctx: Context, alarm: Alarm) -> None:
    """Has a new alarm evaluated, now and from now on."""
    payload = "\0".join((*alarm.key, alarm.generation)).encode()
    ctx.tx.enqueue(ALARM_QUEUE, payload, now_ms=ctx.now, due_ms=ctx.now)


def step_alarm(ctx: Context, item: Item) -> None:
    """Evaluates the alarm that a claimed item names and puts the item back; one without an alarm is acknowledged."""
    *key, generation = item.payload.decode().split("\0")
    alarm = ctx.tx.get(ALARMS, tuple(key))
    if alarm is None or alarm.generation != generation:
        ctx.tx.acknowledge(ALARM_QUEUE, item.handle)
        return
    step_ms = MINUTE_MS if alarm.query.period_s >= 60 else SHORT_STEP_MS
    now_ms = ctx.now // step_ms * step_ms
    evaluate(ctx.at(alarm.account, alarm.region), alarm, now_ms)
    ctx.tx.release(ALARM_QUEUE, item.handle, due_ms=now_ms + step_ms)


def evaluate(ctx: Context, alarm: Alarm, now_ms: int) -> None:
    """Gives the alarm the state that its metric has at `now_ms`."""
    found = _found(ctx, alarm, now_ms)
    count = sum(samples.count for samples in found[: alarm.periods] if samples)
    if alarm.low_samples == "ignore" and 0 < count < samples_needed(alarm.query.statistic):
        return
    values = [None if samples is None else samples.statistic(alarm.query.statistic) for samples in found]
    breaks = COMPARISONS[alarm.comparison]
    breaches = [None if value is None else breaks(value, alarm.threshold) for value in values]
    to_alarm = alarm.to_alarm or alarm.periods
    state = judge(breaches, alarm.periods, to_alarm, alarm.missing or "missing", alarm.state)
    if state != alarm.state:
        told = notice.Told.of(alarm, now_ms, values)
        transition(ctx, alarm, state, told.reason(alarm, state), told.data(alarm, now_ms))


def _found(ctx: Context, alarm: Alarm, now_ms: int) -> list[Samples | None]:
    """The samples of each period that is over, the newest first."""
    query, count = alarm.query, alarm.periods + EXTRA_PERIODS
    length_ms = query.period_s * 1000
    span = (now_ms - count * length_ms, now_ms)
    by_start: dict[int, Samples] = {}
    found = points(ctx, query.namespace, query.name, query.dimensions, span, query.period_s, query.unit)
    for (at_ms, _), samples in found.items():
        by_start[at_ms] = by_start[at_ms].plus(samples) if at_ms in by_start else samples
    return [by_start.get(now_ms - number * length_ms) for number in range(1, count + 1)]


def transition(ctx: Context, alarm: Alarm, state: State, reason: str, reason_data: str) -> None:
    """Puts an alarm into another state, notes it, and tells the actions of that state."""
    after = msgspec.structs.replace(
        alarm,
        state=state,
        reason=reason,
        reason_data=reason_data,
        updated_ms=ctx.now,
        transitioned_ms=ctx.now if state != alarm.state else alarm.transitioned_ms,
    )
    ctx.tx.put(ALARMS, alarm.key, after)
    if state == alarm.state:
        return
    summary = f"Alarm updated from {alarm.state} to {state}"
    history.note(ctx, after, "StateUpdate", summary, notice.history_data(alarm, after))
    if after.actions_enabled:
        for action in after.actions(state):
            _act(ctx, after, alarm.state, action)


def _act(ctx: Context, alarm: Alarm, before: State, action: str) -> None:
    result = send(ctx, action, notice.parcel(alarm, before))
    if isinstance(result, Receipt):
        summary, error = f"Successfully executed action {action}", None
    else:
        summary, error = (
            f'Failed to execute action {action}. Received error: "{result.explanation}"',
            result.explanation,
        )
    history.note(ctx, alarm, "Action", summary, notice.action_data(alarm, action, error))
