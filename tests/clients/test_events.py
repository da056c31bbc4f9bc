"""EventBridge as a client uses it: events by hand, from Lambda and from S3, on their way through rules to queues."""

from __future__ import annotations

import json
import re
from typing import Any

from .road import BAD, GOOD, make_function, make_queue, make_role
from .server import Server

TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ").fullmatch
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


def listen(server: Server, name: str, pattern: dict[str, Any], bus: str = "default", **target: Any) -> str:
    """A queue that a rule sends what matches; its URL."""
    url, arn = make_queue(server, name)
    events = server.client("events")
    rule = events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    server.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    put = events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "1", "Arn": arn, **target}])
    assert put["FailedEntryCount"] == 0
    return url


def test_an_event_reaches_the_queue_of_the_rule_that_matches_it(server: Server) -> None:
    matching = listen(server, "put-match", {"source": ["my.app"], "detail": {"n": [{"numeric": [">", 5]}]}})
    other = listen(server, "put-other", {"source": ["my.app"], "detail": {"n": [{"numeric": ["<", 5]}]}})
    entry = {"Source": "my.app", "DetailType": "Thing", "Detail": '{"n": 7.0, "s": "é"}', "Resources": ["r"]}
    put = server.client("events").put_events(Entries=[entry])
    assert put["FailedEntryCount"] == 0
    event_id = put["Entries"][0]["EventId"]

    (message,) = server.drain(matching, 1)
    head, _, rest = message["Body"].partition('"time":"')
    assert head == (
        f'{{"version":"0","id":"{event_id}","detail-type":"Thing","source":"my.app","account":"000000000000",'
    )
    assert TIME(rest[:20])
    assert rest[20:] == '","region":"us-east-1","resources":["r"],"detail":{"n":7.0,"s":"é"}}'
    assert server.drain(other, 1, 1) == []


def result_of(server: Server, name: str, source: str, key: str, bus: str) -> dict[str, Any]:
    """What a rule on this bus sends of the result of an asynchronous invocation."""
    events = server.client("events")
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    url = listen(server, name, {"source": ["lambda"]}, bus)
    role = make_role(server, name, "events:PutEvents", "logs:*")
    make_function(server, name, source, role)
    client = server.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={key: {"Destination": bus_arn}}
    )
    client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    (message,) = server.drain(url, 1)
    event: dict[str, Any] = json.loads(message["Body"])
    assert list(event) == [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ]
    assert UUID(event["id"])
    assert TIME(event["time"])
    assert event["source"] == "lambda"
    assert event["resources"] == [bus_arn, f"arn:aws:lambda:us-east-1:000000000000:function:{name}:$LATEST"]
    assert event["detail"]["requestPayload"] == {"a": 1}
    return event


def test_the_result_of_a_function_is_an_event(server: Server) -> None:
    event = result_of(server, "ok-events", GOOD, "OnSuccess", "ok-bus")
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert event["detail"]["requestContext"]["condition"] == "Success"
    assert event["detail"]["responsePayload"] == {"statusCode": 200}


def test_the_failure_of_a_function_is_an_event(server: Server) -> None:
    event = result_of(server, "bad-events", BAD, "OnFailure", "bad-bus")
    assert event["detail-type"] == "Lambda Function Invocation Result - Failure"
    assert event["detail"]["requestContext"]["condition"] == "RetriesExhausted"
    assert event["detail"]["responsePayload"]["errorMessage"] == "boom!"


def test_an_upload_is_an_event_when_the_bucket_notifies_eventbridge(server: Server) -> None:
    pattern = {
        "source": ["aws.s3"],
        "detail": {"bucket": {"name": ["bridged"]}, "object": {"key": [{"prefix": "in/"}]}},
    }
    url = listen(server, "s3-events", pattern)
    s3 = server.client("s3")
    s3.create_bucket(Bucket="bridged")
    s3.put_bucket_notification_configuration(
        Bucket="bridged", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket="bridged")
    s3.put_object(Bucket="bridged", Key="out/a", Body=b"data")
    request_id = s3.put_object(Bucket="bridged", Key="in/b c", Body=b"data")["ResponseMetadata"]["RequestId"]

    (message,) = server.drain(url, 1)
    event = json.loads(message["Body"])
    sequencer = event["detail"]["object"].pop("sequencer")
    assert re.fullmatch("[0-9A-F]+", sequencer)
    assert event["detail-type"] == "Object Created"
    assert event["source"] == "aws.s3"
    assert event["resources"] == ["arn:aws:s3:::bridged"]
    assert event["detail"] == {
        "version": "0",
        "bucket": {"name": "bridged"},
        "object": {"key": "in/b c", "size": 4, "etag": "8d777f385d3dfec8815d20f7496026dc"},
        "request-id": request_id,
        "requester": "000000000000",
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }
    assert server.drain(url, 1, 1) == []
