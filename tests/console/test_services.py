"""The pages of logs, topics, event buses, permissions and settings: clicked on real data, a picture of each kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from outfall.cli.client import wait_until
from outfall.cli.lesson import LOGGING_POLICY, TRUST, package
from tests.clients.server import Server
from tests.console.conftest import ARTEFACTS
from tests.console.user import User

HELLO = "def lambda_handler(event, context):\n    print('hello', event.get('name'))\n    return event\n"
GROUP = "/aws/lambda/hello"


@pytest.fixture(scope="module")
def place(server: Server) -> Server:
    """A function, a queue and a role that may log."""
    iam, functions = server.client("iam"), server.client("lambda")
    server.client("sqs").create_queue(QueueName="orders")
    role = iam.create_role(RoleName="hello-role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="hello-role", PolicyArn=LOGGING_POLICY)
    functions.create_function(
        FunctionName="hello",
        Runtime="python3.12",
        Role=role,
        Handler="lambda_function.lambda_handler",
        Code={"ZipFile": package(HELLO)},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="hello", WaiterConfig={"Delay": 1})
    return server


def say(server: Server, name: str) -> None:
    server.client("lambda").invoke(FunctionName="hello", Payload=json.dumps({"name": name}))


def in_orders(server: Server) -> list[str]:
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    got = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=10).get("Messages", [])
    for one in got:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return [one["Body"] for one in got]


def test_a_log_is_followed_and_searched(user: User, place: Server) -> None:
    say(place, "first")
    user.open("/")
    user.go("CloudWatch Logs")
    user.follow(GROUP)
    user.sees_heading(GROUP)
    user.sees("Log streams")
    user.shot("logs-group")
    user.page.get_by_role("link", name=re.compile(r"\[\$LATEST\]")).first.click()
    lines = user.page.get_by_role("log", name="Log events")
    expect(lines).to_contain_text("hello first")
    say(place, "second")
    expect(lines).to_contain_text("hello second")
    user.shot("logs-followed")
    user.follow("All streams of the group")
    expect(lines).to_contain_text("hello first")
    user.fill("Filter pattern", "second")
    user.page.keyboard.press("Enter")
    expect(lines).not_to_contain_text("hello first")
    expect(lines).to_contain_text("hello second")


def test_a_log_group_is_made_kept_for_a_week_and_deleted(user: User, place: Server) -> None:
    user.open("/logs")
    user.click("Create log group")
    user.fill("Log group name", "app/web", within=user.dialog())
    user.click("Create", within=user.dialog())
    user.sees("The log group app/web was created.")
    user.follow("app/web")
    user.click("Edit retention setting")
    user.choose("Expire events after", "7 days")
    user.click("Save", within=user.dialog())
    user.sees("The retention setting was saved.")
    user.go("CloudWatch Logs")
    user.page.get_by_role("radio", name="Select app/web").check()
    user.click("Delete")
    user.fill("To confirm, type confirm", "confirm", within=user.dialog())
    user.click("Delete", within=user.dialog())
    user.sees("The log group app/web was deleted.")


def test_a_topic_sends_to_a_queue_and_a_function(user: User, place: Server) -> None:
    user.open("/")
    user.go("SNS")
    user.click("Create topic")
    user.fill("Name", "news", within=user.dialog())
    user.click("Create topic", within=user.dialog())
    user.sees_heading("news")
    for protocol, endpoint in (("Amazon SQS", "orders"), ("AWS Lambda", "hello")):
        user.click("Create subscription")
        user.choose("Protocol", protocol)
        user.choose("Endpoint", endpoint)
        user.shot(f"sns-subscribe-{endpoint}")
        user.click("Create subscription", within=user.dialog())
        user.sees("The subscription was created, and the topic may send there.")
        expect(user.page.get_by_role("dialog")).to_have_count(0)
    user.sees("Confirmed")
    user.shot("sns-topic")
    user.tab("Publish message")
    user.fill("Subject", "greeting")
    user.fill("Message body", "from the topic")
    user.shot("sns-publish")
    user.page.get_by_role("tabpanel").get_by_role("button", name="Publish message").click()
    user.sees("The message was published, as")
    assert [json.loads(body)["Message"] for body in in_orders(place)] == ["from the topic"]
    user.go("Events")
    user.sees("hello")


def test_a_rule_matches_what_is_sent_and_is_archived(user: User, place: Server) -> None:
    user.open("/")
    user.go("EventBridge")
    user.click("Create rule")
    user.fill("Name", "orders", within=user.dialog())
    user.fill("Event pattern", '{"source": ["shop"]}', within=user.dialog())
    user.click("Create", within=user.dialog())
    user.sees_heading("orders")
    user.click("Add target")
    user.choose("Target type", "SQS queue")
    user.choose("Target", "orders")
    user.click("Add target", within=user.dialog())
    user.sees("orders is a target of orders now, and the rule may send to it.")
    user.shot("eventbridge-rule")

    user.go("EventBridge")
    user.tab("Archives and replays")
    user.click("Create archive")
    user.fill("Name", "all", within=user.dialog())
    user.click("Create archive", within=user.dialog())
    user.page.get_by_role("radio", name="Select all").check()

    user.tab("Send events")
    user.fill("Event source", "shop")
    user.click("Which rules match?")
    user.sees("It would match orders.")
    user.shot("eventbridge-send")
    user.click("Send")
    user.sees("The event was sent, as")
    assert [json.loads(body)["source"] for body in in_orders(place)] == ["shop"]
    user.tab("Archives and replays")
    user.page.get_by_role("radio", name="Select all").check()
    user.shot("eventbridge-archives")
    user.tab("Schedules")
    user.click("Create schedule")
    user.fill("Name", "often", within=user.dialog())
    user.shot("eventbridge-create-schedule")
    user.click("Create", within=user.dialog())
    user.sees_heading("often")
    user.sees("rate(5 minutes)")
    user.go("EventBridge")
    user.sees('{"source":["shop"]}')
    user.shot("eventbridge-rules")
    user.tab("Event buses")
    user.sees("arn:aws:events:us-east-1:000000000000:event-bus/default")
    user.shot("eventbridge-buses")


def test_whether_a_role_may_do_something_and_why(user: User, place: Server) -> None:
    user.open("/iam/roles/hello-role")
    user.tab("May it?")
    user.fill("Action", "sqs:SendMessage")
    user.fill("Resource", "arn:aws:sqs:us-east-1:000000000000:orders")
    user.click("Ask")
    user.sees("because no identity-based policy allows the sqs:SendMessage action")
    user.sees(re.compile("The statement that would allow it"))
    user.shot("iam-may-it-no")
    user.click("Add permission")
    user.sees("sqs:SendMessage on arn:aws:sqs:us-east-1:000000000000:orders is allowed by")
    user.shot("iam-may-it-yes")
    say(place, "anybody")
    user.tab("Last used")
    user.sees("logs:PutLogEvents")
    user.sees("The least that it needs")
    user.shot("iam-least")


def test_the_chain_of_an_event_leads_through_a_queue(user: User, place: Server) -> None:
    sqs, functions = place.client("sqs"), place.client("lambda")
    url = sqs.create_queue(QueueName="next")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": queue}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    place.client("iam").put_role_policy(RoleName="hello-role", PolicyName="next", PolicyDocument=document)
    destination = {"OnSuccess": {"Destination": queue}}
    functions.put_function_event_invoke_config(FunctionName="hello", DestinationConfig=destination)
    role = place.client("iam").get_role(RoleName="hello-role")["Role"]["Arn"]
    handler = "lambda_function.lambda_handler"
    code = {"ZipFile": package(HELLO)}
    functions.create_function(FunctionName="after", Runtime="python3.12", Role=role, Handler=handler, Code=code)
    functions.get_waiter("function_active_v2").wait(FunctionName="after", WaiterConfig={"Delay": 1})
    functions.create_event_source_mapping(FunctionName="after", EventSourceArn=queue, BatchSize=1)
    told = functions.invoke(FunctionName="hello", InvocationType="Event", Payload=b"{}")
    event = told["ResponseMetadata"]["RequestId"]
    user.open(f"/events/{event}")
    user.click("Chain", role="button")
    chain = user.page.get_by_role("list", name="Chain")
    expect(chain).to_contain_text("1 message deleted, 0 returned to next")
    expect(chain).to_contain_text("The record arrived at next")
    chain.scroll_into_view_if_needed()
    user.shot("events-chain")
    user.open("/lambda/functions/hello")
    user.sees(re.compile("On success: [1-9]"))
    user.shot("function-counts")


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[Server]:
    """A server of its own, whose clock is moved by hand."""
    running = Server(tmp_path, "--clock", "manual").start()
    yield running
    running.stop()


def test_the_clock_is_moved_and_everything_reset(context: BrowserContext, by_hand: Server) -> None:
    user = User(context.new_page(), by_hand.endpoint, ARTEFACTS)
    by_hand.client("sqs").create_queue(QueueName="gone-soon")
    user.open("/settings")
    expect(user.page.get_by_role("definition").filter(has_text="Moved by hand")).to_be_visible()
    user.shot("settings")
    user.fill("Advance by", "2")
    user.choose("Unit", "hours")
    before = user.page.request.get(f"{by_hand.endpoint}/_outfall/api/clock").json()["clock_ms"]
    user.click("Advance")
    user.sees("on the server now, and all that follows is done.")
    after = user.page.request.get(f"{by_hand.endpoint}/_outfall/api/clock").json()["clock_ms"]
    assert after - before == 2 * 3_600_000
    user.click("Reset the server")
    dialog = user.dialog()
    expect(dialog.get_by_role("button", name="Reset", exact=True)).to_be_disabled()
    user.fill("To confirm, type reset", "reset", within=dialog)
    user.shot("settings-reset")
    user.click("Reset", within=dialog)
    user.sees("The server is as it was when it was new.")
    assert "QueueUrls" not in by_hand.client("sqs").list_queues()


def test_events_that_come_after_a_reset_are_shown_without_a_reload(context: BrowserContext, by_hand: Server) -> None:
    user = User(context.new_page(), by_hand.endpoint, ARTEFACTS)
    url = by_hand.client("sqs").create_queue(QueueName="some")["QueueUrl"]
    by_hand.client("sqs").send_message(QueueUrl=url, MessageBody="one")
    user.open("/sqs/queues/some")
    user.sees("3.0 B")
    user.page.request.post(f"{by_hand.endpoint}/_outfall/api/reset", headers={"x-outfall": "1"})
    url = by_hand.client("sqs").create_queue(QueueName="some")["QueueUrl"]
    by_hand.client("sqs").send_message(QueueUrl=url, MessageBody="other")
    user.sees("5.0 B")


def test_this_browser_asks_as_a_user_with_the_users_keys(user: User, place: Server) -> None:
    iam = place.client("iam")
    iam.create_user(UserName="guest")
    key = iam.create_access_key(UserName="guest")["AccessKey"]
    user.open("/settings")
    user.fill("Access key ID", key["AccessKeyId"])
    user.fill("Secret access key", key["SecretAccessKey"])
    user.click("Use these keys")
    user.sees("arn:aws:iam::000000000000:user/guest")
    user.shot("settings-keys")
    user.go("SQS")
    user.sees(re.compile("not authorized to perform: sqs:listqueues"))
    user.shot("refused-page")


def test_a_wait_is_skipped_for_all_from_the_top_bar(user: User, place: Server) -> None:
    functions = place.client("lambda")
    role = place.client("iam").get_role(RoleName="hello-role")["Role"]["Arn"]
    code = {"ZipFile": package("def lambda_handler(event, context):\n    raise Exception('boom!')\n")}
    handler = "lambda_function.lambda_handler"
    functions.create_function(FunctionName="breaks", Runtime="python3.12", Role=role, Handler=handler, Code=code)
    functions.get_waiter("function_active_v2").wait(FunctionName="breaks", WaiterConfig={"Delay": 1})
    for _ in range(3):
        functions.invoke(FunctionName="breaks", InvocationType="Event", Payload=b"{}")
    api = f"{place.endpoint}/_outfall/api/events?state=waiting"
    assert wait_until(lambda: len(user.page.request.get(api).json()["events"]) == 3, 20)
    user.open("/events?state=waiting")
    user.click("Skip all waits", role="button")
    user.sees("Skipped the wait of 3 events.")
