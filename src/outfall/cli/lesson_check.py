"""What AWS has in an invocation record, checked without any of the code that writes one."""

from __future__ import annotations

import json
import re
from typing import Any

KEYS = ["version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"]
CONTEXT_KEYS = ["requestId", "functionArn", "condition", "approximateInvokeCount"]
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def differences(body: str, function_arn: str, condition: str, count: int, key: str) -> list[str]:
    """Every point in which a record is not as AWS would have written it."""
    record = json.loads(body)
    context, response = record.get("requestContext", {}), record.get("responseContext", {})
    expected: list[tuple[str, Any, Any]] = [
        ("keys", list(record), KEYS),
        ("version", record.get("version"), "1.0"),
        ("timestamp", bool(TIMESTAMP.fullmatch(record.get("timestamp", ""))), True),
        ("requestContext keys", list(context), CONTEXT_KEYS),
        ("functionArn", context.get("functionArn"), f"{function_arn}:$LATEST"),
        ("condition", context.get("condition"), condition),
        ("approximateInvokeCount", context.get("approximateInvokeCount"), count),
        ("statusCode", response.get("statusCode"), 200),
        ("executedVersion", response.get("executedVersion"), "$LATEST"),
        ("functionError", response.get("functionError"), None if condition == "Success" else "Unhandled"),
    ]
    expected += _s3_event(record.get("requestPayload", {}), key)
    if condition != "Success":
        expected += _error(record.get("responsePayload", {}), context.get("requestId"))
    return [f"{what}: {got!r} instead of {wanted!r}" for what, got, wanted in expected if got != wanted]


def _s3_event(payload: dict[str, Any], key: str) -> list[tuple[str, Any, Any]]:
    told = (payload.get("Records") or [{}])[0]
    return [
        ("event source", told.get("eventSource"), "aws:s3"),
        ("event name", told.get("eventName"), "ObjectCreated:Put"),
        ("object key", told.get("s3", {}).get("object", {}).get("key"), key),
    ]


def _error(payload: dict[str, Any], request_id: str) -> list[tuple[str, Any, Any]]:
    return [
        ("error keys", list(payload), ["errorMessage", "errorType", "requestId", "stackTrace"]),
        ("errorMessage", payload.get("errorMessage"), "boom!"),
        ("errorType", payload.get("errorType"), "Exception"),
        ("error requestId", payload.get("requestId"), request_id),
        ("stack trace", "lambda_function.py" in "".join(payload.get("stackTrace", [])), True),
    ]
