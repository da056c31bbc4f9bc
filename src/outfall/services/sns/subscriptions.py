"""The life of a subscription: subscribe, confirm, unsubscribe, list.

Rules: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html and the recordings named beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sns import confirm, paging
from outfall.services.sns.address import (
    find_subscription,
    require_topic,
    topic_arn,
)
from outfall.services.sns.errors import InvalidParameter, invalid
from outfall.services.sns.model import BY_ENDPOINT, BY_OWNER, SUBSCRIPTIONS, Subscription, Topic
from outfall.services.sns.rows import write
from outfall.services.sns.subscription_attributes import apply, require_room

PENDING = "pending confirmation"
NOT_SERVED = ("email", "email-json", "application", "firehose")
_phone_number = re.compile(r"\+?[0-9](?:[ .\-]?[0-9]){4,19}").fullmatch
_queue = re.compile(r"arn:[a-z\-]+:sqs:[a-z0-9\-]+:[0-9]{12}:[A-Za-z0-9_\-]{1,80}(?:\.fifo)?").fullmatch
_function = re.compile(
    r"arn:[a-z\-]+:lambda:[a-z0-9\-]+:[0-9]{12}:function:[A-Za-z0-9_\-]+(?::[A-Za-z0-9_$\-]+)?"
).fullmatch


def check_endpoint(topic: Topic, protocol: str, endpoint: str) -> None:
    """Raises unless there can be such a subscription. [LS:test_subscribe_*]"""
    if protocol == "sms":
        if not _phone_number(endpoint):
            raise InvalidParameter(f"Invalid SMS endpoint: {endpoint}")
        raise NotServed("Subscriptions of the protocol sms are not served by this version of Outfall.")
    if protocol in NOT_SERVED:
        raise NotServed(f"Subscriptions of the protocol {protocol} are not served by this version of Outfall.")
    if protocol not in ("http", "https", "sqs", "lambda"):
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if protocol in ("http", "https") and not _is_url(protocol, endpoint):
        raise invalid("Endpoint must match the specified protocol")
    if protocol == "sqs" and not _queue(endpoint):
        raise invalid("SQS endpoint ARN")
    if protocol == "lambda" and not _function(endpoint):
        raise invalid("Lambda endpoint ARN")
    if topic.fifo and protocol != "sqs":
        raise invalid("Invalid parameter: Endpoint Reason: Please use FIFO SQS queue")
    if protocol == "sqs" and endpoint.endswith(".fifo") and not topic.fifo:
        reason = "FIFO SQS Queues can not be subscribed to standard SNS topics"
        raise invalid(f"Invalid parameter: Endpoint Reason: {reason}")


def _is_url(protocol: str, endpoint: str) -> bool:
    head, _, rest = endpoint.partition("://")
    return head.lower() == protocol and bool(rest) and rest[0] not in "/?#" and endpoint.isprintable()


@operation("Subscribe", action="sns:Subscribe", resource=topic_arn)
def subscribe(call: Call, request: Request) -> Output:
    """A new subscription, or the one of that endpoint; answers its ARN, or that it waits for its confirmation."""
    topic = require_topic(call, request)
    protocol, endpoint = request.get("Protocol") or "", request.get("Endpoint") or ""
    check_endpoint(topic, protocol, endpoint)
    given = dict(request.get("Attributes") or {})
    made = Subscription(
        topic.arn, call.ids.uuid(), protocol, endpoint, call.account, call.principal.arn,
        confirmed=_is_own(call, protocol, endpoint),
    )  # fmt: skip
    made = apply(topic, made, given, "Attributes Reason: ")
    pointer = call.tx.get(BY_ENDPOINT, made.endpoint_key)
    existing = find_subscription(call, Arn.parse(pointer.arn)) if pointer else None
    if existing is None:
        if "FilterPolicy" in made.settings:
            require_room(call, topic, made)
        write(call, made)
    else:
        _compare(existing, made, given)
        made = existing
    if not made.confirmed:
        confirm.ask(call, topic, made)
    shown = made.confirmed or request.get("ReturnSubscriptionArn")
    return {"SubscriptionArn": made.arn if shown else PENDING}


def _is_own(call: Call, protocol: str, endpoint: str) -> bool:
    """Whether the subscriber owns the endpoint, so that nobody has to be asked."""
    if protocol == "lambda":
        return True
    try:
        return Arn.parse(endpoint).account == call.account
    except MalformedArn:
        return False


def _compare(existing: Subscription, wanted: Subscription, given: Mapping[str, str]) -> None:
    """[LS:test_subscribe_idempotency]"""
    if any(existing.settings.get(name) != wanted.settings.get(name) for name in given):
        raise invalid("Attributes Reason: Subscription already exists with different attributes")


def _shown(one: Subscription) -> dict[str, str]:
    return {
        "SubscriptionArn": one.arn if one.confirmed else "PendingConfirmation",
        "Owner": one.owner,
        "Protocol": one.protocol,
        "Endpoint": one.endpoint,
        "TopicArn": one.topic,
    }


@operation("ListSubscriptionsByTopic", action="sns:ListSubscriptionsByTopic", resource=topic_arn)
def list_subscriptions_by_topic(call: Call, request: Request) -> Output:
    """The subscriptions of a topic, a hundred a page."""
    topic = require_topic(call, request)
    limit = paging.PAGE_SIZE + 1
    found = [one for _, one in call.tx.scan(SUBSCRIPTIONS, topic.key, start=paging.start_of(request), limit=limit)]
    page = [_shown(one) for one in found[: paging.PAGE_SIZE]]
    return {"Subscriptions": page} | paging.token_after([one.id for one in found])


@operation("ListSubscriptions", action="sns:ListSubscriptions")
def list_subscriptions(call: Call, request: Request) -> Output:
    """The subscriptions that the account owns, a hundred a page."""
    limit, place = paging.PAGE_SIZE + 1, (call.account, call.region)
    found = [one.arn for _, one in call.tx.scan(BY_OWNER, place, start=paging.start_of(request), limit=limit)]
    page = [find_subscription(call, Arn.parse(arn)) for arn in found[: paging.PAGE_SIZE]]
    return {"Subscriptions": [_shown(one) for one in page if one is not None]} | paging.token_after(found)


OPERATIONS = (subscribe, list_subscriptions_by_topic, list_subscriptions)
