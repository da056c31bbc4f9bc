"""Which topic or subscription a request means, and the resource that authorisation asks about."""

from __future__ import annotations

import re

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.service import Call, Request
from outfall.services.sns.errors import InvalidParameter, NotFound, invalid
from outfall.services.sns.model import SUBSCRIPTIONS, TOPICS, Subscription, Topic, key_of

_subscription_id = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch


def parse_arn(parameter: str, text: str | None) -> Arn:
    """The ARN in `parameter`. Raises InvalidParameter. [LS:test_publish_wrong_arn_format]"""
    if not text:
        raise no_value(parameter)
    parts = text.split(":", 5)
    if len(parts) < 6:
        raise invalid(f"{parameter} Reason: An ARN must have at least 6 elements, not {len(parts)}")
    if parts[0] != "arn" or parts[2] != "sns" or not parts[5]:
        raise invalid(parameter)
    return Arn(parts[2], parts[3], parts[4], parts[5], parts[1])


def no_value(parameter: str) -> InvalidParameter:
    """The error for a parameter that is not there."""
    return invalid(f"{parameter} Reason: no value for required parameter")


def topic_arn(call: Call, request: Request) -> str:
    """The request's TopicArn, whether or not there is such a topic."""
    return str(parse_arn("TopicArn", request.get("TopicArn")))


def topic_of_name(call: Call, request: Request) -> str:
    """The ARN of the topic that Name names."""
    return f"arn:aws:sns:{call.region}:{call.account}:{request.get('Name') or ''}"


def topic_of_subscription(call: Call, request: Request) -> str:
    """The ARN of the topic in the request's SubscriptionArn."""
    arn = parse_arn("SubscriptionArn", request.get("SubscriptionArn"))
    return f"arn:{arn.partition}:sns:{arn.region}:{arn.account}:{arn.resource.split(':', 1)[0]}"


def require_topic(call: Call, request: Request, parameter: str = "TopicArn") -> Topic:
    """The topic that `parameter` names. Raises `NotFound`, and InvalidParameter for one of another region.
    [LS:test_topic_publish_another_region]"""
    arn = parse_arn(parameter, request.get(parameter))
    if arn.region != call.region:
        raise invalid(parameter)
    topic = find_topic(call, arn)
    if topic is None:
        raise NotFound()
    return topic


def find_topic(ctx: Context, arn: Arn) -> Topic | None:
    """The topic with this ARN."""
    return None if ":" in arn.resource else ctx.tx.get(TOPICS, key_of(arn))


def find_subscription(ctx: Context, arn: Arn) -> Subscription | None:
    """The subscription with this ARN."""
    _, _, name = arn.resource.partition(":")
    return ctx.tx.get(SUBSCRIPTIONS, (*key_of(arn), name)) if name else None


def require_subscription(call: Call, request: Request) -> Subscription:
    """The subscription that SubscriptionArn names; raises `NotFound`."""
    found = find_subscription(call, parse_arn("SubscriptionArn", request.get("SubscriptionArn")))
    if found is None:
        raise NotFound("Subscription does not exist")
    return found


def has_subscription_id(arn: Arn) -> bool:
    """Whether the ARN ends in what can be a subscription's id."""
    return bool(_subscription_id(arn.resource.partition(":")[2]))
