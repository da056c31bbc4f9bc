"""The AWS CLI, as a learner types it: the lesson from the first queue to the failure record, and what else one does."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path

import pytest

from .road import package
from .server import Server
from .terminal import Terminal

GOOD = """\
import json

def lambda_handler(event, context):
    print("received", event["Records"][0]["s3"]["object"]["key"] if "Records" in event else "nothing")
    return {"statusCode": 200, "body": json.dumps("Hello from Lambda!")}
"""
BAD = """\
def lambda_handler(event, context):
    raise Exception("boom!")
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture
def terminal(server: Server, tmp_path: Path) -> Terminal:
    return Terminal(server, tmp_path)


def queue(terminal: Terminal, name: str) -> tuple[str, str]:
    url = terminal.aws("sqs", "create-queue", "--queue-name", name)["QueueUrl"]
    got = terminal.aws("sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "QueueArn")
    return url, got["Attributes"]["QueueArn"]


def receive(terminal: Terminal, url: str) -> dict:
    asked = ("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "20")
    got = next(answer for answer in (terminal.aws(*asked) for _ in range(3)) if answer)
    return json.loads(got["Messages"][0]["Body"])


def function(terminal: Terminal, name: str, source: str, role: str) -> str:
    terminal.write("code.zip", package(source, "lambda_function.py"))
    created = terminal.aws(
        *("lambda", "create-function", "--function-name", name, "--runtime", "python3.12", "--role", role),
        *("--handler", "lambda_function.lambda_handler", "--zip-file", "fileb://code.zip"),
    )
    assert created["State"] == "Pending"
    terminal.aws("lambda", "wait", "function-active-v2", "--function-name", name)
    return created["FunctionArn"]


def role(terminal: Terminal, name: str) -> str:
    document = f"file://{terminal.write('trust.json', TRUST)}"
    return terminal.aws("iam", "create-role", "--role-name", name, "--assume-role-policy-document", document)["Role"][
        "Arn"
    ]


def test_the_lesson(terminal: Terminal) -> None:
    aws, write = terminal.aws, terminal.write
    success_url, success = queue(terminal, "S3-success")
    failure_url, failure = queue(terminal, "S3-failure")
    role_arn = role(terminal, "lesson")
    arn = function(terminal, "lesson", GOOD, role_arn)
    assert aws("s3", "mb", "s3://photos") == "make_bucket: photos\n"

    rules = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    trigger = (
        *("s3api", "put-bucket-notification-configuration", "--bucket", "photos"),
        *("--notification-configuration", f"file://{write('notification.json', rules)}"),
    )
    assert terminal.refused(*trigger) == (
        "An error occurred (InvalidArgument) when calling the PutBucketNotificationConfiguration operation: "
        "Unable to validate the following destination configurations"
    )
    aws(
        *("lambda", "add-permission", "--function-name", "lesson", "--statement-id", "s3"),
        *("--action", "lambda:InvokeFunction", "--principal", "s3.amazonaws.com"),
        *("--source-arn", "arn:aws:s3:::photos", "--source-account", "000000000000"),
    )
    aws(*trigger)

    ends = {"OnSuccess": {"Destination": success}, "OnFailure": {"Destination": failure}}
    destinations = (
        *("lambda", "put-function-event-invoke-config", "--function-name", "lesson"),
        *("--destination-config", json.dumps(ends)),
    )
    assert terminal.refused(*destinations) == (
        "An error occurred (InvalidParameterValueException) when calling the PutFunctionEventInvokeConfig operation: "
        "The function execution role does not have permissions to call SendMessage on SQS"
    )
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": [success, failure]}
    policy = write("policy.json", {"Version": "2012-10-17", "Statement": [statement]})
    aws(
        *("iam", "put-role-policy", "--role-name", "lesson", "--policy-name", "destinations"),
        *("--policy-document", f"file://{policy}"),
    )
    assert aws(*destinations)["DestinationConfig"] == ends

    write("beach.jpeg", b"\xff\xd8\xff a beach")
    write("index.html", "<h1>index</h1>")
    assert "upload: ./beach.jpeg to s3://photos/beach.jpeg" in aws("s3", "cp", "beach.jpeg", "s3://photos/")
    record = receive(terminal, success_url)
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["functionArn"] == f"{arn}:$LATEST"
    assert record["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "beach.jpeg"
    assert record["responsePayload"] == {"statusCode": 200, "body": '"Hello from Lambda!"'}

    write("code.zip", package(BAD, "lambda_function.py"))
    aws("lambda", "update-function-code", "--function-name", "lesson", "--zip-file", "fileb://code.zip")
    aws("lambda", "wait", "function-updated-v2", "--function-name", "lesson")
    aws("s3", "cp", "index.html", "s3://photos/")
    record = receive(terminal, failure_url)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "index.html"
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"] == {
        "errorMessage": "boom!",
        "errorType": "Exception",
        "requestId": record["requestContext"]["requestId"],
        "stackTrace": [
            '  File "/var/task/lambda_function.py", line 2, in lambda_handler\n    raise Exception("boom!")\n'
        ],
    }
    listed = aws("s3", "ls", "s3://photos")
    assert [line.split()[2:] for line in listed.splitlines()] == [["11", "beach.jpeg"], ["14", "index.html"]]


def test_logs_of_an_invocation(terminal: Terminal) -> None:
    role_arn = role(terminal, "logged")
    statement = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    terminal.aws("iam", "put-role-policy", "--role-name", "logged", "--policy-name", "p", "--policy-document", policy)
    function(terminal, "logged", GOOD, role_arn)
    told = terminal.aws(
        *("lambda", "invoke", "--function-name", "logged", "--payload", "{}", "--log-type", "Tail", "out.json")
    )
    assert {name: told[name] for name in ("StatusCode", "ExecutedVersion")} == {
        "StatusCode": 200,
        "ExecutedVersion": "$LATEST",
    }
    tail = base64.b64decode(told["LogResult"]).decode()
    assert re.search(rf"START RequestId: {UUID} Version: \$LATEST\nreceived nothing\nEND RequestId: {UUID}\n", tail)
    assert re.search(r"REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB", tail)
    assert json.loads((terminal.directory / "out.json").read_text())["statusCode"] == 200
    filtered = terminal.aws(
        *("logs", "filter-log-events", "--log-group-name", "/aws/lambda/logged", "--filter-pattern", "received"),
        *("--query", "events[].message"),
    )
    assert filtered == ["received nothing\n"]


def test_a_large_file_goes_up_in_parts_and_comes_down_whole(terminal: Terminal) -> None:
    data = os.urandom(20 * 1024 * 1024 + 1)
    terminal.write("large.bin", data)
    terminal.aws("s3", "mb", "s3://large")
    terminal.aws("s3", "cp", "large.bin", "s3://large/", "--no-progress")
    head = terminal.aws("s3api", "head-object", "--bucket", "large", "--key", "large.bin")
    assert head["ContentLength"] == len(data)
    assert re.fullmatch(r'"[0-9a-f]{32}-3"', head["ETag"])
    terminal.aws("s3", "cp", "s3://large/large.bin", "back.bin", "--no-progress")
    assert (terminal.directory / "back.bin").read_bytes() == data
    terminal.aws("s3", "rb", "s3://large", "--force")
    assert "large" not in (terminal.aws("s3", "ls") or "")


def test_who_am_i(terminal: Terminal) -> None:
    assert terminal.aws("sts", "get-caller-identity") == {
        "UserId": "000000000000",
        "Account": "000000000000",
        "Arn": "arn:aws:iam::000000000000:root",
    }


@pytest.mark.parametrize(
    "command, line",
    [
        (
            "sqs get-queue-url --queue-name nope",
            "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: "
            "The specified queue does not exist.",
        ),
        (
            "lambda invoke --function-name nope out.json",
            "An error occurred (ResourceNotFoundException) when calling the Invoke operation: Function not found: "
            "arn:aws:lambda:us-east-1:000000000000:function:nope:$LATEST",
        ),
        (
            "s3 ls s3://no-such-bucket-here",
            "An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: "
            "The specified bucket does not exist",
        ),
        (
            "iam get-role --role-name nope",
            "An error occurred (NoSuchEntity) when calling the GetRole operation: "
            "The role with name nope cannot be found.",
        ),
        (
            "lambda list-code-signing-configs",
            "An error occurred (NotImplemented) when calling the ListCodeSigningConfigs operation: "
            "lambda:ListCodeSigningConfigs is not served by this version of Outfall.",
        ),
        (
            "s3api get-object --bucket no-such-bucket-here --key k out",
            "An error occurred (NoSuchBucket) when calling the GetObject operation: "
            "The specified bucket does not exist",
        ),
    ],
)
def test_errors_read_as_on_aws(terminal: Terminal, command: str, line: str) -> None:
    assert line in terminal.refused(*command.split(), AWS_MAX_ATTEMPTS="1")


@pytest.mark.parametrize(
    "variable, value, command, line",
    [
        (
            "AWS_SECRET_ACCESS_KEY",
            "wrong",
            "sts get-caller-identity",
            "An error occurred (SignatureDoesNotMatch) when calling the GetCallerIdentity operation: The request "
            "signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and "
            "signing method. Consult the service documentation for details.",
        ),
        (
            "AWS_ACCESS_KEY_ID",
            "AKIAIOSFODNN7EXAMPLE",
            "s3api list-buckets",
            "An error occurred (InvalidAccessKeyId) when calling the ListBuckets operation: "
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
    ],
)
def test_bad_keys_are_refused_as_on_aws(terminal: Terminal, variable: str, value: str, command: str, line: str) -> None:
    assert line in terminal.refused(*command.split(), **{variable: value})
