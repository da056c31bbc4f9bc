"""Temporary credentials end on the clock of record, and every service says so in its own words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from outfall.testing import running

CALLS = {
    "s3": ("list_buckets", 400, "ExpiredToken", "The provided token has expired."),
    "sqs": ("list_queues", 403, "ExpiredToken", None),
    "sns": ("list_topics", 403, "ExpiredToken", None),
    "lambda": ("list_functions", 403, "ExpiredTokenException", None),
    "iam": ("list_roles", 403, "ExpiredToken", None),
    "sts": ("get_caller_identity", 403, "ExpiredToken", None),
    "events": ("list_rules", 400, "ExpiredTokenException", None),
    "logs": ("describe_log_groups", 400, "ExpiredTokenException", None),
}
"""A call of each service, and status, code and message of its refusal. [iam.md 4]"""
TEXT = "The security token included in the request is expired"


class Sessions:
    """A server on a clock of its own, and credentials of a role that may do everything for an hour."""

    def __init__(self, outfall: Any) -> None:
        self.outfall = outfall
        iam = outfall.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        self.given = outfall.client("sts").assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]

    def call(self, service: str) -> Any:
        given = self.given
        session = boto3.session.Session(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name="us-east-1"
        )
        config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
        client = session.client(service, endpoint_url=self.outfall.endpoint, config=config)
        return getattr(client, CALLS[service][0])()


@pytest.fixture(scope="module")
def sessions() -> Iterator[Sessions]:
    with running(environments="process") as outfall:
        made = Sessions(outfall)
        outfall.advance(minutes=59)
        for service in CALLS:
            assert made.call(service)["ResponseMetadata"]["HTTPStatusCode"] == 200
        outfall.advance(minutes=1)
        yield made


@pytest.mark.parametrize("service", CALLS)
def test_a_session_that_ended_is_told_so(sessions: Sessions, service: str) -> None:
    _, status, code, text = CALLS[service]
    with pytest.raises(ClientError) as refused:
        sessions.call(service)
    response = refused.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert response["Error"]["Code"] == code
    assert response["Error"]["Message"] == (text or TEXT)
