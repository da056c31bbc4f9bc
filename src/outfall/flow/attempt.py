"""What comes before and after one attempt: every timing rule of AWS's asynchronous invocation.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html, and recordings where named.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.core import lineage
from outfall.core.arn import Arn, function_arn, function_name
from outfall.core.invocation import AsyncEvent, Condition, Ending, FunctionTarget, Outcome, Response

RETRY_WAITS_S = (60, 120)
"""Nominal waits before the second and the third attempt. Measured on AWS: 60.2 s and 114.2 s [SD:event_invocation]."""

THROTTLE_WAIT_S_MAX = 300
"""A throttled event comes back after 1 s, 2 s, 4 s and so on up to five minutes."""


LOOPED = Response(400)
"""What stands in the record of an event that was stopped as one of a loop. [async-invocation.md 1.4]"""


class Retry(msgspec.Struct, frozen=True):
    """Try again after `wait_ms` (nominal)."""

    event: AsyncEvent
    wait_ms: int


class Settle(msgspec.Struct, frozen=True):
    """There is nothing more to try."""

    event: AsyncEvent
    condition: Condition


Verdict = Retry | Settle


def before(event: AsyncEvent, target: FunctionTarget | None, now_ms: int) -> tuple[AsyncEvent, Verdict | None]:
    """Whether the event may run now, on the function as it stands now; the event knows its settings afterwards.

    A verdict instead of a run: the function is gone (each look-up counts as an attempt), its reserved concurrency is
    zero (no attempt, no retry), the event goes round in a loop that the function does not allow, or it grew too old
    while it waited.
    """
    if target is None:
        return event, _missing(event, now_ms)
    event = replace(event, ending=Ending.of(target))
    if target.reserved_concurrency == 0:
        return event, Settle(replace(event, last=None), "ZeroReservedConcurrency")
    if loops(event.trace_header, target):
        return event, Settle(replace(event, last=LOOPED), "RecursiveInvocation")
    if event.nominal_now_ms(now_ms) > _expires_ms(event):
        return event, Settle(event, "EventAgeExceeded")
    return event, None


def loops(trace_header: str, target: FunctionTarget) -> bool:
    """Whether a run with this trace header has to be stopped as one of a loop. [async-027, async-028]"""
    return target.recursive_loop != "Allow" and lineage.is_loop(trace_header, target.arn)


def is_echo(event: AsyncEvent) -> bool:
    """Whether the event was stopped, and its destinations only lead back into the loop."""
    function = Arn.parse(event.function)
    whole = str(function_arn(function.account, function.region, function_name(function)[0]))
    return event.last == LOOPED and lineage.is_spent(event.trace_header, whole)


def after_run(event: AsyncEvent, outcome: Outcome, now_ms: int) -> Verdict:
    """What follows from an attempt that ran."""
    answered = Response(200, outcome.executed_version, outcome.function_error, outcome.payload)
    event = replace(event, attempts=event.attempts + 1, last=answered)
    if not outcome.function_error:
        return Settle(event, "Success")
    return _again(event, now_ms)


def after_throttle(event: AsyncEvent, now_ms: int) -> Verdict:
    """What follows when there is no concurrency: a wait that doubles, never a used-up attempt, until the event's age
    runs out. What the last real attempt answered stays the last word. [SD:outcomes_expiry]"""
    left_ms = _expires_ms(event) - event.nominal_now_ms(now_ms)
    event = replace(event, throttles=event.throttles + 1, last=event.last or Response(429))
    if left_ms <= 0:
        return Settle(event, "EventAgeExceeded")
    wait_s = min(2 ** min(event.throttles - 1, 20), THROTTLE_WAIT_S_MAX)
    return Retry(event, min(wait_s * 1000, left_ms))


def _missing(event: AsyncEvent, now_ms: int) -> Verdict:
    """The 404 replaces what an earlier attempt answered. [SD:async_deleted_targets_analysis]"""
    return _again(replace(event, attempts=event.attempts + 1, last=Response(404)), now_ms)


def _again(event: AsyncEvent, now_ms: int) -> Verdict:
    """Retries exhausted is looked at first; then the look-ahead: an event whose next wait would reach its age is
    finished at once, AWS does not wait the age out. [LS:test_maxeventage]"""
    if event.attempts > event.ending.retry.retries_max:
        return Settle(event, "RetriesExhausted")
    wait_ms = RETRY_WAITS_S[min(event.attempts, len(RETRY_WAITS_S)) - 1] * 1000
    if event.nominal_now_ms(now_ms) + wait_ms >= _expires_ms(event):
        return Settle(event, "EventAgeExceeded")
    return Retry(event, wait_ms)


def _expires_ms(event: AsyncEvent) -> int:
    return event.accepted_ms + event.ending.retry.event_age_s_max * 1000


def begin_wait(event: AsyncEvent, wait_ms: int, now_ms: int, time_scale: float) -> tuple[AsyncEvent, int]:
    """The event as it waits, and when its wait is over on a clock whose waits are scaled.

    A scale changes when an attempt is made, never what is decided: time that is not waited counts as waited.
    """
    due_ms = now_ms + round(wait_ms * time_scale)
    skipped_ms = event.skipped_ms + wait_ms - (due_ms - now_ms)
    waiting = replace(event, skipped_ms=skipped_ms, wait_from_ms=now_ms, wait_nominal_ms=wait_ms)
    return waiting, due_ms


def end_wait(event: AsyncEvent, due_ms: int, now_ms: int) -> AsyncEvent:
    """The event after somebody ended a wait that would have lasted until `due_ms`."""
    return replace(event, skipped_ms=event.skipped_ms + max(0, due_ms - now_ms))


def rescale(event: AsyncEvent, due_ms: int, time_scale: float) -> tuple[AsyncEvent, int]:
    """The same wait under another scale: a waiting event obeys the scale of the server that runs."""
    if not event.wait_nominal_ms:
        return event, due_ms
    new_due_ms = event.wait_from_ms + round(event.wait_nominal_ms * time_scale)
    return replace(event, skipped_ms=event.skipped_ms + due_ms - new_due_ms), new_due_ms
