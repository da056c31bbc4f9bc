"""Queues as targets of other services."""

from __future__ import annotations

import pytest

from outfall.core.arn import Arn
from outfall.core.errors import AwsError
from outfall.core.parcel import Attribute, Parcel, Sender
from outfall.core.principal import role_session, service_principal
from outfall.services.sqs.target import SqsTarget, queue_policy

SESSION = role_session("arn:aws:iam::111111111111:role/r", "AROAX", "fn")
POLICY = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*"}]}'
QUEUE = Arn.parse("arn:aws:sqs:us-east-1:111111111111:q")


def accept(sqs, parcel: Parcel, arn: Arn = QUEUE) -> str:
    return sqs.within(lambda ctx: SqsTarget().accept(ctx, arn, parcel))


def test_a_parcel_becomes_a_message(sqs, url):
    attributes = {"RequestID": Attribute("String", "r"), "ErrorCode": Attribute("Number", "200")}
    parcel = Parcel('{"a": "é"}'.encode(), Sender("dead-letter", SESSION), attributes, "Root=1-2")
    message_id = accept(sqs, parcel)
    (message,) = sqs.receive(url)
    assert message["MessageId"] == message_id
    assert message["Body"] == '{"a": "é"}'
    assert message["MessageAttributes"] == {
        "RequestID": {"StringValue": "r", "DataType": "String"},
        "ErrorCode": {"StringValue": "200", "DataType": "Number"},
    }
    assert message["Attributes"]["SenderId"] == "AROAX:fn"
    assert message["Attributes"]["AWSTraceHeader"] == "Root=1-2"


def test_a_service_shows_as_its_account(sqs, url):
    accept(sqs, Parcel(b"x", Sender("s3", service_principal("s3.amazonaws.com", "111111111111"))))
    assert sqs.receive(url)[0]["Attributes"]["SenderId"] == "111111111111"


def test_whoever_waits_is_woken(sqs, url):
    park = sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
    topics: list[str] = []
    sqs.store.subscribe(topics.append)
    accept(sqs, Parcel(b"x", Sender("destination", SESSION)))
    assert park.topic in topics


@pytest.mark.parametrize(
    "name, body, code",
    [
        ("none", b"x", "QueueDoesNotExist"),
        ("q", b"x" * 1025, "InvalidParameterValueException"),
        ("q.fifo", b"x", "MissingRequiredParameterException"),
    ],
)
def test_what_a_queue_cannot_take(sqs, name, body, code):
    sqs.queue("q", MaximumMessageSize="1024")
    sqs.queue("q.fifo", FifoQueue="true")
    with pytest.raises(AwsError) as raised:
        accept(sqs, Parcel(body, Sender("destination", SESSION)), Arn.parse(sqs.arn(name)))
    assert raised.value.code == code


def test_existence_and_policy(sqs, url):
    target = SqsTarget()
    assert target.action == "sqs:SendMessage"
    assert target.resource(QUEUE) == str(QUEUE)
    assert sqs.within(lambda ctx: target.exists(ctx, QUEUE))
    assert sqs.within(lambda ctx: queue_policy(ctx, QUEUE)) is None
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"Policy": POLICY})
    assert sqs.within(lambda ctx: target.policy(ctx, QUEUE)) == POLICY
    sqs("DeleteQueue", QueueUrl=url)
    assert not sqs.within(lambda ctx: target.exists(ctx, QUEUE))
    assert sqs.within(lambda ctx: queue_policy(ctx, QUEUE)) is None
