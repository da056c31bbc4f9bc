"""What subscribers get, and what becomes of what they refuse."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha1, sha256

from outfall.core.parcel import Attribute

from .conftest import Sns, string


def test_a_queue_gets_the_notification_in_the_order_of_the_recording(sns: Sns) -> None:
    """sns-001"""
    topic, queue = sns.topic(), sns.queue()
    subscription = sns.subscribe(topic, queue)
    answer = sns.publish(topic, "héllo", Subject="s", MessageAttributes={"attr1": string("99.12", "Number")})
    (body,) = sns.bodies(queue)
    assert list(body) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    ]
    assert body["MessageId"] == answer["MessageId"]
    assert body["Message"] == "héllo"
    assert body["Timestamp"] == "2027-01-15T08:00:00.000Z"
    assert body["MessageAttributes"] == {"attr1": {"Type": "Number", "Value": "99.12"}}
    assert body["UnsubscribeURL"] == f"http://localhost:4566/?Action=Unsubscribe&SubscriptionArn={subscription}"
    assert body["SigningCertURL"] == "http://localhost:4566/_outfall/sns/SimpleNotificationService-test.pem"


def test_what_is_signed_are_the_fields_in_order_of_their_names(sns: Sns) -> None:
    topic, queue = sns.topic(SignatureVersion="2"), sns.queue()
    sns.subscribe(topic, queue)
    sent = sns.publish(topic, "m", Subject="s")["MessageId"]
    signed = (
        f"Message\nm\nMessageId\n{sent}\nSubject\ns\nTimestamp\n2027-01-15T08:00:00.000Z\n"
        f"TopicArn\n{topic}\nType\nNotification\n"
    )
    (body,) = sns.bodies(queue)
    assert body["SignatureVersion"] == "2"
    assert body["Signature"] == f"2-{sha1(signed.encode()).hexdigest()}"


def test_without_subject_and_attributes_their_members_are_absent(sns: Sns) -> None:
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue)
    sns.publish(topic)
    assert not {"Subject", "MessageAttributes"} & set(sns.bodies(queue)[0])


def test_raw_delivery_is_the_message_alone_with_its_attributes(sns: Sns) -> None:
    """sns-002"""
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue, RawMessageDelivery="true")
    binary = {"DataType": "Binary", "BinaryValue": b"\0\1"}
    sns.publish(topic, "hi", MessageAttributes={"a": string("1", "Number"), "b": binary})
    (parcel,) = sns.parcels(queue)
    assert parcel.body == b"hi"
    assert parcel.attributes == {
        "a": Attribute("Number", "1"),
        "b": Attribute("Binary", b64encode(b"\0\1").decode()),
    }


def test_a_function_gets_an_event(sns: Sns) -> None:
    """sns-003"""
    topic, function = sns.topic(), sns.function()
    subscription = sns.subscribe(topic, function)
    sns.publish(topic, "m")
    (event,) = sns.bodies(function)
    (record,) = event["Records"]
    assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == subscription
    assert list(record["Sns"]) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertUrl",
        "UnsubscribeUrl",
        "MessageAttributes",
    ]
    assert record["Sns"]["Subject"] is None
    assert record["Sns"]["MessageAttributes"] == {}


def test_each_protocol_gets_its_own_text(sns: Sns) -> None:
    topic, queue, function = sns.topic(), sns.queue(), sns.function()
    sns.subscribe(topic, queue)
    sns.subscribe(topic, function)
    sns.publish(topic, json.dumps({"default": "d", "sqs": "for queues", "email": 3}), MessageStructure="json")
    assert sns.bodies(queue)[0]["Message"] == "for queues"
    assert sns.bodies(function)[0]["Records"][0]["Sns"]["Message"] == "d"


def test_the_same_endpoint_is_subscribed_once(sns: Sns) -> None:
    """sns-010"""
    topic, queue = sns.topic(), sns.queue()
    assert sns.subscribe(topic, queue) == sns.subscribe(topic, queue)
    sns.publish(topic)
    assert len(sns.parcels(queue)) == 1


def test_a_message_that_the_filter_stops_is_no_failure(sns: Sns) -> None:
    """sns-014"""
    topic, queue, letters = sns.topic(), sns.queue(), sns.queue("dlq")
    redrive = json.dumps({"deadLetterTargetArn": letters})
    sns.subscribe(topic, queue, FilterPolicy='{"k":["v"]}', RedrivePolicy=redrive)
    sns.publish(topic, MessageAttributes={"k": string("x")})
    sns.publish(topic)
    assert sns.parcels(queue) == sns.parcels(letters) == []
    sns.publish(topic, "wanted", MessageAttributes={"k": string("v")})
    assert [body["Message"] for body in sns.bodies(queue)] == ["wanted"]


def test_a_filter_on_the_body_lets_no_text_pass_that_is_no_json(sns: Sns) -> None:
    """sns-015"""
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue, FilterPolicy='{"k":["v"]}', FilterPolicyScope="MessageBody")
    sns.publish(topic, "no JSON")
    sns.publish(topic, '{"k":"x"}')
    assert sns.parcels(queue) == []
    sns.publish(topic, '{"k":"v"}')
    assert len(sns.parcels(queue)) == 1


def test_a_message_for_a_queue_that_is_gone_becomes_a_dead_letter(sns: Sns) -> None:
    """sns-016"""
    topic, queue, letters = sns.topic(), sns.queue(), sns.queue("dlq")
    sns.subscribe(topic, queue, RedrivePolicy=json.dumps({"deadLetterTargetArn": letters}))
    del sns.queues.policies[queue]
    sent = sns.publish(topic, "m")["MessageId"]
    (letter,) = sns.bodies(letters)
    assert (letter["Type"], letter["MessageId"], letter["Message"]) == ("Notification", sent, "m")


def test_the_dead_letter_of_a_function_is_the_notification(sns: Sns) -> None:
    topic, function, letters = sns.topic(), sns.function(), sns.queue("dlq")
    sns.subscribe(topic, function, RedrivePolicy=json.dumps({"deadLetterTargetArn": letters}))
    sns.functions.policies[function] = "{}"
    sns.publish(topic, "m")
    assert sns.parcels(function) == []
    assert sns.bodies(letters)[0]["Message"] == "m"


def test_a_raw_message_with_eleven_attributes_becomes_a_dead_letter(sns: Sns) -> None:
    topic, queue, letters = sns.topic(), sns.queue(), sns.queue("dlq")
    redrive = json.dumps({"deadLetterTargetArn": letters})
    sns.subscribe(topic, queue, RawMessageDelivery="true", RedrivePolicy=redrive)
    sns.publish(topic, "m", MessageAttributes={f"a{n}": string("1") for n in range(11)})
    assert sns.parcels(queue) == []
    assert sns.parcels(letters)[0].body == b"m"


def test_the_sender_is_sns_for_the_topic(sns: Sns) -> None:
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue)
    sns.publish(topic)
    sender = sns.parcels(queue)[0].sender
    assert (sender.origin, sender.principal.service) == ("sns", "sns.amazonaws.com")
    assert (sender.source_arn, sender.source_account) == (topic, sns.account)


def test_a_fifo_topic_hands_on_group_and_deduplication_id(sns: Sns) -> None:
    topic, queue = sns.topic("t.fifo", ContentBasedDeduplication="true"), sns.queue("q.fifo")
    sns.subscribe(topic, queue)
    answer = sns.publish(topic, "m", MessageGroupId="g")
    (parcel,) = sns.parcels(queue)
    assert (parcel.group_id, parcel.deduplication_id) == ("g", sha256(b"m").hexdigest())
    body = json.loads(parcel.body)
    assert list(body) == ["Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL"]
    assert body["SequenceNumber"] == answer["SequenceNumber"]


def test_a_fifo_topic_takes_a_deduplication_id_once_in_five_minutes(sns: Sns) -> None:
    topic, queue = sns.topic("t.fifo"), sns.queue("q.fifo")
    sns.subscribe(topic, queue)
    ids = {"MessageGroupId": "g", "MessageDeduplicationId": "d"}
    first = sns.publish(topic, "one", **ids)
    assert sns.publish(topic, "two", **ids) == first
    sns.later(seconds=301)
    third = sns.publish(topic, "three", **ids)
    assert [body["Message"] for body in sns.bodies(queue)] == ["one", "three"]
    assert int(third["SequenceNumber"]) > int(first["SequenceNumber"])


def test_a_standard_topic_hands_a_group_on_to_a_standard_queue(sns: Sns) -> None:
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue)
    sns.publish(topic, MessageGroupId="tenant")
    assert sns.parcels(queue)[0].group_id == "tenant"


def test_a_batch_answers_entry_by_entry(sns: Sns) -> None:
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue)
    entries = [{"Id": "a", "Message": "1"}, {"Id": "b", "Message": "2", "Subject": "é"}]
    answer = sns("PublishBatch", TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["a"]
    assert [(one["Id"], one["Code"]) for one in answer["Failed"]] == [("b", "InvalidParameter")]
    assert len(sns.parcels(queue)) == 1
