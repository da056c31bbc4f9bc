"""Permissions on the running server: the lesson by a role whose policies start empty, explained step by step; least
privilege from what happened; the modes; an organisation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError

from outfall.cli.client import ask, wait_until
from tests.cli.test_commands import outfall

from .road import BAD, make_function, make_queue, make_role, package, wait_active
from .server import SOON_S, Server, plain_environment

ACCOUNT = "000000000000"
REFUSALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def decisions(server: Server, **query: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = ask(server.endpoint, f"/_outfall/api/decisions?{urlencode(query)}")["decisions"]
    return told


def explained(server: Server, **question: Any) -> dict[str, Any]:
    body = json.dumps(question).encode()
    told: dict[str, Any] = ask(server.endpoint, "/_outfall/api/explain", method="POST", body=body)["decision"]
    return told


class Learner:
    """Somebody who acts as a role, and pastes what `explain` says is missing into the role's policy."""

    def __init__(self, server: Server, role: str) -> None:
        self.server = server
        self.role = role
        iam = server.client("iam")
        trust = document({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        made = server.client("sts").assume_role(RoleArn=arn, RoleSessionName="learner")["Credentials"]
        self._keys = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        self.arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/learner"
        self.pasted: list[dict[str, Any]] = []

    def client(self, service: str) -> Any:
        return self.server.client(service, *self._keys)

    def tries(self, step: Callable[[], Any]) -> list[str]:
        """Takes a step until it passes; the actions that were missing, in order."""
        missing = []
        for _ in range(10):
            try:
                step()
            except ClientError as error:
                missing.append(self._paste(error))
                continue
            return missing
        raise AssertionError(f"it never passed: {missing}")

    def _paste(self, error: ClientError) -> str:
        """Adds the statement that a refused call lacks."""
        assert error.response["Error"]["Code"] in REFUSALS, error
        request_id = error.response["ResponseMetadata"]["RequestId"]
        [refused] = [one for one in decisions(self.server, request=request_id) if not one["allowed"]]
        said = error.response["Error"]["Message"]
        if said not in ("Forbidden", ""):  # a HEAD has no body to say it in
            assert said.startswith(f"User: {self.arn} is not authorized to perform: ")
            assert said.lower().replace('"', "").endswith(refused["message"].lower()[-60:])
        assert refused["principal"] == self.arn
        statement = json.loads(refused["missing"])
        self.pasted.append(statement)
        policy = document(*self.pasted)
        self.server.client("iam").put_role_policy(RoleName=self.role, PolicyName="pasted", PolicyDocument=policy)
        return str(statement["Action"])


def test_the_lesson_by_a_role_whose_policies_start_empty(server: Server) -> None:
    """AWS's error at each step; `explain` names the missing statement; pasting it makes the step pass."""
    name = "from-nothing"
    learner = Learner(server, "learner")
    sqs, iam, lambda_, s3 = (learner.client(service) for service in ("sqs", "iam", "lambda", "s3"))
    failure_arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    trust = document({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
    role_arn, function_arn = (
        f"arn:aws:iam::{ACCOUNT}:role/{name}",
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}",
    )
    rule = {"LambdaFunctionArn": function_arn, "Events": ["s3:ObjectCreated:*"]}
    settings = {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": role_arn,
        "Handler": "app.handler",
        "Code": {"ZipFile": package(BAD)},
    }

    assert learner.tries(lambda: sqs.create_queue(QueueName=name)) == ["sqs:CreateQueue"]
    assert learner.tries(lambda: iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)) == ["iam:CreateRole"]
    assert learner.tries(lambda: lambda_.create_function(**settings)) == ["lambda:CreateFunction", "iam:PassRole"]
    wait_active(server.client("lambda"), name)
    assert learner.tries(lambda: s3.create_bucket(Bucket=name)) == ["s3:CreateBucket"]
    allow = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    assert learner.tries(lambda: lambda_.add_permission(FunctionName=name, **allow)) == ["lambda:AddPermission"]
    notify = {"LambdaFunctionConfigurations": [rule]}
    assert learner.tries(
        lambda: s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=notify)
    ) == ["s3:PutBucketNotification"]

    # The destination: AWS asks whether the execution role may write there, and so does `explain`.
    destination = {"OnFailure": {"Destination": failure_arn}}

    def configure() -> None:
        lambda_.put_function_event_invoke_config(FunctionName=name, DestinationConfig=destination)

    with pytest.raises(ClientError) as denied:
        configure()
    assert learner._paste(denied.value) == "lambda:PutFunctionEventInvokeConfig"
    with pytest.raises(ClientError) as refused:
        configure()
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    request_id = refused.value.response["ResponseMetadata"]["RequestId"]
    [lacking] = [one for one in decisions(server, request=request_id) if not one["allowed"]]
    assert lacking["policies_of"] == role_arn
    statement = json.loads(lacking["missing"])
    assert statement == {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": failure_arn}
    server.client("iam").put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=document(statement))
    configure()

    # The road: as long as the role may, the record arrives; when it may not, the timeline says what is missing.
    assert learner.tries(lambda: s3.put_object(Bucket=name, Key="a", Body=b"x")) == ["s3:PutObject"]
    url = server.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    [record] = server.drain(url, 1)
    assert json.loads(record["Body"])["requestContext"]["condition"] == "RetriesExhausted"
    server.client("iam").delete_role_policy(RoleName=name, PolicyName="send")
    server.client("s3").put_object(Bucket=name, Key="b", Body=b"x")

    def undelivered() -> list[dict[str, Any]]:
        query = urlencode({"function": name, "key": "b"})
        found = ask(server.endpoint, f"/_outfall/api/events?{query}")["events"]
        return [event for event in found if event["undelivered"]]

    assert wait_until(lambda: bool(undelivered()), SOON_S)
    [event] = undelivered()
    told = outfall(plain_environment(), "events", "show", event["id"], "--endpoint", server.endpoint)
    assert json.dumps(statement, separators=(",", ":")) in told
    told = outfall(plain_environment(), "explain", event["id"], "--endpoint", server.endpoint)
    assert f"missing: {json.dumps(statement, separators=(',', ':'))}" in told


def test_explain_on_the_command_line(server: Server) -> None:
    learner = Learner(server, "asker")
    url, arn = make_queue(server, "explained")
    with pytest.raises(ClientError) as refused:
        learner.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    request_id = refused.value.response["ResponseMetadata"]["RequestId"]
    environment = {**plain_environment(), "AWS_ENDPOINT_URL": server.endpoint}
    told = outfall(environment, "explain", request_id)
    missing = f'{{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"{arn}"}}'
    assert f"REFUSED: {learner.arn} sqs:SendMessage on {arn}" in told
    assert f"missing, in a policy of arn:aws:iam::{ACCOUNT}:role/asker:\n  {missing}" in told
    assert "aws:SourceIp=127.0.0.1" in told
    assert request_id in outfall(environment, "explain", "--refused")
    assert f"see: outfall explain {request_id}" in server.log()

    question = ("explain", "--principal", "role/asker", "--action", "sqs:SendMessage", "--resource", arn)
    assert missing in outfall(environment, *question)
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    server.client("iam").put_role_policy(
        RoleName="asker", PolicyName="p", PolicyDocument=document({**json.loads(missing), "Condition": condition})
    )
    assert "REFUSED" in outfall(environment, *question, "--context", "aws:SourceIp=11.0.0.1")
    allowed = outfall(environment, *question, "--context", "aws:SourceIp=10.0.0.1")
    assert "allowed: " in allowed
    assert "decided by identity-based policy (inline policy p of role asker)" in allowed
    for arguments in (["explain"], ["explain", "x", "--refused"], ["explain", "--principal", "x"], ["policy"]):
        outfall(environment, *arguments, fails=True)
    assert "no decision for nonsense" in outfall(environment, "explain", "nonsense", fails=True)
    assert "there is no principal role/nobody" in outfall(
        environment, "explain", "--principal", "role/nobody", "--action", "a:B", fails=True
    )
    assert "there is no role nobody" in outfall(environment, "policy", "--role", "nobody", fails=True)


def test_a_service_is_explained_by_the_policy_of_the_resource(server: Server) -> None:
    _, arn = make_queue(server, "for-a-topic")
    told = explained(
        server,
        principal="sns.amazonaws.com",
        action="sqs:SendMessage",
        resource=arn,
        context={"aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:t"},
    )
    assert not told["allowed"]
    assert told["missing_in"] == f"the policy of {arn}"
    statement = json.loads(told["missing"])
    assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:000000000000:t"}}
    assert explained(server, principal=ACCOUNT, action="sqs:SendMessage", resource=arn)["allowed"]
    assert not explained(server, principal="anonymous", action="sqs:SendMessage", resource=arn)["allowed"]
    trust = explained(
        server, principal=ACCOUNT, action="sts:AssumeRole", resource=f"arn:aws:iam::{ACCOUNT}:role/no-such-role"
    )
    assert trust["missing_in"] == f"the trust policy of arn:aws:iam::{ACCOUNT}:role/no-such-role"


def actions(policy: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for one in policy["Statement"]:
        found |= {one["Action"]} if isinstance(one["Action"], str) else set(one["Action"])
    return found


def test_a_role_that_may_not_make_its_log_group_has_no_logs(server: Server) -> None:
    role = make_role(server, "mute", "logs:CreateLogStream", "logs:PutLogEvents")
    make_function(server, "mute", "def handler(event, context):\n    print('hello')\n", role)
    lambda_, logs = server.client("lambda"), server.client("logs")
    lambda_.invoke(FunctionName="mute")
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/mute")["logGroups"] == []
    [refused] = [
        one for one in decisions(server, refused="1", principal=role) if one["action"] == "logs:CreateLogGroup"
    ]
    assert refused["resource"] == f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/mute"
    logs.create_log_group(logGroupName="/aws/lambda/mute")
    lambda_.invoke(FunctionName="mute")
    [stream] = logs.describe_log_streams(logGroupName="/aws/lambda/mute")["logStreams"]
    assert "[$LATEST]" in stream["logStreamName"]


def test_the_simulator_answers_on_the_wire(server: Server) -> None:
    role = make_role(server, "simulated", "sqs:SendMessage")
    iam = server.client("iam")
    asked = {"PolicySourceArn": role, "ActionNames": ["sqs:SendMessage"], "ResourceArns": ["arn:aws:sqs:us-east-1:1:q"]}
    [told] = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert (told["EvalDecision"], told["EvalDecisionDetails"]["IAM Policy"]) == ("implicitDeny", "allowed")
    asked["ResourceArns"] = [f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"]
    [told] = iam.simulate_principal_policy(**asked)["EvaluationResults"]
    assert told["EvalDecision"] == "allowed"
    [specific] = told["ResourceSpecificResults"]
    assert specific["MatchedStatements"][0]["StartPosition"]["Line"] == 1
    assert iam.get_context_keys_for_principal_policy(PolicySourceArn=role)["ContextKeyNames"] == []


def test_the_smallest_policy_for_what_a_function_did(server: Server) -> None:
    """Also what Lambda did with the role: its logs, its destination."""
    url, arn = make_queue(server, "least")
    role = make_role(server, "least", "sqs:*", "s3:GetObject", "logs:*")
    source = (
        "import boto3\ndef handler(event, context):\n    boto3.client('s3').get_object(Bucket='least', Key='in/a')\n"
    )
    make_function(server, "least", source, role, Timeout=30)
    lambda_, s3 = server.client("lambda"), server.client("s3")
    s3.create_bucket(Bucket="least")
    s3.put_object(Bucket="least", Key="in/a", Body=b"x")
    lambda_.put_function_event_invoke_config(
        FunctionName="least", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    lambda_.invoke(FunctionName="least", InvocationType="Event", Payload=b"{}")
    assert len(server.drain(url, 1)) == 1
    environment = {**plain_environment(), "AWS_ENDPOINT_URL": server.endpoint}
    printed = json.loads(outfall(environment, "policy", "--role", "least"))
    by_action = {one["Action"]: one["Resource"] for one in printed["Statement"] if isinstance(one["Action"], str)}
    assert by_action["sqs:SendMessage"] == arn
    assert by_action["s3:GetObject"] == "arn:aws:s3:::least/in/a"
    written = json.dumps(printed)
    assert f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/least:log-stream:*" in written
    assert {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"} <= actions(printed)
    told = json.loads(outfall(environment, "policy", "--role", "least", "--since", "1h", "-o", "json"))
    assert told["policy"] == printed
    [held] = told["held"]
    assert "sqs:SendMessage" in held["used"]
    assert held["unused_actions"] == []
    nothing = json.loads(outfall(environment, "policy", "--role", "least", "--since", "2200-01-01", "-o", "json"))
    assert nothing["policy"]["Statement"] == []
    assert nothing["held"][0]["unused_actions"] == ["sqs:*", "s3:GetObject", "logs:*"]

    # Put in force, it allows the same again.
    iam = server.client("iam")
    iam.put_role_policy(RoleName="least", PolicyName="p", PolicyDocument=json.dumps(printed))
    lambda_.invoke(FunctionName="least", InvocationType="Event", Payload=b"{}")
    assert len(server.drain(url, 1)) == 1


def test_uses_survive_a_crash_that_comes_a_second_later(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    learner = Learner(server, "worker")
    make_queue(server, "jobs")
    allow = document({"Effect": "Allow", "Action": "sqs:GetQueueUrl", "Resource": "*"})
    server.client("iam").put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=allow)

    def survives(written_after_s: float) -> bool:
        learner.client("sqs").get_queue_url(QueueName="jobs")
        time.sleep(written_after_s)
        server.kill()
        server.start()
        told = ask(server.endpoint, "/_outfall/api/policy?role=worker")
        return [one["action"] for one in told["uses"]] == ["sqs:GetQueueUrl"]

    assert any(survives(written_after_s) for written_after_s in (1.5, 10, 30)), "later only where little gets done"


@pytest.fixture(scope="module")
def auditing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("auditing"), "--time-scale", "0", "--iam", "audit").start()
    yield running
    running.stop()


def test_audit_allows_and_marks_what_aws_refuses(auditing: Server) -> None:
    learner = Learner(auditing, "auditor")
    url, arn = make_queue(auditing, "audited")
    sent = learner.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    [told] = decisions(auditing, request=sent["ResponseMetadata"]["RequestId"])
    assert (told["allowed"], told["audited"]) == (True, True)
    assert "because no identity-based policy allows" in told["message"]
    assert json.loads(told["missing"])["Action"] == "sqs:SendMessage"
    assert "audit: AWS would refuse this: " + learner.arn in auditing.log()
    assert "AWS would REFUSE it" in outfall(
        plain_environment(), "explain", "--refused", "--endpoint", auditing.endpoint
    )
    # What was done is what the role needs, whether or not it holds it.
    needed = ask(auditing.endpoint, "/_outfall/api/policy?role=auditor")["policy"]["Statement"]
    assert {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn} in needed


def test_audit_marks_a_delivery_that_aws_refuses(auditing: Server) -> None:
    url, arn = make_queue(auditing, "marked")
    make_function(auditing, "marked", BAD, make_role(auditing, "marked"))
    lambda_ = auditing.client("lambda")
    lambda_.put_function_event_invoke_config(
        FunctionName="marked", DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    lambda_.invoke(FunctionName="marked", InvocationType="Event", Payload=b"{}")
    assert len(auditing.drain(url, 1)) == 1
    [event] = ask(auditing.endpoint, "/_outfall/api/events?function=marked")["events"]
    [delivery] = ask(auditing.endpoint, f"/_outfall/api/events/{event['id']}")["deliveries"]
    assert delivery["delivered"]
    assert "no identity-based policy allows the sqs:SendMessage action" in delivery["refused"]


def test_off_asks_no_policy(new_server: Callable[..., Server]) -> None:
    server = new_server("--iam", "off").start()
    learner = Learner(server, "anybody")
    learner.client("sqs").create_queue(QueueName="free")
    assert ask(server.endpoint, "/_outfall/health")["iam"] == "off"
    assert decisions(server, refused="1") == []
    # Asked in words, the policies still say what they say.
    assert not explained(server, principal="role/anybody", action="sqs:CreateQueue")["allowed"]


def test_an_organisation_binds_roots(new_server: Callable[..., Server], tmp_path: Any) -> None:
    described = tmp_path / "organization.json"
    described.write_text(
        document(
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "sqs:CreateQueue", "Resource": "arn:aws:sqs:*:*:secret*"},
        )
    )
    server = new_server("--organization-policy", str(described)).start()
    sqs = server.client("sqs")
    sqs.create_queue(QueueName="open")
    with pytest.raises(ClientError) as refused:
        sqs.create_queue(QueueName="secret")
    assert refused.value.response["Error"]["Message"].endswith(
        "with an explicit deny in a service control policy: "
        "arn:aws:organizations::000000000000:policy/o-outfall000/service_control_policy/p-outfall"
    )


def test_a_mistyped_mode_or_organisation_is_refused_in_one_line(tmp_path: Any) -> None:
    for arguments in (["--iam", "enfroce"], ["--organization-policy", str(tmp_path / "no.json")]):
        told = outfall(plain_environment(), "up", "--ephemeral", *arguments, fails=True)
        assert told.count("\n") == 1
        assert told.startswith("Error: ")
