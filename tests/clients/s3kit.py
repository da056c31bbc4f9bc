"""One server for the tests of a module, in this process, on a clock that tests move; and S3 as they speak to it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from outfall.testing.inside import Inside

OTHER = "222222222222"
SETTINGS = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})


@lru_cache
def client_of(endpoint: str, account: str, region: str, settings: tuple[tuple[str, Any], ...]) -> Any:
    """A client, made once: making one takes longer than most tests."""
    session = boto3.session.Session(account, "test", region_name=region)
    return session.client("s3", endpoint_url=endpoint, config=SETTINGS.merge(Config(**dict(settings))))


class Refusal:
    """What AWS answered instead: status, code, message, and the other elements."""

    def __init__(self, response: dict[str, Any]) -> None:
        self.error = response["Error"]
        self.code, self.message = self.error["Code"], self.error.get("Message", "")
        self.status = response["ResponseMetadata"]["HTTPStatusCode"]
        self.headers = response["ResponseMetadata"]["HTTPHeaders"]


class Answer:
    """An answer to a bare request."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.body = body

    @property
    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)

    @property
    def code(self) -> str:
        return self.xml.findtext("Code") or ""


class S3:
    """A running server, and a bucket of the test's own."""

    def __init__(self, inside: Inside, bucket: str) -> None:
        self.inside = inside
        self.bucket = bucket
        self.api: Any = self.client()

    def client(self, account: str = "test", region: str = "us-east-1", **settings: Any) -> Any:
        return client_of(self.inside.endpoint, account, region, tuple(settings.items()))

    def put(self, key: str, data: bytes | str = b"data", **more: Any) -> dict[str, Any]:
        return dict(self.api.put_object(Bucket=self.bucket, Key=key, Body=data, **more))

    def get(self, key: str, **more: Any) -> bytes:
        return bytes(self.api.get_object(Bucket=self.bucket, Key=key, **more)["Body"].read())

    def call(self, name: str, **more: Any) -> dict[str, Any]:
        """An operation on the test's bucket."""
        return dict(getattr(self.api, name)(Bucket=self.bucket, **more))

    def refused(self, name: str, **more: Any) -> Refusal:
        """The same, where AWS answers an error."""
        return refused(lambda: self.call(name, **more))

    def version(self, status: str = "Enabled") -> None:
        self.call("put_bucket_versioning", VersioningConfiguration={"Status": status})

    def open(self) -> None:
        """Lets policies and access lists open the bucket to everybody."""
        self.call("delete_public_access_block")
        self.call("put_bucket_ownership_controls", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})

    def let(self, action: str | list[str], *paths: str, principal: Any = "*", effect: str = "Allow") -> None:
        """A policy of one statement."""
        own = f"arn:aws:s3:::{self.bucket}"
        statement = {"Effect": effect, "Principal": principal, "Action": action}
        document = {"Version": "2012-10-17", "Statement": [statement | {"Resource": [own + path for path in paths]}]}
        self.call("put_bucket_policy", Policy=json.dumps(document))

    def send(self, method: str, path: str = "", body: Any = None, host: str = "", **headers: str) -> Answer:
        """A bare request to the test's bucket, signed by nobody; `_` in header names stands for `-`."""
        parts = urlsplit(self.inside.endpoint)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        target = path if host else f"/{self.bucket}{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, target or "/", body, named | ({"Host": host} if host else {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()


def refused(work: Callable[[], Any]) -> Refusal:
    """The error that a call of a client ends in."""
    try:
        answer = work()
    except ClientError as error:
        return Refusal(dict(error.response))
    raise AssertionError(f"it was not refused: {answer}")
