"""What failed is mended and sent again: from the timeline, from a failure queue."""

from __future__ import annotations

import json
import subprocess
import sys

from outfall.cli.client import ask, wait_until

from .road import BAD, GOOD, Road, make_role, package, wait_active
from .server import SOON_S, Server, plain_environment


def outfall(server: Server, *arguments: str, fails: bool = False) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "outfall", *arguments, "--endpoint", server.endpoint]
    done = subprocess.run(command, capture_output=True, text=True, env=plain_environment(), check=False)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if fails else done.stdout


def mend(road: Road) -> None:
    client = road.server.client("lambda")
    client.update_function_code(FunctionName=road.name, ZipFile=package(GOOD))
    wait_active(client, road.name)


def test_from_a_failure_queue(server: Server) -> None:
    road = Road(server, "replay-queue", BAD)
    road.upload("one")
    road.upload("two")
    ended = "/_outfall/api/events?function=replay-queue&state=failed"
    assert wait_until(lambda: len(ask(server.endpoint, ended)["events"]) == 2, SOON_S)
    shown = json.loads(outfall(server, "replay", "--queue", "replay-queue-failure", "-o", "json"))
    assert len(shown) == 2
    assert all("replay" not in one for one in shown)
    keys = {json.loads(one["payload"])["Records"][0]["s3"]["object"]["key"] for one in shown}
    assert keys == {"one", "two"}
    mend(road)
    sent = json.loads(outfall(server, "replay", "--queue", "replay-queue-failure", "--send", "-o", "json"))
    assert len({one["replay"] for one in sent}) == 2
    assert len(server.drain(road.success_url, 2)) == 2
    assert server.drain(road.failure_url, 1, 1) == [], "what was sent again is deleted"
    facts = ask(server.endpoint, f"/_outfall/api/events/{sent[0]['original']}")["history"]
    assert facts[-1]["replay"] == sent[0]["replay"]


def test_from_the_timeline(server: Server) -> None:
    road = Road(server, "replay-timeline", BAD)
    road.upload("one")
    [failure] = server.drain(road.failure_url, 1)
    event_id = json.loads(failure["Body"])["requestContext"]["requestId"]
    assert "would be sent to" in outfall(server, "replay", event_id)
    mend(road)
    assert "sent as" in outfall(server, "replay", event_id, "--send")
    [success] = server.drain(road.success_url, 1)
    record = json.loads(success["Body"])
    assert record["requestPayload"] == json.loads(failure["Body"])["requestPayload"]
    assert "has not failed" in outfall(server, "replay", record["requestContext"]["requestId"], fails=True)


def test_what_the_server_refuses_is_told_in_a_line(server: Server) -> None:
    told = outfall(server, "replay", "--s3", "s3://no-such-bucket-here/aws/", fails=True)
    assert "NoSuchBucket" in told
    assert len(told.splitlines()) == 1


def test_from_a_failure_prefix(server: Server) -> None:
    road = Road(server, "replay-prefix", BAD)
    client, s3 = server.client("lambda"), server.client("s3")
    s3.create_bucket(Bucket="replay-prefix-failures")
    role = make_role(server, "replay-prefix-s3", "s3:*", "sqs:SendMessage", "logs:*")
    client.update_function_configuration(FunctionName=road.name, Role=role)
    client.update_function_event_invoke_config(
        FunctionName=road.name,
        DestinationConfig={
            "OnFailure": {"Destination": "arn:aws:s3:::replay-prefix-failures"},
            "OnSuccess": {"Destination": road.success_arn},
        },
    )
    road.upload("one")
    listed = {"Bucket": "replay-prefix-failures", "Prefix": f"aws/lambda/async/{road.name}/"}
    assert wait_until(lambda: s3.list_objects_v2(**listed)["KeyCount"] == 1, SOON_S)
    mend(road)
    [sent] = json.loads(outfall(server, "replay", "--s3", f"s3://{listed['Bucket']}/aws/", "--send", "-o", "json"))
    assert json.loads(sent["payload"])["Records"][0]["s3"]["object"]["key"] == "one"
    [success] = server.drain(road.success_url, 1)
    assert json.loads(success["Body"])["requestContext"]["requestId"] == sent["replay"]


def test_what_is_no_record_stays_where_it_is(server: Server) -> None:
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="replay-garbage")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert "not an invocation record" in outfall(server, "replay", "--queue", "replay-garbage", "--send", fails=True)
    assert [message["Body"] for message in server.drain(url, 1)] == ["hello"]
