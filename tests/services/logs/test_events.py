"""Events written and read: order, tokens, limits, the writer of the host, filters over many streams."""

from __future__ import annotations

import pytest

from outfall.core.invocation import LogLine
from outfall.services.logs.writer import write

DAY_MS = 86_400_000


def put(logs, *events: tuple[int, str], stream: str = "s"):
    """Puts events, their times given in ms from now."""
    given = [{"timestamp": logs.now + ms, "message": text} for ms, text in events]
    return logs("PutLogEvents", logGroupName="g", logStreamName=stream, logEvents=given)


def get(logs, **given):
    return logs("GetLogEvents", logGroupName="g", logStreamName="s", **given)


def texts(answer) -> list[str]:
    return [event["message"] for event in answer["events"]]


@pytest.mark.parametrize(
    "operation, given, message",
    [
        pytest.param(
            "PutLogEvents",
            {"logEvents": [{"timestamp": 2, "message": "x"}, {"timestamp": 1, "message": "y"}]},
            "Log events in a single PutLogEvents request must be in chronological order.",
            id="logs-003,rec-391",
        ),
        pytest.param("GetLogEvents", {"nextToken": "nonsense"}, "The specified nextToken is invalid.", id="rec-392"),
        pytest.param(
            "GetLogEvents",
            {"limit": 10001},
            "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have "
            "value less than or equal to 10000",
            id="rec-393",
        ),
        pytest.param(
            "PutLogEvents",
            {"logEvents": [{"timestamp": 0, "message": "x"}, {"timestamp": DAY_MS + 1, "message": "y"}]},
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
            id="span",
        ),
        pytest.param(
            "PutLogEvents",
            {"logEvents": [{"timestamp": 0, "message": "x" * 600_000}] * 2},
            "Upload too large: 1200052 bytes exceeds limit of 1048576",
            id="size",
        ),
    ],
)
def test_refusals(logs, operation, given, message):
    refused = logs.refused(operation, logGroupName="g", logStreamName="s", **given)
    assert (refused[0], refused[1], refused[3]) == (400, "InvalidParameterException", message)


def test_too_old_and_too_new_events_are_told_and_the_others_written(logs):
    assert "rejectedLogEventsInfo" not in put(logs, (0, "now"))
    answer = put(logs, (-14 * DAY_MS - 1, "too old"), (-14 * DAY_MS, "just"))
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    answer = put(logs, (7_200_000, "just ahead"), (7_200_001, "too new"))
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    assert texts(get(logs)) == ["just", "now", "just ahead"]


def test_an_event_as_it_is_shown(logs):
    put(logs, (-5, "hello"))
    (event,) = get(logs)["events"]
    assert event == {"timestamp": logs.now - 5, "message": "hello", "ingestionTime": logs.now}


def test_without_a_start_the_latest_come_and_tokens_lead_both_ways(logs):
    for batch in range(3):
        put(logs, *((batch * 10 + number, f"{batch}{number}") for number in range(3)))
    latest = get(logs, limit=4)
    assert texts(latest) == ["12", "20", "21", "22"]
    before = get(logs, limit=4, nextToken=latest["nextBackwardToken"])
    assert texts(before) == ["01", "02", "10", "11"]
    first = get(logs, limit=4, nextToken=before["nextBackwardToken"])
    assert texts(first) == ["00"]
    assert texts(get(logs, limit=2, nextToken=first["nextForwardToken"])) == ["01", "02"]


def test_at_an_end_the_token_comes_back_and_later_leads_on(logs):
    put(logs, (0, "a"))
    token = get(logs, startFromHead=True)["nextForwardToken"]
    again = get(logs, startFromHead=True, nextToken=token)
    assert (again["events"], again["nextForwardToken"]) == ([], token)
    back = get(logs)["nextBackwardToken"]
    assert get(logs, nextToken=back)["nextBackwardToken"] == back
    put(logs, (1, "b"))
    assert texts(get(logs, nextToken=token)) == ["b"]


def test_the_tokens_of_an_empty_stream_lead_to_what_comes(logs):
    empty = get(logs)
    assert empty["events"] == []
    put(logs, (0, "a"))
    assert texts(get(logs, nextToken=empty["nextForwardToken"])) == ["a"]


def test_times_from_inclusive_to_exclusive(logs):
    put(logs, *((number, str(number)) for number in range(5)))
    between = {"startTime": logs.now + 1, "endTime": logs.now + 3}
    assert texts(get(logs, **between)) == texts(get(logs, startFromHead=True, **between)) == ["1", "2"]


def test_batches_that_overlap_in_time_are_read_in_order(logs):
    put(logs, (0, "a"), (100, "e"), (200, "f"))
    put(logs, (50, "c"), (300, "g"))
    put(logs, (10, "b"), (60, "d"))
    order = ["a", "b", "c", "d", "e", "f", "g"]
    assert texts(get(logs, startFromHead=True)) == texts(get(logs)) == order
    page, seen = get(logs, limit=2), []
    while page["events"]:
        seen = texts(page) + seen
        page = get(logs, limit=2, nextToken=page["nextBackwardToken"])
    assert seen == order


def test_the_writer_makes_group_and_stream_and_keeps_the_order_of_equal_times(logs):
    lines = [LogLine(logs.now, "START"), LogLine(logs.now, "hello"), LogLine(logs.now + 1, "END")]
    stream = "2026/11/23/[$LATEST]0123"
    for _ in range(2):
        logs.within(lambda ctx: write(ctx, "/aws/lambda/fn", stream, lines))
    got = logs("GetLogEvents", logGroupName="/aws/lambda/fn", logStreamName=stream)
    assert texts(got) == ["START", "hello", "START", "hello", "END", "END"]
    logs.within(lambda ctx: write(ctx, "/aws/lambda/none", "s", []))
    assert len(logs("DescribeLogGroups", logGroupNamePrefix="/aws/")["logGroups"]) == 1


def test_many_lines_with_a_long_one_are_all_there(logs):
    lines = [LogLine(logs.now, "x" * 300_000)] + [LogLine(logs.now + 1, str(number)) for number in range(2500)]
    logs.within(lambda ctx: write(ctx, "g", "s", lines))
    got = texts(get(logs, startFromHead=True))
    assert "".join(got[:2]) == "x" * 300_000
    assert got[2:] == [str(number) for number in range(2500)]


def search(logs, **given):
    """All pages of a filter: events, and how many pages there were."""
    events, pages, token = [], 0, {}
    while True:
        page = logs("FilterLogEvents", logGroupName="g", **given, **token)
        assert page["searchedLogStreams"] == []
        events += page["events"]
        pages += 1
        if "nextToken" not in page:
            return events, pages
        token = {"nextToken": page["nextToken"]}


@pytest.fixture
def three(logs):
    for stream in ("t", "u"):
        logs("CreateLogStream", logGroupName="g", logStreamName=stream)
    for number, stream in enumerate("stu" * 4):
        put(logs, (number, f"line {number}"), stream=stream)
    return logs


def test_a_filter_merges_streams_by_time_in_pages(three):
    events, pages = search(three, limit=5)
    assert [event["message"] for event in events] == [f"line {number}" for number in range(12)]
    assert [event["logStreamName"] for event in events] == list("stu" * 4)
    assert len({event["eventId"] for event in events}) == 12
    assert pages == 3


def test_a_filter_goes_back_in_time_where_asked(three):
    newest = {"startFromHead": False}
    events, pages = search(three, limit=5, **newest)
    assert [event["message"] for event in events] == [f"line {number}" for number in range(11, -1, -1)]
    assert pages == 3
    events, _ = search(three, startTime=three.now + 3, endTime=three.now + 6, limit=1, **newest)
    assert [event["message"] for event in events] == ["line 6", "line 5", "line 4", "line 3"]
    first = three("FilterLogEvents", logGroupName="g", limit=1, **newest)
    on = three("FilterLogEvents", logGroupName="g", limit=1, nextToken=first["nextToken"], startFromHead=True)
    assert [event["message"] for event in on["events"]] == ["line 10"]
    old = three.refused("FilterLogEvents", logGroupName="g", startTime=1_704_067_199_999, **newest)
    assert old[:2] == (400, "InvalidParameterException")


def test_a_filter_of_streams_and_times(three):
    events, _ = search(three, logStreamNames=["s", "u"], startTime=three.now + 3, endTime=three.now + 6)
    assert [event["message"] for event in events] == ["line 3", "line 5", "line 6"]
    events, _ = search(three, logStreamNamePrefix="t", filterPattern='"line 1"')
    assert [event["message"] for event in events] == ["line 1", "line 10"]
    assert three.refused("FilterLogEvents", logGroupName="g", logStreamNames=["none"])[1] == "ResourceNotFoundException"


def test_events_of_one_millisecond_are_neither_lost_nor_doubled_between_pages(three):
    for stream in "stu":
        put(three, *((50, f"{stream}{number}") for number in range(3)), stream=stream)
    events, _ = search(three, startTime=three.now + 50, limit=2)
    assert sorted(event["message"] for event in events) == [f"{one}{number}" for one in "stu" for number in range(3)]


def test_a_page_that_holds_nothing_still_leads_on(logs, monkeypatch):
    monkeypatch.setattr("outfall.services.logs.filtering.SEARCHED_MAX", 10)
    put(logs, *((number, "no") for number in range(25)), (30, "yes"))
    events, pages = search(logs, filterPattern="yes")
    assert ([event["message"] for event in events], pages) == (["yes"], 3)


def test_half_a_surrogate_pair_does_not_lose_the_line(logs):
    logs.within(lambda ctx: write(ctx, "g", "s", [LogLine(logs.now, "a\ud800é")]))
    assert texts(get(logs)) == ["a?é"]
