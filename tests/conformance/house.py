"""A server and what the tests of this folder make in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from outfall.testing import Inside
from tests.clients.road import make_function, make_role

from .rows import rows

ACCOUNT = "111111111111"
PLACEHOLDER = re.compile(r"<[^<>]+>")


@dataclass(frozen=True)
class House:
    """A running server, seen from one account."""

    inside: Inside

    def client(self, service: str, account: str = ACCOUNT, region: str = "us-east-1") -> Any:
        """A client that sends what it is given, right or wrong."""
        return _client(self.inside.endpoint, service, account, region)

    def role(self, name: str, *actions: str) -> str:
        """A role for functions that may do these actions on everything; its ARN."""
        return make_role(self, name, *actions)

    def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """A queue; its URL and ARN."""
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    def function(self, name: str, source: str, role: str, **settings: Any) -> str:
        """A function that is active; its ARN."""
        return make_function(self, name, source, role, **settings)

    def messages(self, url: str) -> list[dict[str, Any]]:
        """What lies in a queue, deleted as it is received."""
        sqs, got = self.client("sqs"), []
        while found := sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages"):
            got += found
            for message in found:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return got


@cache
def _client(endpoint: str, service: str, account: str, region: str) -> Any:
    config = Config(retries={"max_attempts": 1}, parameter_validation=False, s3={"addressing_style": "path"})
    session = boto3.session.Session(account, "test", region_name=region)
    return session.client(service, endpoint_url=endpoint, config=config)


def refusal(call: Any) -> tuple[int, str, str]:
    """Status, code and message of the error that a call ends with."""
    try:
        call()
    except ClientError as error:
        told = error.response
        return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"], told["Error"]["Message"]
    raise AssertionError("it was not refused")


def expect_recorded(row_id: str, told: tuple[int, str, str]) -> None:
    """Holds an error against the recorded one; what is a placeholder there may be anything."""
    row = rows()[row_id]
    assert told[:2] == (row.told["then"]["status"], row.code), told
    pattern = ".+".join(re.escape(part) for part in PLACEHOLDER.split(row.message))
    assert re.fullmatch(pattern, told[2], re.DOTALL), f"\nAWS:  {row.message}\nhere: {told[2]}"
