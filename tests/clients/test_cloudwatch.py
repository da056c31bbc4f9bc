"""CloudWatch with real clients: what the road counts, what users put, an alarm that reaches a queue through a topic."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from outfall.cli.client import ask, wait_until

from .road import BAD, make_function, make_queue, make_role
from .server import SOON_S, Server, plain_environment


def total(server: Server, namespace: str, name: str, statistic: str = "Sum", **dimensions: str) -> float | None:
    """A statistic over the last hour; None where there is no datapoint."""
    now = datetime.now(UTC)
    found = server.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600 * 2,
        Statistics=[statistic],
    )["Datapoints"]
    return float(found[0][statistic]) if found else None


@pytest.fixture(scope="module")
def failed(server: Server) -> str:
    """A function whose one event failed three times, with a destination that takes the record."""
    role = make_role(server, "metered-role", "sqs:SendMessage", "logs:*")
    url, arn = make_queue(server, "metered-failures")
    make_function(server, "metered", BAD, role)
    client = server.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName="metered", DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    client.invoke(FunctionName="metered", InvocationType="Event", Payload=b"{}")
    assert wait_until(
        lambda: total(server, "AWS/SQS", "NumberOfMessagesSent", QueueName="metered-failures") == 1, SOON_S
    )
    return url


def test_async_031_the_metrics_of_three_failures(server: Server, failed: str) -> None:
    wanted = {"AsyncEventsReceived": 1, "AsyncEventsDropped": 1, "Invocations": 3, "Errors": 3}
    for dimensions in ({}, {"FunctionName": "metered"}, {"FunctionName": "metered", "Resource": "metered"}):
        found = {name: total(server, "AWS/Lambda", name, **dimensions) for name in wanted}
        assert found == wanted, dimensions
    assert total(server, "AWS/Lambda", "AsyncEventAge", "SampleCount", FunctionName="metered") == 3
    assert total(server, "AWS/Lambda", "AsyncEventAge", "Maximum", FunctionName="metered") >= 180_000  # type: ignore[operator]
    assert total(server, "AWS/Lambda", "Duration", FunctionName="metered") > 0  # type: ignore[operator]
    assert total(server, "AWS/Lambda", "ConcurrentExecutions", "Maximum", FunctionName="metered") == 1


def test_a_synchronous_invocation_is_counted_and_one_that_is_throttled(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    client = server.client("lambda", retries={"total_max_attempts": 1})
    make_function(server, "counted", BAD, make_role(server, "counted-role"))
    client.invoke(FunctionName="counted")
    client.put_function_concurrency(FunctionName="counted", ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName="counted")
    counts = {"Invocations": 1, "Errors": 1, "Throttles": 1, "AsyncEventsReceived": None}
    assert {name: total(server, "AWS/Lambda", name, FunctionName="counted") for name in counts} == counts


def test_the_depth_of_a_queue_is_there_at_once(server: Server, failed: str) -> None:
    named = {"QueueName": "metered-failures"}
    assert total(server, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", **named) == 1
    assert total(server, "AWS/SQS", "SentMessageSize", "Maximum", **named) > 100  # type: ignore[operator]


def test_the_aws_cli_puts_and_lists(server: Server) -> None:
    environment = plain_environment() | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    def aws(*arguments: str) -> Any:
        command = ["aws", "--endpoint-url", server.endpoint, "cloudwatch", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        return json.loads(done.stdout) if done.stdout.strip() else None

    aws("put-metric-data", "--namespace", "Cli", "--metric-name", "m", "--value", "2", "--dimensions", "a=b")
    listed = aws("list-metrics", "--namespace", "Cli")
    assert listed["Metrics"] == [{"Namespace": "Cli", "MetricName": "m", "Dimensions": [{"Name": "a", "Value": "b"}]}]
    assert total(server, "Cli", "m", a="b") == 2


def test_a_large_request_is_compressed_by_its_client(server: Server) -> None:
    data = [{"MetricName": f"m{number}", "Value": 1.0, "Unit": "Count"} for number in range(600)]
    client = server.client("cloudwatch")
    client.put_metric_data(Namespace="Large", MetricData=data)
    pages = client.get_paginator("list_metrics").paginate(Namespace="Large")
    assert len(list(pages.search("Metrics"))) == 600


def test_errors_come_with_the_names_that_clients_know(server: Server) -> None:
    client = server.client("cloudwatch")
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        client.put_metric_data(Namespace="AWS/Mine", MetricData=[{"MetricName": "m", "Value": 1.0}])
    with pytest.raises(client.exceptions.ResourceNotFound):
        client.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="r")
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.put_dashboard(DashboardName="d", DashboardBody="{}")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_the_alarm_on_a_failure_queue_tells_a_topic(new_server: Callable[..., Server]) -> None:
    server = new_server("--clock", "manual", "--time-scale", "0").start()
    url, _ = make_queue(server, "failures")
    inbox, inbox_arn = make_queue(server, "inbox")
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": inbox_arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": allow})
    server.client("sqs").set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": policy})
    sns, cloudwatch = server.client("sns"), server.client("cloudwatch")
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox_arn)
    cloudwatch.put_metric_alarm(
        AlarmName="failures",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "failures"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[topic],
    )
    server.client("sqs").send_message(QueueUrl=url, MessageBody="a record")
    ask(server.endpoint, "/_outfall/api/clock?advance_ms=60000", method="POST")
    (message,) = server.drain(inbox, 1)
    envelope = json.loads(message["Body"])
    assert envelope["Subject"] == 'ALARM: "failures" in US East (N. Virginia)'
    assert json.loads(envelope["Message"])["NewStateValue"] == "ALARM"
    assert cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"][0]["AlarmName"] == "failures"
