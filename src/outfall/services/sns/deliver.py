"""From a publication to each subscription: does it want the message, how does it get it, and what if it cannot.

Queues and functions are reached within the publisher's transaction. What they refuse are client errors (gone, no
permission), which SNS does not try again. HTTP endpoints are the host's work (`http.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from outfall.core import filter_policy
from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.parcel import Parcel, Sender
from outfall.core.principal import service_principal
from outfall.flow import passage
from outfall.flow.send import Receipt, Refusal, send
from outfall.services.sns import http
from outfall.services.sns.message import Publication
from outfall.services.sns.model import SUBSCRIPTIONS, Subscription, Topic
from outfall.services.sns.render import Envelope

SERVICE = "sns.amazonaws.com"
POLICIES_MAX = 1024
"""How many filter policies are kept as they were read."""
RAW_ATTRIBUTES_MAX = 10
"""A raw message with more attributes than SQS takes is a client error. [sns.md 7]"""

TOO_MANY = Refusal("rejected", f"A raw message with more than {RAW_ATTRIBUTES_MAX} attributes is not delivered.")


def fan_out(ctx: Context, topic: Topic, publication: Publication, endpoint: str) -> None:
    """Delivers a message to every confirmed subscription whose filter lets it pass."""
    envelope = Envelope(ctx, topic, publication, endpoint)
    confirmed = [one for _, one in ctx.tx.scan(SUBSCRIPTIONS, topic.key) if one.confirmed]
    wanting = [one for one in confirmed if wants(one, publication)]
    passage.published(
        ctx,
        publication.trace,
        topic.arn,
        publication.id,
        (publication.sender, publication.source_arn),
        len(wanting),
        len(confirmed),
    )
    for subscription in wanting:
        _deliver(ctx, topic, subscription, publication, envelope)


def wants(subscription: Subscription, publication: Publication) -> bool:
    """Whether the subscription's filter policy lets the message pass."""
    text = subscription.settings.get("FilterPolicy")
    if not text:
        return True
    policy = _policy(text)
    if subscription.settings.get("FilterPolicyScope") == "MessageBody":
        return filter_policy.body_passes(policy, publication.text_for(subscription.protocol))
    return filter_policy.attributes_pass(policy, _comparable(publication))


@lru_cache(maxsize=POLICIES_MAX)
def _policy(text: str) -> Mapping[str, Any]:
    return json.loads(text)  # type: ignore[no-any-return]


def _comparable(publication: Publication) -> dict[str, Any]:
    """The attributes as filters see them: numbers and lists by their values; binary ones are not seen."""
    seen: dict[str, Any] = {}
    for name, one in publication.attributes.items():
        if one.type.startswith("Binary"):
            continue
        seen[name] = one.value
        if one.type in ("String.Array", "Number"):
            try:
                seen[name] = json.loads(one.value)
            except (ValueError, RecursionError):
                seen[name] = _number(one.value) if one.type == "Number" else one.value
    return seen


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def sender_of(topic: Topic, event_id: str = "") -> Sender:
    """SNS, as the sender of this topic's messages."""
    return Sender("sns", service_principal(SERVICE, topic.account), topic.arn, topic.account, event_id)


def _deliver(
    ctx: Context, topic: Topic, subscription: Subscription, publication: Publication, envelope: Envelope
) -> None:
    if subscription.protocol in http.PROTOCOLS:
        raw = subscription.raw
        body = publication.text_for(subscription.protocol).encode() if raw else envelope.notification(subscription)
        http.enqueue(ctx, topic, subscription, "Notification", publication.id, body, publication.trace)
        return
    parcel = _parcel(topic, subscription, publication, envelope)
    result = TOO_MANY if len(parcel.attributes) > RAW_ATTRIBUTES_MAX else send(ctx, subscription.endpoint, parcel)
    if isinstance(result, Receipt):
        passage.passed(ctx, parcel, subscription.endpoint, result)
        return
    letter = parcel
    if subscription.protocol == "lambda":
        letter = replace(parcel, body=envelope.notification(subscription))
    passage.failed(ctx, parcel, subscription.endpoint, result, letter=dead_letter(ctx, topic, subscription, letter))


def _parcel(topic: Topic, subscription: Subscription, publication: Publication, envelope: Envelope) -> Parcel:
    sender = sender_of(topic, publication.event_id)
    parcel = Parcel(b"", sender, trace_header=publication.trace_header, trace=publication.trace)
    if subscription.protocol == "lambda":
        return replace(parcel, body=envelope.function_event(subscription))
    # A standard queue learns the group from a standard topic alone (fair queues); FIFO ids go to FIFO queues.
    if topic.fifo == subscription.endpoint.endswith(".fifo"):
        parcel = replace(parcel, group_id=publication.group_id, deduplication_id=publication.deduplication_id)
    if subscription.raw:
        text = publication.text_for(subscription.protocol)
        return replace(parcel, body=text.encode("utf-8", "replace"), attributes=publication.attributes)
    return replace(parcel, body=envelope.notification(subscription))


def dead_letter(
    ctx: Context, topic: Topic, subscription: Subscription, parcel: Parcel
) -> tuple[Parcel, str, Receipt | Refusal] | None:
    """Sends what could not be delivered to the subscription's dead-letter queue: what was sent where, and what came of
    it. None without such a queue: then it is lost on AWS."""
    policy = subscription.settings.get("RedrivePolicy")
    if not policy:
        return None
    target = str(json.loads(policy)["deadLetterTargetArn"])
    attributes = dict(list(parcel.attributes.items())[:RAW_ATTRIBUTES_MAX])
    account, region = Arn.parse(topic.arn).account, topic.region
    letter = replace(parcel, attributes=attributes)
    return letter, target, send(ctx.at(account, region), target, letter)
