"""What can be set of a function by clicking, beside the lesson's own steps; seen from the other side with boto3."""

from __future__ import annotations

import json
import re

import pytest

from outfall.cli.client import wait_until
from outfall.cli.lesson import LOGGING_POLICY, TRUST, package
from tests.clients.server import Server
from tests.console.user import User

CODE = "import os\n\ndef lambda_handler(event, context):\n    return os.environ.get('GREETING')\n"


@pytest.fixture(scope="module")
def greeter(server: Server) -> Server:
    """A function without triggers, and a bucket and a queue that could be some."""
    iam = server.client("iam")
    role = iam.create_role(RoleName="greeter-role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName="greeter-role", PolicyArn=LOGGING_POLICY)
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="greeter-role", PolicyName="queues", PolicyDocument=document)
    functions = server.client("lambda")
    code, handler = {"ZipFile": package(CODE)}, "lambda_function.lambda_handler"
    functions.create_function(FunctionName="greeter", Runtime="python3.12", Role=role, Handler=handler, Code=code)
    functions.get_waiter("function_active_v2").wait(FunctionName="greeter", WaiterConfig={"Delay": 1})
    server.client("s3").create_bucket(Bucket="letters")
    server.client("sqs").create_queue(QueueName="requests")
    return server


def test_a_bucket_becomes_a_trigger_and_is_one_no_more(user: User, greeter: Server) -> None:
    user.open("/lambda/functions/greeter")
    user.click("Add trigger")
    user.choose("Bucket", "letters")
    user.fill("Suffix - optional", ".txt")
    user.click("Add")
    user.sees("Acknowledge the note on recursive invocation.")
    user.page.get_by_role("checkbox", name=re.compile("acknowledge")).check()
    user.shot("trigger-s3")
    user.click("Add")
    user.sees("The trigger letters was successfully added to function greeter.")
    told = greeter.client("s3").get_bucket_notification_configuration(Bucket="letters")
    (rule,) = told["LambdaFunctionConfigurations"]
    assert rule["Events"] == ["s3:ObjectCreated:*"]
    assert rule["Filter"]["Key"]["FilterRules"] == [{"Name": "Suffix", "Value": ".txt"}]
    user.shot("trigger-added")

    user.page.get_by_role("radio", name=re.compile("^Select lambda-")).check()
    user.click("Delete")
    user.click("Delete", within=user.page.get_by_role("dialog"))
    user.sees("Nothing invokes this function by itself.")
    told = greeter.client("s3").get_bucket_notification_configuration(Bucket="letters")
    assert "LambdaFunctionConfigurations" not in told


def test_a_queue_is_polled_for_it(user: User, greeter: Server) -> None:
    user.open("/lambda/functions/greeter/add/trigger")
    user.choose("Source", "SQS")
    user.choose("SQS queue", "requests")
    user.click("Add")
    user.sees("The trigger requests was successfully added to function greeter.")
    (mapping,) = greeter.client("lambda").list_event_source_mappings(FunctionName="greeter")["EventSourceMappings"]
    assert mapping["EventSourceArn"].endswith(":requests")


def test_a_variable_reaches_the_code(user: User, greeter: Server) -> None:
    user.open("/lambda/functions/greeter?tab=configuration&panel=environment")
    panel = user.page.get_by_role("tabpanel", name="Configuration")
    user.click("Edit", within=panel)
    user.click("Add environment variable")
    user.fill("Key", "GREETING", within=panel)
    user.fill("Value", "good day", within=panel)
    user.click("Save", within=panel)
    user.sees("Successfully updated the function greeter.")
    answer = greeter.client("lambda").invoke(FunctionName="greeter")
    assert json.loads(answer["Payload"].read()) == "good day"


def test_retries_are_set(user: User, greeter: Server) -> None:
    user.open("/lambda/functions/greeter?tab=configuration&panel=async")
    panel = user.page.get_by_role("tabpanel", name="Configuration")
    user.click("Edit", within=panel)
    user.fill("Hours", "1", within=panel)
    user.choose("Retry attempts", "0")
    user.click("Save", within=panel)
    user.sees("1 h 0 min 0 sec")
    config = greeter.client("lambda").get_function_event_invoke_config(FunctionName="greeter")
    assert (config["MaximumEventAgeInSeconds"], config["MaximumRetryAttempts"]) == (3600, 0)


def test_a_version_is_published_and_has_an_alias(user: User, greeter: Server) -> None:
    user.open("/lambda/functions/greeter?tab=versions")
    user.click("Publish new version")
    user.sees("A new version was published.")
    user.tab("Aliases")
    user.click("Create alias")
    dialog = user.page.get_by_role("dialog")
    user.fill("Name", "live", within=dialog)
    user.choose("Version", "1")
    user.click("Save", within=dialog)
    user.sees("The alias live was created.")
    assert greeter.client("lambda").get_alias(FunctionName="greeter", Name="live")["FunctionVersion"] == "1"


def test_code_that_is_not_deployed_is_not_run(user: User, greeter: Server) -> None:
    user.open("/lambda/functions/greeter")
    user.write_code("def lambda_handler(event, context):\n    return 'new'\n")
    user.tab("Test")
    user.tab("Code")
    user.sees("Undeployed changes")
    user.click("Deploy")
    user.sees("Successfully updated the function greeter.")
    functions = greeter.client("lambda")
    assert wait_until(lambda: json.loads(functions.invoke(FunctionName="greeter")["Payload"].read()) == "new", 10)
