"""What AWS never shows: why a record did not arrive, with the permission that is missing; and sending again."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from outfall.cli.client import wait_until
from outfall.cli.lesson import LOGGING_POLICY, TRUST, package
from tests.clients.server import Server
from tests.console.user import User

ECHO = "def lambda_handler(event, context):\n    print('seen', event)\n    return event\n"


@pytest.fixture(scope="module")
def road(server: Server) -> Server:
    """A function that sends to the queue `S3-success`, where its role may write no more."""
    iam, sqs, functions = server.client("iam"), server.client("sqs"), server.client("lambda")
    url = sqs.create_queue(QueueName="S3-success")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    role = iam.create_role(RoleName="echo-role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="echo-role", PolicyArn=LOGGING_POLICY)
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="echo-role", PolicyName="send", PolicyDocument=document)
    code = {"ZipFile": package(ECHO)}
    handler = "lambda_function.lambda_handler"
    functions.create_function(FunctionName="echo", Runtime="python3.12", Role=role, Handler=handler, Code=code)
    functions.get_waiter("function_active_v2").wait(FunctionName="echo", WaiterConfig={"Delay": 1})
    destination = {"OnSuccess": {"Destination": queue}}
    functions.put_function_event_invoke_config(FunctionName="echo", DestinationConfig=destination)
    iam.delete_role_policy(RoleName="echo-role", PolicyName="send")
    return server


def send(server: Server, payload: dict[str, Any]) -> str:
    answer = server.client("lambda").invoke(FunctionName="echo", InvocationType="Event", Payload=json.dumps(payload))
    request_id: str = answer["ResponseMetadata"]["RequestId"]
    return request_id


def received(server: Server) -> list[dict[str, Any]]:
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="S3-success")["QueueUrl"]
    got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=10).get("Messages", [])
    for one in got:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return [json.loads(one["Body"]) for one in got]


def test_a_record_that_did_not_arrive_says_why_and_is_sent_once_it_may(user: User, road: Server) -> None:
    event = send(road, {"number": 1})
    user.open("/events")
    user.sees("Record not delivered")
    user.open(f"/events/{event}")
    user.sees("The record was not delivered to S3-success")
    user.sees(re.compile("sqs:SendMessage"))
    user.shot("events-refused")
    user.click("Add permission")
    user.sees("The execution role echo-role may send to S3-success now.")
    user.click("Send the record again")
    user.sees("The record was sent to S3-success again.")
    assert [one["requestPayload"] for one in received(road)] == [{"number": 1}]
    user.shot("events-mended")


def test_an_event_is_sent_again_edited(user: User, road: Server) -> None:
    event = send(road, {"number": 2})
    user.open(f"/events/{event}")
    user.click("Send again")
    dialog = user.page.get_by_role("dialog")
    user.fill("Event", '{"number": 3}', within=dialog)
    user.shot("events-send-again")
    user.click("Send", within=dialog)
    user.sees("Sent again as")
    received(road)
    api = road.endpoint + "/_outfall/api/events"
    assert wait_until(lambda: user.page.request.get(f"{api}?text=%22number%22:%203").json()["events"] != [], 10)


def test_events_are_found_by_their_state_and_what_is_in_them(user: User, road: Server) -> None:
    wanted, other = send(road, {"colour": "vermilion"}), send(road, {"colour": "teal"})
    user.open("/events?text=vermilion")
    user.sees(wanted[:4])
    assert user.page.get_by_text(f"{other[:4]}...{other[-3:]}").count() == 0
    user.open("/events?state=waiting")
    user.sees("No event is like this.")


def test_a_list_that_is_open_shows_what_comes(user: User, road: Server) -> None:
    user.open("/events?text=latecomer")
    user.sees("No event is like this.")
    began = time.monotonic()
    event = send(road, {"name": "latecomer"})
    user.sees(f"{event[:4]}...{event[-3:]}")
    assert time.monotonic() - began < 5


def test_an_event_tells_its_log_and_becomes_a_command(user: User, road: Server) -> None:
    event = send(road, {"name": "logged"})
    user.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    user.open(f"/events/{event}")
    user.sees("Ended: Success")
    user.click("Log")
    user.sees(re.compile("seen"))
    for name, part in (
        ("AWS CLI", "aws lambda invoke"),
        ("boto3", "import boto3"),
        ("pytest", "def test_event(outfall)"),
    ):
        user.click("Copy as")
        user.click(name, role="menuitem")
        user.sees(f"Copied as {name}.")
        assert part in user.page.evaluate("navigator.clipboard.readText()")
