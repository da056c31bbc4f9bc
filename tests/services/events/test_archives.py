"""Archives and replays. [LS:TestArchive, LS:TestReplay]"""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.services.events.replays import BATCH
from tests.support import ACCOUNT

from .conftest import Events

BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
ARCHIVE = f"arn:aws:events:us-east-1:{ACCOUNT}:archive/a"
APP: dict[str, Any] = {"source": ["app"]}
HOUR_MS = 3_600_000


@pytest.fixture
def archived(events: Events) -> Events:
    events("CreateArchive", ArchiveName="a", EventSourceArn=BUS, EventPattern=json.dumps(APP), RetentionDays=1)
    return events


def replay(events: Events, name: str = "p", **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = events(
        "StartReplay",
        **{
            "ReplayName": name,
            "EventSourceArn": ARCHIVE,
            "EventStartTime": events.now - HOUR_MS,
            "EventEndTime": events.now + HOUR_MS,
            "Destination": {"Arn": BUS},
            **more,
        },
    )
    return answer


def error(events: Events, operation: str, **request: Any) -> tuple[str, str]:
    _, code, _, message = events.refused(operation, **request)
    return code, message


def test_the_life_of_an_archive(archived: Events) -> None:
    listed = {
        "ArchiveName": "a",
        "EventSourceArn": BUS,
        "State": "ENABLED",
        "RetentionDays": 1,
        "SizeBytes": 0,
        "EventCount": 0,
        "CreationTime": archived.now,
    }
    assert archived("ListArchives") == {"Archives": [listed]}
    assert archived("ListArchives", NamePrefix="b") == {"Archives": []}
    made = {"ArchiveArn": ARCHIVE, "State": "ENABLED", "CreationTime": archived.now}
    assert archived("UpdateArchive", ArchiveName="a", Description="d") == made
    shown = archived("DescribeArchive", ArchiveName="a")
    assert shown == {"ArchiveArn": ARCHIVE, **listed, "Description": "d", "EventPattern": json.dumps(APP)}
    assert archived("DeleteArchive", ArchiveName="a") == {}
    assert archived("ListArchives") == {"Archives": []}


def test_errors_of_archives(archived: Events) -> None:
    gone = ("ResourceNotFoundException", "Archive b does not exist.")
    assert error(archived, "DescribeArchive", ArchiveName="b") == gone
    assert error(archived, "DeleteArchive", ArchiveName="b") == gone
    assert error(archived, "CreateArchive", ArchiveName="a", EventSourceArn=BUS) == (
        "ResourceAlreadyExistsException",
        "Archive a already exists.",
    )
    no_bus = ("ResourceNotFoundException", "Event bus nope does not exist.")
    nope = BUS.replace("default", "nope")
    assert error(archived, "CreateArchive", ArchiveName="b", EventSourceArn=nope) == no_bus
    assert error(archived, "ListArchives", EventSourceArn=nope) == no_bus
    assert error(archived, "UpdateArchive", ArchiveName="b") == (
        "InternalException",
        "Service encountered unexpected problem. Please try again.",
    )
    assert error(archived, "CreateArchive", ArchiveName="b", EventSourceArn=BUS, EventPattern="{")[0] == (
        "InvalidEventPatternException"
    )


def test_an_archive_keeps_what_matches_it_for_its_time(archived: Events) -> None:
    archived.put({"n": 1})
    archived.put({"n": 1}, Source="other")
    shown = archived("DescribeArchive", ArchiveName="a")
    assert shown["EventCount"] == 1
    assert shown["SizeBytes"] > 100
    archived.later(seconds=86_401)
    archived.put({"n": 2})
    later = archived("DescribeArchive", ArchiveName="a")
    assert (later["EventCount"], later["SizeBytes"]) == (1, shown["SizeBytes"])


def test_a_replay_brings_events_on_again_in_order(archived: Events) -> None:
    archived.rule(archived.queue(), APP)
    for number in range(BATCH + 3):
        archived.put({"n": number})
        archived.later(seconds=1)
    before = archived.arrived()
    archived.queues.arrived.clear()
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:replay/p"
    started = replay(archived, Description="d")
    assert started == {"ReplayArn": arn, "State": "STARTING", "ReplayStartTime": archived.now}
    archived.work()
    again = archived.arrived()
    assert list(again[0]) == [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "replay-name",
        "resources",
        "detail",
    ]
    assert [event.pop("replay-name") for event in again] == ["p"] * len(before)
    assert again == before
    shown = archived("DescribeReplay", ReplayName="p")
    assert shown["State"] == "COMPLETED"
    assert shown["Destination"] == {"Arn": BUS}
    assert shown["ReplayEndTime"] == archived.now
    assert [one["ReplayName"] for one in archived("ListReplays", State="COMPLETED")["Replays"]] == ["p"]
    assert archived("DescribeArchive", ArchiveName="a")["EventCount"] == len(before)


def test_a_replay_may_name_its_rules_and_its_span(archived: Events) -> None:
    wanted = archived.rule(archived.queue("one"), APP, name="one")
    archived.rule(archived.queue("two"), APP, name="two")
    archived.put({"n": 1})
    archived.later(seconds=10)
    start_ms = archived.now
    archived.put({"n": 2})
    archived.later(seconds=10)
    archived.put({"n": 3})
    archived.queues.arrived.clear()
    replay(
        archived,
        EventStartTime=start_ms,
        EventEndTime=start_ms + 5000,
        Destination={"Arn": BUS, "FilterArns": [wanted]},
    )
    archived.work()
    assert [event["detail"] for event in archived.arrived(archived.queue("one"))] == [{"n": 2}]
    assert archived.arrived(archived.queue("two")) == []


def test_a_replay_that_is_cancelled(archived: Events) -> None:
    archived.rule(archived.queue(), APP)
    archived.put()
    archived.queues.arrived.clear()
    replay(archived)
    assert archived("CancelReplay", ReplayName="p")["State"] == "CANCELLING"
    archived.work()
    assert archived.arrived() == []
    assert archived("DescribeReplay", ReplayName="p")["State"] == "CANCELLED"
    assert error(archived, "CancelReplay", ReplayName="p")[0] == "IllegalStatusException"


@pytest.mark.parametrize(
    "change, code, message",
    [
        (
            {"EventSourceArn": ARCHIVE + "x"},
            "ValidationException",
            "Parameter EventSourceArn is not valid. Reason: Archive ax does not exist.",
        ),
        (
            {"Destination": {"Arn": BUS.replace("default", "nope")}},
            "ResourceNotFoundException",
            "Event bus nope does not exist.",
        ),
        (
            {"Destination": {"Arn": BUS.replace("default", "other")}},
            "ValidationException",
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
        ),
        (
            {"EventStartTime": 2000, "EventEndTime": 2000},
            "ValidationException",
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
        ),
        ({}, "ResourceAlreadyExistsException", "Replay p already exists."),
    ],
)
def test_replays_that_are_refused(archived: Events, change: dict[str, Any], code: str, message: str) -> None:
    archived("CreateEventBus", Name="other")
    replay(archived)
    request = {
        "ReplayName": "p",
        "EventSourceArn": ARCHIVE,
        "EventStartTime": 1000,
        "EventEndTime": 2000,
        "Destination": {"Arn": BUS},
        **change,
    }
    assert error(archived, "StartReplay", **request) == (code, message)
