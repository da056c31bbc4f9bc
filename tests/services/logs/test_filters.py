"""Subscription filters, metric filters, live tails: what watches a group's new events."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from typing import Any

import pytest

from outfall.core.effects import Stream
from outfall.core.errors import NotServed
from outfall.services.logs import SERVICE
from outfall.services.logs.model import FILTERS
from tests.services.served import Served
from tests.support import RecordingTarget, make_call, make_house

FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:f"
NOT_ALLOWED = (
    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
    "function."
)


def allowing(principal: str, source: str = "arn:aws:logs:us-east-1:111111111111:log-group:g:*") -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION,
        "Condition": {"ArnLike": {"AWS:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Counting:
    """Metrics that are only kept."""

    def __init__(self) -> None:
        self.recorded: list[tuple[str, Any, str, float, str]] = []

    def record(self, ctx: Any, namespace: str, dimensions: Any, samples: Any) -> None:
        self.recorded += [(namespace, dimensions, one.name, one.value, one.unit) for one in samples]

    def refresh(self, ctx: Any, namespace: str, dimensions: Any) -> None:
        raise AssertionError("nobody looks")


@pytest.fixture
def functions() -> RecordingTarget:
    target = RecordingTarget("lambda:InvokeFunction")
    target.policies[FUNCTION] = allowing("logs.amazonaws.com")
    return target


@pytest.fixture
def metrics() -> Counting:
    return Counting()


@pytest.fixture
def logs(functions: RecordingTarget, metrics: Counting) -> Served:
    served = Served(SERVICE, house=make_house(targets={"lambda": functions}, metrics=metrics))
    served("CreateLogGroup", logGroupName="g")
    served("CreateLogStream", logGroupName="g", logStreamName="s")
    return served


def put(logs: Served, *texts: str, stream: str = "s") -> None:
    events = [{"timestamp": logs.now, "message": text} for text in texts]
    logs("PutLogEvents", logGroupName="g", logStreamName=stream, logEvents=events)


def subscribe(logs: Served, pattern: str = "", name: str = "n", **more: Any) -> None:
    given = {"logGroupName": "g", "filterName": name, "filterPattern": pattern, "destinationArn": FUNCTION}
    logs("PutSubscriptionFilter", **(given | more))


def record(body: bytes) -> dict[str, Any]:
    data = json.loads(body)["awslogs"]["data"]
    unpacked: dict[str, Any] = json.loads(zlib.decompress(b64decode(data), wbits=31))
    return unpacked


class TestSubscriptionFilters:
    def test_a_function_gets_the_events_that_fit(self, logs, functions):
        subscribe(logs, "ERROR")
        put(logs, "ERROR 1", "fine", "ERROR 2")
        ((_, parcel),) = functions.arrived
        told = record(parcel.body)
        ids = [event.pop("id") for event in told["logEvents"]]
        assert told == {
            "messageType": "DATA_MESSAGE",
            "owner": "111111111111",
            "logGroup": "g",
            "logStream": "s",
            "subscriptionFilters": ["n"],
            "logEvents": [
                {"timestamp": logs.now, "message": "ERROR 1"},
                {"timestamp": logs.now, "message": "ERROR 2"},
            ],
        }
        shown = logs("FilterLogEvents", logGroupName="g", filterPattern="ERROR")["events"]
        assert ids == [event["eventId"] for event in shown]
        assert parcel.sender.source_arn == "arn:aws:logs:us-east-1:111111111111:log-group:g:*"

    def test_nothing_that_fits_invokes_nothing(self, logs, functions):
        subscribe(logs, "ERROR")
        put(logs, "fine")
        assert functions.arrived == []

    def test_columns_are_told_by_their_names(self, logs, functions):
        subscribe(logs, "[ip, status=4*]")
        put(logs, "10.0.0.1 404", "10.0.0.2 200")
        (event,) = record(functions.arrived[0][1].body)["logEvents"]
        assert event["extractedFields"] == {"ip": "10.0.0.1", "status": "404"}

    def test_much_text_comes_in_several_invocations(self, logs, functions):
        subscribe(logs)
        text = "x" * 240_000
        put(logs, text, text, text, text)
        put(logs, text)
        sizes = [len(record(parcel.body)["logEvents"]) for _, parcel in functions.arrived]
        assert sizes == [4, 1]

    @pytest.mark.parametrize("principal", ["logs.amazonaws.com", "logs.us-east-1.amazonaws.com"])
    def test_the_function_may_name_the_service_in_two_ways(self, logs, functions, principal):
        functions.policies[FUNCTION] = allowing(principal)
        subscribe(logs)
        put(logs, "x")
        assert len(functions.arrived) == 1

    @pytest.mark.parametrize(
        "policy",
        [
            None,
            allowing("events.amazonaws.com"),
            allowing("logs.amazonaws.com", "arn:aws:logs:us-east-1:111111111111:log-group:g"),
        ],
    )
    def test_without_permission_there_is_no_filter(self, logs, functions, policy):
        functions.policies.pop(FUNCTION)
        if policy:
            functions.policies[FUNCTION] = policy
        given = {"logGroupName": "g", "filterName": "n", "filterPattern": "", "destinationArn": FUNCTION}
        assert logs.refused("PutSubscriptionFilter", **given)[1:] == (
            "InvalidParameterException",
            "InvalidParameterException",
            NOT_ALLOWED,
        )

    def test_a_permission_that_is_taken_away_stops_deliveries(self, logs, functions):
        subscribe(logs)
        functions.policies.pop(FUNCTION)
        put(logs, "x")
        assert functions.arrived == []

    def test_they_are_listed_and_removed(self, logs):
        subscribe(logs, "ERROR", "b")
        logs.later(seconds=1)
        subscribe(logs, "", "a", distribution="Random")
        listed = logs("DescribeSubscriptionFilters", logGroupName="g")["subscriptionFilters"]
        assert [(one["filterName"], one["filterPattern"], one["distribution"]) for one in listed] == [
            ("a", "", "Random"),
            ("b", "ERROR", "ByLogStream"),
        ]
        assert listed[1]["destinationArn"] == FUNCTION
        first = logs("DescribeSubscriptionFilters", logGroupName="g", limit=1)
        rest = logs("DescribeSubscriptionFilters", logGroupName="g", nextToken=first["nextToken"])
        assert [one["filterName"] for one in rest["subscriptionFilters"]] == ["b"]
        logs("DeleteSubscriptionFilter", logGroupName="g", filterName="b")
        refused = logs.refused("DeleteSubscriptionFilter", logGroupName="g", filterName="b")
        assert refused[1::2] == ("ResourceNotFoundException", "The specified subscription filter does not exist.")

    def test_a_group_has_two_at_most(self, logs):
        subscribe(logs, name="a")
        subscribe(logs, name="b")
        subscribe(logs, "new", name="b")
        given = {"logGroupName": "g", "filterName": "c", "filterPattern": "", "destinationArn": FUNCTION}
        refused = logs.refused("PutSubscriptionFilter", **given)
        assert refused[1::2] == ("LimitExceededException", "Resource limit exceeded.")

    @pytest.mark.parametrize("service", ["kinesis", "firehose", "logs"])
    def test_other_destinations_are_not_served(self, logs, service):
        with pytest.raises(NotServed):
            subscribe(logs, destinationArn=f"arn:aws:{service}:us-east-1:111111111111:x")

    def test_a_role_is_for_others(self, logs):
        given = {"logGroupName": "g", "filterName": "n", "filterPattern": "", "destinationArn": FUNCTION}
        refused = logs.refused("PutSubscriptionFilter", **given, roleArn="arn:aws:iam::111111111111:role/r")
        assert refused[3] == "destinationArn for vendor lambda cannot be used with roleArn"

    def test_they_go_with_their_group(self, logs):
        subscribe(logs)
        logs("DeleteLogGroup", logGroupName="g")
        assert logs.within(lambda ctx: list(ctx.tx.scan(FILTERS))) == []


def measure(logs: Served, pattern: str, value: str = "1", name: str = "n", **more: Any) -> None:
    made = {"metricName": "m", "metricNamespace": "N", "metricValue": value} | more
    logs("PutMetricFilter", logGroupName="g", filterName=name, filterPattern=pattern, metricTransformations=[made])


class TestMetricFilters:
    def test_each_event_that_fits_is_counted(self, logs, metrics):
        measure(logs, "ERROR")
        put(logs, "ERROR", "fine", "ERROR")
        assert metrics.recorded == [("N", (), "m", 1.0, "None")] * 2

    @pytest.mark.parametrize(
        "pattern, value, text",
        [
            ("{ $.ms > 10 }", "$.ms", '{"ms": 12, "who": "me"}'),
            ("[who, ms > 10]", "$ms", "me 12"),
        ],
    )
    def test_values_and_dimensions_come_from_the_event(self, logs, metrics, pattern, value, text):
        who = value.replace("ms", "who")
        measure(logs, pattern, value, dimensions={"Who": who}, unit="Milliseconds")
        put(logs, text)
        assert metrics.recorded == [("N", (("Who", "me"),), "m", 12.0, "Milliseconds")]

    def test_the_default_stands_for_events_that_do_not_fit(self, logs, metrics):
        measure(logs, "ERROR", defaultValue=0.0)
        put(logs, "fine", "fine")
        assert metrics.recorded == [("N", (), "m", 0.0, "None")]

    def test_a_value_that_is_no_number_is_not_counted(self, logs, metrics):
        measure(logs, "{ $.ms = * }", "$.ms")
        put(logs, '{"ms": "long"}')
        assert metrics.recorded == []

    def test_they_are_listed_counted_and_removed(self, logs):
        measure(logs, "ERROR", unit="Count", defaultValue=0.0)
        (one,) = logs("DescribeMetricFilters", logGroupName="g")["metricFilters"]
        assert one == {
            "filterName": "n",
            "filterPattern": "ERROR",
            "metricTransformations": [
                {"metricName": "m", "metricNamespace": "N", "metricValue": "1", "defaultValue": 0.0, "unit": "Count"}
            ],
            "creationTime": logs.now,
            "logGroupName": "g",
            "applyOnTransformedLogs": False,
        }
        assert logs("DescribeMetricFilters", metricName="m", metricNamespace="N")["metricFilters"] == [one]
        assert logs("DescribeMetricFilters", metricName="x", metricNamespace="N")["metricFilters"] == []
        assert logs("DescribeLogGroups")["logGroups"][0]["metricFilterCount"] == 1
        logs("DeleteMetricFilter", logGroupName="g", filterName="n")
        refused = logs.refused("DeleteMetricFilter", logGroupName="g", filterName="n")
        assert refused[1::2] == ("ResourceNotFoundException", "The specified metric filter does not exist.")

    @pytest.mark.parametrize("more", [{"metricValue": "many"}, {"dimensions": {"A": "$.a"}, "defaultValue": 0.0}])
    def test_transformations_that_cannot_be(self, logs, more):
        made = {"metricName": "m", "metricNamespace": "N", "metricValue": "1"} | more
        given = {"logGroupName": "g", "filterName": "n", "filterPattern": "x", "metricTransformations": [made]}
        assert logs.refused("PutMetricFilter", **given)[1] == "InvalidParameterException"

    def test_a_pattern_can_be_tried(self, logs):
        told = logs(
            "TestMetricFilter",
            filterPattern="[ip, ..., status=4*, size]",
            logEventMessages=['1.2.3.4 - "GET /x" 404 17', "1.2.3.4 - 200 17"],
        )
        values = {"$ip": "1.2.3.4", "$status": "404", "$size": "17"}
        message = '1.2.3.4 - "GET /x" 404 17'
        assert told == {"matches": [{"eventNumber": 1, "eventMessage": message, "extractedValues": values}]}

    def test_what_json_patterns_find(self, logs):
        told = logs("TestMetricFilter", filterPattern='{ $.a = "x" }', logEventMessages=['{"a": "x", "b": 1}'])
        assert told["matches"][0]["extractedValues"] == {"$.a": "x"}


ARN = "arn:aws:logs:us-east-1:111111111111:log-group:g"


class TestLiveTail:
    def start(self, logs: Served, **more: Any) -> Stream:
        answer = logs("StartLiveTail", logGroupIdentifiers=[ARN], **more)
        assert isinstance(answer, Stream)
        return answer

    def step(self, logs: Served, stream: Stream) -> Any:
        return logs.store.transact(lambda tx: stream.step(make_call(tx, now=logs.now)))

    def test_it_begins_with_what_was_asked(self, logs):
        (event,) = self.start(logs, logEventFilterPattern="ERROR").first
        assert event.name == "sessionStart"
        assert event.members["logGroupIdentifiers"] == [ARN]
        assert event.members["logEventFilterPattern"] == "ERROR"

    def test_it_goes_on_with_what_is_written(self, logs):
        put(logs, "ERROR before")
        stream = self.start(logs, logEventFilterPattern="ERROR")
        put(logs, "ERROR 1", "fine")
        (event,) = self.step(logs, stream)
        assert event.name == "sessionUpdate"
        assert event.members == {
            "sessionMetadata": {"sampled": False},
            "sessionResults": [
                {
                    "logStreamName": "s",
                    "logGroupIdentifier": "111111111111:g",
                    "message": "ERROR 1",
                    "timestamp": logs.now,
                    "ingestionTime": logs.now,
                }
            ],
        }
        assert self.step(logs, stream)[0].members["sessionResults"] == []

    @pytest.mark.parametrize("more", [{"logStreamNames": ["s"]}, {"logStreamNamePrefixes": ["s"]}])
    def test_streams_can_be_chosen(self, logs, more):
        logs("CreateLogStream", logGroupName="g", logStreamName="other")
        stream = self.start(logs, **more)
        put(logs, "yes")
        put(logs, "no", stream="other")
        (event,) = self.step(logs, stream)
        assert [one["message"] for one in event.members["sessionResults"]] == ["yes"]

    def test_an_update_has_five_hundred_events_at_most(self, logs):
        stream = self.start(logs)
        put(logs, *map(str, range(501)))
        (event,) = self.step(logs, stream)
        assert len(event.members["sessionResults"]) == 500
        assert event.members["sessionMetadata"] == {"sampled": True}

    def test_it_ends_after_three_hours_or_with_its_client(self, logs):
        stream = self.start(logs)
        other = self.start(logs)
        logs.later(seconds=3 * 3600)
        assert self.step(logs, stream) is None
        for one in stream, other:
            logs.store.transact(lambda tx, one=one: one.end(make_call(tx, now=logs.now)))
        assert logs.within(lambda ctx: list(ctx.tx.scan(FILTERS))) == []

    @pytest.mark.parametrize("identifiers", [[], ["g"], [ARN] * 11])
    def test_groups_are_named_by_their_arns(self, logs, identifiers):
        assert logs.refused("StartLiveTail", logGroupIdentifiers=identifiers)[1] == "InvalidParameterException"

    def test_a_group_must_be_there(self, logs):
        assert logs.refused("StartLiveTail", logGroupIdentifiers=[f"{ARN}x"])[1] == "ResourceNotFoundException"
