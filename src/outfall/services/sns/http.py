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
from outfall.flow import passage
from outfall.flow.send import Receipt, Refusal, send
from outfall.services.sns import retries
from outfall.services.sns.address import find_subscription, find_topic
from outfall.services.sns.errors import NotFound
from outfall.services.sns.model import Subscription, Topic

PROTOCOLS = ("http", "https")
QUEUE = "sns/http"
USER_AGENT = "Amazon Simple Notification Service Agent"


class Errand(msgspec.Struct, frozen=True, array_like=True):
    """A request to make. `kind` is Notification, SubscriptionConfirmation or UnsubscribeConfirmation; `tries` how often
    it was made in vain. `event_id` is the event that tells of it since it failed for the first time."""

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
    trace: str = ""
    event_id: str = ""


class HttpDelivery(msgspec.Struct, frozen=True):
    """A POST to make."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Errand).decode


def enqueue(
    ctx: Context, topic: Topic, subscription: Subscription, kind: str, message_id: str, body: bytes, trace: str = ""
) -> None:
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
        trace=trace,
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
        if errand.event_id:
            refusal = Refusal("missing", "The subscription was removed while the message waited.")
            passage.failed(
                ctx,
                _parcel(errand),
                errand.url,
                refusal,
                event_id=errand.event_id,
                tries=errand.tries,
                again_at=errand.subscription,
            )
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
    parcel, tries = _parcel(errand), errand.tries + 1
    if status is not None and 200 <= status < 400:
        ctx.tx.acknowledge(QUEUE, item.handle)
        _tell_arrived(ctx, errand, parcel, Receipt(f"status {status}"))
        return
    why = "The endpoint did not answer." if status is None else f"The endpoint answered with status {status}."
    wait_s = errand.retry.wait_s(errand.tries + 1) if retries.may_pass(status) else None
    if wait_s is not None:
        due_ms = ctx.now + round(wait_s * 1000 * ctx.house.time_scale)
        event_id = ""
        if errand.trace:
            nominal_ms = round(wait_s * 1000)
            event_id = passage.waits(
                ctx, errand.event_id, parcel, errand.url, tries=tries, why=why, nominal_ms=nominal_ms, due_ms=due_ms
            )
            passage.waits_at(ctx, event_id, QUEUE, item.number)
        again = msgspec.structs.replace(errand, tries=tries, event_id=event_id)
        ctx.tx.release(QUEUE, item.handle, due_ms=due_ms, payload=_encode(again))
        return
    if not ctx.tx.acknowledge(QUEUE, item.handle):
        return
    letter = None
    if errand.dead_letter:
        topic = Arn.parse(errand.topic)
        letter = parcel, errand.dead_letter, send(ctx.at(topic.account, topic.region), errand.dead_letter, parcel)
    if errand.trace:
        refusal = Refusal("rejected", why)
        passage.failed(
            ctx,
            parcel,
            errand.url,
            refusal,
            event_id=errand.event_id,
            tries=tries,
            letter=letter,
            again_at=errand.subscription,
        )


def _tell_arrived(ctx: Context, errand: Errand, parcel: Parcel, receipt: Receipt) -> None:
    if errand.event_id:
        passage.arrived(ctx, errand.event_id, parcel, errand.url, receipt, tries=errand.tries + 1)
    elif errand.trace:
        passage.passed(ctx, parcel, errand.url, receipt)


def _parcel(errand: Errand) -> Parcel:
    account = Arn.parse(errand.topic).account
    sender = Sender("sns", service_principal("sns.amazonaws.com", account), errand.topic, account)
    return Parcel(errand.body, sender, trace=errand.trace, key=errand.message_id)


def ask_again(ctx: Context, arn: Arn, parcel: Parcel) -> str:
    """Puts what an endpoint did not take on the queue once more, for the subscription with this ARN; the message id.
    Raises `NotFound` when the subscription is gone."""
    subscription = find_subscription(ctx, arn)
    topic = find_topic(ctx, Arn.parse(subscription.topic)) if subscription else None
    if topic is None or subscription is None:
        raise NotFound("Subscription does not exist")
    enqueue(ctx, topic, subscription, "Notification", parcel.key, parcel.body, parcel.root)
    return parcel.key
