"""HTTP(S) subscriptions: what is asked of an endpoint, and when it is tried again.

Each delivery is an item on one work queue. The host makes the request (`http_request` says which) and tells what came
of it (`http_done`). Rules: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import msgspec

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.parcel import Parcel, Sender
from outfall.core.ports import Item
from outfall.core.principal import service_principal
from outfall.flow.send import send
from outfall.services.sns import retries
from outfall.services.sns.address import find_subscription, find_topic
from outfall.services.sns.model import Subscription, Topic

PROTOCOLS = ("http", "https")
QUEUE = "sns/http"
USER_AGENT = "Amazon Simple Notification Service Agent"


class Errand(msgspec.Struct, frozen=True, array_like=True):
    """A request to make. `kind` is Notification, SubscriptionConfirmation or UnsubscribeConfirmation; `tries` how often
    it was made in vain."""

    kind: str
    message_id: str
    topic: str
    subscription: str
    url: str
    body: bytes
    raw: bool = False
    content_type: str = ""
    dead_letter: str = ""
    retry: retries.RetryPolicy = retries.RetryPolicy()
    tries: int = 0


class HttpDelivery(msgspec.Struct, frozen=True):
    """A POST to make."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Errand).decode


def enqueue(ctx: Context, topic: Topic, subscription: Subscription, kind: str, message_id: str, body: bytes) -> None:
    """Puts a delivery on the queue, with the policies that hold now."""
    notification = kind == "Notification"
    errand = Errand(
        kind,
        message_id,
        topic.arn,
        subscription.arn,
        subscription.endpoint,
        body,
        raw=notification and subscription.raw,
        content_type=retries.content_type(topic, subscription),
        dead_letter=retries.dead_letter_of(subscription) if notification else "",
        retry=retries.retry_policy(topic, subscription),
    )
    ctx.tx.enqueue(QUEUE, _encode(errand), now_ms=ctx.now, due_ms=ctx.now)


def http_request(ctx: Context, item: Item) -> HttpDelivery | None:
    """The request of an item; None, and the item is done with, when the subscription is gone meanwhile."""
    errand = _decode(item.payload)
    gone = find_topic(ctx, Arn.parse(errand.topic)) is None
    if errand.kind != "UnsubscribeConfirmation":
        gone = gone or find_subscription(ctx, Arn.parse(errand.subscription)) is None
    if gone:
        ctx.tx.acknowledge(QUEUE, item.handle)
        return None
    headers = [
        ("x-amz-sns-message-type", errand.kind),
        ("x-amz-sns-message-id", errand.message_id),
        ("x-amz-sns-topic-arn", errand.topic),
    ]
    if errand.kind == "Notification":
        headers.append(("x-amz-sns-subscription-arn", errand.subscription))
    if errand.raw:
        headers.append(("x-amz-sns-rawdelivery", "true"))
    headers += [("Content-Type", errand.content_type), ("User-Agent", USER_AGENT)]
    return HttpDelivery(errand.url, tuple(headers), errand.body)


def http_done(ctx: Context, item: Item, status: int | None) -> None:
    """What came of a request: its status, or None when there was no answer. Delivered, to be tried again after a wait,
    or given up, which makes a dead letter."""
    errand = _decode(item.payload)
    if status is not None and 200 <= status < 400:
        ctx.tx.acknowledge(QUEUE, item.handle)
        return
    wait_s = errand.retry.wait_s(errand.tries + 1) if retries.may_pass(status) else None
    if wait_s is not None:
        due_ms = ctx.now + round(wait_s * 1000 * ctx.house.time_scale)
        again = msgspec.structs.replace(errand, tries=errand.tries + 1)
        ctx.tx.release(QUEUE, item.handle, due_ms=due_ms, payload=_encode(again))
        return
    if ctx.tx.acknowledge(QUEUE, item.handle) and errand.dead_letter:
        topic = Arn.parse(errand.topic)
        sender = Sender("sns", service_principal("sns.amazonaws.com", topic.account), errand.topic, topic.account)
        send(ctx.at(topic.account, topic.region), errand.dead_letter, Parcel(errand.body, sender))
