"""Queues as they are polled by event source mappings."""

from __future__ import annotations

from typing import Any

from outfall.core.arn import Arn
from outfall.core.source import MessageAttribute, SourceMessage
from outfall.services.sqs.source import SqsSource

from .conftest import Sqs

SOURCE = SqsSource()


def take(sqs: Sqs, name: str = "q", limit: int = 10) -> list[SourceMessage]:
    taken: list[SourceMessage] = sqs.within(lambda ctx: SOURCE.take(ctx, Arn.parse(sqs.arn(name)), limit))
    return taken


def delete(sqs: Sqs, *taken: SourceMessage, name: str = "q") -> None:
    handles = [message.handle for message in taken]
    sqs.within(lambda ctx: SOURCE.delete(ctx, Arn.parse(sqs.arn(name)), handles))


def facts(sqs: Sqs, name: str = "q") -> Any:
    return sqs.within(lambda ctx: SOURCE.facts(ctx, Arn.parse(sqs.arn(name))))


def test_facts_follow_the_queue_and_end_with_it(sqs: Sqs, url: str) -> None:
    assert (facts(sqs).visibility_s, facts(sqs).fifo) == (30, False)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
    assert facts(sqs).visibility_s == 90
    sqs("DeleteQueue", QueueUrl=url)
    assert facts(sqs) is None
    assert take(sqs) == []


def test_a_message_is_told_with_everything_that_is_known_of_it(sqs: Sqs, url: str) -> None:
    attributes = {
        "k": {"DataType": "String", "StringValue": "v"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    sent = sqs.send(url, "hi", MessageAttributes=attributes)
    [message] = take(sqs)
    assert (message.id, message.body, message.body_md5) == (sent["MessageId"], "hi", sent["MD5OfMessageBody"])
    assert message.attributes_md5 == sent["MD5OfMessageAttributes"]
    assert message.attributes == {"k": MessageAttribute("String", "v"), "b": MessageAttribute("Binary", binary="AAE=")}
    assert message.system["ApproximateReceiveCount"] == "1"


def test_what_is_taken_is_in_flight_until_it_is_deleted_or_reappears(sqs: Sqs, url: str) -> None:
    sqs.send(url, "a")
    sqs.send(url, "b")
    first, second = take(sqs)
    assert take(sqs) == []
    delete(sqs, first)
    sqs.later(seconds=30)
    [again] = take(sqs)
    assert (again.id, again.system["ApproximateReceiveCount"]) == (second.id, "2")


def test_the_limit_is_kept(sqs: Sqs, url: str) -> None:
    for body in "abc":
        sqs.send(url, body)
    assert len(take(sqs, limit=2)) == 2
    assert take(sqs, limit=0) == []


def test_the_handle_is_the_receipt_handle_that_clients_use(sqs: Sqs, url: str) -> None:
    sqs.send(url)
    [message] = take(sqs)
    sqs("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=message.handle, VisibilityTimeout=0)
    [received] = sqs.receive(url)
    assert received["MessageId"] == message.id


def test_deleting_what_somebody_else_has_taken_since_changes_nothing(sqs: Sqs, url: str) -> None:
    sqs.send(url)
    [message] = take(sqs)
    sqs.later(seconds=30)
    [theirs] = sqs.receive(url)
    delete(sqs, message)
    assert sqs.attributes(url)["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert theirs["MessageId"] == message.id


def test_a_fifo_queue_keeps_what_is_visible_again(sqs: Sqs) -> None:
    url = sqs.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    sqs.send(url, MessageGroupId="g")
    [message] = take(sqs, "q.fifo")
    assert message.system["MessageGroupId"] == "g"
    sqs.later(seconds=30)
    delete(sqs, message, name="q.fifo")
    assert sqs.attributes(url)["ApproximateNumberOfMessages"] == "1"


def test_handles_of_a_queue_that_was_made_anew_are_passed_over(sqs: Sqs, url: str) -> None:
    sqs.send(url)
    [message] = take(sqs)
    sqs("DeleteQueue", QueueUrl=url)
    sqs.later(seconds=61)
    sqs.send(sqs.queue(), "new")
    delete(sqs, message)
    assert [one.body for one in take(sqs)] == ["new"]


def test_what_was_received_too_often_is_redriven_instead_of_taken(sqs: Sqs) -> None:
    dead = sqs.queue("dead")
    policy = f'{{"deadLetterTargetArn":"{sqs.arn("dead")}","maxReceiveCount":1}}'
    url = sqs.queue("q", RedrivePolicy=policy)
    sqs.send(url, "poison")
    assert len(take(sqs)) == 1
    sqs.later(seconds=30)
    assert take(sqs) == []
    assert [one["Body"] for one in sqs.receive(dead)] == ["poison"]


def test_what_is_given_back_is_visible_at_once_unless_others_have_taken_it_since(sqs: Sqs, url: str) -> None:
    arn = Arn.parse(sqs.arn("q"))
    for body in "ab":
        sqs.send(url, body)
    first, second = take(sqs)
    handles = (first.handle, second.handle)
    delete(sqs, second)
    assert sqs.within(lambda ctx: SOURCE.give_back(ctx, arn, handles)) == 1
    [again] = take(sqs)
    assert (again.id, again.system["ApproximateReceiveCount"]) == (first.id, "2")
    assert sqs.within(lambda ctx: SOURCE.give_back(ctx, arn, handles)) == 0
    assert take(sqs) == []
