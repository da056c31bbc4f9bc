"""Sending: what a message may be, what is answered, and each refusal in AWS's words."""

from __future__ import annotations

import hashlib

import pytest

from outfall.core.principal import Principal, role_session

TYPE = "The request include parameter that is not valid for this queue type."
IDENTIFIER = "can only include alphanumeric and punctuation characters. 1 to 128 in length."


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def test_the_answer_to_a_message(sqs, url):
    answer = sqs.send(url, "hello", MessageAttributes={"Hello": text("There")})
    assert answer == {
        "MD5OfMessageBody": hashlib.md5(b"hello").hexdigest(),
        "MD5OfMessageAttributes": "a311262e065454b75da111d535b8dacd",
        "MessageId": sqs.receive(url)[0]["MessageId"],
    }


@pytest.mark.parametrize(
    "attributes, md5",
    [
        pytest.param({"Hello": text("There")}, "a311262e065454b75da111d535b8dacd", id="sqs-022"),
        pytest.param(
            {"Hello": text("There"), "General": text("Kenobi")}, "fca026605781cb4126a1e9044df24232", id="sqs-023"
        ),
    ],
)
def test_the_md5_of_attributes(sqs, url, attributes, md5):
    assert sqs.send(url, MessageAttributes=attributes)["MD5OfMessageAttributes"] == md5


def test_the_trace_header_is_a_system_attribute(sqs, url):
    answer = sqs.send(url, MessageSystemAttributes={"AWSTraceHeader": text("Root=1-5")})
    assert "MD5OfMessageSystemAttributes" in answer
    assert "MD5OfMessageAttributes" not in answer
    assert sqs.receive(url)[0]["Attributes"]["AWSTraceHeader"] == "Root=1-5"


@pytest.mark.parametrize(
    "principal, sender",
    [
        (None, "111111111111"),
        (Principal("user", "111111111111", "arn:aws:iam::111111111111:user/u", "AIDAX"), "AIDAX"),
        (role_session("arn:aws:iam::111111111111:role/r", "AROAX", "fn"), "AROAX:fn"),
    ],
)
def test_who_sent_it(sqs, url, principal, sender):
    sqs.principal = principal
    sqs.send(url)
    assert sqs.receive(url)[0]["Attributes"]["SenderId"] == sender


@pytest.mark.parametrize(
    "given, code, message",
    [
        pytest.param(
            {"MessageBody": ""},
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
            id="sqs-014,rec-191",
        ),
        pytest.param(
            {"MessageBody": "x" * 1048577},
            "InvalidParameterValue",
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
            id="sqs-009,rec-167",
        ),
        pytest.param(
            {"MessageAttributes": {"ErrorDetails": text("")}},
            "InvalidParameterValue",
            "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
            id="rec-177",
        ),
        pytest.param(
            {"MessageGroupId": ""},
            "InvalidParameterValue",
            f"Value  for parameter MessageGroupId is invalid. Reason: MessageGroupId {IDENTIFIER}",
            id="rec-193",
        ),
        pytest.param(
            {"MessageGroupId": "a" * 129},
            "InvalidParameterValue",
            f"Value {'a' * 129} for parameter MessageGroupId is invalid. Reason: MessageGroupId {IDENTIFIER}",
            id="rec-194",
        ),
        pytest.param(
            {"MessageGroupId": "group 123"},
            "InvalidParameterValue",
            f"Value group 123 for parameter MessageGroupId is invalid. Reason: MessageGroupId {IDENTIFIER}",
            id="rec-195",
        ),
        pytest.param(
            {"DelaySeconds": 901},
            "InvalidParameterValue",
            "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
            id="delay",
        ),
        pytest.param(
            {"MessageAttributes": {f"a{number}": text("x") for number in range(11)}},
            "InvalidParameterValue",
            "Number of message attributes [11] exceeds the allowed maximum [10].",
            id="eleven attributes",
        ),
        pytest.param(
            {"MessageAttributes": {"n": {"DataType": "Number", "StringValue": "one"}}},
            "InvalidParameterValue",
            "Can't cast the value of message (user) attribute 'n' to a number.",
            id="a number that is none",
        ),
    ],
)
def test_refusals(sqs, url, given, code, message):
    refused = sqs.refused("SendMessage", QueueUrl=url, **({"MessageBody": "x"} | given))
    assert (refused[0], *refused[2:]) == (400, code, message)
    assert sqs.attributes(url, "ApproximateNumberOfMessages") == {"ApproximateNumberOfMessages": "0"}


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("", text("x"), "The request must contain non-empty message (user) attribute names."),
        ("a" * 257, text("x"), "Message (user) attribute name must be shorter than 256 bytes."),
        (
            "amazon.x",
            text("x"),
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon'. "
            "These strings are reserved for internal use.",
        ),
        (
            "a",
            {"DataType": "InvalidType", "StringValue": "x"},
            "The type of message (user) attribute 'a' is invalid. You must use only the following supported type "
            "prefixes: Binary, Number, String.",
        ),
        (
            "a",
            {"DataType": "String." + "a" * 250, "StringValue": "x"},
            "Message (user) attribute type must be shorter than 256 bytes.",
        ),
        ("a", {}, "The message (user) attribute 'a' must contain a non-empty message attribute value."),
        (
            "a",
            text("x\x08"),
            "Invalid binary character '#x8' was found in the message (user) attribute 'a' value, the set of allowed "
            "characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].",
        ),
    ],
)
def test_attributes_that_cannot_be(sqs, url, name, value, message):
    refused = sqs.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageAttributes={name: value})
    assert refused == (400, "InvalidParameterValueException", "InvalidParameterValue", message)


def test_attribute_names_may_have_letters_of_any_script(sqs, url):
    sqs.send(url, MessageAttributes={"attr.1\u00f8\u00df\u00e4": text("x")})
    assert list(sqs.receive(url)[0]["MessageAttributes"]) == ["attr.1\u00f8\u00df\u00e4"]


def test_lists_as_attributes_are_not_supported(sqs, url):
    given = {"a": {"DataType": "StringList", "StringListValues": ["x"]}}
    refused = sqs.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageAttributes=given)
    message = "Message attribute list values in SendMessage operation are not supported."
    assert refused[1:] == ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", message)


def test_there_is_one_system_attribute(sqs, url):
    refused = sqs.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageSystemAttributes={"Hello": text("x")})
    assert refused[2:] == ("InvalidParameterValue", "Message system attribute name 'Hello' is invalid.")


def test_what_is_said_of_a_character_that_xml_does_not_have(sqs, url):
    assert sqs.refused("SendMessage", QueueUrl=url, MessageBody="a\x07b")[3] == (
        "Invalid binary character '#x7' was found in the message body, the set of allowed characters is "
        "#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."
    )


def test_an_empty_body_in_a_batch_fails_alone(sqs, url):
    entries = [{"Id": "1", "MessageBody": "x"}, {"Id": "2", "MessageBody": ""}]
    answer = sqs("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["1"]
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]] == [("2", "EmptyValue", True)]


@pytest.mark.parametrize("body", ["\0", "a\x0b", "￾", "\ud800", "￿"])
def test_characters_that_xml_does_not_have(sqs, url, body):
    assert sqs.refused("SendMessage", QueueUrl=url, MessageBody=body)[1] == "InvalidMessageContents"


def test_characters_at_the_edge_of_what_is_allowed(sqs, url):
    body = "\t\n\r \ud7ff\ue000\ufffd\U00010000\U0010ffff"
    sqs.send(url, body)
    assert sqs.receive(url)[0]["Body"] == body


def test_the_queues_own_limit_counts_bytes_and_attributes(sqs):  # rec-168
    url = sqs.queue(MaximumMessageSize="1024")
    sqs.send(url, "é" * 512)
    sqs.send(url, "x" * 1000, MessageAttributes={"name": text("v" * 14)})
    message = "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
    assert sqs.refused("SendMessage", QueueUrl=url, MessageBody="é" * 512 + "x")[3] == message
    attributes = {"name": text("v" * 15)}
    refused = sqs.refused("SendMessage", QueueUrl=url, MessageBody="x" * 1000, MessageAttributes=attributes)
    assert refused[3] == message


def test_a_standard_message_may_have_a_group(sqs, url):  # sqs-025
    sqs.send(url, "1", MessageGroupId="tenant-1")
    sqs.send(url, "2", MessageGroupId="tenant-1")
    sqs.receive(url, 1)
    assert [one["Attributes"]["MessageGroupId"] for one in sqs.receive(url)] == ["tenant-1"]


def test_delays(sqs):
    url = sqs.queue(DelaySeconds="10")
    sqs.send(url, "the queue's")
    sqs.send(url, "its own", DelaySeconds=0)
    assert [one["Body"] for one in sqs.receive(url)] == ["its own"]
    assert sqs.attributes(url)["ApproximateNumberOfMessagesDelayed"] == "1"
    sqs.later(seconds=10)
    assert [one["Body"] for one in sqs.receive(url)] == ["the queue's"]


def entries(*bodies: str) -> list[dict[str, str]]:
    return [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]


def test_a_batch_answers_for_each(sqs):  # sqs-011
    url = sqs.queue(MaximumMessageSize="1024")
    answer = sqs("SendMessageBatch", QueueUrl=url, Entries=entries("good", "x" * 1025))
    assert answer["Failed"] == [
        {
            "Id": "1",
            "SenderFault": True,
            "Code": "InvalidParameterValue",
            "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
        }
    ]
    assert [one["Id"] for one in answer["Successful"]] == ["0"]
    assert [one["Body"] for one in sqs.receive(url)] == ["good"]


def test_a_batch_without_failures_has_no_list_of_them(sqs, url):
    assert list(sqs("SendMessageBatch", QueueUrl=url, Entries=entries("a", "b"))) == ["Successful"]


@pytest.mark.parametrize(
    "given, code, message",
    [
        pytest.param(
            entries(*["x"] * 20),
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 20.",
            id="sqs-012,rec-173",
        ),
        pytest.param(
            [{"Id": "id@1", "MessageBody": "x"}],
            "AWS.SimpleQueueService.InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 "
            "letters long.",
            id="sqs-013,rec-174",
        ),
        pytest.param(
            entries("x" * 1048576, "y"),
            "AWS.SimpleQueueService.BatchRequestTooLong",
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
            id="sqs-010,rec-169",
        ),
        pytest.param(
            [],
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "There should be at least one SendMessageBatchRequestEntry in the request.",
            id="empty",
        ),
        pytest.param(
            [{"Id": "a", "MessageBody": "x"}] * 2,
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            "Id a repeated.",
            id="twice",
        ),
    ],
)
def test_batches_refused_as_a_whole(sqs, url, given, code, message):
    refused = sqs.refused("SendMessageBatch", QueueUrl=url, Entries=given)
    assert (refused[0], *refused[2:]) == (400, code, message)
    assert sqs.receive(url) == []
