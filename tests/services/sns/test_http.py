"""HTTP subscriptions: confirmed by a token, asked again by their policy, given up to the dead-letter queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.core.ports import Item
from outfall.core.principal import ANONYMOUS
from outfall.flow import skip, timeline
from outfall.flow.redeliver import redeliver
from outfall.services.sns.http import QUEUE, HttpDelivery, http_done, http_request
from outfall.services.sns.retries import RetryPolicy
from outfall.services.sns.target import SnsTarget

from .conftest import Sns

URL = "http://example.com/hook"


def claim(sns: Sns) -> Item | None:
    items = sns.within(lambda ctx: ctx.tx.claim(QUEUE, now_ms=ctx.now, lease_ms=60_000, limit=1))
    return items[0] if items else None


def deliver(sns: Sns, status: int | None = 200) -> HttpDelivery | None:
    """Makes the next delivery, which the endpoint answers so; None if nothing is due."""
    item = claim(sns)
    if item is None:
        return None
    delivery: HttpDelivery | None = sns.within(lambda ctx: http_request(ctx, item))
    if delivery is not None:
        sns.within(lambda ctx: http_done(ctx, item, status))
    return delivery


def confirm(sns: Sns, topic: str, url: str = URL, **attributes: str) -> str:
    """The ARN of a confirmed subscription."""
    arn = sns.subscribe(topic, url, **attributes)
    delivery = deliver(sns)
    assert delivery is not None
    sns("ConfirmSubscription", TopicArn=topic, Token=json.loads(delivery.body)["Token"])
    return arn


def test_a_subscription_waits_for_its_confirmation(sns: Sns) -> None:
    """sns-013"""
    topic = sns.topic()
    answer = sns("Subscribe", TopicArn=topic, Protocol="http", Endpoint=URL)
    assert answer == {"SubscriptionArn": "pending confirmation"}
    delivery = deliver(sns)
    assert delivery is not None
    headers = dict(delivery.headers)
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert headers["User-Agent"] == "Amazon Simple Notification Service Agent"
    assert "x-amz-sns-subscription-arn" not in headers
    body = json.loads(delivery.body)
    assert list(body) == [
        "Type",
        "MessageId",
        "Token",
        "TopicArn",
        "Message",
        "SubscribeURL",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
    ]
    assert body["Message"].startswith(f"You have chosen to subscribe to the topic {topic}.\nTo confirm")
    sns.publish(topic)
    assert claim(sns) is None


def test_following_the_link_confirms_without_a_signature(sns: Sns) -> None:
    topic = sns.topic()
    arn = sns.subscribe(topic, URL)
    delivery = deliver(sns)
    assert delivery is not None
    sns.principal = ANONYMOUS
    sns("ConfirmSubscription", TopicArn=topic, Token=json.loads(delivery.body)["Token"])
    shown = sns.attributes(arn)
    assert (shown["PendingConfirmation"], shown["ConfirmationWasAuthenticated"]) == ("false", "false")


def test_a_token_holds_for_two_days(sns: Sns) -> None:
    topic = sns.topic()
    sns.subscribe(topic, URL)
    delivery = deliver(sns)
    assert delivery is not None
    sns.later(seconds=2 * 24 * 3600)
    request = {"TopicArn": topic, "Token": json.loads(delivery.body)["Token"]}
    assert sns.refused("ConfirmSubscription", **request)[3] == "Invalid parameter: Token"


def test_a_notification_bears_its_headers(sns: Sns) -> None:
    topic = sns.topic()
    arn = confirm(sns, topic)
    sent = sns.publish(topic, "m")["MessageId"]
    delivery = deliver(sns)
    assert delivery is not None
    assert dict(delivery.headers) == {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": sent,
        "x-amz-sns-topic-arn": topic,
        "x-amz-sns-subscription-arn": arn,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    assert json.loads(delivery.body)["Message"] == "m"


def test_a_raw_notification_is_the_text_alone(sns: Sns) -> None:
    topic = sns.topic()
    confirm(sns, topic, RawMessageDelivery="true")
    sns.publish(topic, "m")
    delivery = deliver(sns)
    assert delivery is not None
    assert delivery.body == b"m"
    assert dict(delivery.headers)["x-amz-sns-rawdelivery"] == "true"


@pytest.mark.parametrize("status", [500, 503, 429, None])
def test_trouble_is_met_with_three_retries_at_twenty_seconds_and_a_dead_letter(sns: Sns, status: int | None) -> None:
    topic, letters = sns.topic(), sns.queue("dlq")
    confirm(sns, topic, RedrivePolicy=json.dumps({"deadLetterTargetArn": letters}))
    sns.publish(topic, "m")
    for _ in range(3):
        assert deliver(sns, status) is not None
        sns.later(seconds=19)
        assert claim(sns) is None
        sns.later(seconds=1)
    assert sns.parcels(letters) == []
    assert deliver(sns, status) is not None
    assert sns.bodies(letters)[0]["Message"] == "m"
    sns.later(seconds=3600)
    assert claim(sns) is None


def test_a_client_error_is_not_tried_again(sns: Sns) -> None:
    topic, letters = sns.topic(), sns.queue("dlq")
    confirm(sns, topic, RedrivePolicy=json.dumps({"deadLetterTargetArn": letters}))
    sns.publish(topic, "m")
    deliver(sns, 404)
    assert len(sns.parcels(letters)) == 1


def test_what_waits_for_a_subscription_that_is_gone_is_dropped(sns: Sns) -> None:
    topic = sns.topic()
    arn = confirm(sns, topic)
    sns.publish(topic, "m")
    sns.principal = ANONYMOUS
    sns("Unsubscribe", SubscriptionArn=arn)
    assert deliver(sns) is None
    farewell = deliver(sns)
    assert farewell is not None
    assert dict(farewell.headers)["x-amz-sns-message-type"] == "UnsubscribeConfirmation"
    sns("ConfirmSubscription", TopicArn=topic, Token=json.loads(farewell.body)["Token"])
    assert sns.attributes(arn)["PendingConfirmation"] == "false"


def test_only_its_owner_ends_a_guarded_subscription(sns: Sns) -> None:
    topic = sns.topic()
    arn = sns.subscribe(topic, URL)
    delivery = deliver(sns)
    assert delivery is not None
    token = json.loads(delivery.body)["Token"]
    sns("ConfirmSubscription", TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    sns.principal = ANONYMOUS
    assert sns.refused("Unsubscribe", SubscriptionArn=arn)[1] == "AuthorizationError"


PHASES: dict[str, Any] = {
    "num_retries": 8,
    "num_no_delay_retries": 1,
    "num_min_delay_retries": 2,
    "num_max_delay_retries": 2,
}


def test_a_policy_has_four_phases() -> None:
    policy = RetryPolicy(10, 30, **PHASES)
    assert [policy.wait_s(retry) for retry in range(1, 10)] == [0, 10, 10, 10, 20, 30, 30, 30, None]


@pytest.mark.parametrize("function", ["linear", "arithmetic", "geometric", "exponential"])
def test_a_backoff_grows_from_the_least_to_the_most(function: str) -> None:
    policy = RetryPolicy(5, 60, 10, backoff_function=function)
    waits: list[Any] = [policy.wait_s(retry) for retry in range(1, 11)]
    assert waits == sorted(waits)
    assert (waits[0], round(waits[-1], 6)) == (5, 60)


def test_what_an_endpoint_did_not_take_is_found_and_asked_of_it_again(sns: Sns) -> None:
    policy = json.dumps({"healthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 1}})
    topic = sns.topic()
    confirm(sns, topic, DeliveryPolicy=policy)
    sns.publish(topic, "m")
    first = deliver(sns, 503)
    ((_, event),) = sns.within(lambda ctx: list(ctx.tx.scan(timeline.EVENTS)))
    assert (event.kind, event.state, event.function) == ("delivery", "waiting", URL)
    sns.later(seconds=1)
    assert deliver(sns, 503) is not None
    [sent] = sns.within(lambda ctx: redeliver(ctx, event.id))
    assert sent.receipt
    assert deliver(sns) == first
    facts = [type(fact).__name__ for fact in sns.within(lambda ctx: timeline.facts(ctx.tx, event.id))]
    assert facts == ["DeliveryFailed", "WaitStarted", "Undelivered", "Delivered"]


def test_the_wait_for_an_endpoint_can_be_skipped(sns: Sns) -> None:
    topic = sns.topic()
    confirm(sns, topic)
    sns.publish(topic, "m")
    first = deliver(sns, 503)
    assert deliver(sns) is None
    assert sns.within(skip.skip_all) == 1
    assert sns.within(skip.skip_all) == 0
    assert deliver(sns) == first
    ((_, event),) = sns.within(lambda ctx: list(ctx.tx.scan(timeline.EVENTS)))
    assert (event.state, event.item) == ("succeeded", 0)


def test_what_waits_when_its_subscription_goes_has_failed(sns: Sns) -> None:
    topic = sns.topic()
    arn = confirm(sns, topic)
    sns.publish(topic, "m")
    deliver(sns, 503)
    sns("Unsubscribe", SubscriptionArn=arn)
    sns.later(seconds=20)
    assert deliver(sns) is None
    ((_, event),) = sns.within(lambda ctx: list(ctx.tx.scan(timeline.EVENTS)))
    assert (event.state, event.undelivered) == ("failed", 1)


def test_a_subscription_is_no_target_for_others(sns: Sns) -> None:
    arn = confirm(sns, sns.topic())
    assert not sns.within(lambda ctx: SnsTarget().exists(ctx, Arn.parse(arn)))
