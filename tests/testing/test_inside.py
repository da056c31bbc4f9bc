"""Outfall inside a test: the lesson on a moved clock, and everything that has to obey that clock."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from outfall.cli.client import ask
from outfall.cli.clock import clock
from outfall.host import time_travel
from outfall.testing import Inside, StillWaiting
from tests.clients.road import package

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
BAD = 'def handler(event, context):\n    raise Exception("boom!")\n'


@pytest.fixture
def failing(outfall: Inside) -> tuple[Any, str]:
    """A failing function with a failure queue: the Lambda client, and the queue's URL."""
    sqs, iam, client = outfall.client("sqs"), outfall.client("iam"), outfall.client("lambda")
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=ALLOW)
    client.create_function(
        FunctionName="fn", Runtime="python3.12", Role=role, Handler="app.handler", Code={"ZipFile": package(BAD)}
    )
    outfall.run_until_idle()
    client.put_function_event_invoke_config(FunctionName="fn", DestinationConfig={"OnFailure": {"Destination": arn}})
    return client, url


def receive(outfall: Inside, url: str) -> list[dict[str, Any]]:
    return list(outfall.client("sqs").receive_message(QueueUrl=url, AttributeNames=["All"]).get("Messages", []))


def test_three_attempts_over_three_minutes_take_no_time(outfall: Inside, failing: tuple[Any, str]) -> None:
    client, url = failing
    began, began_ms = time.monotonic(), outfall.program.travel.now_ms()
    client.invoke(FunctionName="fn", InvocationType="Event", Payload=b"{}")
    outfall.run_until_idle()
    assert time.monotonic() - began < 60  # three minutes of waits, and no second of them waited
    [message] = receive(outfall, url)
    record = json.loads(message["Body"])
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert int(message["Attributes"]["SentTimestamp"]) - began_ms == 180_000


def test_the_clock_stops_at_each_retry_on_its_way(outfall: Inside, failing: tuple[Any, str]) -> None:
    client, url = failing
    client.invoke(FunctionName="fn", InvocationType="Event", Payload=b"{}")
    outfall.advance(seconds=179)
    assert receive(outfall, url) == []
    outfall.advance(seconds=1)
    assert len(receive(outfall, url)) == 1


def test_visibility_and_delay_obey_the_clock(outfall: Inside) -> None:
    sqs = outfall.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=600)
    assert receive(outfall, url) == []
    outfall.advance(minutes=10)
    assert len(receive(outfall, url)) == 1
    assert receive(outfall, url) == []
    outfall.advance(seconds=30)
    [again] = receive(outfall, url)
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


def test_sessions_expire_on_the_clock_and_signatures_do_not(outfall: Inside) -> None:
    import boto3

    iam, sts = outfall.client("iam"), outfall.client("sts")
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="caller", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    given = sts.assume_role(RoleArn=role, RoleSessionName="session", DurationSeconds=900)["Credentials"]
    session = boto3.session.Session(
        given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name="us-east-1"
    )
    assumed = session.client("sts", endpoint_url=outfall.endpoint)
    assert assumed.get_caller_identity()["Arn"].endswith("assumed-role/caller/session")
    outfall.advance(minutes=16)
    with pytest.raises(ClientError, match="ExpiredToken"):
        assumed.get_caller_identity()
    assert sts.get_caller_identity()["Account"] == "000000000000"


def test_a_long_poll_ends_when_the_clock_passes_it(outfall: Inside) -> None:
    sqs = outfall.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)


def test_each_test_starts_with_nothing(outfall: Inside) -> None:
    assert "QueueUrls" not in outfall.client("sqs").list_queues()
    assert outfall.client("lambda").list_functions()["Functions"] == []


def test_the_clock_stops_at_each_occurrence_of_a_schedule(outfall: Inside) -> None:
    events, sqs = outfall.client("events"), outfall.client("sqs")
    url = sqs.create_queue(QueueName="ticks")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    began_ms = outfall.program.travel.now_ms()
    events.put_rule(Name="ticks", ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule="ticks", Targets=[{"Id": "1", "Arn": arn}])
    outfall.advance(minutes=3, seconds=30)
    got = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MaxNumberOfMessages=10)["Messages"]
    sent = sorted(int(message["Attributes"]["SentTimestamp"]) - began_ms for message in got)
    assert sent == [60_000, 120_000, 180_000]
    outfall.jump()
    assert outfall.program.travel.now_ms() - began_ms == 240_000


def test_what_sqs_counts_is_there_once_the_clock_was_moved(outfall: Inside) -> None:
    """No real second has to pass until counts are written."""
    sqs, cloudwatch = outfall.client("sqs"), outfall.client("cloudwatch")
    url = sqs.create_queue(QueueName="counted")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="m")
    outfall.advance(minutes=1)
    [found] = cloudwatch.get_metric_data(
        StartTime=0,
        EndTime=outfall.program.travel.now_ms() / 1000 + 60,
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "NumberOfMessagesSent",
                        "Dimensions": [{"Name": "QueueName", "Value": "counted"}],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
        ],
    )["MetricDataResults"]
    assert found["Values"] == [1.0]


def test_a_message_that_comes_back_for_ever_is_nothing_to_wait_for(
    outfall: Inside, failing: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_travel, "POLLS_ALONE_MAX", 3)
    client, _ = failing
    sqs = outfall.client("sqs")
    url = sqs.create_queue(QueueName="poison")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function = client.create_event_source_mapping(FunctionName="fn", EventSourceArn=arn)["FunctionArn"]
    idle = outfall.run_until_idle()
    assert not idle.waiting
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    with pytest.warns(StillWaiting, match="not idle after 3 steps"):
        stop = outfall.run_until_idle()
    assert stop.steps == 3
    assert 0 < stop.now_ms - idle.now_ms <= 3 * 30_000
    assert stop.waiting == (time_travel.Due(stop.now_ms + 30_000, f"{arn} polled for {function}"),)
    told = ask(outfall.endpoint, "/_outfall/api/clock?to=idle", method="POST")
    assert (told["idle"], told["steps"]) == (False, 3)
    assert [due["what"] for due in told["waiting"]] == [f"{arn} polled for {function}"]
    typed = CliRunner().invoke(clock, ["--endpoint", outfall.endpoint, "idle"])
    assert typed.exit_code == 1
    assert "Not idle after 3 steps" in typed.output
    assert f"{arn} polled for {function}" in typed.output
    sqs.purge_queue(QueueUrl=url)
    told = ask(outfall.endpoint, "/_outfall/api/clock?to=idle", method="POST")
    assert (told["idle"], told["waiting"]) == (True, [])
