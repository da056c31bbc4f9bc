"""CloudWatch Logs as boto3 sees it: live tails and functions that get what others print."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from outfall.cli.client import wait_until

from .road import make_function, make_role
from .server import SOON_S, Server

# The SDK puts `stream-` before the host of a live tail, which no name here leads to: hence `inject_host_prefix`.


def messages(stream: Iterator[dict]) -> Iterator[str]:  # type: ignore[type-arg]
    for event in stream:
        yield from (one["message"] for one in event.get("sessionUpdate", {}).get("sessionResults", ()))


def test_a_live_tail_shows_what_is_written(server: Server) -> None:
    logs = server.client("logs", inject_host_prefix=False)
    logs.create_log_group(logGroupName="live")
    logs.create_log_stream(logGroupName="live", logStreamName="s")
    arn = logs.describe_log_groups(logGroupNamePrefix="live")["logGroups"][0]["logGroupArn"]
    stream = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="?ERROR ?WARN")["responseStream"]
    with contextlib.closing(stream):
        events = iter(stream)
        assert next(events)["sessionStart"]["logGroupIdentifiers"] == [arn]
        for text in ("INFO", "ERROR one", "WARN two"):
            event = {"timestamp": int(time.time() * 1000), "message": text}
            logs.put_log_events(logGroupName="live", logStreamName="s", logEvents=[event])
        seen = messages(events)
        assert [next(seen), next(seen)] == ["ERROR one", "WARN two"]


def test_a_group_that_is_not_there_is_refused_before_the_stream(server: Server) -> None:
    logs = server.client("logs", inject_host_prefix=False)
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:none"
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.start_live_tail(logGroupIdentifiers=[arn])


def test_a_live_tail_takes_permission_for_each_of_its_groups(server: Server) -> None:
    iam, logs = server.client("iam"), server.client("logs")
    arns = []
    for name in ("tail-own", "tail-other"):
        logs.create_log_group(logGroupName=name)
        arns.append(logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]["logGroupArn"])
    iam.create_user(UserName="tailing")
    allow = {"Effect": "Allow", "Action": "logs:StartLiveTail", "Resource": arns[0]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="tailing", PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName="tailing")["AccessKey"]
    mine = server.client("logs", key["AccessKeyId"], key["SecretAccessKey"], inject_host_prefix=False)
    with contextlib.closing(mine.start_live_tail(logGroupIdentifiers=arns[:1])["responseStream"]) as stream:
        assert "sessionStart" in next(iter(stream))
    with pytest.raises(mine.exceptions.ClientError, match="tail-other"):
        mine.start_live_tail(logGroupIdentifiers=arns)


UNPACK = """
import base64, gzip, json

def handler(event, context):
    record = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    print("got", record["logGroup"], [one["message"] for one in record["logEvents"]])
"""


def test_a_function_gets_what_is_written_to_a_group(server: Server) -> None:
    logs, functions = server.client("logs"), server.client("lambda")
    role = make_role(server, "log-reader", "logs:*")
    arn = make_function(server, "log-reader", UNPACK, role)
    logs.create_log_group(logGroupName="shop")
    logs.create_log_stream(logGroupName="shop", logStreamName="s")
    asked = {"logGroupName": "shop", "filterName": "errors", "filterPattern": "ERROR", "destinationArn": arn}
    with pytest.raises(logs.exceptions.InvalidParameterException, match="given CloudWatch Logs permission"):
        logs.put_subscription_filter(**asked)
    source = "arn:aws:logs:us-east-1:000000000000:log-group:shop:*"
    functions.add_permission(
        FunctionName="log-reader",
        StatementId="logs",
        Action="lambda:InvokeFunction",
        Principal="logs.amazonaws.com",
        SourceArn=source,
    )
    logs.put_subscription_filter(**asked)
    events = [{"timestamp": int(time.time() * 1000), "message": text} for text in ("fine", "ERROR 1")]
    logs.put_log_events(logGroupName="shop", logStreamName="s", logEvents=events)

    def printed() -> bool:
        told = logs.filter_log_events(logGroupName="/aws/lambda/log-reader", filterPattern="got")["events"]
        return [one["message"].strip() for one in told] == ["got shop ['ERROR 1']"]

    assert wait_until(lambda: _there(logs) and printed(), SOON_S)


def _there(logs: Any) -> bool:
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/log-reader")["logGroups"]
    return bool(groups)
