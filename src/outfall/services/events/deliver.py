"""An event on a bus: which rules it matches, and its way to each target: handed over at once, tried again later, or
put on the target's dead-letter queue.

Rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html, eb-rule-dlq.html
"""

from __future__ import annotations

import msgspec

from outfall.authz import service_may_assume, session_of_role
from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.event_pattern import compile_pattern
from outfall.core.parcel import Attribute, Parcel, Sender
from outfall.core.ports import Item
from outfall.core.principal import Principal, root_of, service_principal
from outfall.flow import passage
from outfall.flow.send import Receipt, Refusal, send
from outfall.services.events import archives
from outfall.services.events.inputs import body_for
from outfall.services.events.model import (
    RETRIES_QUEUE,
    RULES,
    TARGETS,
    Bus,
    Delivery,
    Event,
    Rule,
    decode_delivery,
    encode,
)

SERVICE = "events.amazonaws.com"
SESSION = "EventBridge"  # How AWS names the session of a target's role is not documented.

RETRIES_MAX = 185
EVENT_AGE_S_MAX = 86_400
"""A target's retry policy unless it says otherwise: 24 hours and up to 185 times. [DOC]"""

RETRY_WAIT_FIRST_MS = 1_000
RETRY_WAIT_MS_MAX = 600_000
"""AWS tells only of exponential back-off and jitter; these lead through 185 attempts in about a day."""

HOPS_MAX = 8
"""How many buses an event may pass. AWS bounds hops over accounts and regions alone; a loop must end here as well."""

ERROR_CODES = {
    "missing": "NO_RESOURCE",
    "denied": "NO_PERMISSIONS",
    "unsupported": "INVALID_PARAMETER",
    "rejected": "SDK_CLIENT_ERROR",
}
"""ERROR_CODE of a dead letter by the kind of refusal; what is tried again ends as ERROR_FROM_TARGET. [DOC]"""


def route(
    ctx: Context, bus: Bus, event: Event, *, by: tuple[str, str] = (SERVICE, ""), only: tuple[str, ...] = ()
) -> None:
    """Brings an event on this bus to its archives and to the targets of each rule that it matches (of the rules with
    the ARNs `only`, when it is replayed to some). `by`, the sender and what it sends for, is told in the history."""
    ctx = ctx.at(bus.account, bus.region)
    fields = event.fields
    archives.keep(ctx, bus, event, fields)
    enabled = [
        rule
        for _, rule in ctx.tx.scan(RULES, bus.key)
        if rule.state != "DISABLED" and rule.pattern and (not only or rule.arn in only)
    ]
    matching = [rule for rule in enabled if compile_pattern(rule.pattern).matches(fields)]
    passage.published(ctx, event.root, bus.arn, event.id, by, len(matching), len(enabled))
    for rule in matching:
        deliver_all(ctx, rule, event)


def deliver_all(ctx: Context, rule: Rule, event: Event) -> None:
    """Brings an event to each target of a rule."""
    for _, target in ctx.tx.scan(TARGETS, rule.key):
        body = body_for(rule, target, event)
        _attempt(ctx, Delivery(ctx.account, ctx.region, rule.arn, rule.role_arn, target, event, body, ctx.now), None)


def step_retry(ctx: Context, item: Item) -> None:
    """One more attempt at a delivery that was claimed from `RETRIES_QUEUE`."""
    delivery = decode_delivery(item.payload)
    early_ms = max(0, delivery.due_ms - ctx.now)
    delivery = msgspec.structs.replace(delivery, skipped_ms=delivery.skipped_ms + early_ms)
    _attempt(ctx.at(delivery.account, delivery.region), delivery, item)


def _attempt(ctx: Context, delivery: Delivery, item: Item | None) -> None:
    """Hands over, or says what comes next; `item` is the claim of a delivery that waited."""
    parcel = _parcel(ctx, delivery)
    result = _hand_over(ctx, delivery, parcel)
    tries = delivery.retries + 1
    if isinstance(result, Receipt):
        if delivery.event_id:
            passage.arrived(ctx, delivery.event_id, parcel, delivery.target.arn, result, tries=tries)
        else:
            passage.passed(ctx, parcel, delivery.target.arn, result)
    else:
        exhausted = _exhausted(ctx, delivery) if result.transient else ""
        if result.transient and not exhausted:
            _wait(ctx, delivery, item, parcel, result)
            return
        code = "ERROR_FROM_TARGET" if exhausted else ERROR_CODES[result.kind]
        letter = _dead_letter(ctx, delivery, code, result.explanation, exhausted)
        passage.failed(ctx, parcel, delivery.target.arn, result, event_id=delivery.event_id, tries=tries, letter=letter)
    if item is not None:
        ctx.tx.acknowledge(RETRIES_QUEUE, item.handle)


def _hand_over(ctx: Context, delivery: Delivery, parcel: Parcel) -> Receipt | Refusal:
    if Arn.parse(delivery.target.arn).service == "events" and delivery.event.hops >= HOPS_MAX:
        return Refusal("rejected", f"The event passed {HOPS_MAX} event buses already.")
    role_arn = parcel.sender.principal.role_arn
    if role_arn and not service_may_assume(ctx, role_arn, SERVICE):
        return Refusal("denied", f"{SERVICE} may not assume {role_arn}")
    return send(ctx, delivery.target.arn, parcel)


def _parcel(ctx: Context, delivery: Delivery) -> Parcel:
    target, event = delivery.target, delivery.event
    service = Arn.parse(target.arn).service
    principal = _principal(ctx, delivery, service)
    return Parcel(
        (event.text if service == "events" else delivery.body).encode(),
        Sender("events", principal, source_arn=delivery.rule_arn, source_account=delivery.account),
        trace_header=event.trace_header,
        group_id=target.group or "",
        hops=event.hops + 1,
        trace=event.trace,
    )


def _principal(ctx: Context, delivery: Delivery, service: str) -> Principal:
    """As whom the target is called: its role (or the rule's, for a bus), if there is one; else EventBridge itself, or
    for a bus the account, as rules did before roles were asked for."""
    role_arn = delivery.target.role_arn or (delivery.rule_role_arn if service == "events" else "")
    if not role_arn:
        return root_of(delivery.account) if service == "events" else service_principal(SERVICE, delivery.account)
    return session_of_role(ctx, role_arn, SESSION)


def _exhausted(ctx: Context, delivery: Delivery) -> str:
    """Which limit of the retry policy forbids one more attempt; empty if none does."""
    target = delivery.target
    retries_max = RETRIES_MAX if target.retries_max is None else target.retries_max
    if delivery.retries >= retries_max:
        return "MaximumRetryAttempts"
    age_ms = ctx.now + delivery.skipped_ms + _wait_ms(delivery.retries) - delivery.first_ms
    return "MaximumEventAgeInSeconds" if age_ms > (target.event_age_s_max or EVENT_AGE_S_MAX) * 1000 else ""


def _wait_ms(retries: int) -> int:
    return min(RETRY_WAIT_FIRST_MS << min(retries, 16), RETRY_WAIT_MS_MAX)


def _wait(ctx: Context, delivery: Delivery, item: Item | None, parcel: Parcel, refusal: Refusal) -> None:
    nominal_ms, tries = _wait_ms(delivery.retries), delivery.retries + 1
    wait_ms = int(nominal_ms * ctx.house.time_scale)
    due_ms = ctx.now + wait_ms
    event_id = passage.waits(
        ctx,
        delivery.event_id,
        parcel,
        delivery.target.arn,
        tries=tries,
        why=refusal.explanation,
        nominal_ms=nominal_ms,
        due_ms=due_ms,
    )
    skipped_ms = delivery.skipped_ms + nominal_ms - wait_ms
    waiting = msgspec.structs.replace(delivery, retries=tries, skipped_ms=skipped_ms, event_id=event_id, due_ms=due_ms)
    if item is None:
        number = ctx.tx.enqueue(RETRIES_QUEUE, encode(waiting), now_ms=ctx.now, due_ms=due_ms)
        passage.waits_at(ctx, event_id, RETRIES_QUEUE, number)
    else:
        ctx.tx.release(RETRIES_QUEUE, item.handle, due_ms=due_ms, payload=encode(waiting))


def _dead_letter(
    ctx: Context, delivery: Delivery, code: str, message: str, exhausted: str
) -> tuple[Parcel, str, Receipt | Refusal] | None:
    """Puts the event on the target's dead-letter queue: what was sent where, and what came of it. None if it has no
    such queue: then the event is gone on AWS."""
    target = delivery.target
    if not target.dead_letter:
        return None
    told = {
        "RULE_ARN": delivery.rule_arn,
        "TARGET_ARN": target.arn,
        "ERROR_CODE": code,
        "ERROR_MESSAGE": message,
        "EXHAUSTED_RETRY_CONDITION": exhausted,
        "RETRY_ATTEMPTS": str(delivery.retries),
    }
    parcel = Parcel(
        delivery.event.text.encode(),
        Sender(
            "events",
            service_principal(SERVICE, delivery.account),
            source_arn=delivery.rule_arn,
            source_account=delivery.account,
        ),
        {name: Attribute("String", value) for name, value in told.items() if value},
        delivery.event.trace_header,
        trace=delivery.event.trace,
    )
    return parcel, target.dead_letter, send(ctx, target.dead_letter, parcel)
