"""The end of the road: the condition is known, the record and the dead letter go where the function's owner wanted."""

from __future__ import annotations

from outfall.authz import session_of_role
from outfall.core.context import Context
from outfall.core.history import Settled
from outfall.core.invocation import AsyncEvent, Condition
from outfall.core.parcel import Origin, Parcel, Sender
from outfall.core.principal import Principal
from outfall.core.record import dead_letter, invocation_record, qualified, timestamp
from outfall.flow import metrics, passage, timeline
from outfall.flow.attempt import is_echo
from outfall.flow.send import Receipt, Refusal, send

RESULT_EVENT = "Lambda Function Invocation Result - "
"""How EventBridge calls it, followed by Success or Failure. [LS:test_invoke_lambda_eventbridge]"""

ECHO = Refusal("rejected", "What is sent there comes back to the function as a new event: the loop ends here.")
"""Beyond AWS: a failure destination that triggers the function again would be written to for ever."""


def settle(ctx: Context, event: AsyncEvent, condition: Condition) -> None:
    """Writes the end of an event into its history, and sends the invocation record and the dead letter.

    A delivery that fails changes nothing for the event: AWS counts it in a metric and drops the record; here the record
    stays readable in the history, with the reason. Both a destination and a dead-letter queue receive their own
    [SD:async_deleted_targets_analysis].
    """
    success = condition == "Success"
    age_ms = event.nominal_now_ms(ctx.now) - event.accepted_ms
    told = Settled(at_ms=ctx.now, wall_ms=ctx.wall, condition=condition, attempts=event.attempts, age_ms=age_ms)
    timeline.tell(ctx, event.id, told)
    metrics.settled(ctx, event.function, condition)
    timeline.keep(ctx, event, always=not success)
    failures = 0
    destination = event.ending.on_success if success else event.ending.on_failure
    if destination:
        failures += not _deliver(ctx, event, destination, "destination", _record_parcel(ctx, event, condition))
    if event.ending.dead_letter and not success:
        failures += not _deliver(
            ctx, event, event.ending.dead_letter, "dead-letter", _letter_parcel(ctx, event, condition)
        )
    timeline.note(
        ctx,
        event.id,
        state="succeeded" if success else "failed",
        condition=condition,
        attempts=event.attempts,
        undelivered=failures,
        item=0,
        due_ms=0,
    )


def _record_parcel(ctx: Context, event: AsyncEvent, condition: Condition) -> Parcel:
    return Parcel(
        invocation_record(event, condition, ctx.now),
        _sender(ctx, event, "destination"),
        trace_header=event.trace_header,
        detail_type=RESULT_EVENT + ("Success" if condition == "Success" else "Failure"),
        resources=(qualified(event.function),),
        key=_object_key(ctx, event),
    )


def _letter_parcel(ctx: Context, event: AsyncEvent, condition: Condition) -> Parcel:
    body, attributes = dead_letter(event, condition)
    return Parcel(body, _sender(ctx, event, "dead-letter"), attributes, event.trace_header)


def _sender(ctx: Context, event: AsyncEvent, origin: Origin) -> Sender:
    return Sender(origin, _execution_role(ctx, event), event_id=event.id)


def _execution_role(ctx: Context, event: AsyncEvent) -> Principal:
    """Deliveries are made as the function's execution role, in a session that bears the function's name, under its
    policies as they are now. [destinations.md 2.2]"""
    return session_of_role(ctx, event.ending.role_arn, event.ending.name)


def _object_key(ctx: Context, event: AsyncEvent) -> str:
    """`aws/lambda/async/<function>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`. [destinations.md 2.2]"""
    at = timestamp(ctx.now)[:19]
    day = at[:10].replace("-", "/")
    return f"aws/lambda/async/{event.ending.name}/{day}/{at.replace(':', '.')}-{ctx.ids.uuid()}"


def _deliver(ctx: Context, event: AsyncEvent, target: str, role: Origin, parcel: Parcel) -> bool:
    result: Receipt | Refusal = send(ctx, target, parcel) if not is_echo(event) else ECHO
    if isinstance(result, Receipt):
        timeline.tell(ctx, event.id, passage.delivered(ctx, parcel, target, result))
        return True
    passage.undelivered(ctx, event.id, parcel, target, result)
    metrics.undelivered(ctx, event.function, role)
    return False
