"""One turn of polling: looking into the queue, running what was gathered, and deleting what is done. Joins the rules of
`rules` to the queue, the function and its role; each function is the work of one transaction."""

from __future__ import annotations

import msgspec

from outfall.authz import Ask, authorize, session_of_role
from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.invocation import FunctionTarget, Outcome, Run
from outfall.core.principal import Principal
from outfall.core.source import Source, SourceMessage
from outfall.flow import metrics
from outfall.flow.accept import entered
from outfall.flow.attempt import loops
from outfall.flow.polling import rules, story
from outfall.flow.polling.rules import Batch, Polling


class Look(msgspec.Struct, frozen=True):
    """What a look into the queue gave: `messages` are those of the `taken` that are wanted. `next_ms` is when the queue
    may give more, None if nothing is in it; `topic` wakes when something comes."""

    polling: Polling
    topic: str
    visibility_s: int
    taken: int
    messages: list[SourceMessage]
    next_ms: int | None


class Blocked(msgspec.Struct, frozen=True):
    """Nothing may be taken now, and why."""

    reason: str


def look(ctx: Context, polling: Polling, limit: int) -> Look | Blocked:
    """Takes up to `limit` messages for the function, as its role; those that no filter wants are deleted."""
    arn, source = _source(ctx, polling)
    there = ctx.at(arn.account, arn.region)
    facts = source.facts(there, arn)
    if facts is None:
        return Blocked(f"there is no queue {arn}")
    target = _target(ctx, polling)
    if target is None:
        return Blocked(f"there is no function {polling.function}")
    action = missing_permission(there, _role(ctx, target), arn, source)
    if action:
        return Blocked(f"{target.environment.role_arn} is not authorized to perform: {action} on resource: {arn}")
    taken = source.take(there, arn, limit)
    wanted = [message for message in taken if rules.is_wanted(polling, message)]
    if len(wanted) < len(taken):
        kept = {message.id for message in wanted}
        source.delete(there, arn, [message.handle for message in taken if message.id not in kept])
    return Look(polling, facts.topic, facts.visibility_s, len(taken), wanted, ctx.tx.next_due(facts.topic))


def start(ctx: Context, polling: Polling, batch: Batch, *, visibility_s: int, before: Run | None = None) -> Run | None:
    """The invocation of a batch, on the function as it stands now, under the id of the one `before` that was throttled;
    None if there is no function, or if it would be one more round of a loop: then the messages reappear, until the
    queue's own redrive policy moves them."""
    target = _target(ctx, polling)
    if target is None:
        return None
    function = Arn.parse(polling.function)
    trace = before.trace_header if before else entered(ctx, function, batch.trace_header(), batch.trace())
    run = Run(
        environment=target.environment,
        request_id=before.request_id if before else ctx.ids.uuid(),
        invoked_arn=polling.function,
        payload=batch.payload(),
        reserved_concurrency=target.reserved_concurrency,
        trace_header=trace,
    )
    if before is None:
        story.begun(ctx, polling, batch, run, visibility_s)
    else:
        story.tried(ctx, run)
    if loops(trace, target):
        story.given_up(ctx, polling, batch, run, visibility_s, condition="RecursiveInvocation")
        metrics.loop_stopped(ctx, polling.function)
        return None
    return run


def give_up(ctx: Context, polling: Polling, batch: Batch, run: Run, *, visibility_s: int) -> None:
    """The messages of a batch begin to reappear before there was concurrency for it."""
    story.given_up(ctx, polling, batch, run, visibility_s)


def finish(ctx: Context, polling: Polling, batch: Batch, run: Run, outcome: Outcome, *, visibility_s: int) -> int:
    """Deletes the messages that the function is done with; how many. The others reappear."""
    arn, source = _source(ctx, polling)
    done = rules.done_with(polling, batch, outcome)
    source.delete(ctx.at(arn.account, arn.region), arn, [message.handle for message in done])
    story.ended(ctx, polling, batch, run, outcome, done, visibility_s)
    return len(done)


def missing_permission(there: Context, role: Principal, arn: Arn, source: Source) -> str:
    """The first action that polling takes and a session of the role may not do on the queue; empty if it may do all."""
    policy = source.policy(there, arn)
    for action in source.actions:
        if not authorize(there, Ask(role, action, str(arn), {}, policy)).allowed:
            return action
    return ""


def _source(ctx: Context, polling: Polling) -> tuple[Arn, Source]:
    arn = Arn.parse(polling.source)
    return arn, ctx.house.sources[arn.service]


def _target(ctx: Context, polling: Polling) -> FunctionTarget | None:
    function = Arn.parse(polling.function)
    return ctx.house.functions.resolve(ctx.at(function.account, function.region), function)


def _role(ctx: Context, target: FunctionTarget) -> Principal:
    return session_of_role(ctx, target.environment.role_arn, target.name)
