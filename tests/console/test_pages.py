"""Every page on real data, light and dark, wide and narrow: it opens, complains of nothing, and a picture is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from outfall.cli.lesson import LOGGING_POLICY, TRUST, package
from tests.clients.server import Server
from tests.console.conftest import ARTEFACTS
from tests.console.user import User

CODE = "def lambda_handler(event, context):\n    print('one line')\n    return {'statusCode': 200}\n"

PAGES: dict[str, tuple[str, str | re.Pattern[str]]] = {
    "home": ("/", re.compile(r"\d+ of 12 steps")),
    "events": ("/events", "Every asynchronous event this server has accepted, newest first."),
    "queues": ("/sqs/queues", "jobs"),
    "create-queue": ("/sqs/create-queue", "Visibility timeout"),
    "queue": ("/sqs/queues/jobs", "Looked at, not received: nothing changes by it."),
    "edit-queue": ("/sqs/queues/jobs/edit", "Visibility timeout"),
    "send-receive": ("/sqs/queues/jobs/send-receive", "Polling progress"),
    "functions": ("/lambda/functions", "thumbs"),
    "create-function": ("/lambda/create", "Author from scratch"),
    "create-from-blueprint": ("/lambda/create?way=blueprint", "S3 trigger"),
    "function-code": ("/lambda/functions/thumbs", "Code source"),
    "function-test": ("/lambda/functions/thumbs?tab=test", "Invocation type"),
    "function-monitor": ("/lambda/functions/thumbs?tab=monitor", "CloudWatch metrics"),
    "function-aliases": ("/lambda/functions/thumbs?tab=aliases", "There are no aliases."),
    "function-versions": ("/lambda/functions/thumbs?tab=versions", "Publish new version"),
    "function-general": ("/lambda/functions/thumbs?tab=configuration", "Ephemeral storage"),
    "function-triggers": ("/lambda/functions/thumbs?tab=configuration&panel=triggers", "Nothing invokes this function"),
    "function-permissions": (
        "/lambda/functions/thumbs?tab=configuration&panel=permissions",
        "Resource-based policy statements",
    ),
    "function-destinations": ("/lambda/functions/thumbs?tab=configuration&panel=destinations", "On failure"),
    "function-environment": ("/lambda/functions/thumbs?tab=configuration&panel=environment", "STAGE"),
    "function-async": ("/lambda/functions/thumbs?tab=configuration&panel=async", "Maximum age of event"),
    "add-trigger": ("/lambda/functions/thumbs/add/trigger", "Trigger configuration"),
    "add-destination": ("/lambda/functions/thumbs/add/destination", "Destination configuration"),
    "roles": ("/iam/roles", "thumbs-role"),
    "role": ("/iam/roles/thumbs-role", "Permissions policies"),
    "buckets": ("/s3/buckets", "album"),
    "bucket": ("/s3/buckets/album", "hut.txt"),
    "upload": ("/s3/upload/album", "You have not chosen any files."),
    "nothing": ("/there/is/none", "There is no such page"),
}


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """One of everything."""
    iam, sqs, functions, s3 = (server.client(name) for name in ("iam", "sqs", "lambda", "s3"))
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.send_message(QueueUrl=url, MessageBody='{"job": 1}')
    role = iam.create_role(RoleName="thumbs-role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="thumbs-role", PolicyArn=LOGGING_POLICY)
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="thumbs-role", PolicyName="send", PolicyDocument=document)
    functions.create_function(
        FunctionName="thumbs",
        Runtime="python3.12",
        Role=role,
        Handler="lambda_function.lambda_handler",
        Code={"ZipFile": package(CODE)},
        Environment={"Variables": {"STAGE": "test"}},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="thumbs", WaiterConfig={"Delay": 1})
    functions.put_function_event_invoke_config(
        FunctionName="thumbs", DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    functions.invoke(FunctionName="thumbs", InvocationType="Event", Payload=b"{}")
    s3.create_bucket(Bucket="album")
    s3.put_object(Bucket="album", Key="hut.txt", Body=b"a hut")
    s3.put_object(Bucket="album", Key="alps/peak.txt", Body=b"a peak")
    return server


@pytest.mark.parametrize("name", PAGES)
def test_a_page(user: User, filled: Server, name: str) -> None:
    path, seen = PAGES[name]
    user.open(path)
    user.sees(seen)
    assert user.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    user.shot(f"page-{name}")


@pytest.fixture
def phone(browser: Browser, filled: Server) -> Iterator[User]:
    """Somebody on a phone, who likes it dark."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    yield User(context.new_page(), filled.endpoint, ARTEFACTS)
    context.close()


@pytest.mark.parametrize("name", ["home", "events", "queue", "function-code", "function-destinations", "bucket"])
def test_a_page_on_a_phone_in_the_dark(phone: User, name: str) -> None:
    path, seen = PAGES[name]
    phone.open(path)
    phone.sees(seen)
    assert phone.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    phone.shot(f"phone-{name}")


def test_a_function_is_tested_both_ways(user: User, filled: Server) -> None:
    user.open("/lambda/functions/thumbs?tab=test")
    main = user.page.get_by_role("tabpanel", name="Test")
    user.click("Test", within=main)
    user.sees("Executing function: succeeded")
    user.sees(re.compile("one line"))
    user.shot("function-tested")
    user.pick("Asynchronous")
    user.click("Test", within=main)
    user.sees("The event was accepted")
    user.click("See what becomes of it", role="link")
    user.sees("Ended: Success")


def test_settings_of_a_function_are_changed(user: User, filled: Server) -> None:
    user.open("/lambda/functions/thumbs?tab=configuration&panel=general")
    panel = user.page.get_by_role("tabpanel", name="Configuration")
    user.click("Edit", within=panel)
    user.fill("Memory", "256", within=panel)
    user.click("Save", within=panel)
    user.sees("Successfully updated the function thumbs.")
    user.sees("256 MB")
    assert filled.client("lambda").get_function_configuration(FunctionName="thumbs")["MemorySize"] == 256


def test_what_a_function_is_asked_twice_replaces_only_after_a_warning(user: User, filled: Server) -> None:
    filled.client("sqs").create_queue(QueueName="other")
    user.open("/lambda/functions/thumbs/add/destination")
    user.pick("On failure")
    user.sees("There is a destination for this condition already")
    user.sees("Saving replaces jobs")
    user.choose("Destination", "other")
    user.click("Save")
    user.sees("The destination other was successfully added to function thumbs.")


def test_polling_gives_back_what_it_showed(user: User, filled: Server) -> None:
    user.open("/sqs/queues/jobs/send-receive")
    user.click("Poll for messages")
    user.sees("10 bytes")
    user.click("Stop polling")
    expect(user.page.get_by_role("button", name="Poll for messages")).to_be_visible()
    sqs = filled.client("sqs")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert int(counts["ApproximateNumberOfMessages"]) >= 1
