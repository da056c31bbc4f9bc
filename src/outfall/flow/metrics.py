"""The metrics of the namespace AWS/Lambda: which is counted when, by one function for each thing that happens.

Rules: async-invocation.md 1.6; https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html

| what happened | metrics |
|---|---|
| an event was accepted | AsyncEventsReceived |
| an invocation ran | Invocations, Errors (0 or 1), Duration, ConcurrentExecutions; AsyncEventAge if it was an event's |
| there was no concurrency | Throttles; AsyncEventAge if it was an event's |
| an event was settled | AsyncEventsDropped: 0 after success, else 1; RecursiveInvocationsDropped if that was why |
| a batch of a queue was not run, as one of a loop | RecursiveInvocationsDropped |
| a record did not arrive | DestinationDeliveryFailures |
| a dead letter did not arrive | DeadLetterErrors |

An event that is discarded because of zero reserved concurrency counts as received and dropped, and as nothing else.
"""

from __future__ import annotations

from functools import lru_cache

from outfall.core.arn import Arn, function_name
from outfall.core.context import Context
from outfall.core.invocation import Condition, Outcome, Run
from outfall.core.metrics import Dimensions, Sample
from outfall.core.parcel import Origin

NAMESPACE = "AWS/Lambda"
REMEMBERED_MAX = 1024

RECEIVED = (Sample("AsyncEventsReceived", 1),)
KEPT = (Sample("AsyncEventsDropped", 0),)
DROPPED = (Sample("AsyncEventsDropped", 1),)
LOOPING = (*DROPPED, Sample("RecursiveInvocationsDropped", 1))
STOPPED = (Sample("RecursiveInvocationsDropped", 1),)
UNDELIVERED: dict[Origin, tuple[Sample, ...]] = {
    "destination": (Sample("DestinationDeliveryFailures", 1),),
    "dead-letter": (Sample("DeadLetterErrors", 1),),
}


def accepted(ctx: Context, function: str) -> None:
    """An event for the function with this ARN was accepted."""
    _record(ctx, function, RECEIVED)


def ran(ctx: Context, run: Run, outcome: Outcome, *, event_age_ms: int | None = None) -> None:
    """An invocation ran; `event_age_ms` is how old its event was when it began, None for a synchronous one."""
    samples = (
        Sample("Invocations", 1),
        Sample("Errors", 1 if outcome.function_error else 0),
        Sample("Duration", outcome.duration_ms, "Milliseconds"),
        Sample("ConcurrentExecutions", outcome.concurrency),
    )
    _record(ctx, run.invoked_arn, samples + _age(event_age_ms), outcome.executed_version)


def throttled(ctx: Context, run: Run, *, event_age_ms: int | None = None) -> None:
    """There was no concurrency for an invocation."""
    _record(ctx, run.invoked_arn, (Sample("Throttles", 1), *_age(event_age_ms)))


def settled(ctx: Context, function: str, condition: Condition) -> None:
    """An event was settled."""
    if condition == "Success":
        _record(ctx, function, KEPT)
    else:
        _record(ctx, function, LOOPING if condition == "RecursiveInvocation" else DROPPED)


def loop_stopped(ctx: Context, function: str) -> None:
    """A batch was not run, since it would be one more round of a loop; its messages stay in their queue."""
    _record(ctx, function, STOPPED)


def undelivered(ctx: Context, function: str, role: Origin) -> None:
    """What was sent at the end of an event did not arrive."""
    _record(ctx, function, UNDELIVERED[role])


def _age(event_age_ms: int | None) -> tuple[Sample, ...]:
    return () if event_age_ms is None else (Sample("AsyncEventAge", event_age_ms, "Milliseconds"),)


def _record(ctx: Context, function: str, samples: tuple[Sample, ...], executed_version: str = "") -> None:
    metrics = ctx.house.metrics
    if metrics is not None:
        arn = Arn.parse(function)
        metrics.record(ctx.at(arn.account, arn.region), NAMESPACE, _dimensions(arn, executed_version), samples)


@lru_cache(maxsize=REMEMBERED_MAX)
def _dimensions(arn: Arn, executed_version: str) -> Dimensions:
    """FunctionName, Resource (the name with what was invoked), and the version that ran for an alias or $LATEST."""
    name, qualifier = function_name(arn)
    told = (("FunctionName", name), ("Resource", f"{name}:{qualifier}" if qualifier else name))
    if executed_version and qualifier and not qualifier.isdigit():
        return (*told, ("ExecutedVersion", executed_version))
    return told
