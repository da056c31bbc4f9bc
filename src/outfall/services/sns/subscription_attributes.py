"""Subscription attributes: how they are set, read, and every reason to refuse one.

Rules: [LS:test_validate_set_sub_attributes, test_validations_for_fifo, TestSNSFilterPolicyCrud]
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sns import filter_policies, http, jackson, retries
from outfall.services.sns.address import find_topic, require_subscription, topic_of_subscription
from outfall.services.sns.errors import FilterPolicyLimitExceeded, NotFound, invalid
from outfall.services.sns.model import SUBSCRIPTIONS, Subscription, Topic
from outfall.services.sns.rows import in_order

ATTRIBUTES_SCOPE = "MessageAttributes"
SCOPES = (ATTRIBUTES_SCOPE, "MessageBody")
NAMES = ("RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "DeliveryPolicy")
NOT_SERVED = ("ReplayPolicy", "SubscriptionRoleArn")
FILTER_POLICIES_MAX = 200
SHOWN_FIRST = (
    "SubscriptionPrincipal",
    "Owner",
    "RawMessageDelivery",
    "FilterPolicy",
    "TopicArn",
    "Endpoint",
    "EffectiveDeliveryPolicy",
    "DeliveryPolicy",
    "FilterPolicyScope",
    "Protocol",
    "PendingConfirmation",
    "ConfirmationWasAuthenticated",
    "SubscriptionArn",
)
"""The order in which AWS tells attributes. [GH: a recording of 2026-10]"""


def apply(topic: Topic, subscription: Subscription, given: Mapping[str, str], where: str = "") -> Subscription:
    """The subscription with these attributes set; an empty value takes one away. `where` begins the errors."""
    settings = dict(subscription.settings)
    for name, value in given.items():
        if name in NOT_SERVED:
            raise NotServed(f"The subscription attribute {name} is not served by this version of Outfall.")
        if name not in NAMES:
            raise invalid(f"{where}Unknown attribute {name}" if where else "AttributeName")
        if value or name == "RawMessageDelivery":
            settings[name] = value.lower() if value.lower() in ("true", "false") else value
        else:
            settings.pop(name, None)
    changed = msgspec.structs.replace(subscription, settings=settings)
    for name in given:
        if name in settings:
            _check(topic, changed, name, settings[name], where)
    if "FilterPolicyScope" in given and "FilterPolicy" not in given and "FilterPolicy" in settings:
        _check_filter(changed, where)
    return _canonical(changed)


def _canonical(subscription: Subscription) -> Subscription:
    """As AWS keeps it: an empty filter policy is none, a delivery policy has all its members. [GH]"""
    settings = dict(subscription.settings)
    if "FilterPolicy" in settings and not jackson.loads(settings["FilterPolicy"]):
        del settings["FilterPolicy"]
    if "DeliveryPolicy" in settings:
        settings["DeliveryPolicy"] = retries.canonical(settings["DeliveryPolicy"], of_topic=False)
    return msgspec.structs.replace(subscription, settings=settings)


def _check(topic: Topic, subscription: Subscription, name: str, value: str, where: str) -> None:
    if name == "RawMessageDelivery" and value.lower() not in ("true", "false"):
        raise invalid(f"{where}RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
    if name == "FilterPolicyScope" and value not in SCOPES:
        raise invalid(
            f"{where}FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
        )
    if name == "FilterPolicy":
        _check_filter(subscription, where)
    elif name == "RedrivePolicy":
        _check_redrive(topic, subscription, value, where)
    elif name == "DeliveryPolicy" and subscription.protocol not in http.PROTOCOLS:
        raise invalid(f"{where}DeliveryPolicy: protocol {subscription.protocol} does not have one")


def _check_filter(subscription: Subscription, where: str) -> None:
    scope = subscription.settings.get("FilterPolicyScope") or ATTRIBUTES_SCOPE
    try:
        filter_policies.check(subscription.settings["FilterPolicy"], scope)
    except filter_policies.Nested as error:
        raise invalid(f"{where}{error}") from None
    except filter_policies.Wrong as error:
        raise invalid(f"{where}FilterPolicy: {error}") from None


def _check_redrive(topic: Topic, subscription: Subscription, value: str, where: str) -> None:
    try:
        policy = jackson.loads(value)
    except jackson.Unreadable as error:
        raise invalid(f"{where}RedrivePolicy: failed to parse JSON. {error}") from None
    target = policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
    try:
        arn = Arn.parse(str(target))
    except MalformedArn:
        arn = None
    if arn is None or arn.service != "sqs":
        raise invalid(f"{where}RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if topic.fifo and subscription.endpoint.endswith(".fifo") and not arn.resource.endswith(".fifo"):
        raise invalid(f"{where}RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")


def attributes_of(topic: Topic, subscription: Subscription) -> dict[str, str]:
    """All attributes of a subscription, as text; the filter's scope shows beside a filter alone.
    [LS:test_set_subscription_filter_policy_scope]"""
    shown = {
        "SubscriptionArn": subscription.arn,
        "Endpoint": subscription.endpoint,
        "Protocol": subscription.protocol,
        "RawMessageDelivery": "false",
        "ConfirmationWasAuthenticated": _text(subscription.confirmed and subscription.authenticated),
        "Owner": subscription.owner,
        "PendingConfirmation": _text(not subscription.confirmed),
        "SubscriptionPrincipal": subscription.principal,
        "TopicArn": subscription.topic,
    }
    shown |= subscription.settings
    if "FilterPolicy" in shown:
        shown.setdefault("FilterPolicyScope", ATTRIBUTES_SCOPE)
    else:
        shown.pop("FilterPolicyScope", None)
    if subscription.protocol in http.PROTOCOLS:
        effective = retries.effective_for(topic, subscription)
        shown["EffectiveDeliveryPolicy"] = json.dumps(effective, separators=(",", ":"))
    return in_order(shown, SHOWN_FIRST)


def _text(value: bool) -> str:
    return "true" if value else "false"


def _topic_of(call: Call, subscription: Subscription) -> Topic:
    topic = find_topic(call, Arn.parse(subscription.topic))
    if topic is None:
        raise NotFound("Subscription does not exist")
    return topic


@operation("GetSubscriptionAttributes", action="sns:GetSubscriptionAttributes", resource=topic_of_subscription)
def get_subscription_attributes(call: Call, request: Request) -> Output:
    """All attributes of a subscription."""
    subscription = require_subscription(call, request)
    return {"Attributes": attributes_of(_topic_of(call, subscription), subscription)}


@operation("SetSubscriptionAttributes", action="sns:SetSubscriptionAttributes", resource=topic_of_subscription)
def set_subscription_attributes(call: Call, request: Request) -> Output:
    """Sets one attribute; it holds from now on, not after minutes."""
    subscription = require_subscription(call, request)
    topic = _topic_of(call, subscription)
    name, value = request.get("AttributeName") or "", request.get("AttributeValue") or ""
    changed = apply(topic, subscription, {name: value})
    if name == "FilterPolicy" and value:
        require_room(call, topic, changed)
    call.tx.put(SUBSCRIPTIONS, changed.key, changed)


def require_room(call: Call, topic: Topic, subscription: Subscription) -> None:
    """Raises when the topic has as many filter policies as it may."""
    others = [one for _, one in call.tx.scan(SUBSCRIPTIONS, topic.key) if one.id != subscription.id]
    if sum("FilterPolicy" in one.settings for one in others) >= FILTER_POLICIES_MAX:
        raise FilterPolicyLimitExceeded()


OPERATIONS = (get_subscription_attributes, set_subscription_attributes)
