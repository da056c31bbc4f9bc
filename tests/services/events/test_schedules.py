"""Rules with a schedule, on a clock that the test moves."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.services.events.schedules import MADE_UP_FOR_MAX
from tests.support import ACCOUNT

from .conftest import Events


def schedule(events: Events, expression: str, **more: Any) -> None:
    events("PutRule", Name="r", ScheduleExpression=expression, **more)
    events("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": events.queue()}])


def times(events: Events) -> list[str]:
    return [event["time"][11:] for event in events.arrived()]


def test_a_scheduled_event(events: Events) -> None:
    """[LS:tests_schedule_rate_target_sqs]"""
    schedule(events, "rate(1 minute)")
    assert events.work() == 0
    events.later(seconds=60)
    events.work()
    (event,) = events.arrived()
    del event["id"]
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2027-01-15T08:01:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:events:us-east-1:{ACCOUNT}:rule/r"],
        "detail": {},
    }


def test_occurrences_follow_each_other(events: Events) -> None:
    schedule(events, "cron(0/20 * * * ? *)")
    for _ in range(3):
        events.later(seconds=20 * 60)
        events.work()
    assert times(events) == ["08:20:00Z", "08:40:00Z", "09:00:00Z"]


def test_a_scheduled_event_reaches_its_own_rule_alone(events: Events) -> None:
    events.rule(events.queue("other"), {"source": ["aws.events"]}, name="other")
    schedule(events, "rate(1 hour)")
    events.later(seconds=3600)
    events.work()
    assert len(events.arrived(events.queue())) == 1
    assert events.arrived(events.queue("other")) == []


def test_missed_occurrences_are_made_up_for(events: Events) -> None:
    schedule(events, "rate(1 hour)")
    events.later(seconds=3 * 3600 + 60)
    events.work()
    assert times(events) == ["09:00:00Z", "10:00:00Z", "11:00:00Z"]
    events.later(seconds=3600)
    events.work()
    assert times(events)[3:] == ["12:00:00Z"]


@pytest.mark.parametrize("expression", ["rate(1 minute)", "cron(* * * * ? *)"])
def test_very_many_missed_occurrences_are_made_up_for_once(events: Events, expression: str) -> None:
    schedule(events, expression)
    events.later(seconds=7 * 86_400)
    events.work()
    assert len(times(events)) == 1
    events.later(seconds=60 * MADE_UP_FOR_MAX)
    events.work()
    assert len(times(events)) == 1 + MADE_UP_FOR_MAX


def test_a_disabled_schedule_pauses(events: Events) -> None:
    schedule(events, "rate(1 hour)", State="DISABLED")
    events.later(seconds=3600)
    assert events.work() == 0
    events("EnableRule", Name="r")
    events.later(seconds=3600)
    events.work()
    events("DisableRule", Name="r")
    events.later(seconds=7200)
    events.work()
    assert times(events) == ["10:00:00Z"]


def test_a_changed_schedule_replaces_the_old_one(events: Events) -> None:
    schedule(events, "rate(1 hour)")
    events("PutRule", Name="r", ScheduleExpression="rate(90 minutes)")
    events.later(seconds=90 * 60)
    events.work()
    assert times(events) == ["09:30:00Z"]


def test_a_deleted_rule_comes_no_more(events: Events) -> None:
    schedule(events, "rate(1 hour)")
    events("RemoveTargets", Rule="r", Ids=["t"])
    events("DeleteRule", Name="r")
    events.later(seconds=3600)
    events.work()
    assert events.arrived() == []
    assert events.work() == 0
