"""From a rule to its targets: who calls, what is tried again and when, what ends as a dead letter."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from outfall.core.ports import NamedPolicy, RoleFacts
from outfall.flow import passage, timeline
from outfall.flow.skip import skip_wait
from outfall.services.events.deliver import HOPS_MAX, RETRIES_MAX
from tests.support import ACCOUNT, KnownIdentities

from .conftest import Events

APP: dict[str, Any] = {"source": ["app"]}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deliver"


def letter(events: Events, queue: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The one dead letter: its body, and its attributes."""
    ((_, parcel),) = [(arn, parcel) for arn, parcel in events.queues.arrived if arn == queue]
    assert {attribute.type for attribute in parcel.attributes.values()} == {"String"}
    return json.loads(parcel.body), {name: one.value for name, one in parcel.attributes.items()}


def test_a_target_is_called_by_eventbridge_for_the_rule(events: Events) -> None:
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    events.functions.policies[function] = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "lambda:InvokeFunction",
                    "Resource": function,
                    "Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"}},
                }
            ],
        }
    )
    rule = events.rule(function, APP)
    events.put({"n": 1})
    ((arn, parcel),) = events.functions.arrived
    assert arn == function
    assert parcel.sender.principal.service == "events.amazonaws.com"
    assert (parcel.sender.source_arn, parcel.sender.source_account) == (rule, ACCOUNT)
    assert json.loads(parcel.body)["detail"] == {"n": 1}


def test_a_fifo_queue_gets_the_group_of_the_target(events: Events) -> None:
    events.rule(events.queue("q.fifo"), APP, SqsParameters={"MessageGroupId": "g"})
    events.put()
    ((_, parcel),) = events.queues.arrived
    assert parcel.group_id == "g"


def test_what_is_missing_or_denied_goes_to_the_dead_letter_queue_at_once(events: Events) -> None:
    letters = events.queue("letters")
    closed = events.queue("closed", policy=None)
    missing = f"arn:aws:sqs:us-east-1:{ACCOUNT}:missing"
    for target, code in ((closed, "NO_PERMISSIONS"), (missing, "NO_RESOURCE")):
        rule = events.rule(target, APP, DeadLetterConfig={"Arn": letters})
        put = events.put({"n": 1})
        body, attributes = letter(events, letters)
        assert body["id"] == put["EventId"]
        assert attributes.pop("ERROR_MESSAGE")
        assert attributes == {
            "RULE_ARN": rule,
            "TARGET_ARN": target,
            "ERROR_CODE": code,
            "RETRY_ATTEMPTS": "0",
        }
        events.queues.arrived.clear()
    assert events.work() == 0


def test_a_busy_target_is_tried_again_until_it_takes_the_event(events: Events) -> None:
    queue = events.queue()
    events.queues.busy[queue] = 3
    events.rule(queue, APP)
    events.put({"n": 1})
    waited_s = [1, 2, 4]
    for seconds in waited_s:
        events.later(seconds=seconds - 0.001)
        assert events.work() == 0
        events.later(seconds=0.001)
        assert events.work() == 1
    assert [event["detail"] for event in events.arrived()] == [{"n": 1}]
    assert events.work() == 0


def test_the_time_scale_shortens_the_waits_but_not_what_is_decided(events: Events) -> None:
    events.house = replace(events.house, time_scale=0.0)
    queue, letters = events.queue(), events.queue("letters")
    events.queues.busy[queue] = 10_000
    events.rule(queue, APP, DeadLetterConfig={"Arn": letters}, RetryPolicy={"MaximumEventAgeInSeconds": 60})
    events.put()
    events.work()
    _, attributes = letter(events, letters)
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert attributes["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert attributes["RETRY_ATTEMPTS"] == "5"  # 1 + 2 + 4 + 8 + 16 = 31 s; the next wait would lead beyond 60 s.


def test_attempts_are_bounded_by_the_retry_policy(events: Events) -> None:
    events.house = replace(events.house, time_scale=0.0)
    queue, letters = events.queue(), events.queue("letters")
    events.queues.busy[queue] = 10_000
    for number in (0, 2):
        events.rule(queue, APP, DeadLetterConfig={"Arn": letters}, RetryPolicy={"MaximumRetryAttempts": number})
        events.put()
        events.work()
        _, attributes = letter(events, letters)
        assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
        assert attributes["RETRY_ATTEMPTS"] == str(number)
        events.queues.arrived.clear()


def test_without_a_policy_an_event_is_given_up_after_a_day_or_185_attempts(events: Events) -> None:
    events.house = replace(events.house, time_scale=0.0)
    queue = events.queue()
    events.queues.busy[queue] = 10_000
    events.rule(queue, APP)
    events.put()
    assert 0 < events.work() <= RETRIES_MAX
    assert events.arrived() == []


def test_one_target_that_fails_does_not_keep_others_from_the_event(events: Events) -> None:
    events.rule(events.queue("closed", policy=None), APP)
    events("PutTargets", Rule="r", Targets=[{"Id": "u", "Arn": events.queue("open")}])
    events.put()
    assert len(events.arrived(events.queue("open"))) == 1


def test_a_role_calls_the_target_if_eventbridge_may_assume_it(events: Events) -> None:
    queue = events.queue(policy=None)
    trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    identities = KnownIdentities()
    events.house = replace(events.house, identities=identities)
    events.rule(queue, APP, RoleArn=ROLE)
    events.put()
    assert events.arrived() == []
    identities.roles[ROLE] = RoleFacts(ROLE, "AROA", json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    identities.policies[ROLE] = (NamedPolicy("p", json.dumps({"Version": "2012-10-17", "Statement": [allow]})),)
    events.put()
    ((_, parcel),) = events.queues.arrived
    assert parcel.sender.principal.role_arn == ROLE


def test_from_bus_to_bus_an_event_stays_what_it_is(events: Events) -> None:
    """[LS:test_put_events_bus_to_bus]"""
    other = events("CreateEventBus", Name="b")["EventBusArn"]
    events.rule(other, APP)
    events.rule(events.queue(), APP, bus="b")
    put = events.put({"n": 1}, Resources=["x"])
    (event,) = events.arrived()
    assert event["id"] == put["EventId"]
    assert event["resources"] == ["x"]
    assert list(event)[:3] == ["version", "id", "detail-type"]


def test_buses_that_send_to_each_other_end(events: Events) -> None:
    arns = [events("CreateEventBus", Name=name)["EventBusArn"] for name in ("a", "b")]
    events.rule(arns[1], APP, bus="a")
    events.rule(arns[0], APP, bus="b")
    queue = events.queue()
    events("PutTargets", Rule="r", EventBusName="a", Targets=[{"Id": "q", "Arn": queue}])
    events.put(EventBusName="a")
    events.work()
    assert len(events.arrived(queue)) == HOPS_MAX // 2 + 1


def told(events: Events) -> tuple[str, list[tuple[str, int]]]:
    """The state of the one delivery that failed at first, and its history: facts and attempts."""

    def work(ctx: Any) -> tuple[str, list[tuple[str, int]]]:
        ((_, summary),) = ctx.tx.scan(timeline.EVENTS)
        assert summary.kind == "delivery"
        facts = timeline.facts(ctx.tx, summary.id)
        return summary.state, [(type(fact).__name__, getattr(fact, "attempt", 0)) for fact in facts]

    found: tuple[str, list[tuple[str, int]]] = events.within(work)
    return found


def test_a_delivery_that_is_tried_again_is_an_event_with_its_tries(events: Events) -> None:
    queue = events.queue()
    events.rule(queue, APP)
    events.queues.busy[queue] = 2
    events.put()
    assert told(events) == ("waiting", [("DeliveryFailed", 1), ("WaitStarted", 0)])
    for _ in range(2):
        events.now += 10_000
        events.work()
    tries = [("DeliveryFailed", 1), ("WaitStarted", 0), ("DeliveryFailed", 2), ("WaitStarted", 0), ("Delivered", 0)]
    assert told(events) == ("succeeded", tries)


def skip(events: Events) -> bool:
    """Ends the wait of the one event."""

    def work(ctx: Any) -> bool:
        ((_, summary),) = ctx.tx.scan(timeline.EVENTS)
        return skip_wait(ctx, summary.id)

    skipped: bool = events.within(work)
    return skipped


def test_the_wait_of_a_delivery_can_be_skipped(events: Events) -> None:
    queue = events.queue()
    events.rule(queue, APP)
    events.queues.busy[queue] = 2
    events.put()
    for _ in range(2):
        assert events.work() == 0
        assert skip(events)
        assert events.work() == 1
    assert len(events.arrived()) == 1
    assert not skip(events)
    assert [name for name, _ in told(events)[1]].count("WaitSkipped") == 2
    assert told(events)[0] == "succeeded"


def test_skipped_waits_count_as_waited(events: Events) -> None:
    queue, letters = events.queue(), events.queue("letters")
    events.queues.busy[queue] = 10_000
    events.rule(queue, APP, DeadLetterConfig={"Arn": letters}, RetryPolicy={"MaximumEventAgeInSeconds": 60})
    events.put()
    while skip(events):
        events.work()
    _, attributes = letter(events, letters)
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert attributes["RETRY_ATTEMPTS"] == "5"  # As with the waits waited: see above.


def test_a_delivery_that_ends_as_a_dead_letter_is_not_lost(events: Events) -> None:
    letters = events.queue("letters")
    events.rule(events.queue("shut", policy=None), APP, DeadLetterConfig={"Arn": letters})
    events.put()
    assert told(events) == ("failed", [("Undelivered", 0), ("Delivered", 0)])
    assert events.within(lambda ctx: list(ctx.tx.scan(passage.UNDELIVERED))) == [], "the dead-letter queue has it"
