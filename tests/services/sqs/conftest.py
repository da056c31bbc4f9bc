"""SQS as tests play it."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.services.sqs import SERVICE
from tests.services.served import Served


class Sqs(Served):
    """SQS, with the few moves that most tests make."""

    def queue(self, name: str = "q", **attributes: str) -> str:
        """The URL of a new queue."""
        url: str = self("CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    def arn(self, name: str = "q") -> str:
        """The ARN of the queue of that name."""
        return f"arn:aws:sqs:{self.region}:{self.account}:{name}"

    def send(self, url: str, body: str = "hello", **more: Any) -> dict[str, Any]:
        """Sends a message."""
        answer: dict[str, Any] = self("SendMessage", QueueUrl=url, MessageBody=body, **more)
        return answer

    def receive(self, url: str, count: int = 10, **more: Any) -> list[dict[str, Any]]:
        """What can be received, with all attributes."""
        more = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]} | more
        answer = self("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=count, **more)
        return answer.get("Messages", [])  # type: ignore[no-any-return]

    def attributes(self, url: str, *names: str) -> dict[str, str]:
        """Attributes of a queue: all, if none is named."""
        answer = self("GetQueueAttributes", QueueUrl=url, AttributeNames=list(names) or ["All"])
        return answer.get("Attributes", {})  # type: ignore[no-any-return]


@pytest.fixture
def sqs() -> Sqs:
    """SQS without a queue."""
    return Sqs(SERVICE)


@pytest.fixture
def url(sqs: Sqs) -> str:
    """The URL of a standard queue `q`."""
    return sqs.queue()
