"""Rows of asynchronous invocation, destinations and Lambda that need the whole house: one test each."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from outfall.cli.client import ask

from .house import ACCOUNT, House, refusal
from .rows import rows

BAD = "def handler(event, context):\n    raise Exception('boom!')\n"
GOOD = "def handler(event, context):\n    return {'statusCode': 200}\n"


def then(row: str) -> dict[str, Any]:
    """What AWS does, by `cases.json`."""
    told: dict[str, Any] = rows()[row].told["then"]
    return told


def destinations(house: House, name: str, **settings: Any) -> None:
    config = {kind: {"Destination": arn} for kind, arn in settings.items() if kind.startswith("On")}
    numbers = {key: value for key, value in settings.items() if not key.startswith("On")}
    house.client("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=config, **numbers)


def send(house: House, name: str, payload: bytes = b"{}") -> str:
    told = house.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    return str(told["ResponseMetadata"]["RequestId"])


def attempts(house: House, event_id: str) -> int:
    history = ask(house.inside.endpoint, f"/_outfall/api/events/{event_id}")["history"]
    return sum(fact["fact"] == "AttemptEnded" for fact in history)


def test_async_006_when_the_three_attempts_have_been_made(house: House) -> None:
    house.function("late", BAD, house.role("late", "logs:*"))
    event = send(house, "late")
    seen = []
    for seconds in (30, 61, 122):
        house.inside.advance(seconds=seconds)
        seen.append(attempts(house, event))
    assert seen == then("async-006")["attempts_seen"]


def test_async_029_what_a_loop_may_be_told(house: House) -> None:
    house.function("loop", GOOD, house.role("loop"))
    client = house.client("lambda")
    told = refusal(lambda: client.put_function_recursion_config(FunctionName="loop", RecursiveLoop="InvalidValue"))
    assert told == (400, then("async-029")["error_type"], then("async-029")["message"])


def test_dest_003_and_004_what_a_record_in_a_queue_looks_like(house: House) -> None:
    url, arn = house.queue("looks")
    house.function("looks", GOOD, house.role("looks", "sqs:SendMessage"))
    destinations(house, "looks", OnSuccess=arn)
    send(house, "looks")
    house.inside.run_until_idle()
    [message] = house.messages(url)
    assert re.fullmatch(then("dest-003")["regex"], json.loads(message["Body"])["timestamp"])
    assert "MessageAttributes" not in message
    assert set(then("dest-004")["attributes_present"]) <= message["Attributes"].keys()
    wanted = then("dest-004")["SenderId_regex"].replace(":fn", ":looks")
    assert re.fullmatch(wanted, message["Attributes"]["SenderId"])


@pytest.mark.parametrize("row, source, kind", [("dest-005", GOOD, "OnSuccess"), ("dest-006", BAD, "OnFailure")])
def test_what_a_bus_is_told(house: House, row: str, source: str, kind: str) -> None:
    """dest-005, dest-006"""
    events = house.client("events")
    bus = events.create_event_bus(Name=row)["EventBusArn"]
    url, queue = house.queue(row)
    events.put_rule(Name="r", EventBusName=row, EventPattern='{"account":["111111111111"]}')
    events.put_targets(Rule="r", EventBusName=row, Targets=[{"Id": "1", "Arn": queue}])
    function = house.function(row, source, house.role(row, "events:PutEvents"))
    destinations(house, row, MaximumRetryAttempts=0, **{kind: bus})
    send(house, row)
    house.inside.run_until_idle()
    [message] = house.messages(url)
    told, wanted = json.loads(message["Body"]), then(row)
    assert (told["source"], told["detail-type"]) == (wanted["source"], wanted["detail-type"])
    assert told["resources"] == [bus, f"{function}:$LATEST"]
    assert told["detail"]["requestContext"]["functionArn"] == f"{function}:$LATEST"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["time"])


def test_dest_027_and_033_what_is_refused(house: House) -> None:
    client = house.client("lambda")
    house.function("refused", GOOD, house.role("refused"))
    config = {"OnFailure": {"Destination": "arn:aws:_-/!lambda:us-east-1:111111111111:function:x"}}
    told = refusal(lambda: client.put_function_event_invoke_config(FunctionName="refused", DestinationConfig=config))
    assert told[:2] == (400, then("dest-027")["error_type"])
    assert told[2].startswith(then("dest-027")["message_prefix"])
    wanted = then("dest-033")
    told = refusal(lambda: client.list_function_event_invoke_configs(FunctionName="unknown"))
    assert told == (wanted["status"], wanted["error_type"], wanted["message"])


def test_dest_049_a_bus_that_is_not_there_may_be_a_destination(house: House) -> None:
    house.function("nowhere", GOOD, house.role("nowhere", "events:PutEvents"))
    destinations(house, "nowhere", OnSuccess=f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/nope")
    event = send(house, "nowhere")
    house.inside.run_until_idle()
    told = ask(house.inside.endpoint, f"/_outfall/api/events/{event}")
    assert [one["delivered"] for one in told["deliveries"]] == [True], "PutEvents does not fail, and nobody gets it"


def test_dest_057_a_queued_event_ends_as_configured_when_it_ends(house: House) -> None:
    """AWS may use the old settings for a minute or two more; here the new ones hold at once."""
    (_, old), (url, new) = house.queue("before"), house.queue("after")
    house.function("moved", BAD, house.role("moved", "sqs:SendMessage"))
    destinations(house, "moved", OnFailure=old)
    send(house, "moved")
    house.inside.advance(seconds=10)
    destinations(house, "moved", OnFailure=new)
    house.inside.run_until_idle()
    assert len(house.messages(url)) == 1


def test_dlq_007_a_role_that_may_not_publish(house: House) -> None:
    topic = house.client("sns").create_topic(Name="letters")["TopicArn"]
    role, wanted = house.role("no-publish"), then("dlq-007")
    told = refusal(lambda: house.function("letters", GOOD, role, DeadLetterConfig={"TargetArn": topic}))
    assert told == (wanted["status"], wanted["error_type"], wanted["message"])


def test_lambda_010_a_statement_is_added_once(house: House) -> None:
    client, wanted = house.client("lambda"), then("lambda-010")
    house.function("permitted", GOOD, house.role("permitted"))
    statement = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    client.add_permission(FunctionName="permitted", **statement)
    told = refusal(lambda: client.add_permission(FunctionName="permitted", **statement))
    assert told == (wanted["status"], wanted["error_type"], wanted["message"])


TIMES_OUT = """
import os, time
STATE = []
def handler(event, context):
    if event.get("slow"):
        STATE.append(1)
        open("/tmp/kept", "w").close()
        time.sleep(30)
    return {"global_kept": bool(STATE), "tmp_kept": os.path.exists("/tmp/kept")}
"""


def test_lambda_022_and_030_after_a_timeout_tmp_is_kept_and_nothing_else(house: House) -> None:
    settings = {"Timeout": 1, "LoggingConfig": {"LogFormat": "JSON"}}
    house.function("slow", TIMES_OUT, house.role("slow", "logs:*"), **settings)
    client = house.client("lambda")
    first = client.invoke(FunctionName="slow", Payload=b'{"slow":true}')
    assert first["FunctionError"] == "Unhandled"
    second = json.loads(client.invoke(FunctionName="slow", Payload=b"{}")["Payload"].read())
    assert second == then("lambda-022")
    logs = house.client("logs").filter_log_events(logGroupName="/aws/lambda/slow")["events"]
    reports = [told for one in logs if (told := json.loads(one["message"])).get("type") == then("lambda-030")["type"]]
    assert [told["record"]["status"] for told in reports] == [then("lambda-030")["record.status"], "success"]


def test_lambda_024_a_policy_on_the_function_is_enough_for_a_role_of_its_account(house: House) -> None:
    arn = house.function("opened", GOOD, house.role("opened"))
    role = house.role("caller")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    house.client("iam").update_assume_role_policy(RoleName="caller", PolicyDocument=document)
    keys = house.client("sts").assume_role(RoleArn=role, RoleSessionName="caller")["Credentials"]
    caller = as_session(house, keys)
    assert refusal(lambda: caller.invoke(FunctionName=arn))[0] == 403
    house.client("lambda").add_permission(
        FunctionName="opened", StatementId="r", Action="lambda:InvokeFunction", Principal=role
    )
    assert caller.invoke(FunctionName=arn)["StatusCode"] == then("lambda-024")["status"]


def as_session(house: House, keys: dict[str, str]) -> Any:
    import boto3

    session = boto3.session.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], "us-east-1")
    return session.client("lambda", endpoint_url=house.inside.endpoint)


def test_lambda_035_who_a_function_is(house: House) -> None:
    source = "import boto3\ndef handler(event, context):\n    return boto3.client('sts').get_caller_identity()['Arn']\n"
    house.function("fn", source, house.role("role"), Timeout=30)
    told = house.client("lambda").invoke(FunctionName="fn")
    assert json.loads(told["Payload"].read()) == then("lambda-035")["Arn"]
