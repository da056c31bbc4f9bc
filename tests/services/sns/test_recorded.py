"""Recorded errors of AWS, by the ids of the cases: what is done, and what AWS said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Sns, string

Doing = Callable[[Sns], tuple[str, dict[str, Any]]]
NO_TOPIC = "arn:aws:sns:us-east-1:111111111111:nothing"
ELEMENTS = "Invalid parameter: {} Reason: An ARN must have at least 6 elements, not {}"
JACKSON = "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: {}]"
FIELD_NAME = "Unexpected character ('i' (code 105)): was expecting double-quote to start field name"
TOKEN = (
    "Unrecognized token 'invalid': was expecting "
    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
)
NOT_FIFO_ID = (
    "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is "
    "not valid for this topic type"
)
NO_GROUP = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
NO_ID = (
    "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
    "provided explicitly"
)


def publish(name: str = "t", **request: Any) -> Doing:
    return lambda sns: ("Publish", {"TopicArn": sns.topic(name), "Message": "m", **request})


def batch(*entries: dict[str, Any], name: str = "t") -> Doing:
    given = [{"Message": "m", **one} for one in entries]
    return lambda sns: ("PublishBatch", {"TopicArn": sns.topic(name), "PublishBatchRequestEntries": given})


def attribute(name: str = "attr1", **value: Any) -> Doing:
    return publish(MessageAttributes={name: value})


def subscribe(protocol: str, endpoint: str, topic: str = "t", **attributes: str) -> Doing:
    return lambda sns: (
        "Subscribe",
        {"TopicArn": sns.topic(topic), "Protocol": protocol, "Endpoint": endpoint, "Attributes": attributes},
    )


def set_attribute(name: str, value: str) -> Doing:
    def doing(sns: Sns) -> tuple[str, dict[str, Any]]:
        arn = sns.subscribe(sns.topic(), sns.queue())
        return "SetSubscriptionAttributes", {
            "SubscriptionArn": arn,
            "AttributeName": name,
            "AttributeValue": value,
        }

    return doing


def plain(operation: str, **request: Any) -> Doing:
    return lambda sns: (operation, request)


def twice_tagged(sns: Sns) -> tuple[str, dict[str, Any]]:
    sns("CreateTopic", Name="t", Tags=[{"Key": "a", "Value": "1"}])
    return "CreateTopic", {"Name": "t", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}


def created_otherwise(sns: Sns) -> tuple[str, dict[str, Any]]:
    sns.topic(DisplayName="one")
    return "CreateTopic", {"Name": "t", "Attributes": {"DisplayName": "two"}}


def subscribed_otherwise(sns: Sns) -> tuple[str, dict[str, Any]]:
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue, RawMessageDelivery="true")
    return "Subscribe", {
        "TopicArn": topic,
        "Protocol": "sqs",
        "Endpoint": queue,
        "Attributes": {"RawMessageDelivery": "false"},
    }


def permitted_twice(sns: Sns) -> tuple[str, dict[str, Any]]:
    request: dict[str, Any] = {"TopicArn": sns.topic(), "Label": "l"}
    request |= {"AWSAccountId": ["222222222222"], "ActionName": ["Publish"]}
    sns("AddPermission", **request)
    return "AddPermission", request


def in_another_region(sns: Sns) -> tuple[str, dict[str, Any]]:
    arn = sns.topic()
    sns.region = "us-west-2"
    return "Publish", {"TopicArn": arn, "Message": "m"}


def tagged_doubly(sns: Sns) -> tuple[str, dict[str, Any]]:
    tags = [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]
    return "TagResource", {"ResourceArn": sns.topic(), "Tags": tags}


def confirmed(sns: Sns, topic_arn: str, token: str) -> tuple[str, dict[str, Any]]:
    return "ConfirmSubscription", {"TopicArn": topic_arn, "Token": token}


def fifo_dead_letter(sns: Sns) -> tuple[str, dict[str, Any]]:
    arn = sns.subscribe(sns.topic("t.fifo"), sns.queue("q.fifo"))
    value = '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111111111111:dlq"}'
    return "SetSubscriptionAttributes", {
        "SubscriptionArn": arn,
        "AttributeName": "RedrivePolicy",
        "AttributeValue": value,
    }


TYPED = "The message attribute 'attr1' "
EMPTY = TYPED + "must contain non-empty message attribute value for message attribute type '{}'."
FIELD = TYPED + "with type '{}' must use field '{}'."
SYMBOL = (
    "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric "
    "characters, hyphens, underscores, or dots."
)
LONG_ID = "myreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallylongid"
ENTRY = "The Id of a batch entry in the batch request "
IMPERMISSIBLE = ENTRY + "contains an impermissible character: "
SMS = "Invalid SMS endpoint: "
VALUE = "RawMessageDelivery: Invalid value [{}]. Must be true or false."

IP = "InvalidParameter"
PV = "ParameterValueInvalid"

CASES: list[tuple[str, Doing, int, str, str]] = [
    ("sns-004", plain("Publish", TopicArn=NO_TOPIC, Message="m"), 404, "NotFound", "Topic does not exist"),
    ("sns-005 rec-212", publish(Message=""), 400, IP, "Invalid parameter: Empty message"),
    ("sns-006 rec-213", publish(Message="a" * 262_145), 400, IP, "Invalid parameter: Message too long"),
    (
        "sns-007 rec-214",
        publish(Message='{"sqs":"x"}', MessageStructure="json"),
        400,
        IP,
        "Invalid parameter: Message Structure - No default entry in JSON message body",
    ),
    (
        "sns-008 rec-216",
        subscribe("test-protocol", "x"),
        400,
        IP,
        "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol",
    ),
    (
        "sns-009 rec-231",
        subscribe("sqs", "http://localhost:4566/111111111111/q"),
        400,
        IP,
        "Invalid parameter: SQS endpoint ARN",
    ),
    (
        "sns-011 rec-208",
        twice_tagged,
        400,
        IP,
        "Invalid parameter: Tags Reason: Topic already exists with different tags",
    ),
    ("sns-012", publish("t.fifo"), 400, IP, NO_GROUP),
    (
        "sns-018 rec-229",
        batch({"Id": "1"}, {"Id": "1"}),
        400,
        "BatchEntryIdsNotDistinct",
        "Two or more batch entries in the request have the same Id.",
    ),
    ("rec-205", plain("GetTopicAttributes", TopicArn=NO_TOPIC), 404, "NotFound", "Topic does not exist"),
    ("rec-206", plain("GetTopicAttributes", TopicArn="t"), 400, IP, ELEMENTS.format("TopicArn", 1)),
    ("rec-207", tagged_doubly, 400, IP, "Invalid parameter: Duplicated keys are not allowed."),
    ("rec-209", plain("Publish", TopicArn="a:b", Message="m"), 400, IP, ELEMENTS.format("TopicArn", 2)),
    ("rec-211", publish(Subject=""), 400, IP, "Invalid parameter: Subject"),
    (
        "rec-215",
        publish(Message="{", MessageStructure="json"),
        400,
        IP,
        "Invalid parameter: Message Structure - JSON message body failed to parse",
    ),
    (
        "rec-217",
        subscribe("sqs", "arn:aws:sqs:us-east-1:111111111111:q", RawMessageDelivery="wrongvalue"),
        400,
        IP,
        "Invalid parameter: Attributes Reason: " + VALUE.format("wrongvalue"),
    ),
    (
        "rec-218",
        plain("GetSubscriptionAttributes", SubscriptionArn=NO_TOPIC + ":7a1b8a4e-0000-4000-8000-000000000000"),
        404,
        "NotFound",
        "Subscription does not exist",
    ),
    ("rec-219", set_attribute("fake-attribute", "x"), 400, IP, "Invalid parameter: AttributeName"),
    (
        "rec-220",
        set_attribute("RawMessageDelivery", "test-ValUe"),
        400,
        IP,
        "Invalid parameter: " + VALUE.format("test-ValUe"),
    ),
    ("rec-221", set_attribute("RawMessageDelivery", ""), 400, IP, "Invalid parameter: " + VALUE.format("")),
    (
        "rec-222",
        set_attribute("RedrivePolicy", '{"deadLetterTargetArn":"fake"}'),
        400,
        IP,
        "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn",
    ),
    (
        "rec-223",
        set_attribute("RedrivePolicy", "{invalidjson}"),
        400,
        IP,
        f"Invalid parameter: RedrivePolicy: failed to parse JSON. {FIELD_NAME}{JACKSON.format(2)}",
    ),
    (
        "rec-224",
        set_attribute("FilterPolicy", "{invalidjson}"),
        400,
        IP,
        f"Invalid parameter: FilterPolicy: failed to parse JSON. {FIELD_NAME}{JACKSON.format(2)}",
    ),
    ("rec-225", lambda sns: confirmed(sns, NO_TOPIC, "0" * 160), 400, IP, "Invalid parameter: Token"),
    ("rec-226", lambda sns: confirmed(sns, sns.topic(), "no token"), 400, IP, "Invalid token"),
    ("rec-227", batch({"Id": "1"}, name="t.fifo"), 400, IP, NO_GROUP),
    (
        "rec-228",
        batch(*({"Id": str(n)} for n in range(11))),
        400,
        "TooManyEntriesInBatchRequest",
        "The batch request contains more entries than permissible.",
    ),
    ("rec-230", batch({"Id": "1", "MessageGroupId": "g"}, name="t.fifo"), 400, IP, NO_ID),
    ("rec-232", attribute(DataType="String", StringValue=""), 400, PV, EMPTY.format("String")),
    ("rec-235", attribute(DataType="Binary", BinaryValue=b""), 400, PV, EMPTY.format("Binary")),
    ("rec-236", attribute(DataType="String", BinaryValue=b"x"), 400, PV, FIELD.format("String", "String")),
    ("rec-237", attribute(DataType="Number", BinaryValue=b"x"), 400, PV, FIELD.format("Number", "String")),
    ("rec-238", attribute(DataType="Binary", StringValue="x"), 400, PV, FIELD.format("Binary", "Binary")),
    (
        "rec-239",
        attribute(DataType="InvalidType", StringValue="x"),
        400,
        PV,
        TYPED
        + "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
    ),
    (
        "rec-240",
        attribute("a" * 257, **string("x")),
        400,
        PV,
        "Length of message attribute name must be less than 256 bytes.",
    ),
    ("rec-241", attribute("a^", **string("x")), 400, PV, SYMBOL),
    (
        "rec-242",
        attribute(".a", **string("x")),
        400,
        PV,
        "Invalid message attribute name starting with character '.' was found.",
    ),
    (
        "rec-243",
        attribute("a.", **string("x")),
        400,
        PV,
        "Invalid message attribute name ending with character '.' was found.",
    ),
    (
        "rec-244",
        attribute("a..b", **string("x")),
        400,
        PV,
        "Message attribute name can not have successive '.' character.",
    ),
    (
        "rec-245",
        subscribe("sqs", "arn:aws:sqs:us-east-1:111111111111:q.fifo"),
        400,
        IP,
        "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS "
        "topics",
    ),
    (
        "rec-246",
        fifo_dead_letter,
        400,
        IP,
        "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.",
    ),
    ("rec-247", publish(MessageDeduplicationId="d"), 400, IP, NOT_FIFO_ID),
    (
        "rec-210",
        plain("Publish", TargetArn="arn:aws:sns:us-east-1:111111111111:endpoint/APNS/a/7a1b8a4e", Message="m"),
        400,
        IP,
        "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
    ),
    (
        "rec-248",
        plain("Publish", PhoneNumber="+1a234", Message="m"),
        400,
        IP,
        "Invalid parameter: PhoneNumber Reason: +1a234 is not valid to publish to",
    ),
    (
        "rec-249",
        plain("Publish", PhoneNumber="NAA+15551234567", Message="m"),
        400,
        IP,
        "Invalid parameter: PhoneNumber Reason: NAA+15551234567 is not valid to publish to",
    ),
    ("rec-250", subscribe("sms", "NAA+15551234567"), 400, IP, SMS + "NAA+15551234567"),
    ("rec-261", subscribe("sms", "invalid-number"), 400, IP, SMS + "invalid-number"),
    ("rec-263", subscribe("sms", "+15--551234567"), 400, IP, SMS + "+15--551234567"),
    ("rec-264", subscribe("sms", "+15551234567."), 400, IP, SMS + "+15551234567."),
    ("rec-265", subscribe("sms", "/+15551234567"), 400, IP, SMS + "/+15551234567"),
    (
        "rec-251",
        subscribed_otherwise,
        400,
        IP,
        "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
    ),
    ("rec-252", lambda sns: confirmed(sns, "arn:aws:sns", "0" * 160), 400, IP, "Invalid parameter: Topic"),
    ("rec-253", plain("Unsubscribe", SubscriptionArn="x"), 400, IP, ELEMENTS.format("SubscriptionArn", 1)),
    (
        "rec-254",
        plain("Unsubscribe", SubscriptionArn="arn:aws:sns:us-east-1:x"),
        400,
        IP,
        ELEMENTS.format("SubscriptionArn", 5),
    ),
    ("rec-255", plain("Unsubscribe", SubscriptionArn=NO_TOPIC), 400, IP, "Invalid parameter: SubscriptionId"),
    (
        "rec-256",
        plain("Unsubscribe", SubscriptionArn=""),
        400,
        IP,
        "Invalid parameter: SubscriptionArn Reason: no value for required parameter",
    ),
    ("rec-257", in_another_region, 400, IP, "Invalid parameter: TopicArn"),
    (
        "rec-258",
        batch({"Id": "1", "Message": "a" * 200_000}, {"Id": "2", "Message": "a" * 100_000}),
        400,
        "BatchRequestTooLong",
        "The length of all the messages put together is more than the limit.",
    ),
    (
        "rec-259",
        plain("Subscribe", TopicArn="arn:aws:sns:us-east-1:x", Protocol="sqs", Endpoint="x"),
        400,
        IP,
        ELEMENTS.format("TopicArn", 5),
    ),
    ("rec-260", plain("CreateTopic", Name=""), 400, IP, "Invalid parameter: Topic Name"),
    (
        "rec-262",
        subscribe("sqs", "arn:aws:sqs:us-east-1:111111111111:q", FilterPolicy="invalid"),
        400,
        IP,
        f"Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON. {TOKEN}{JACKSON.format(8)}",
    ),
    ("rec-285", permitted_twice, 400, IP, "Invalid parameter: Statement already exists"),
    (
        "rec-286",
        lambda sns: (
            "AddPermission",
            {"TopicArn": sns.topic(), "Label": "l", "AWSAccountId": ["2"], "ActionName": ["Nothing"]},
        ),
        400,
        IP,
        "Invalid parameter: Policy statement action out of service scope!",
    ),
    ("rec-287", batch({"Id": "message.id"}), 400, "InvalidBatchEntryId", IMPERMISSIBLE + "message.id"),
    ("rec-288", batch({"Id": "msg@123#test"}), 400, "InvalidBatchEntryId", IMPERMISSIBLE + "msg@123#test"),
    ("rec-289", batch({"Id": "a" * 81}), 400, "InvalidBatchEntryId", f"{ENTRY}is too long: {'a' * 81}"),
    ("rec-290", batch({"Id": LONG_ID}), 400, "InvalidBatchEntryId", f"{ENTRY}is too long: {LONG_ID}"),
    (
        "rec-292",
        created_otherwise,
        400,
        IP,
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    ),
]


@pytest.mark.parametrize("doing, status, code, message", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_aws_refuses_is_refused_in_its_words(sns: Sns, doing: Doing, status: int, code: str, message: str) -> None:
    operation, request = doing(sns)
    assert sns.refused(operation, **request) == (status, code, code, message)


@pytest.mark.parametrize("protocol, endpoint", [("sms", "+15551234567"), ("email", "a@b.c"), ("firehose", "arn")])
def test_protocols_that_are_not_served_say_so(sns: Sns, protocol: str, endpoint: str) -> None:
    operation, request = subscribe(protocol, endpoint)(sns)
    status, code, _, message = sns.refused(operation, **request)
    assert (status, code) == (501, "NotImplemented")
    assert protocol in message


def test_publishing_to_a_telephone_is_not_served(sns: Sns) -> None:
    assert sns.refused("Publish", PhoneNumber="+15551234567", Message="m")[:2] == (501, "NotImplemented")
