"""SNS as tests play it: topics whose subscribers are queues and functions that only keep what arrives."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

import pytest

from outfall.core.context import Context
from outfall.core.parcel import Parcel
from outfall.core.signing import Signed
from outfall.services.sns import SERVICE
from outfall.services.sns.policy import topic_policy
from outfall.services.sns.target import SnsTarget
from tests.services.served import Served
from tests.support import RecordingTarget, make_house

OPEN_TO_SNS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "*", "Resource": "*"}
        ],
    }
)


class DigestSigner:
    """A signer whose signatures can be worked out again by a test."""

    def sign(self, ctx: Context, version: str, text: bytes) -> Signed:
        return Signed(f"{version}-{sha1(text).hexdigest()}", "SimpleNotificationService-test.pem")


@dataclass
class Sns(Served):
    """SNS, with the few moves that most tests make."""

    queues: RecordingTarget = field(default_factory=lambda: RecordingTarget("sqs:SendMessage"))
    functions: RecordingTarget = field(default_factory=lambda: RecordingTarget("lambda:InvokeFunction"))

    def __post_init__(self) -> None:
        self.protocol = "query"
        self.house = make_house(
            targets={"sqs": self.queues, "lambda": self.functions, "sns": SnsTarget()},
            resource_policies={"sns": topic_policy},
            signer=DigestSigner(),
        )

    def topic(self, name: str = "t", **attributes: str) -> str:
        """The ARN of a new topic; one whose name ends in `.fifo` is FIFO."""
        if name.endswith(".fifo"):
            attributes["FifoTopic"] = "true"
        arn: str = self("CreateTopic", Name=name, Attributes=attributes)["TopicArn"]
        return arn

    def queue(self, name: str = "q") -> str:
        """The ARN of a queue that takes what SNS sends."""
        arn = f"arn:aws:sqs:{self.region}:{self.account}:{name}"
        self.queues.policies[arn] = OPEN_TO_SNS
        return arn

    def function(self, name: str = "f") -> str:
        """The ARN of a function that SNS may invoke."""
        arn = f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"
        self.functions.policies[arn] = OPEN_TO_SNS
        return arn

    def subscribe(self, topic: str, endpoint: str, **attributes: str) -> str:
        """The ARN of a new subscription; the endpoint's ARN or URL says the protocol."""
        protocol = endpoint.split(":")[2] if endpoint.startswith("arn:") else endpoint.split(":", maxsplit=1)[0]
        answer = self(
            "Subscribe",
            TopicArn=topic,
            Protocol=protocol,
            Endpoint=endpoint,
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return str(answer["SubscriptionArn"])

    def publish(self, topic: str, message: str = "hello", **more: Any) -> dict[str, Any]:
        """Publishes a message."""
        answer: dict[str, Any] = self("Publish", TopicArn=topic, Message=message, **more)
        return answer

    def parcels(self, arn: str) -> list[Parcel]:
        """What arrived at a queue or function."""
        return [parcel for there, parcel in [*self.queues.arrived, *self.functions.arrived] if there == arn]

    def bodies(self, arn: str) -> list[Any]:
        """The JSON that arrived there."""
        return [json.loads(parcel.body) for parcel in self.parcels(arn)]

    def attributes(self, subscription: str) -> dict[str, str]:
        """The attributes of a subscription."""
        answer = self("GetSubscriptionAttributes", SubscriptionArn=subscription)
        return answer["Attributes"]  # type: ignore[no-any-return]


@pytest.fixture
def sns() -> Sns:
    """SNS without a topic."""
    return Sns(SERVICE)


def string(value: str, kind: str = "String") -> dict[str, str]:
    """A message attribute of a request."""
    return {"DataType": kind, "StringValue": value}
