"""The lesson, clicked from its first line to its last with its own words for buttons and tabs."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.clients.server import Server
from tests.console.user import User

BOOM = 'def lambda_handler(event, context):\n    raise Exception("boom!")\n'


def steps_done(user: User, count: int) -> None:
    """The guided panel on the first page says how many steps are done."""
    user.open()
    user.sees(f"{count} of 12 steps")


def test_the_lesson(user: User, server: Server) -> None:
    user.open()
    user.sees("0 of 12 steps")
    user.shot("lesson-00-home")
    user.create_bucket("photos")

    user.create_queue("S3-success")
    user.shot("lesson-01-queue")
    user.create_queue("S3-failure")
    steps_done(user, 2)

    user.go("Lambda")
    user.click("Create function")
    user.pick("Use a blueprint")
    user.fill("Function name", "S3-async")
    user.choose("Bucket", "photos")
    user.page.get_by_role("checkbox", name=re.compile("acknowledge")).check()
    user.shot("lesson-02-create-function")
    user.click("Create function")
    user.sees_heading("S3-async")
    user.sees("No destinations")
    steps_done(user, 3)

    user.go("Lambda")
    user.follow("S3-async")
    user.tab("Configuration")
    for condition, queue in (("On failure", "S3-failure"), ("On success", "S3-success")):
        user.add_destination(condition, queue)
        user.shot(f"lesson-03-{queue}")
        user.click("Save")
        user.sees("Permission to send to it was added to the execution role.")
    user.shot("lesson-04-destinations")
    user.follow(re.compile("^S3-async-role-[a-z0-9]{8}$"))
    user.sees(re.compile("Allows sqs:SendMessage on arn:aws:sqs:us-east-1:000000000000:S3-success"))
    user.sees(re.compile("Allows sqs:SendMessage on arn:aws:sqs:us-east-1:000000000000:S3-failure"))
    user.shot("lesson-05-role")
    names = [one["PolicyName"] for one in server.client("iam").list_policies(Scope="Local")["Policies"]]
    kinds = sorted(re.sub(r"-[0-9a-f]{8}-[0-9a-f-]{27}$", "", name) for name in names)
    assert kinds == ["AWSLambdaBasicExecutionRole", *["AWSLambdaSQSQueueDestinationExecutionRole"] * 2]
    steps_done(user, 6)

    user.upload("photos", "beach.jpeg", b"\xff\xd8\xff a beach", "image/jpeg")
    user.shot("lesson-06-upload")
    success = user.poll("S3-success")
    user.shot("lesson-07-success")
    assert success["requestContext"]["condition"] == "Success"
    assert success["responsePayload"]["statusCode"] == 200
    assert success["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "beach.jpeg"
    steps_done(user, 8)

    user.go("Lambda")
    user.follow("S3-async")
    user.write_code(BOOM)
    user.shot("lesson-08-code")
    user.click("Deploy")
    user.sees("Successfully updated the function S3-async.")
    user.upload("photos", "index.html", b"<h1>index</h1>", "text/html")

    user.go("Lambda")
    user.follow("S3-async")
    user.sees(re.compile(r"1 in flight: waiting 00:[0-5]\d for retry 1 of 2"))
    user.shot("lesson-09-waiting")
    user.go("Events")
    user.sees(re.compile(r"Retry 1 in \d+"))
    user.shot("lesson-10-events")
    for retry in (1, 2):
        user.sees(re.compile(rf"Retry {retry} in \d+"))
        user.click("Skip the wait of s3://photos/index.html")
    user.sees("Failed, sent to S3-failure")
    user.shot("lesson-11-retried")

    failure = user.poll("S3-failure")
    user.shot("lesson-12-failure")
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestContext"]["approximateInvokeCount"] == 3
    assert failure["responsePayload"]["errorMessage"] == "boom!"
    assert failure["responsePayload"]["errorType"] == "Exception"
    assert "lambda_handler" in "".join(failure["responsePayload"]["stackTrace"])
    assert failure["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "index.html"
    steps_done(user, 12)
    user.sees("You have done the lesson")
    user.shot("lesson-13-done")


def test_the_lesson_is_beside_every_page(user: User) -> None:
    user.open("/sqs/queues")
    user.click("Guided lesson")
    user.sees(re.compile(r"\d+ of 12 steps"))
    expect(user.page.get_by_role("heading", name="Guided lesson", exact=True)).to_be_visible()
    user.shot("lesson-beside")
