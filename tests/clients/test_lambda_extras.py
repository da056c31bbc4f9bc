"""What is around a function, through the real server with boto3: loops, layers, provisioned concurrency, URLs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from outfall.core.lineage import digest_of

from .road import make_function, make_queue, make_role
from .server import Server

ITSELF = """
import boto3, json, os

def handler(event, context):
    n = event["n"]
    if n + 1 < event["runs"]:
        boto3.client("lambda").invoke(
            FunctionName=context.function_name, InvocationType=event["via"], Payload=json.dumps({**event, "n": n + 1})
        )
    return n
"""

COPIER = """
import boto3

def handler(event, context):
    record = event["Records"][0]["s3"]
    number = int(record["object"]["key"]) + 1
    boto3.client("s3").put_object(Bucket=record["bucket"]["name"], Key=str(number), Body=b"x")
"""


def looping(server: Server, name: str, source: str, **settings: Any) -> tuple[str, str, str]:
    """The function's ARN, and the URLs of the queues of its successes and failures."""
    success_url, success_arn = make_queue(server, f"{name}-success")
    failure_url, failure_arn = make_queue(server, f"{name}-failure")
    role = make_role(server, name, "sqs:SendMessage", "lambda:InvokeFunction", "s3:PutObject")
    function = make_function(server, name, source, role, Timeout=30, **settings)
    ends = {"OnSuccess": {"Destination": success_arn}, "OnFailure": {"Destination": failure_arn}}
    server.client("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=ends)
    return function, success_url, failure_url


def start(server: Server, name: str, runs: int, via: str = "Event") -> None:
    event = json.dumps({"n": 0, "runs": runs, "via": via})
    server.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=event)


def test_async_027_a_function_that_invokes_itself_is_stopped_after_16_runs(server: Server) -> None:
    _, success_url, failure_url = looping(server, "loop", ITSELF)
    start(server, "loop", 40)
    (stopped,) = server.drain(failure_url, 1, 60)
    record = json.loads(stopped["Body"])
    assert record["requestContext"]["condition"] == "RecursiveInvocation"
    assert record["responseContext"] == {"statusCode": 400}
    assert "responsePayload" not in record
    assert record["requestPayload"]["n"] == 16
    runs = [json.loads(message["Body"])["responsePayload"] for message in server.drain(success_url, 16, 10)]
    assert sorted(runs) == list(range(16))


def test_async_028_a_function_may_allow_its_loop(server: Server) -> None:
    _, success_url, failure_url = looping(server, "allowed", ITSELF)
    server.client("lambda").put_function_recursion_config(FunctionName="allowed", RecursiveLoop="Allow")
    start(server, "allowed", 18)
    runs = [json.loads(message["Body"])["responsePayload"] for message in server.drain(success_url, 18, 60)]
    assert sorted(runs) == list(range(18))
    assert server.drain(failure_url, 1, 0.1) == []


def test_a_loop_through_a_bucket_is_stopped_too(server: Server) -> None:
    function, _, failure_url = looping(server, "copier", COPIER)
    server.client("lambda").add_permission(
        FunctionName="copier", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    s3 = server.client("s3")
    s3.create_bucket(Bucket="copies")
    rule = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="copies", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    s3.put_object(Bucket="copies", Key="0", Body=b"x")
    (stopped,) = server.drain(failure_url, 1, 60)
    record = json.loads(stopped["Body"])
    assert record["requestContext"]["condition"] == "RecursiveInvocation"
    assert record["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "16"


def test_a_synchronous_invocation_of_a_loop_is_an_error_of_the_caller(server: Server) -> None:
    looping(server, "sync", "def handler(event, context):\n    return 1\n")
    client = server.client("lambda")
    arn = client.get_function(FunctionName="sync")["Configuration"]["FunctionArn"]
    trace = {"header": f"Lineage=1:{digest_of(arn)}:15"}
    client.meta.events.register(
        "before-sign.lambda.Invoke", lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", trace["header"])
    )
    with pytest.raises(ClientError) as caught:
        client.invoke(FunctionName="sync")
    assert caught.value.response["Error"] == {
        "Code": "RecursiveInvocationException",
        "Message": "Detected recursive invocation.",
    }
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    trace["header"] = f"Lineage=1:{digest_of(arn)}:14"
    assert client.invoke(FunctionName="sync")["Payload"].read() == b"1"
