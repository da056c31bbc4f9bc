"""Constraints of the models, in the sentences that were recorded of AWS; keyed by the cases' ids."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.errors import AwsError
from outfall.wire.constraints import validate
from outfall.wire.identify import Protocol, Route
from outfall.wire.models import Models

PROTOCOLS: dict[str, Protocol] = {"lambda": "rest-json", "iam": "query", "sts": "query", "logs": "json", "sqs": "json"}
CODES = {"lambda": "ValidationException", "sts": "ValidationError", "logs": "InvalidParameterException"}
ROLE = "arn:aws:iam::000000000000:role/r"
FUNCTION = {"FunctionName": "f"}
GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    "AddPermission": ("lambda", FUNCTION | {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "p"}),
    "AssumeRole": ("sts", {"RoleArn": ROLE, "RoleSessionName": "s1"}),
    "CreateAlias": ("lambda", FUNCTION | {"Name": "a", "FunctionVersion": "1"}),
    "CreateFunction": ("lambda", FUNCTION | {"Role": ROLE, "Code": {}}),
    "GetLogEvents": ("logs", {"logStreamName": "s"}),
    "ListFunctions": ("lambda", {}),
    "PutFunctionEventInvokeConfig": ("lambda", FUNCTION),
    "UntagResource": ("lambda", {"Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "TagKeys": ["k"]}),
    "UpdateFunctionConfiguration": ("lambda", FUNCTION),
}
"""The service of each operation, and a request that it takes."""

INNER = "must satisfy constraint"
PATTERN = "Member must satisfy regular expression pattern: "
LENGTH = "Member must have length less than or equal to 1024, Member must have length greater than or equal to "
WEIGHT = "Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0"
DESTINATION = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
ROLE_ARN = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
ON_FAILURE, SUBNETS = "destinationConfig.onFailure.destination", "vpcConfig.subnetIds"
WEIGHTS = "routingConfig.additionalVersionWeights"


def most(limit: int) -> tuple[int, str]:
    """One more than the limit, and what is said of it."""
    return limit + 1, f"Member must have value less than or equal to {limit}"


def least(limit: int) -> tuple[int, str]:
    return limit - 1, f"Member must have value greater than or equal to {limit}"


CASES: list[tuple[str, str, str, tuple[Any, str]]] = [
    ("limit of timeouts", "UpdateFunctionConfiguration", "timeout", most(900)),
    ("limit of memory", "UpdateFunctionConfiguration", "memorySize", most(10_240)),
    ("limit of /tmp", "UpdateFunctionConfiguration", "ephemeralStorage.size", most(10_240)),
    ("dest-050", "PutFunctionEventInvokeConfig", "maximumRetryAttempts", most(2)),
    ("dest-051", "PutFunctionEventInvokeConfig", "maximumEventAgeInSeconds", least(60)),
    ("dest-052", "PutFunctionEventInvokeConfig", "maximumEventAgeInSeconds", most(21_600)),
    ("rec-393", "GetLogEvents", "limit", most(10_000)),
    ("rec-030", "PutFunctionEventInvokeConfig", ON_FAILURE, ("arn:aws:_-/!lambda:x", PATTERN + DESTINATION)),
    ("lambda-002", "CreateFunction", "role", ("r1", PATTERN + ROLE_ARN)),
    ("rec-070", "AddPermission", "statementId", ("example.com", f"{PATTERN}([a-zA-Z0-9-_]+)")),
    ("iam-007", "AssumeRole", "roleSessionName", ("Session1:2", rf"{PATTERN}[\w+=,.@-]*")),
    ("rec-086", "ListFunctions", "functionVersion", ("invalid", "Member must satisfy enum value set: [ALL]")),
    ("rec-051", "UntagResource", "tagKeys", (None, "Member must not be null")),
    ("rec-016", "CreateAlias", WEIGHTS, ({"2": 2.0}, f"Map value {INNER}: [{WEIGHT}, Member must not be null]")),
    ("rec-021", "CreateAlias", WEIGHTS, ({"$LATEST": 0.5}, f"Map keys {INNER}: [{LENGTH}1, {PATTERN}[0-9]+]")),
    ("rec-145", "CreateFunction", SUBNETS, (["bad"], f"Member {INNER}: [{LENGTH}0, {PATTERN}subnet-[0-9a-z]*]")),
]
"""Id, operation, member as errors name it, a value that breaks its constraint, and the constraint in AWS's words."""


def broken(models: Models, service: str, operation: str, params: dict[str, Any]) -> AwsError | None:
    try:
        validate(models, Route(service, PROTOCOLS[service], operation), params)
    except AwsError as error:
        return error
    return None


def nested(service: str, member: str, value: Any) -> dict[str, Any]:
    """A value at the path that errors name, as the request has it."""
    first, _, rest = member.partition(".")
    name = first if service == "logs" else first[0].upper() + first[1:]
    return {name: nested(service, rest, value) if rest else value}


def shown(value: Any) -> str:
    """A value as errors print it."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        value = "{" + ", ".join(f"{key}={one}" for key, one in value.items()) + "}"
    return f"'[{', '.join(value)}]'" if isinstance(value, list) else f"'{value}'"


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_sentence_is_as_recorded(models: Models, case: tuple[str, str, str, tuple[Any, str]]) -> None:
    _, operation, member, (value, constraint) = case
    service, good = GOOD[operation]
    assert broken(models, service, operation, good) is None
    given = good | nested(service, member, value)
    error = broken(models, service, operation, {name: one for name, one in given.items() if one is not None})
    assert error is not None
    sentence = f"Value {shown(value)} at '{member}' failed to satisfy constraint: {constraint}"
    assert (error.code, error.message) == (CODES[service], f"1 validation error detected: {sentence}")
    assert error.status == 400


def test_several_are_told_together(models: Models) -> None:
    error = broken(models, "lambda", "PutFunctionEventInvokeConfig", {"FunctionName": "?", "MaximumRetryAttempts": 9})
    assert error is not None
    assert error.message.startswith("2 validation errors detected: Value '?' at 'functionName' failed")
    assert "; Value '9' at 'maximumRetryAttempts'" in error.message


@pytest.mark.parametrize(
    "service, operation, params",
    [
        ("lambda", "CreateFunction", {"FunctionName": "f", "Role": ROLE, "Code": {}, "Runtime": "none"}),
        ("lambda", "PutFunctionEventInvokeConfig", {"FunctionName": "f", "DestinationConfig": {"OnFailure": {}}}),
        ("lambda", "PutFunctionEventInvokeConfig", {"FunctionName": "f", "MaximumRetryAttempts": 2}),
        ("sqs", "SendMessage", {}),
        ("sqs", "ReceiveMessage", {"QueueUrl": "q", "MaxNumberOfMessages": 11}),
    ],
)
def test_what_services_check_themselves_is_left_to_them(
    models: Models, service: str, operation: str, params: dict[str, Any]
) -> None:
    assert broken(models, service, operation, params) is None
