"""A world of services: a topic with subscriptions, a bus with rules and targets, queues with event source mappings, a
function that is invoked by all of them. The services are the real ones; functions answer by chance, one queue takes
what it is sent only now and then, and a crash may fall between any two steps of any transaction.

Everything that was answered goes a way that is known beforehand (`WAYS`); `check` holds the world against it.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from outfall.core.arn import Arn, queue_arn
from outfall.core.context import Context, House
from outfall.core.errors import AwsError
from outfall.core.invocation import Outcome, Run
from outfall.core.parcel import Parcel
from outfall.core.ports import Table, Tx
from outfall.flow import timeline
from outfall.flow.accept import QUEUES, accept
from outfall.flow.polling import rules, story, turn
from outfall.flow.polling.rules import Batch, Polling
from outfall.services.events import deliver as events_deliver
from outfall.services.events.make import make_event
from outfall.services.events.model import RETRIES_QUEUE, RULES, TARGETS, Rule, RuleTarget
from outfall.services.events.put import admit
from outfall.services.events.target import EventsTarget
from outfall.services.sns.message import Publication
from outfall.services.sns.model import SUBSCRIPTIONS, TOPICS, Subscription, Topic
from outfall.services.sns.publish import publish
from outfall.services.sns.target import SnsTarget
from outfall.services.sqs.model import QUEUES as SQS_QUEUES
from outfall.services.sqs.model import Queue, decode_message
from outfall.services.sqs.source import SqsSource
from outfall.services.sqs.target import SqsTarget

from .world import ACCOUNT, LEASE_MS, REGION, SETTINGS, T0, Crash, Everybody, Scripted, Settings, World

RECEIVES_MAX = 3
VISIBILITY_S = 20
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
POLLED = ("orders", "copies", "events", "flaky")
"""Queues that an event source mapping polls; each has a dead-letter queue of its name and `-dead`."""

QUEUES_ONLY = ("gone-letters", "flaky-letters", "records")
WAYS: dict[str, tuple[str, ...]] = {
    "publish": ("orders", "copies", "gone-letters", "fn:handler"),
    "put": ("events", "flaky", "fn:handler"),
    "invoke": ("fn:handler",),
}
"""What is asked for, and where each has to end: on a queue (worked off there once, or on its dead-letter queue once, or
on the dead-letter queue of what could not be delivered), or as one event of a function."""

NUMBER = re.compile(r"number-(\d+)\.")


def arn_of(queue: str) -> str:
    return str(queue_arn(ACCOUNT, REGION, queue))


class Busy(AwsError):
    """Come again later."""

    status = 503


class MoodyQueues(SqsTarget):
    """SQS, of which the queue `flaky` has bad moments."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        if arn.resource == "flaky" and self._chance.random() < 0.6:
            raise Busy()
        return super().accept(ctx, arn, parcel)


class Functions:
    """Lambda, as far as it takes what it is sent."""

    action = "lambda:InvokeFunction"

    def resource(self, arn: Arn) -> str:
        return str(arn)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        principals = ["sns.amazonaws.com", "events.amazonaws.com"]
        allow = {"Effect": "Allow", "Principal": {"Service": principals}, "Action": "*", "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [allow]})

    def exists(self, ctx: Context, arn: Arn) -> bool:
        return True

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        request_id = ctx.ids.uuid()
        accept(ctx, function=str(arn), payload=parcel.body, request_id=request_id, sender="x", trace=parcel.root)
        return request_id


@dataclass(frozen=True, slots=True)
class WorkedOff:
    """How often a message of a queue was deleted after it was worked off."""

    times: int


WORKED: Table[WorkedOff] = Table("simulation.worked", WorkedOff)


@dataclass(frozen=True, slots=True)
class Polled:
    """A batch under way."""

    polling: Polling
    batch: Batch
    run: Run


@dataclass
class Services(World):
    """One run. `asked` are the numbers that were answered, with what was asked for."""

    polled: list[Polled] = field(default_factory=list)
    asked: dict[int, str] = field(default_factory=dict)
    count: int = 0

    def __post_init__(self) -> None:
        World.__post_init__(self)
        self.targets = {
            "sqs": MoodyQueues(self.chance),
            "sns": SnsTarget(),
            "events": EventsTarget(),
            "lambda": Functions(),
        }
        self.do(self.furnish)

    def context(self, tx: Tx) -> Context:
        house = House(
            self.targets, Everybody(), Scripted(), {}, self.scale, forgiving=True, sources={"sqs": SqsSource()}
        )
        return Context(tx, self.now, self.now, self.ids, ACCOUNT, REGION, house)

    def furnish(self, ctx: Context) -> None:
        for name in POLLED:
            self._queue(ctx, f"{name}-dead")
            self._queue(ctx, name, dead_letter_arn=arn_of(f"{name}-dead"), receives_max=RECEIVES_MAX)
        for name in QUEUES_ONLY:
            self._queue(ctx, name)
        records = arn_of("records")
        ctx.tx.put(SETTINGS, ("handler",), Settings(retries=1, on_success=records, on_failure=records))
        ctx.tx.put(SETTINGS, ("worker",), Settings())
        topic = Topic(ACCOUNT, REGION, "news", "g", T0)
        ctx.tx.put(TOPICS, topic.key, topic)
        self.topic = topic
        letters = json.dumps({"deadLetterTargetArn": arn_of("gone-letters")})
        for number, (protocol, endpoint, settings) in enumerate(
            (
                ("sqs", arn_of("orders"), {"RawMessageDelivery": "true"}),
                ("sqs", arn_of("copies"), {"RawMessageDelivery": "false"}),
                ("sqs", arn_of("never-made"), {"RedrivePolicy": letters}),
                ("sqs", arn_of("orders-dead"), {"FilterPolicy": '{"nobody":["has"]}'}),
                ("lambda", f"{FUNCTION}handler", {}),
            )
        ):
            one = Subscription(topic.arn, f"s{number}", protocol, endpoint, ACCOUNT, "x", settings)
            ctx.tx.put(SUBSCRIPTIONS, one.key, one)
        rule = Rule(ACCOUNT, REGION, "default", "all", pattern='{"source":["simulation"]}')
        ctx.tx.put(RULES, rule.key, rule)
        other = Rule(ACCOUNT, REGION, "default", "none", pattern='{"source":["another"]}')
        ctx.tx.put(RULES, other.key, other)
        for target in (
            RuleTarget("1", arn_of("events")),
            RuleTarget("2", arn_of("flaky"), dead_letter=arn_of("flaky-letters"), retries_max=3),
            RuleTarget("3", f"{FUNCTION}handler"),
        ):
            ctx.tx.put(TARGETS, (*rule.key, target.id), target)
        ctx.tx.put(TARGETS, (*other.key, "1"), RuleTarget("1", arn_of("orders-dead")))

    def _queue(self, ctx: Context, name: str, **settings: Any) -> None:
        row = Queue(ACCOUNT, REGION, name, "g", T0, T0, visibility_timeout_s=VISIBILITY_S, **settings)
        ctx.tx.put(SQS_QUEUES, row.key, row)

    # What happens.

    def ask(self) -> None:
        """Something is published, put or invoked; whoever asked was answered only if this returns."""
        self.count += 1
        number, kind = self.count, self.chance.choice(list(WAYS))
        text = f'{{"n":"number-{number}."}}'
        self.do(lambda ctx: getattr(self, f"_{kind}")(ctx, text), fragile=True)
        self.asked[number] = kind

    def _publish(self, ctx: Context, text: str) -> None:
        publish(ctx, self.topic, Publication(ctx.ids.uuid(), text, trace=self.root()), "http://x")

    def _put(self, ctx: Context, text: str) -> None:
        event = make_event(ctx, source="simulation", detail_type="d", detail=text, resources=(), at_ms=ctx.now)
        admit(ctx, (ACCOUNT, REGION, "default"), event, ("x", ""))

    def _invoke(self, ctx: Context, text: str) -> None:
        accept(ctx, function=f"{FUNCTION}handler", payload=text.encode(), request_id=ctx.ids.uuid(), sender="x")

    def root(self) -> str:
        return f"1-00000000-{self.ids.hex(24)}"

    def poll(self) -> None:
        """A poller takes messages of a queue and begins to work them off."""
        polling = Polling(
            arn_of(self.chance.choice(POLLED)), f"{FUNCTION}worker", self.chance.randint(1, 5), reports_failures=True
        )
        seen = self.do(lambda ctx: turn.look(ctx, polling, polling.batch_size), fragile=True)
        if not isinstance(seen, turn.Look) or not seen.messages:
            return
        taken, _ = rules.gather(polling, rules.NOTHING, seen.messages, self.now)
        run = self.do(lambda ctx: turn.start(ctx, polling, taken, visibility_s=seen.visibility_s), fragile=True)
        assert run is not None
        self.polled.append(Polled(polling, taken, run))

    def work_off(self) -> None:
        """A batch ends, perhaps after its messages have been taken by another: in success, in part, or in failure."""
        if not self.polled:
            return
        one = self.polled.pop(self.chance.randrange(len(self.polled)))
        failed = [name for name in one.batch.entries if self.chance.random() < 0.3]
        answer = json.dumps({"batchItemFailures": [{"itemIdentifier": name} for name in failed]}).encode()
        error = "Unhandled" if self.chance.random() < 0.15 else ""
        outcome = Outcome(answer, error, "$LATEST", "s")
        self.do(lambda ctx: self._finish(ctx, one, outcome), fragile=True)

    def _finish(self, ctx: Context, one: Polled, outcome: Outcome) -> None:
        name = Arn.parse(one.polling.source).resource
        before = numbers_in(ctx.tx, name)
        turn.finish(ctx, one.polling, one.batch, one.run, outcome, visibility_s=VISIBILITY_S)
        for number in (before - numbers_in(ctx.tx, name)).elements():
            key = (name, f"{number:09d}")
            known = ctx.tx.get(WORKED, key)
            ctx.tx.put(WORKED, key, WorkedOff((known.times if known else 0) + 1))

    def retry(self) -> None:
        """A worker tries again what EventBridge could not hand over."""

        def work(ctx: Context) -> None:
            for item in ctx.tx.claim(RETRIES_QUEUE, now_ms=self.now, lease_ms=LEASE_MS, limit=2):
                events_deliver.step_retry(ctx, item)

        self.do(work, fragile=True)

    def crash(self) -> None:
        World.crash(self)
        self.polled.clear()
        self.do(lambda ctx: (ctx.tx.free("events/"), story.adopt(ctx, all_dead=True)))

    def dues(self) -> list[int]:
        """When something comes due, of all that waits for a time."""
        prefixes = (QUEUES, RETRIES_QUEUE, *(f"sqs/{ACCOUNT}/{REGION}/{name}/" for name in POLLED))
        return self.store.transact(lambda tx: [due_ms for prefix in prefixes for _, due_ms in tx.due_queues(prefix)])

    def advance(self) -> None:
        later = [due_ms for due_ms in self.dues() if due_ms > self.now]
        self.now += self.chance.choice([0, 1, 500, 5_000])
        if later and self.chance.random() < 0.5:
            self.now = max(self.now, min(later))

    def step(self, functions: list[str] | None = None) -> None:
        deeds: tuple[tuple[float, Callable[[], Any]], ...] = (
            (0.17, self.ask),
            (0.35, self.poll),
            (0.52, self.work_off),
            (0.64, self.claim),
            (0.80, self.finish),
            (0.86, self.retry),
            (0.87, self.crash),
            (1.01, self.advance),
        )
        fate = self.chance.random()
        try:
            next(deed for limit, deed in deeds if fate < limit)()
        except Crash:
            self.crash()

    def drain(self) -> None:
        for _ in range(400_000):
            if not self.running and not self.polled and not self.dues():
                return
            for deed in (self.claim, self.finish, self.retry, self.poll, self.work_off):
                try:
                    deed()
                except Crash:
                    self.crash()
            if not self.running and not self.polled:
                self.now = max(self.now, min(self.dues(), default=self.now))
        raise AssertionError("the road does not come to an end")


def numbers_in(tx: Tx, queue: str) -> Counter[int]:
    """The numbers of the messages that lie on a queue."""
    work_queue = f"sqs/{ACCOUNT}/{REGION}/{queue}/g"
    found: Counter[int] = Counter()
    after = 0
    while items := tx.peek(work_queue, after=after, limit=500):
        after = items[-1].number
        for item in items:
            found[number_of(decode_message(item.payload).body)] += 1
    return found


def number_of(text: str) -> int:
    """The number that a message or payload is about."""
    found = NUMBER.search(text)
    assert found is not None, text
    return int(found[1])


def check(world: Services) -> None:
    """All that was asked for ended once in each place where it has to, nothing else ended anywhere, and the history
    says so of every event."""
    facts = world.store.transact(lambda tx: _found(tx, world))
    ways = {place for places in WAYS.values() for place in places}
    for number in range(1, world.count + 1):
        wanted = WAYS[world.asked[number]] if number in world.asked else ()
        for place in ways:
            assert facts[place][number] == (place in wanted), f"{number} at {place}: {facts[place][number]}"
    assert facts["records"] == facts["fn:handler"], "an event that has more or less than one record"


def _found(tx: Tx, world: Services) -> dict[str, Counter[int]]:
    found: dict[str, Counter[int]] = {}
    for name in POLLED:
        assert not numbers_in(tx, name), f"{name} is not worked off"
        worked = Counter({int(key[1]): row.times for key, row in tx.scan(WORKED, (name,))})
        found[name] = worked + numbers_in(tx, f"{name}-dead")
    found["flaky"] += numbers_in(tx, "flaky-letters")
    found["gone-letters"] = numbers_in(tx, "gone-letters")
    found["records"] = numbers_in(tx, "records")
    found["fn:handler"] = Counter()
    for _, summary in tx.scan(timeline.EVENTS):
        assert summary.state in ("succeeded", "failed"), summary
        if summary.kind == "invocation":
            event = tx.get(timeline.ENDED, (summary.id,))
            assert event is not None
            found["fn:handler"][number_of(event.payload.decode())] += 1
    assert not list(tx.scan(story.RUNNING)), "a batch has no end"
    return found
