"""Topics, their attributes, permissions, tags and lists; and how other services reach them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.core.errors import AwsError
from outfall.core.parcel import Attribute, Parcel, Sender
from outfall.core.principal import ANONYMOUS, service_principal
from outfall.services.sns.policy import topic_policy
from outfall.services.sns.target import SnsTarget

from .conftest import Sns

FROM_S3 = Sender("s3", service_principal("s3.amazonaws.com", "111111111111"))


def attributes(sns: Sns, topic: str) -> dict[str, Any]:
    return sns("GetTopicAttributes", TopicArn=topic)["Attributes"]  # type: ignore[no-any-return]


def test_a_new_topic_has_the_attributes_of_the_recording(sns: Sns) -> None:
    topic = sns.topic()
    shown = attributes(sns, topic)
    policy = json.loads(shown.pop("Policy"))
    assert policy["Id"] == "__default_policy_ID"
    (statement,) = policy["Statement"]
    assert (statement["Sid"], statement["Principal"]) == ("__default_statement_ID", {"AWS": "*"})
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceOwner": "111111111111"}}
    assert len(statement["Action"]) == 8
    assert shown.pop("EffectiveDeliveryPolicy") == (
        '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,'
        '"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},'
        '"disableSubscriptionOverrides":false,'
        '"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}'
    )
    assert shown == {
        "Owner": "111111111111",
        "TopicArn": topic,
        "DisplayName": "",
        "SubscriptionsPending": "0",
        "SubscriptionsConfirmed": "0",
        "SubscriptionsDeleted": "0",
    }


def test_creating_it_again_finds_it(sns: Sns) -> None:
    first = sns("CreateTopic", Name="t", Attributes={"DisplayName": "d"}, Tags=[{"Key": "a", "Value": "1"}])
    assert sns("CreateTopic", Name="t") == first
    assert sns("CreateTopic", Name="t", Attributes={"DisplayName": "d"}) == first


@pytest.mark.parametrize("name", ["", "a" * 257, "with space", "dot.ted", "t.fifo"])
def test_a_name_that_cannot_be_is_refused(sns: Sns, name: str) -> None:
    assert sns.refused("CreateTopic", Name=name)[3] == "Invalid parameter: Topic Name"


def test_a_fifo_topic_says_so(sns: Sns) -> None:
    shown = attributes(sns, sns.topic("t.fifo"))
    assert (shown["FifoTopic"], shown["ContentBasedDeduplication"]) == ("true", "false")


def test_attributes_are_set_and_reset(sns: Sns) -> None:
    topic = sns.topic()
    sns("SetTopicAttributes", TopicArn=topic, AttributeName="DisplayName", AttributeValue="d")
    assert attributes(sns, topic)["DisplayName"] == "d"
    sns("SetTopicAttributes", TopicArn=topic, AttributeName="DisplayName", AttributeValue="")
    assert attributes(sns, topic)["DisplayName"] == ""
    fake = {"TopicArn": topic, "AttributeName": "fake", "AttributeValue": "x"}
    assert sns.refused("SetTopicAttributes", **fake)[3] == "Invalid parameter: AttributeName"


def test_permissions_are_statements_of_the_policy(sns: Sns) -> None:
    topic = sns.topic()
    sns("AddPermission", TopicArn=topic, Label="l", AWSAccountId=["222222222222"], ActionName=["Publish"])
    added = json.loads(attributes(sns, topic)["Policy"])["Statement"][1]
    assert added == {
        "Sid": "l",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
        "Action": "SNS:Publish",
        "Resource": topic,
    }
    sns("RemovePermission", TopicArn=topic, Label="l")
    assert len(json.loads(attributes(sns, topic)["Policy"])["Statement"]) == 1


def test_tags_come_and_go(sns: Sns) -> None:
    topic = sns.topic()
    sns("TagResource", ResourceArn=topic, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sns("UntagResource", ResourceArn=topic, TagKeys=["a"])
    assert sns("ListTagsForResource", ResourceArn=topic) == {"Tags": [{"Key": "b", "Value": "2"}]}


def test_lists_come_in_pages_of_a_hundred(sns: Sns) -> None:
    for number in range(150):
        sns.topic(f"t{number:03d}")
    first = sns("ListTopics")
    second = sns("ListTopics", NextToken=first["NextToken"])
    assert (len(first["Topics"]), len(second["Topics"])) == (100, 50)
    assert "NextToken" not in second
    assert sns.refused("ListTopics", NextToken="é")[1] == "InvalidParameter"


def test_subscriptions_are_listed_by_topic_and_by_owner(sns: Sns) -> None:
    one, two = sns.topic("one"), sns.topic("two")
    first = sns.subscribe(one, sns.queue())
    sns.subscribe(two, sns.queue("other"))
    listed = sns("ListSubscriptionsByTopic", TopicArn=one)["Subscriptions"]
    assert [shown["SubscriptionArn"] for shown in listed] == [first]
    assert len(sns("ListSubscriptions")["Subscriptions"]) == 2
    assert attributes(sns, one)["SubscriptionsConfirmed"] == "1"


def test_a_topic_goes_with_its_subscriptions_and_goes_twice(sns: Sns) -> None:
    topic = sns.topic()
    sns.subscribe(topic, sns.queue())
    sns("DeleteTopic", TopicArn=topic)
    sns("DeleteTopic", TopicArn=topic)
    assert sns("ListSubscriptions")["Subscriptions"] == []
    assert sns.refused("GetTopicAttributes", TopicArn=topic)[0] == 404


def test_ending_a_subscription_twice_is_no_error(sns: Sns) -> None:
    topic, queue = sns.topic(), sns.queue()
    arn = sns.subscribe(topic, queue)
    sns("Unsubscribe", SubscriptionArn=arn)
    sns("Unsubscribe", SubscriptionArn=arn)
    sns.publish(topic)
    assert sns.parcels(queue) == []


def test_the_target_publishes_with_subject_and_attributes(sns: Sns) -> None:
    """s3-026, dest-008, dlq-015"""
    topic, queue = sns.topic(), sns.queue()
    sns.subscribe(topic, queue)
    parcel = Parcel(b"body", FROM_S3, {"RequestID": Attribute("String", "r")}, subject="Amazon S3 Notification")
    message_id = sns.within(lambda ctx: SnsTarget().accept(ctx, Arn.parse(topic), parcel))
    (body,) = sns.bodies(queue)
    assert (body["MessageId"], body["Subject"], body["Message"]) == (message_id, "Amazon S3 Notification", "body")
    assert body["MessageAttributes"] == {"RequestID": {"Type": "String", "Value": "r"}}


def test_the_target_refuses_what_a_topic_cannot_take(sns: Sns) -> None:
    fifo, standard = Arn.parse(sns.topic("t.fifo")), Arn.parse(sns.topic())
    gone = Arn.parse("arn:aws:sns:us-east-1:111111111111:gone")
    target = SnsTarget()
    for arn, body in ((fifo, b"m"), (standard, b""), (standard, b"m" * 262_145), (gone, b"m")):
        with pytest.raises(AwsError):
            sns.within(lambda ctx, arn=arn, body=body: target.accept(ctx, arn, Parcel(body, FROM_S3)))
    assert sns.within(lambda ctx: target.exists(ctx, standard))
    assert not sns.within(lambda ctx: target.exists(ctx, gone))
    assert sns.within(lambda ctx: topic_policy(ctx, gone)) is None


def test_an_endpoint_of_another_account_has_to_confirm(sns: Sns) -> None:
    topic = sns.topic()
    queue = "arn:aws:sqs:us-east-1:222222222222:q"
    arn = sns.subscribe(topic, queue)
    assert sns.attributes(arn)["PendingConfirmation"] == "true"


def test_attributes_come_in_the_order_of_the_recording(sns: Sns) -> None:
    topic = sns.topic(DisplayName="d", SignatureVersion="2", TracingConfig="Active")
    assert list(attributes(sns, topic)) == [
        "Policy",
        "SignatureVersion",
        "Owner",
        "SubscriptionsPending",
        "TopicArn",
        "TracingConfig",
        "EffectiveDeliveryPolicy",
        "SubscriptionsConfirmed",
        "DisplayName",
        "SubscriptionsDeleted",
    ]
    arn = sns.subscribe(topic, sns.queue(), FilterPolicy='{"a":["b"]}')
    assert list(sns.attributes(arn)) == [
        "SubscriptionPrincipal",
        "Owner",
        "RawMessageDelivery",
        "FilterPolicy",
        "TopicArn",
        "Endpoint",
        "FilterPolicyScope",
        "Protocol",
        "PendingConfirmation",
        "ConfirmationWasAuthenticated",
        "SubscriptionArn",
    ]


def test_a_delivery_policy_is_kept_whole_and_in_order(sns: Sns) -> None:
    given = (
        '{"http": {"defaultThrottlePolicy": {"maxReceivesPerSecond": 2}, '
        '"defaultHealthyRetryPolicy": {"numRetries": 5}}}'
    )
    topic = sns.topic(DeliveryPolicy=given)
    assert attributes(sns, topic)["DeliveryPolicy"] == (
        '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":5,'
        '"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},'
        '"defaultThrottlePolicy":{"maxReceivesPerSecond":2}}}'
    )


@pytest.mark.parametrize(
    "policy",
    [
        '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}',
        '{"http":{"defaultHealthyRetryPolicy":{"backoffFunction":"square"}}}',
        '{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":30,"maxDelayTarget":20}}}',
        '{"http":{"defaultHealthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":2}}}',
        '{"http":{"defaultRequestPolicy":{"headerContentType":"text/bogus"}}}',
        '{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":0}}}',
        '{"http":{"more":1}}',
        '{"more":{}}',
        '{"http":{"disableSubscriptionOverrides":"yes"}}',
        "text",
    ],
)
def test_delivery_policies_that_cannot_be(sns: Sns, policy: str) -> None:
    topic = sns.topic()
    given = {"TopicArn": topic, "AttributeName": "DeliveryPolicy", "AttributeValue": policy}
    status, code, _, message = sns.refused("SetTopicAttributes", **given)
    assert (status, code) == (400, "InvalidParameter")
    assert message.startswith("Invalid parameter: DeliveryPolicy: ")


def test_a_queue_has_no_delivery_policy(sns: Sns) -> None:
    arn = sns.subscribe(sns.topic(), sns.queue())
    given = {"SubscriptionArn": arn, "AttributeName": "DeliveryPolicy", "AttributeValue": '{"guaranteed":false}'}
    assert sns.refused("SetSubscriptionAttributes", **given)[1] == "InvalidParameter"


def test_an_empty_filter_policy_is_none(sns: Sns) -> None:
    arn = sns.subscribe(sns.topic(), sns.queue(), FilterPolicy='{"a":["b"]}')
    sns("SetSubscriptionAttributes", SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue="{}")
    assert "FilterPolicy" not in sns.attributes(arn)


def test_a_filter_policy_has_no_empty_arrays(sns: Sns) -> None:
    arn = sns.subscribe(sns.topic(), sns.queue())
    given = {"SubscriptionArn": arn, "AttributeName": "FilterPolicy", "AttributeValue": '{"a":[]}'}
    message = "Invalid parameter: FilterPolicy: Empty arrays are not allowed"
    assert sns.refused("SetSubscriptionAttributes", **given)[3] == message


def test_what_waits_for_its_confirmation_cannot_be_ended(sns: Sns) -> None:
    arn = sns.subscribe(sns.topic(), "http://127.0.0.1:9/hook")
    status, code, _, message = sns.refused("Unsubscribe", SubscriptionArn=arn)
    assert (status, code) == (400, "InvalidParameter")
    assert message.endswith("Cannot unsubscribe a subscription that is pending confirmation")


def test_the_link_in_a_message_does_not_end_a_queues_subscription(sns: Sns) -> None:
    arn = sns.subscribe(sns.topic(), sns.queue())
    sns.principal = ANONYMOUS
    assert sns.refused("Unsubscribe", SubscriptionArn=arn)[:2] == (403, "AuthorizationError")
