"""What can be done on the pages of queues and functions, on real data."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.clients.server import Server
from tests.console.pages import fill
from tests.console.user import User


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """One of everything."""
    fill(server)
    return server


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
