"""Log groups and streams: life, listing, retention, tags. Ids in the tables are those of the collected cases."""

from __future__ import annotations

import pytest

NO_GROUP = ("ResourceNotFoundException", "The specified log group does not exist.")
NO_STREAM = ("ResourceNotFoundException", "The specified log stream does not exist.")


@pytest.mark.parametrize(
    "operation, given, code, message",
    [
        pytest.param("DescribeLogStreams", {"logGroupName": "none"}, *NO_GROUP, id="logs-001"),
        pytest.param("GetLogEvents", {"logGroupName": "none", "logStreamName": "s"}, *NO_GROUP, id="rec-394"),
        pytest.param("FilterLogEvents", {"logGroupName": "none"}, *NO_GROUP, id="filter"),
        pytest.param("DeleteLogGroup", {"logGroupName": "none"}, *NO_GROUP, id="delete"),
        pytest.param("GetLogEvents", {"logGroupName": "g", "logStreamName": "none"}, *NO_STREAM, id="logs-002"),
        pytest.param(
            "PutLogEvents",
            {"logGroupName": "g", "logStreamName": "none", "logEvents": [{"timestamp": 1, "message": "x"}]},
            *NO_STREAM,
            id="rec-390",
        ),
        pytest.param(
            "CreateLogGroup",
            {"logGroupName": "g"},
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
            id="rec-395",
        ),
        pytest.param(
            "CreateLogGroup",
            {"logGroupName": "x" * 513},
            "InvalidParameterException",
            "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
            id="rec-396",
        ),
        pytest.param(
            "DescribeLogGroups",
            {"logGroupNamePrefix": "a", "logGroupNamePattern": "b"},
            "InvalidParameterException",
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            id="rec-397",
        ),
        pytest.param(
            "CreateLogStream",
            {"logGroupName": "g", "logStreamName": "s"},
            "ResourceAlreadyExistsException",
            "The specified log stream already exists",
            id="rec-398",
        ),
        pytest.param(
            "DescribeLogStreams",
            {"logGroupName": "g", "logGroupIdentifier": "g"},
            "ValidationException",
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
            id="rec-399",
        ),
        pytest.param(
            "CreateLogGroup",
            {"logGroupName": "a b"},
            "InvalidParameterException",
            "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must "
            r"satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+",
            id="name",
        ),
    ],
)
def test_refusals(logs, operation, given, code, message):
    refused = logs.refused(operation, **given)
    assert (refused[0], refused[1], refused[3]) == (400, code, message)


def test_a_group_as_it_is_shown(logs):
    logs("CreateLogGroup", logGroupName="/aws/lambda/fn", tags={"a": "1"})
    (group,) = logs("DescribeLogGroups", logGroupNamePrefix="/aws/")["logGroups"]
    arn = "arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/fn"
    assert group == {
        "logGroupName": "/aws/lambda/fn",
        "creationTime": logs.now,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "storedBytes": 0,
        "logGroupClass": "STANDARD",
        "logGroupArn": arn,
        "deletionProtectionEnabled": False,
    }


def test_groups_are_listed_in_pages(logs):
    for number in range(5):
        logs("CreateLogGroup", logGroupName=f"page/{number}")
    seen, token = [], {}
    while True:
        page = logs("DescribeLogGroups", logGroupNamePrefix="page/", limit=2, **token)
        seen += [group["logGroupName"] for group in page["logGroups"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert seen == [f"page/{number}" for number in range(5)]
    by_pattern = logs("DescribeLogGroups", logGroupNamePattern="GE/3")["logGroups"]
    assert [group["logGroupName"] for group in by_pattern] == ["page/3"]


def test_a_deleted_group_takes_its_events_along(logs):
    event = {"timestamp": logs.now, "message": "x"}
    logs("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=[event])
    logs("DeleteLogGroup", logGroupName="g")
    logs("CreateLogGroup", logGroupName="g")
    assert logs("DescribeLogStreams", logGroupName="g") == {"logStreams": []}
    logs("CreateLogStream", logGroupName="g", logStreamName="s")
    assert logs("GetLogEvents", logGroupName="g", logStreamName="s")["events"] == []


def test_streams_by_name_and_by_last_event(logs):
    for name, seconds in (("a", 30), ("b", 10), ("c", 20)):
        logs("CreateLogStream", logGroupName="g", logStreamName=name)
        event = {"timestamp": logs.now + seconds * 1000, "message": "x"}
        logs("PutLogEvents", logGroupName="g", logStreamName=name, logEvents=[event])

    def names(**given: object) -> list[str]:
        seen: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = logs("DescribeLogStreams", logGroupName="g", limit=3, **given, **token)
            seen += [stream["logStreamName"] for stream in page["logStreams"]]
            if "nextToken" not in page:
                return seen
            token = {"nextToken": page["nextToken"]}

    assert names() == ["a", "b", "c", "s"]
    assert names(descending=True) == ["s", "c", "b", "a"]
    assert names(orderBy="LastEventTime", descending=True) == ["a", "c", "b", "s"]
    assert names(logStreamNamePrefix="b") == ["b"]
    refused = logs.refused("DescribeLogStreams", logGroupName="g", orderBy="LastEventTime", logStreamNamePrefix="b")
    assert refused[3] == "Cannot order by LastEventTime with a logStreamNamePrefix."


def test_a_stream_as_it_is_shown(logs):
    created = logs.now
    logs.later(seconds=1)
    events = [{"timestamp": logs.now - 500, "message": "a"}, {"timestamp": logs.now, "message": "b"}]
    logs("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=events)
    (stream,) = logs("DescribeLogStreams", logGroupName="g")["logStreams"]
    assert stream.pop("uploadSequenceToken")
    assert stream == {
        "logStreamName": "s",
        "creationTime": created,
        "firstEventTimestamp": logs.now - 500,
        "lastEventTimestamp": logs.now,
        "lastIngestionTime": logs.now,
        "arn": "arn:aws:logs:us-east-1:111111111111:log-group:g:log-stream:s",
        "storedBytes": 0,
    }


def test_retention_on_the_clock_of_record(logs):
    logs("PutRetentionPolicy", logGroupName="g", retentionInDays=1)
    assert logs("DescribeLogGroups")["logGroups"][0]["retentionInDays"] == 1

    def put(text: str) -> None:
        event = {"timestamp": logs.now, "message": text}
        logs("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=[event])

    def texts() -> list[str]:
        got = logs("GetLogEvents", logGroupName="g", logStreamName="s")["events"]
        filtered = logs("FilterLogEvents", logGroupName="g")["events"]
        assert [one["message"] for one in got] == [one["message"] for one in filtered]
        return [one["message"] for one in got]

    put("old")
    logs.later(seconds=86_400)
    assert texts() == ["old"]
    logs.later(seconds=0.001)
    assert texts() == []
    put("young")
    logs("DeleteRetentionPolicy", logGroupName="g")
    assert texts() == ["young"]


def test_a_sweep_removes_what_is_past_retention(logs):
    from outfall.services.logs.model import CHUNKS
    from outfall.services.logs.writer import sweep

    def swept(ctx):
        assert sweep(ctx) is None
        return sum(1 for _ in ctx.tx.scan(CHUNKS))

    event = {"timestamp": logs.now, "message": "x"}
    logs("PutLogEvents", logGroupName="g", logStreamName="s", logEvents=[event])
    logs.later(seconds=2 * 86_400)
    assert logs.within(swept) == 1
    logs("PutRetentionPolicy", logGroupName="g", retentionInDays=1)
    assert logs.within(swept) == 0
    logs("DeleteRetentionPolicy", logGroupName="g")
    assert logs("GetLogEvents", logGroupName="g", logStreamName="s")["events"] == []


def test_retention_days_are_those_of_a_list(logs):
    refused = logs.refused("PutRetentionPolicy", logGroupName="g", retentionInDays=2)
    assert refused[3].startswith("1 validation error detected: Value '2' at 'retentionInDays'")


def test_tags_by_arn_and_by_name(logs):
    arn = "arn:aws:logs:us-east-1:111111111111:log-group:g"
    logs("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"})
    logs("TagLogGroup", logGroupName="g", tags={"c": "3"})
    logs("UntagResource", resourceArn=f"{arn}:*", tagKeys=["a"])
    logs("UntagLogGroup", logGroupName="g", tags=["b"])
    assert logs("ListTagsForResource", resourceArn=arn) == {"tags": {"c": "3"}}
    assert logs("ListTagsLogGroup", logGroupName="g") == {"tags": {"c": "3"}}
    assert logs.refused("ListTagsForResource", resourceArn=arn + "x")[1] == "ResourceNotFoundException"
