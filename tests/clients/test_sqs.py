"""SQS as clients see it, over the wire: the older protocol beside the newer, and who may send."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from .server import Server


def query(server: Server, path: str, *, key: str = "test", secret: str = "test", **form: str) -> tuple[int, str]:
    """Status and body of a request in the query protocol."""
    body = urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    signed = AWSRequest("POST", server.endpoint + path, headers, body)
    SigV4Auth(Credentials(key, secret), "sqs", "us-east-1").add_auth(signed)
    try:
        with urlopen(Request(signed.url, body, dict(signed.headers))) as answer:
            return answer.status, answer.read().decode()
    except OSError as error:
        return error.code, error.read().decode()  # type: ignore[attr-defined]


def user(server: Server, name: str, **tags: str) -> tuple[str, str]:
    """Key and secret of a new user without any policy."""
    iam = server.client("iam")
    iam.create_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def queue(server: Server, name: str, statement: dict[str, Any] | None = None) -> str:
    sqs = server.client("sqs")
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    if statement:
        policy = {"Version": "2012-10-17", "Statement": [{"Action": "sqs:*", "Resource": "*"} | statement]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    return url


def test_a_queue_that_is_not_there(server: Server) -> None:  # rec-184, rec-185
    with pytest.raises(ClientError) as refused:
        server.client("sqs").get_queue_url(QueueName="none")
    error = refused.value.response["Error"]
    assert (error["Code"], error["QueryErrorCode"]) == (
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
    )
    assert error["Message"] == "The specified queue does not exist."
    status, body = query(server, "/", Action="GetQueueUrl", QueueName="none", Version="2012-11-05")
    assert status == 400
    assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in body
    assert "<Message>The specified queue does not exist for this wsdl version.</Message><Detail/>" in body


def test_a_caller_without_permission(server: Server) -> None:  # sqs-028
    key, secret = user(server, "nobody")
    path = queue(server, "closed").removeprefix(server.endpoint)
    status, body = query(server, path, key=key, secret=secret, Action="SendMessage", MessageBody="x")
    assert status == 403
    head = '<ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type>'
    assert f"{head}<Code>AccessDenied</Code><Message>" in body
    assert "</Message><Detail/></Error>" in body


def test_a_policy_that_denies(server: Server) -> None:  # sqs-027
    key, secret = user(server, "denied")
    arn = "arn:aws:iam::000000000000:user/denied"
    url = queue(server, "denying", {"Effect": "Deny", "Principal": {"AWS": arn}})
    with pytest.raises(ClientError) as refused:
        server.client("sqs", key, secret).send_message(QueueUrl=url, MessageBody="x")
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert response["Error"]["Message"].endswith("with an explicit deny in a resource-based policy")


def test_a_policy_for_callers_with_a_tag(server: Server) -> None:  # sqs-029
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    url = queue(server, "tagged", {"Effect": "Allow", "Principal": "*", "Condition": condition})
    blue, red = user(server, "blue", team="blue"), user(server, "red", team="red")
    assert server.client("sqs", *blue).send_message(QueueUrl=url, MessageBody="x")["MessageId"]
    with pytest.raises(ClientError):
        server.client("sqs", *red).send_message(QueueUrl=url, MessageBody="x")


def unsigned(server: Server, path: str) -> tuple[int, str]:
    try:
        with urlopen(server.endpoint + path) as answer:
            return answer.status, answer.read().decode()
    except OSError as error:
        return error.code, error.read().decode()  # type: ignore[attr-defined]


def test_a_policy_may_let_everybody_send(server: Server) -> None:
    url = queue(server, "open", {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"})
    path = url.removeprefix(server.endpoint)
    assert unsigned(server, f"{path}?Action=SendMessage&MessageBody=x&Version=2012-11-05")[0] == 200
    assert server.client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "x"
    for action in "ReceiveMessage", "DeleteQueue":
        status, body = unsigned(server, f"{path}?Action={action}&Version=2012-11-05")
        assert status == 403
        denied = "Access to the resource https://sqs.us-east-1.amazonaws.com/ is denied."
        assert f"<Code>AccessDenied</Code><Message>{denied}</Message>" in body


def test_nobody_makes_queues(server: Server) -> None:
    assert unsigned(server, "/?Action=CreateQueue&QueueName=mine&Version=2012-11-05")[0] == 403
    assert unsigned(server, "/?Action=ListQueues&Version=2012-11-05")[0] == 403


@pytest.mark.parametrize("action", ["CreateQueue", "ListQueues", "Nonsense"])
def test_a_queues_own_url_does_not_take_every_action(server: Server, action: str) -> None:
    path = queue(server, "own").removeprefix(server.endpoint)
    status, body = query(server, path, Action=action, QueueName="new", Version="2012-11-05")
    assert status == 400
    assert f"<Code>InvalidAction</Code><Message>The action {action} is not valid for this endpoint.</Message>" in body


def test_a_long_poll_ends_with_the_first_message(server: Server) -> None:
    url = queue(server, "awaited")
    sqs = server.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=1)
    began = time.monotonic()
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"] == "late"
    assert time.monotonic() - began < 15
