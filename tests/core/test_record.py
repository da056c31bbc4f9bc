"""Invocation records and dead letters, to the byte."""

from __future__ import annotations

import hashlib
import json

import pytest
from msgspec.structs import replace

from outfall.core.invocation import AsyncEvent, Response
from outfall.core.record import dead_letter, invocation_record, timestamp

FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:fn"
EVENT = AsyncEvent("R", FUNCTION, b"{}", 0)
AT = 1_764_022_268_123  # 2025-11-24T22:11:08.123Z
ERROR = b'{"errorMessage": "boom!", "errorType": "Exception", "requestId": "R", "stackTrace": ["  File"]}'


def test_a_timestamp_has_three_digits():
    assert timestamp(AT) == "2025-11-24T22:11:08.123Z"
    assert timestamp(AT - 122).endswith("08.001Z")


def test_the_record_of_a_success():  # dest-001
    event = replace(EVENT, attempts=1, last=Response(200, "$LATEST", "", b'{"hello":"world"}'))
    assert invocation_record(event, "Success", AT).decode() == (
        '{"version":"1.0","timestamp":"2025-11-24T22:11:08.123Z","requestContext":{"requestId":"R",'
        '"functionArn":"arn:aws:lambda:us-east-1:111111111111:function:fn:$LATEST","condition":"Success",'
        '"approximateInvokeCount":1},"requestPayload":{},"responseContext":{"statusCode":200,'
        '"executedVersion":"$LATEST"},"responsePayload":{"hello":"world"}}'
    )


def test_the_record_of_a_failure():
    event = replace(EVENT, payload=b'{"raise_error": 1}', attempts=3, last=Response(200, "$LATEST", "Unhandled", ERROR))
    assert invocation_record(event, "RetriesExhausted", AT).decode() == (
        '{"version":"1.0","timestamp":"2025-11-24T22:11:08.123Z","requestContext":{"requestId":"R",'
        '"functionArn":"arn:aws:lambda:us-east-1:111111111111:function:fn:$LATEST","condition":"RetriesExhausted",'
        '"approximateInvokeCount":3},"requestPayload":{"raise_error":1},"responseContext":{"statusCode":200,'
        '"executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorMessage":"boom!",'
        '"errorType":"Exception","requestId":"R","stackTrace":["  File"]}}'
    )


def test_zero_concurrency_leaves_out_what_was_never_answered():  # async-012
    record = json.loads(invocation_record(EVENT, "ZeroReservedConcurrency", AT))
    assert list(record) == ["version", "timestamp", "requestContext", "requestPayload"]


@pytest.mark.parametrize("status", [400, 404, 429])
def test_what_never_ran_has_a_status_and_nothing_else(status):  # async-014, async-016
    record = json.loads(invocation_record(replace(EVENT, last=Response(status)), "EventAgeExceeded", AT))
    assert record["responseContext"] == {"statusCode": status}
    assert "responsePayload" not in record


@pytest.mark.parametrize("qualifier", ["alias", "1"])
def test_the_arn_is_qualified_with_what_was_invoked(qualifier):  # async-035, async-036
    record = json.loads(invocation_record(replace(EVENT, function=f"{FUNCTION}:{qualifier}"), "Success", AT))
    assert record["requestContext"]["functionArn"] == f"{FUNCTION}:{qualifier}"


def test_numbers_of_the_payload_keep_their_size():
    event = replace(EVENT, payload=b'{"n":123456789012345678901234567890}')
    assert b'"requestPayload":{"n":123456789012345678901234567890}' in invocation_record(event, "Success", AT)


@pytest.mark.parametrize(
    "payload, told",
    [
        (b'{"a" : 1.10,\n "b": "x  y\\" z"}', b'{"a":1.10,"b":"x  y\\" z"}'),
        (b"[" + b"9" * 6000 + b"]", b"[" + b"9" * 6000 + b"]"),
        (b"[" * 3000 + b"]" * 3000, b"[" * 3000 + b"]" * 3000),
        (b"not json", b'"not json"'),
    ],
)
def test_a_payload_keeps_what_was_written_but_the_space_between(payload, told):
    record = invocation_record(replace(EVENT, payload=payload), "Success", AT)
    assert record.endswith(b'"requestPayload":' + told + b"}")


def test_a_dead_letter_is_the_event_to_the_byte_with_three_attributes():  # dlq-001
    event = replace(EVENT, payload=b'{"raise_error": 1}', attempts=1, last=Response(200, "1", "Unhandled", ERROR))
    body, attributes = dead_letter(event, "RetriesExhausted")
    assert hashlib.md5(body).hexdigest() == "ba08269cbd0ce515889bfba6593731e1"
    told = {name: (attribute.type, attribute.value) for name, attribute in attributes.items()}
    assert told == {"RequestID": ("String", "R"), "ErrorCode": ("Number", "200"), "ErrorMessage": ("String", "boom!")}


@pytest.mark.parametrize(
    "case, condition, last, code, message",
    [
        ("dlq-002", "RetriesExhausted", Response(404), "404", f"Function not found: {FUNCTION}:$LATEST"),
        ("loop", "RecursiveInvocation", Response(400), "400", "Detected recursive invocation."),
        ("dlq-003", "EventAgeExceeded", Response(429), "429", "Rate Exceeded."),
        (
            "dlq-004",
            "ZeroReservedConcurrency",
            None,
            None,
            "Function not invoked. Function isconfigured with zero reserved concurrent executions",
        ),
    ],
)
def test_a_dead_letter_of_what_never_ran(case, condition, last, code, message):
    _, attributes = dead_letter(replace(EVENT, last=last), condition)
    assert attributes["ErrorMessage"].value == message, case
    assert (attributes["ErrorCode"].value if "ErrorCode" in attributes else None) == code, case


def test_a_long_message_is_cut_at_a_kibibyte_and_a_cut_character_replaced():  # dlq-005
    error = json.dumps({"errorMessage": "é" * 1500}, ensure_ascii=False).encode()
    _, attributes = dead_letter(replace(EVENT, last=Response(200, "1", "Unhandled", error)), "RetriesExhausted")
    assert attributes["ErrorMessage"].value == "é" * 512
    error = json.dumps({"errorMessage": "x" + "é" * 1500}, ensure_ascii=False).encode()
    _, attributes = dead_letter(replace(EVENT, last=Response(200, "1", "Unhandled", error)), "RetriesExhausted")
    assert attributes["ErrorMessage"].value == "x" + "é" * 511 + "\ufffd"
