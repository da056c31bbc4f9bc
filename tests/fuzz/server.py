"""One of everything on a server, and clients that send whatever they are given."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.clients.road import GOOD, package

TRUSTED = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [TRUSTED]})
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
ROLE = "arn:aws:iam::000000000000:role/fuzz"
CONFIG = Config(
    parameter_validation=False,
    retries={"max_attempts": 1},
    read_timeout=15,
    s3={"addressing_style": "path"},
    inject_host_prefix=False,
)


class Answer(NamedTuple):
    """What came back: the status, and the error's code if it is one. `sent` is whether anything left the client."""

    sent: bool
    status: int = 0
    code: str = ""
    message: str = ""


class Fuzzed:
    """Clients of one server, without botocore's own validation."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[str, Any] = {}
        self._sent = 0

    def client(self, service: str) -> Any:
        if service not in self._clients:
            session = boto3.session.Session("test", "test", region_name="us-east-1")
            client = session.client(service, endpoint_url=self._endpoint, config=CONFIG)
            client.meta.events.register("before-send", self._count)
            self._clients[service] = client
        return self._clients[service]

    def _count(self, **_: Any) -> None:
        self._sent += 1

    def ask(self, service: str, operation: str, parameters: dict[str, Any]) -> Answer:
        """Sends it, and reads the answer as botocore reads it: what botocore cannot read is raised."""
        client = self.client(service)
        # A body that is shorter than it is said to be keeps the server waiting for the rest, as it should.
        parameters = {name: value for name, value in parameters.items() if (service, name) != ("s3", "ContentLength")}
        before = self._sent
        try:
            answer = client._make_api_call(operation, parameters)
        except ClientError as error:
            said = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return Answer(True, status, said.get("Code", ""), said.get("Message", ""))
        except Exception:
            if self._sent == before:
                return Answer(False)  # the client itself could not make a request of it
            raise
        for value in answer.values():
            if hasattr(value, "read"):
                value.read()
            elif type(value).__name__ == "EventStream":
                value.close()
        return Answer(True, answer["ResponseMetadata"]["HTTPStatusCode"])

    def furnish(self) -> None:
        """Makes one of everything, where it is not there (any more)."""
        for make in _made(self.client):
            with contextlib.suppress(ClientError):
                make()


def _made(client: Callable[[str], Any]) -> Iterable[Callable[[], Any]]:
    s3, sqs, sns, iam = client("s3"), client("sqs"), client("sns"), client("iam")
    events, logs, functions = client("events"), client("logs"), client("lambda")
    target = {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:000000000000:fuzz"}
    code = {"ZipFile": package(GOOD)}
    return (
        lambda: s3.create_bucket(Bucket="fuzz-bucket"),
        lambda: s3.put_object(Bucket="fuzz-bucket", Key="key", Body=b"body"),
        lambda: sqs.create_queue(QueueName="fuzz"),
        lambda: sqs.send_message(QueueUrl=f"{sqs.meta.endpoint_url}/000000000000/fuzz", MessageBody="body"),
        lambda: sns.create_topic(Name="fuzz"),
        lambda: iam.create_user(UserName="fuzz"),
        lambda: iam.create_group(GroupName="fuzz"),
        lambda: iam.create_role(RoleName="fuzz", AssumeRolePolicyDocument=TRUST),
        lambda: iam.create_policy(PolicyName="fuzz", PolicyDocument=ALLOW),
        lambda: events.create_event_bus(Name="fuzz"),
        lambda: events.put_rule(Name="fuzz", EventPattern='{"source": ["fuzz"]}'),
        lambda: events.put_targets(Rule="fuzz", Targets=[target]),
        lambda: logs.create_log_group(logGroupName="fuzz"),
        lambda: logs.create_log_stream(logGroupName="fuzz", logStreamName="fuzz"),
        lambda: functions.create_function(
            FunctionName="fuzz", Runtime="python3.13", Role=ROLE, Handler="app.handler", Code=code
        ),
    )
