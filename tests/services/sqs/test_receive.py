"""Receiving, deleting, visibility, waiting, ageing."""

from __future__ import annotations

import pytest

from outfall.core.effects import Park

SYSTEM = ("SenderId", "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SentTimestamp")


def string(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def test_nothing_there_is_an_empty_answer(sqs, url):  # sqs-005
    assert sqs("ReceiveMessage", QueueUrl=url) == {}


def test_a_message_as_it_is_shown(sqs, url):
    sent = sqs.send(url, "hello", MessageAttributes={"b": {"DataType": "Binary", "BinaryValue": b"\0"}})
    first_ms = sqs.now
    sqs.later(seconds=1)
    (message,) = sqs.receive(url)
    handle = message.pop("ReceiptHandle")
    assert message == {
        "MessageId": sent["MessageId"],
        "MD5OfBody": sent["MD5OfMessageBody"],
        "Body": "hello",
        "Attributes": {
            "SenderId": "111111111111",
            "ApproximateFirstReceiveTimestamp": str(sqs.now),
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(first_ms),
        },
        "MD5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "MessageAttributes": {"b": {"BinaryValue": b"\0", "DataType": "Binary"}},
    }
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    assert sqs.attributes(url)["ApproximateNumberOfMessagesNotVisible"] == "0"


@pytest.mark.parametrize(
    "given, message",
    [
        pytest.param(
            {"MaxNumberOfMessages": 11},
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
            id="sqs-007,rec-166",
        ),
        pytest.param(
            {"WaitTimeSeconds": 21},
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
            id="sqs-008,rec-189",
        ),
        pytest.param(
            {"WaitTimeSeconds": -1},
            "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
            id="rec-190",
        ),
        pytest.param(
            {"VisibilityTimeout": 43201},
            "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
            id="visibility",
        ),
    ],
)
def test_parameters_out_of_range(sqs, url, given, message):
    refused = sqs.refused("ReceiveMessage", QueueUrl=url, **given)
    assert refused == (400, "InvalidParameterValueException", "InvalidParameterValue", message)


@pytest.mark.parametrize(
    "asked, shown",
    [
        (["All"], {"General", "Hello", "Help.me"}),
        ([".*"], {"General", "Hello", "Help.me"}),
        (["Hel.*"], {"Hello", "Help.me"}),
        (["Hello", "Nope"], {"Hello"}),
        (["Nope"], set()),
        ([], set()),
    ],
)
def test_message_attributes_by_name(sqs, url, asked, shown):
    names = ("Hello", "General", "Help.me")
    sqs.send(url, MessageAttributes={name: string("x") for name in names})
    (message,) = sqs.receive(url, MessageAttributeNames=asked)
    assert set(message.get("MessageAttributes", {})) == shown
    assert ("MD5OfMessageAttributes" in message) == bool(shown)


def test_the_md5_covers_what_is_shown(sqs, url):
    sqs.send(url, MessageAttributes={"Hello": string("There"), "General": string("Kenobi")})
    (message,) = sqs.receive(url, MessageAttributeNames=["Hello"])
    assert message["MD5OfMessageAttributes"] == "a311262e065454b75da111d535b8dacd"


@pytest.mark.parametrize("protocol, shown", [("json", {"SenderId", "SentTimestamp"}), ("query", {"SentTimestamp"})])
def test_both_lists_of_system_attributes(sqs, url, protocol, shown):
    sqs.protocol = protocol
    sqs.send(url)
    (message,) = sqs.receive(url, AttributeNames=["SenderId"], MessageSystemAttributeNames=["SentTimestamp"])
    assert set(message["Attributes"]) == shown


def test_system_attributes_only_when_asked(sqs, url):
    sqs.send(url)
    assert "Attributes" not in sqs.receive(url, AttributeNames=[])[0]


def test_a_message_is_hidden_for_its_visibility_timeout_and_then_counts_on(sqs, url):
    sqs.send(url)
    (first,) = sqs.receive(url)
    assert sqs.receive(url) == []
    assert sqs.attributes(url)["ApproximateNumberOfMessagesNotVisible"] == "1"
    sqs.later(seconds=30)
    (second,) = sqs.receive(url)
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    old, new = (one["Attributes"]["ApproximateFirstReceiveTimestamp"] for one in (first, second))
    assert old == new


def test_visibility_zero_shows_it_again_at_once(sqs, url):  # sqs-033
    sqs.send(url)
    handle = sqs.receive(url)[0]["ReceiptHandle"]
    sqs("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert sqs.receive(url)[0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_receiving_with_visibility_zero_takes_each_message_once(sqs, url):
    sqs.send(url)
    assert len(sqs.receive(url, 10, VisibilityTimeout=0)) == 1
    assert len(sqs.receive(url, 10, VisibilityTimeout=0)) == 1


def test_visibility_can_be_moved_up_to_twelve_hours_after_the_receive(sqs, url):
    sqs.send(url)
    handle = sqs.receive(url)[0]["ReceiptHandle"]
    change = {"QueueUrl": url, "ReceiptHandle": handle}
    sqs.later(seconds=10)
    sqs("ChangeMessageVisibility", **change, VisibilityTimeout=43190)
    assert sqs.refused("ChangeMessageVisibility", **change, VisibilityTimeout=43191)[3] == (
        "Value 43191 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is "
        "beyond the limit [43200 seconds]."
    )
    sqs.later(seconds=43189)
    assert sqs.receive(url) == []
    sqs.later(seconds=1)
    assert len(sqs.receive(url)) == 1


def test_a_standard_queue_hides_again_what_became_visible(sqs, url):
    sqs.send(url)
    handle = sqs.receive(url)[0]["ReceiptHandle"]
    sqs.later(seconds=31)
    sqs("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=60)
    sqs.later(seconds=59)
    assert sqs.receive(url) == []
    sqs.later(seconds=1)
    assert len(sqs.receive(url)) == 1


def test_an_older_handle_changes_the_receive_that_holds(sqs, url):
    sqs.send(url)
    older = sqs.receive(url, VisibilityTimeout=0)[0]["ReceiptHandle"]
    assert sqs.receive(url, VisibilityTimeout=300)
    sqs("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=older, VisibilityTimeout=0)
    assert len(sqs.receive(url)) == 1


def test_an_older_handle_deletes_nothing(sqs, url):
    sqs.send(url)
    older = sqs.receive(url, VisibilityTimeout=0)[0]["ReceiptHandle"]
    assert sqs.receive(url, VisibilityTimeout=0)
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=older)
    assert len(sqs.receive(url)) == 1


def test_what_lacks_is_named(sqs, url):
    assert sqs.refused("DeleteMessage", QueueUrl=url)[2:] == (
        "MissingParameter",
        "The request must contain the parameter MessageHandle.",
    )
    assert sqs.refused("ChangeMessageVisibility", QueueUrl=url, VisibilityTimeout=1)[2:] == (
        "MissingParameter",
        "The request must contain the parameter ReceiptHandle.",
    )


@pytest.mark.parametrize("names", [["All"], ["*"], [".*"]])
def test_three_ways_to_ask_for_every_attribute(sqs, url, names):
    sqs.send(url, MessageAttributes={"Hello": string("There"), "Help.Me": string("Me")})
    (message,) = sqs.receive(url, MessageAttributeNames=names)
    assert set(message["MessageAttributes"]) == {"Hello", "Help.Me"}


def test_visibility_of_what_is_gone_cannot_be_changed(sqs, url):
    sqs.send(url)
    handle = sqs.receive(url)[0]["ReceiptHandle"]
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    refused = sqs.refused("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1)
    assert refused[3] == (
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available "
        "for visibility timeout change."
    )


def test_a_standard_queue_takes_a_handle_whose_timeout_ran_out(sqs, url):
    sqs.send(url)
    handle = sqs.receive(url)[0]["ReceiptHandle"]
    sqs.later(seconds=31)
    for _ in range(2):
        assert sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=handle) is None
    assert sqs.receive(url) == []


def test_an_old_handle_does_not_delete_what_was_received_again(sqs, url):
    sqs.send(url)
    handle = sqs.receive(url)[0]["ReceiptHandle"]
    sqs.later(seconds=30)
    sqs.receive(url)
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=handle)
    assert sqs.attributes(url)["ApproximateNumberOfMessagesNotVisible"] == "1"


@pytest.mark.parametrize("handle", ["garbage", "ü", "AAAA", "fA==", "x" * 5000])
@pytest.mark.parametrize(
    "operation, more", [("DeleteMessage", {}), ("ChangeMessageVisibility", {"VisibilityTimeout": 1})]
)
def test_handles_that_were_never_given(sqs, url, operation, more, handle):
    refused = sqs.refused(operation, QueueUrl=url, ReceiptHandle=handle, **more)
    message = f'The input receipt handle "{handle}" is not a valid receipt handle.'
    assert refused[1:] == ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message)


def test_a_handle_of_another_queue(sqs, url):
    sqs.send(url)
    handle = sqs.receive(url)[0]["ReceiptHandle"]
    refused = sqs.refused("DeleteMessage", QueueUrl=sqs.queue("other"), ReceiptHandle=handle)
    assert refused[1::2] == ("ReceiptHandleIsInvalid", f'The receipt handle "{handle}" is not valid for this queue.')


def test_batches_of_claims_answer_for_each(sqs, url):
    for _ in range(2):
        sqs.send(url)
    handles = [one["ReceiptHandle"] for one in sqs.receive(url)]
    entries = [{"Id": "a", "ReceiptHandle": handles[0], "VisibilityTimeout": 0}]
    entries.append({"Id": "b", "ReceiptHandle": "x", "VisibilityTimeout": 0})
    changed = sqs("ChangeMessageVisibilityBatch", QueueUrl=url, Entries=entries)
    assert [one["Id"] for one in changed["Successful"]] == ["a"]
    assert [(one["Id"], one["Code"]) for one in changed["Failed"]] == [("b", "ReceiptHandleIsInvalid")]
    entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in enumerate(handles)]
    assert sqs("DeleteMessageBatch", QueueUrl=url, Entries=entries) == {"Successful": [{"Id": "0"}, {"Id": "1"}]}


def test_a_long_poll_parks_at_the_queue_until_its_time(sqs, url):
    park = sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
    assert park == Park(park.topic, sqs.now + 20_000)
    topics: list[str] = []
    sqs.store.subscribe(topics.append)
    sqs.send(url)
    assert park.topic in topics
    sqs.later(seconds=5)
    answer = sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20, parked_until=park.until_ms)
    assert len(answer["Messages"]) == 1


def test_a_parked_poll_keeps_its_end_and_then_answers_empty(sqs, url):
    until_ms = sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20).until_ms
    sqs.later(seconds=19)
    assert sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20, parked_until=until_ms).until_ms == until_ms
    sqs.later(seconds=1)
    assert sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20, parked_until=until_ms) == {}


def test_the_queues_own_wait_is_the_default(sqs):
    url = sqs.queue(ReceiveMessageWaitTimeSeconds="3")
    assert sqs("ReceiveMessage", QueueUrl=url).until_ms == sqs.now + 3_000
    assert sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=0) == {}


def test_who_waits_at_a_queue_that_is_deleted_is_woken(sqs, url):
    park = sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=20)
    topics: list[str] = []
    sqs.store.subscribe(topics.append)
    sqs("DeleteQueue", QueueUrl=url)
    assert park.topic in topics


def test_messages_past_retention_are_gone(sqs):
    url = sqs.queue(MessageRetentionPeriod="60")
    sqs.send(url, "old")
    sqs.later(seconds=30)
    sqs.send(url, "young")
    sqs.later(seconds=30)
    assert sqs.attributes(url)["ApproximateNumberOfMessages"] == "2"
    sqs.later(seconds=0.001)
    assert sqs.attributes(url)["ApproximateNumberOfMessages"] == "1"
    assert [one["Body"] for one in sqs.receive(url)] == ["young"]
    sqs.later(seconds=60)
    assert sqs.receive(url) == []


def test_the_limit_of_messages_in_flight(sqs, url, monkeypatch):
    monkeypatch.setattr("outfall.services.sqs.receive.IN_FLIGHT_MAX", 3)
    for _ in range(5):
        sqs.send(url)
    handles = [sqs.receive(url, 1)[0]["ReceiptHandle"] for _ in range(3)]
    assert sqs.refused("ReceiveMessage", QueueUrl=url)[:2] == (403, "OverLimit")
    park = sqs("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=1)
    assert park.until_ms == sqs.now + 1_000
    assert sqs.within(lambda ctx: ctx.tx.next_due(park.topic)) is None
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=handles[0])
    assert len(sqs.receive(url)) == 1
    assert sqs.refused("ReceiveMessage", QueueUrl=url)[1] == "OverLimit"
    sqs.later(seconds=30)
    assert len(sqs.receive(url)) == 3


def test_setting_attributes_keeps_what_is_known_of_the_limit(sqs, url, monkeypatch):
    monkeypatch.setattr("outfall.services.sqs.receive.IN_FLIGHT_MAX", 1)
    for _ in range(2):
        sqs.send(url)
    sqs.receive(url, 1)
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"DelaySeconds": "1"})
    assert sqs.refused("ReceiveMessage", QueueUrl=url)[1] == "OverLimit"


def test_what_appears_again_comes_before_what_was_sent_after_it(sqs, url):
    sqs.send(url, "first")
    sqs.receive(url)
    sqs.send(url, "second")
    sqs.later(seconds=31)
    assert [sqs.receive(url, 1)[0]["Body"] for _ in range(2)] == ["first", "second"]


def test_of_very_many_what_appears_again_waits_for_the_longest_due(sqs, url):
    sqs.send(url, "first")
    sqs.receive(url)
    for number in range(40):
        sqs.send(url, str(number))
    sqs.later(seconds=31)
    assert [sqs.receive(url, 1)[0]["Body"] for _ in range(12)] == [*map(str, range(9)), "first", "9", "10"]
