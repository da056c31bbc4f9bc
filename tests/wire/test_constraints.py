"""Constraints of the models, in the sentences that were recorded of AWS; keyed by the cases' ids."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.errors import AwsError
from outfall.wire.constraints import validate
from outfall.wire.identify import Protocol, Route
from outfall.wire.models import Models

PROTOCOLS: dict[str, Protocol] = {"lambda": "rest-json", "iam": "query", "sts": "query", "logs": "json", "sqs": "json"}
ROLE = "arn:aws:iam::000000000000:role/r"
ONE = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: "
RANGE = ONE + "Member must have value {} than or equal to {}"
PATTERN = ONE + "Member must satisfy regular expression pattern: {}"
ENUM = ONE + "Member must satisfy enum value set: [{}]"
DESTINATION = (
    r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)


def broken(models: Models, service: str, operation: str, params: dict[str, Any]) -> AwsError | None:
    try:
        validate(models, Route(service, PROTOCOLS[service], operation), params)
    except AwsError as error:
        return error
    return None


CASES = [
    (
        "limit of timeouts",
        "lambda",
        "UpdateFunctionConfiguration",
        {"FunctionName": "f", "Timeout": 901},
        "ValidationException",
        RANGE.format(901, "timeout", "less", 900),
    ),
    (
        "limit of memory",
        "lambda",
        "UpdateFunctionConfiguration",
        {"FunctionName": "f", "MemorySize": 10_241},
        "ValidationException",
        RANGE.format(10_241, "memorySize", "less", 10_240),
    ),
    (
        "limit of /tmp",
        "lambda",
        "UpdateFunctionConfiguration",
        {"FunctionName": "f", "EphemeralStorage": {"Size": 10_241}},
        "ValidationException",
        RANGE.format(10_241, "ephemeralStorage.size", "less", 10_240),
    ),
    (
        "dest-050",
        "lambda",
        "PutFunctionEventInvokeConfig",
        {"FunctionName": "f", "MaximumRetryAttempts": 3},
        "ValidationException",
        RANGE.format(3, "maximumRetryAttempts", "less", 2),
    ),
    (
        "dest-051",
        "lambda",
        "PutFunctionEventInvokeConfig",
        {"FunctionName": "f", "MaximumEventAgeInSeconds": 59},
        "ValidationException",
        RANGE.format(59, "maximumEventAgeInSeconds", "greater", 60),
    ),
    (
        "dest-052",
        "lambda",
        "PutFunctionEventInvokeConfig",
        {"FunctionName": "f", "MaximumEventAgeInSeconds": 21601},
        "ValidationException",
        RANGE.format(21601, "maximumEventAgeInSeconds", "less", 21600),
    ),
    (
        "rec-030",
        "lambda",
        "PutFunctionEventInvokeConfig",
        {"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:_-/!lambda:x"}}},
        "ValidationException",
        PATTERN.format("arn:aws:_-/!lambda:x", "destinationConfig.onFailure.destination", DESTINATION),
    ),
    (
        "lambda-002",
        "lambda",
        "CreateFunction",
        {"FunctionName": "f", "Role": "r1", "Code": {}},
        "ValidationException",
        PATTERN.format("r1", "role", r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"),
    ),
    (
        "rec-070",
        "lambda",
        "AddPermission",
        {"FunctionName": "f", "StatementId": "example.com", "Action": "lambda:InvokeFunction", "Principal": "p"},
        "ValidationException",
        PATTERN.format("example.com", "statementId", "([a-zA-Z0-9-_]+)"),
    ),
    (
        "rec-051",
        "lambda",
        "UntagResource",
        {"Resource": "arn:aws:lambda:us-east-1:000000000000:function:f"},
        "ValidationException",
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    ),
    (
        "rec-016",
        "lambda",
        "CreateAlias",
        {
            "FunctionName": "f",
            "Name": "a",
            "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"2": 2.0}},
        },
        "ValidationException",
        "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy "
        "constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
        "Member must have value greater than or equal to 0.0, Member must not be null]",
    ),
    (
        "rec-021",
        "lambda",
        "CreateAlias",
        {
            "FunctionName": "f",
            "Name": "a",
            "FunctionVersion": "1",
            "RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}},
        },
        "ValidationException",
        "1 validation error detected: Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to "
        "satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, "
        "Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]",
    ),
    (
        "rec-145",
        "lambda",
        "CreateFunction",
        {"FunctionName": "f", "Role": ROLE, "Code": {}, "VpcConfig": {"SubnetIds": ["bad"]}},
        "ValidationException",
        "1 validation error detected: Value '[bad]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must "
        "satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than "
        "or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]",
    ),
    (
        "rec-086",
        "lambda",
        "ListFunctions",
        {"FunctionVersion": "invalid"},
        "ValidationException",
        ENUM.format("invalid", "functionVersion", "ALL"),
    ),
    (
        "iam-007",
        "sts",
        "AssumeRole",
        {"RoleArn": ROLE, "RoleSessionName": "Session1:2"},
        "ValidationError",
        PATTERN.format("Session1:2", "roleSessionName", r"[\w+=,.@-]*"),
    ),
    (
        "rec-393",
        "logs",
        "GetLogEvents",
        {"logStreamName": "s", "limit": 10001},
        "InvalidParameterException",
        RANGE.format(10001, "limit", "less", 10000),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_the_sentence_is_as_recorded(models: Models, case: tuple[str, str, str, dict[str, Any], str, str]) -> None:
    _, service, operation, params, code, message = case
    error = broken(models, service, operation, params)
    assert error is not None
    assert (error.code, error.message, error.status) == (code, message, 400)


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
