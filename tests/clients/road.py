"""What the lesson needs, made with boto3 for a test: queues, role, function, bucket, both destinations."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from outfall.cli.client import wait_until

from .server import SOON_S, Server

GOOD = 'def handler(event, context):\n    return {"statusCode": 200}\n'
BAD = 'def handler(event, context):\n    raise Exception("boom!")\n'


def package(source: str, name: str = "app.py") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), source)
    return buffer.getvalue()


class Clients(Protocol):
    """A server, as far as it hands out clients."""

    def client(self, service: str) -> Any: ...


def make_role(server: Clients, name: str, *actions: str) -> str:
    """A role for functions that may do these actions on everything; its ARN."""
    iam = server.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if actions:
        allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    return str(arn)


def make_queue(server: Clients, name: str) -> tuple[str, str]:
    """URL and ARN."""
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, got["Attributes"]["QueueArn"]


def make_function(server: Clients, name: str, source: str, role: str, **settings: Any) -> str:
    """A function that is active; its ARN."""
    client = server.client("lambda")
    arn = client.create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.12",
            "Role": role,
            "Handler": "app.handler",
            "Code": {"ZipFile": package(source)},
            **settings,
        }
    )["FunctionArn"]
    wait_active(client, name)
    return str(arn)


def wait_active(client: Any, name: str) -> None:
    def active() -> bool:
        now = client.get_function_configuration(FunctionName=name)
        return bool(now["State"] == "Active" and now["LastUpdateStatus"] == "Successful")

    assert wait_until(active, SOON_S)


@dataclass
class Road:
    """S3 bucket -> function -> two queues."""

    server: Server
    name: str
    source: str

    def __post_init__(self) -> None:
        server, name = self.server, self.name
        self.success_url, self.success_arn = make_queue(server, f"{name}-success")
        self.failure_url, self.failure_arn = make_queue(server, f"{name}-failure")
        role = make_role(server, name, "sqs:SendMessage", "logs:*")
        self.function_arn = make_function(server, name, self.source, role)
        client = server.client("lambda")
        client.put_function_event_invoke_config(
            FunctionName=name,
            DestinationConfig={
                "OnSuccess": {"Destination": self.success_arn},
                "OnFailure": {"Destination": self.failure_arn},
            },
        )
        client.add_permission(
            FunctionName=name, StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
        )
        s3 = server.client("s3")
        s3.create_bucket(Bucket=name)
        rule = {"LambdaFunctionArn": self.function_arn, "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
        )

    def upload(self, key: str) -> None:
        self.server.client("s3").put_object(Bucket=self.name, Key=key, Body=b"x")

    def upload_many(self, keys: list[str], acknowledged: list[str]) -> None:
        """Uploads one after another with one client, until one fails; notes the keys whose upload was acknowledged."""
        s3 = self.server.client("s3")
        for key in keys:
            try:
                s3.put_object(Bucket=self.name, Key=key, Body=b"x")
            except (BotoCoreError, ClientError):
                return
            acknowledged.append(key)


def keys_of(messages: list[dict[str, Any]]) -> list[str]:
    """The object keys that records are about."""
    return [json.loads(m["Body"])["requestPayload"]["Records"][0]["s3"]["object"]["key"] for m in messages]
