"""FIFO queues: order within a group, deduplication, sequence numbers."""

from __future__ import annotations

import pytest

from outfall.services.sqs.model import ATTEMPTS

IDENTIFIER = "can only include alphanumeric and punctuation characters. 1 to 128 in length."
NO_ID = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
NO_GROUP = "The request must contain the parameter MessageGroupId."


@pytest.fixture
def fifo(sqs) -> str:
    return sqs.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")


@pytest.fixture
def strict(sqs) -> str:
    return sqs.queue("strict.fifo", FifoQueue="true")


def bodies(messages: list[dict[str, str]]) -> list[str]:
    return [one["Body"] for one in messages]


@pytest.mark.parametrize(
    "given, code, message",
    [
        pytest.param({}, "MissingParameter", NO_GROUP, id="sqs-015,rec-180"),
        pytest.param({"MessageGroupId": "g"}, "InvalidParameterValue", NO_ID, id="sqs-016"),
        pytest.param(
            {"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 2},
            "InvalidParameterValue",
            "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid "
            "for this queue type.",
            id="sqs-017,rec-172",
        ),
        *(
            pytest.param(
                {"MessageGroupId": "g", "MessageDeduplicationId": value},
                "InvalidParameterValue",
                f"Value {value} for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId "
                f"{IDENTIFIER}",
                id=case,
            )
            for case, value in (("rec-196", ""), ("rec-197", "a" * 129), ("rec-198", "group 123"))
        ),
    ],
)
def test_refusals(sqs, strict, given, code, message):
    refused = sqs.refused("SendMessage", QueueUrl=strict, MessageBody="x", **given)
    assert (refused[0], *refused[2:]) == (400, code, message)


@pytest.mark.parametrize(
    "given, message",
    [pytest.param({"MessageGroupId": "g"}, NO_ID, id="rec-175"), pytest.param({}, NO_GROUP, id="rec-176")],
)
def test_a_batch_without_ids_is_refused_as_a_whole(sqs, strict, given, message):
    entry = {"Id": "a", "MessageBody": "x"} | given
    refused = sqs.refused("SendMessageBatch", QueueUrl=strict, Entries=[entry])
    assert refused == (400, "InvalidParameterValueException", "InvalidParameterValue", message)


def test_a_delay_of_zero_is_the_queues_own(sqs, fifo):
    assert sqs.send(fifo, MessageGroupId="g", DelaySeconds=0)["SequenceNumber"]


def test_a_group_waits_while_a_message_of_it_is_in_flight(sqs, fifo):  # sqs-032
    for body, group in (("1", "g"), ("2", "g"), ("3", "h")):
        sqs.send(fifo, body, MessageGroupId=group)
    (first,) = sqs.receive(fifo, 1)
    assert first["Body"] == "1"
    assert bodies(sqs.receive(fifo)) == ["3"]
    sqs("DeleteMessage", QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(sqs.receive(fifo)) == ["2"]


def test_one_receive_may_bring_several_of_a_group_in_order(sqs, fifo):
    for number in range(4):
        sqs.send(fifo, str(number), MessageGroupId="g")
    messages = sqs.receive(fifo)
    assert bodies(messages) == ["0", "1", "2", "3"]
    numbers = [one["Attributes"]["SequenceNumber"] for one in messages]
    assert numbers == sorted(set(numbers))
    assert {len(one) for one in numbers} == {20}


def test_a_message_shown_again_comes_before_its_successors(sqs, fifo):
    for body in "12":
        sqs.send(fifo, body, MessageGroupId="g")
    (first,) = sqs.receive(fifo, 1)
    sqs("ChangeMessageVisibility", QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(sqs.receive(fifo)) == ["1", "2"]


def test_the_same_message_within_five_minutes_is_the_same(sqs, fifo):
    sent = sqs.send(fifo, MessageGroupId="g")
    (message,) = sqs.receive(fifo)
    assert message["Attributes"]["SequenceNumber"] == sent["SequenceNumber"]
    sqs("DeleteMessage", QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    sqs.later(seconds=299.999)
    again = sqs.send(fifo, MessageGroupId="g")
    assert (again["MessageId"], again["SequenceNumber"]) == (sent["MessageId"], sent["SequenceNumber"])
    assert sqs.receive(fifo) == []
    sqs.later(seconds=0.001)
    assert sqs.send(fifo, MessageGroupId="g")["MessageId"] != sent["MessageId"]
    assert len(sqs.receive(fifo)) == 1


@pytest.mark.parametrize("scope, count", [("queue", 1), ("messageGroup", 2)])
def test_deduplication_is_of_the_queue_or_of_the_group(sqs, fifo, scope, count):
    sqs("SetQueueAttributes", QueueUrl=fifo, Attributes={"DeduplicationScope": scope})
    for group in "gh":
        sqs.send(fifo, "same", MessageGroupId=group)
    assert len(sqs.receive(fifo)) == count


def test_an_expired_handle_is_refused(sqs, fifo):  # sqs-035, rec-192
    sqs.send(fifo, MessageGroupId="g")
    handle = sqs.receive(fifo)[0]["ReceiptHandle"]
    sqs.later(seconds=30)
    message = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    refused = sqs.refused("DeleteMessage", QueueUrl=fifo, ReceiptHandle=handle)
    assert refused == (400, "InvalidParameterValueException", "InvalidParameterValue", message)
    assert len(sqs.receive(fifo)) == 1


def test_deleting_twice_is_no_error(sqs, fifo):
    sqs.send(fifo, MessageGroupId="g")
    handle = sqs.receive(fifo)[0]["ReceiptHandle"]
    for _ in range(2):
        assert sqs("DeleteMessage", QueueUrl=fifo, ReceiptHandle=handle) is None


def test_what_is_known_of_deduplication_stays_bounded(sqs, fifo):
    from outfall.services.sqs.model import DEDUPLICATION

    for number in range(10):
        sqs.send(fifo, str(number), MessageGroupId="g")
    sqs.later(seconds=300)
    for number in range(5):
        sqs.send(fifo, f"later {number}", MessageGroupId="g")
    assert sqs.within(lambda ctx: len(list(ctx.tx.scan(DEDUPLICATION)))) == 5
    sqs("DeleteQueue", QueueUrl=fifo)
    assert sqs.within(lambda ctx: list(ctx.tx.scan(DEDUPLICATION))) == []


def test_purging_forgets_deduplication(sqs, strict):
    ids = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
    sqs.send(strict, "1", **ids)
    sqs("PurgeQueue", QueueUrl=strict)
    sqs.send(strict, "2", **ids)
    assert bodies(sqs.receive(strict)) == ["2"]


class TestAttempts:
    """ReceiveRequestAttemptId: a receive that is asked for again."""

    def test_the_same_attempt_brings_the_same(self, sqs, fifo):
        for body in "12":
            sqs.send(fifo, body, MessageGroupId="g")
        first = sqs.receive(fifo, ReceiveRequestAttemptId="a")
        sqs.later(seconds=20)
        assert sqs.receive(fifo, ReceiveRequestAttemptId="a") == first
        assert sqs.receive(fifo, ReceiveRequestAttemptId="b") == []

    def test_it_begins_the_visibility_timeout_anew(self, sqs, fifo):
        sqs.send(fifo, "1", MessageGroupId="g")
        sqs.receive(fifo, ReceiveRequestAttemptId="a")
        sqs.later(seconds=20)
        sqs.receive(fifo, ReceiveRequestAttemptId="a")
        sqs.later(seconds=20)
        assert sqs.receive(fifo) == []
        sqs.later(seconds=10)
        assert len(sqs.receive(fifo)) == 1

    @pytest.mark.parametrize("change", ["delete", "visibility", "time"])
    def test_what_was_changed_is_received_anew(self, sqs, fifo, change):
        sqs.send(fifo, "1", MessageGroupId="g")
        sqs.send(fifo, "2", MessageGroupId="h")
        messages = sqs.receive(fifo, ReceiveRequestAttemptId="a")
        handle = messages[0]["ReceiptHandle"]
        if change == "delete":
            sqs("DeleteMessage", QueueUrl=fifo, ReceiptHandle=handle)
        elif change == "visibility":
            sqs("ChangeMessageVisibility", QueueUrl=fifo, ReceiptHandle=handle, VisibilityTimeout=100)
        else:
            sqs.later(seconds=31)
        again = sqs.receive(fifo, ReceiveRequestAttemptId="a")
        assert [one["ReceiptHandle"] for one in again] != [one["ReceiptHandle"] for one in messages]

    def test_an_attempt_has_an_id_like_others(self, sqs, fifo):
        refused = sqs.refused("ReceiveMessage", QueueUrl=fifo, ReceiveRequestAttemptId="a b")
        reason = f"ReceiveRequestAttemptId {IDENTIFIER}"
        message = f"Value a b for parameter ReceiveRequestAttemptId is invalid. Reason: {reason}"
        assert refused[2:] == ("InvalidParameterValue", message)

    def test_a_standard_queue_takes_no_notice(self, sqs, url):
        sqs.send(url)
        assert len(sqs.receive(url, ReceiveRequestAttemptId="a")) == 1
        assert sqs.receive(url, ReceiveRequestAttemptId="a") == []

    def test_attempts_are_swept_when_their_time_has_passed(self, sqs, fifo):
        sqs.send(fifo, "1", MessageGroupId="g")
        sqs.receive(fifo, ReceiveRequestAttemptId="a")
        sqs.later(seconds=301)
        for body in "23":
            sqs.send(fifo, body, MessageGroupId="h")
        assert sqs.within(lambda ctx: list(ctx.tx.scan(ATTEMPTS))) == []


def test_a_receive_fills_up_with_what_follows_in_the_group(sqs, fifo):
    """[LS:test_fifo_receive_message_group_id_ordering]"""
    for body in ("g1-m1", "g2-m1", "g1-m2", "g1-m3"):
        sqs.send(fifo, body, MessageGroupId=body[:2])
    assert bodies(sqs.receive(fifo)) == ["g1-m1", "g1-m2", "g1-m3", "g2-m1"]


def test_a_group_blocks_while_one_of_its_messages_is_in_flight(sqs, fifo):
    """[LS:test_fifo_message_group_visibility_after_partial_delete]"""
    for body in ("g1-m1", "g2-m1", "g1-m2", "g2-m2", "g1-m3", "g3-m1"):
        sqs.send(fifo, body, MessageGroupId=body[:2])
    first, second = sqs.receive(fifo, 2)
    assert bodies([first, second]) == ["g1-m1", "g1-m2"]
    sqs("DeleteMessage", QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(sqs.receive(fifo)) == ["g2-m1", "g2-m2", "g3-m1"]


@pytest.mark.parametrize("timeout_s", [0, 1])
def test_the_oldest_comes_back_while_a_later_one_is_in_flight(sqs, fifo, timeout_s):
    """[LS:test_fifo_message_group_visibility_after_terminate_visibility_timeout, ..._change_message_visibility]"""
    for body in ("g1-m1", "g1-m2", "g2-m1"):
        sqs.send(fifo, body, MessageGroupId=body[:2])
    sqs.later(seconds=1)
    first, _ = sqs.receive(fifo, 2)
    sqs("ChangeMessageVisibility", QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=timeout_s)
    sqs.later(seconds=timeout_s)
    assert bodies(sqs.receive(fifo, 3)) == ["g2-m1", "g1-m1"]
