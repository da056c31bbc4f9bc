"""The rules of polling a queue for a function."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.core.invocation import Outcome
from outfall.core.source import MessageAttribute, SourceMessage
from outfall.flow.polling import rules
from outfall.flow.polling.record import record_of
from outfall.flow.polling.rules import NOTHING, Batch, Polling

QUEUE = "arn:aws:sqs:us-east-1:111111111111:q"
FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:fn"
NOW = 1_800_000_000_000
SYSTEM = {
    "SenderId": "AIDA",
    "ApproximateFirstReceiveTimestamp": "2",
    "ApproximateReceiveCount": "1",
    "SentTimestamp": "1",
}


def polling(**settings: Any) -> Polling:
    return Polling(QUEUE, FUNCTION, **settings)


def message(
    name: str, body: str = "hi", system: dict[str, str] | None = None, handle: str = "", **attributes: MessageAttribute
) -> SourceMessage:
    return SourceMessage(name, handle or f"h-{name}", body, "md5", {**SYSTEM, **(system or {})}, attributes)


def batch_of(*names: str, given: Polling | None = None, now: int = NOW) -> Batch:
    return rules.gather(given or polling(), NOTHING, [message(name) for name in names], now)[0]


def answered(answer: str, error: str = "") -> Outcome:
    return Outcome(answer.encode(), error, "$LATEST", "stream")


# The record


def test_esm_010_keys_of_a_record_and_of_its_attributes() -> None:
    record = record_of(message("m", system={"AWSTraceHeader": "Root=1"}), Arn.parse(QUEUE))
    assert list(record) == [
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    ]
    assert (record["eventSource"], record["eventSourceARN"], record["awsRegion"]) == ("aws:sqs", QUEUE, "us-east-1")
    assert list(record["attributes"]) == [
        "ApproximateReceiveCount",
        "AWSTraceHeader",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
    ]


def test_message_attributes_come_with_empty_lists_and_their_md5_before_that_of_the_body() -> None:
    told = SourceMessage(
        "m",
        "h",
        "hi",
        "md5",
        SYSTEM,
        {"k": MessageAttribute("String", "v"), "b": MessageAttribute("Binary", binary="AAE=")},
        "attributes-md5",
    )
    record = record_of(told, Arn.parse(QUEUE))
    assert record["messageAttributes"] == {
        "k": {"stringValue": "v", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "b": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    assert list(record)[4:7] == ["messageAttributes", "md5OfMessageAttributes", "md5OfBody"]


def test_a_fifo_message_shows_its_group_where_aws_does() -> None:
    fifo = {"MessageGroupId": "g", "SequenceNumber": "18", "MessageDeduplicationId": "d"}
    record = record_of(message("m", system=fifo), Arn.parse(QUEUE))
    assert list(record["attributes"]) == [
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SequenceNumber",
        "MessageGroupId",
        "SenderId",
        "MessageDeduplicationId",
        "ApproximateFirstReceiveTimestamp",
    ]


# The batch


def test_without_a_window_a_batch_is_ready_with_its_first_message() -> None:
    assert rules.is_ready(polling(), batch_of("a"), NOW)
    assert not rules.is_ready(polling(), NOTHING, NOW)


def test_with_a_window_it_is_ready_when_the_window_ends_or_when_it_is_full() -> None:
    given = polling(batch_size=2, window_s=5)
    one = batch_of("a", given=given)
    assert not rules.is_ready(given, one, NOW + 4999)
    assert rules.is_ready(given, one, NOW + 5000)
    two, left = rules.gather(given, one, [message("b")], NOW + 100)
    assert (rules.is_ready(given, two, NOW + 100), left, rules.room_in(given, two)) == (True, [], 0)


def test_the_window_begins_with_the_first_message_whatever_comes_later() -> None:
    given = polling(window_s=5)
    later, _ = rules.gather(given, batch_of("a", given=given), [message("b")], NOW + 3000)
    assert rules.due_ms(given, later) == NOW + 5000


def test_a_message_that_would_make_it_larger_than_six_megabytes_begins_the_next_batch() -> None:
    given = polling(window_s=5)
    large = [message(str(number), "x" * 1_000_000) for number in range(7)]
    batch, left = rules.gather(given, NOTHING, large, NOW)
    assert [one.id for one in left] == ["6"]
    assert len(batch.payload()) == batch.size <= rules.BATCH_BYTES_MAX
    assert rules.is_ready(given, batch, NOW)


def test_a_message_that_reappears_while_the_window_lasts_takes_its_own_place() -> None:
    given = polling(window_s=60)
    again, _ = rules.gather(given, batch_of("a", given=given), [message("a", handle="h-again")], NOW + 30_000)
    records = json.loads(again.payload())["Records"]
    assert [record["receiptHandle"] for record in records] == ["h-again"]
    assert len(again.payload()) == again.size


def test_the_payload_is_one_event_of_all_records() -> None:
    records = json.loads(batch_of("a", "b").payload())["Records"]
    assert [record["messageId"] for record in records] == ["a", "b"]


def test_a_throttled_batch_waits_longer_each_time_until_its_messages_reappear() -> None:
    assert [rules.throttle_wait_ms(times) for times in (1, 2, 3, 4, 100)] == [1000, 2000, 4000, 8000, 60_000]
    assert not rules.has_lapsed(batch_of("a"), 30, NOW + 29_999)
    assert rules.has_lapsed(batch_of("a"), 30, NOW + 30_000)


# Filters


@pytest.mark.parametrize(
    ("pattern", "body", "wanted"),
    [
        ({"body": {"kind": ["order"]}}, '{"kind":"order"}', True),
        ({"body": {"kind": ["order"]}}, '{"kind":"other"}', False),
        ({"body": {"kind": ["order"]}}, "no JSON", False),
        ({"body": [{"prefix": "no"}]}, "no JSON", True),
        ({"body": ["x"]}, '{"x":1}', False),
        ({"body": {"n": [{"numeric": [">", 5]}]}}, '{"n":6}', True),
        ({"attributes": {"SenderId": ["AIDA"]}}, "anything", True),
        ({"attributes": {"SenderId": ["AROA"]}}, "anything", False),
        ({"messageAttributes": {"k": {"stringValue": ["v"]}}}, "anything", True),
        ({"messageAttributes": {"k": {"stringValue": ["w"]}}}, "anything", False),
    ],
)
def test_a_filter_looks_into_json_bodies_and_at_attributes(pattern: Any, body: str, wanted: bool) -> None:
    given = polling(filters=(json.dumps(pattern),))
    assert rules.is_wanted(given, message("m", body, k=MessageAttribute("String", "v"))) is wanted


def test_one_of_several_filters_is_enough_and_none_wants_everything() -> None:
    given = polling(filters=('{"body":{"a":[1]}}', '{"body":{"a":[2]}}'))
    assert [rules.is_wanted(given, message("m", f'{{"a":{number}}}')) for number in (1, 2, 3)] == [True, True, False]
    assert rules.is_wanted(polling(), message("m"))


# The outcome


def done(answer: str, *, reports: bool = True, error: str = "") -> list[str]:
    given = polling(reports_failures=reports)
    return [one.id for one in rules.done_with(given, batch_of("a", "b", "c"), answered(answer, error))]


def test_esm_005_what_is_not_reported_is_done() -> None:
    assert done('{"batchItemFailures":[{"itemIdentifier":"b"}]}') == ["a", "c"]


@pytest.mark.parametrize(
    "answer", ["{}", "null", "", '{"batchItemFailures":[]}', '{"batchItemFailures":null}', '{"other":1}']
)
def test_esm_007_nothing_reported_is_success(answer: str) -> None:
    assert done(answer) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "answer",
    [
        '{"batchItemFailures":[{"itemIdentifier":""}]}',
        '{"batchItemFailures":[{"itemIdentifier":null}]}',
        '{"batchItemFailures":[{"itemIdentifier":"unknown"}]}',
        '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]}',
        '{"batchItemFailures":[{"itemIdentifier":7}]}',
        '{"batchItemFailures":[{"wrongKey":"a"}]}',
        '{"batchItemFailures":["a"]}',
        '{"batchItemFailures":"a"}',
        "(lambda: 1)",
        '"a string"',
        "[" * 100_000,
    ],
)
def test_esm_006_what_cannot_be_understood_fails_the_whole_batch(answer: str) -> None:
    assert done(answer) == []


def test_an_error_fails_the_whole_batch_whatever_it_says() -> None:
    assert done('{"batchItemFailures":[]}', error="Unhandled") == []


def test_a_function_that_does_not_report_is_done_with_all() -> None:
    assert done('{"batchItemFailures":[{"itemIdentifier":"b"}]}', reports=False) == ["a", "b", "c"]
