"""Confirming a subscription, and ending one: the two that can be done by following a link, without a signature.

Rules: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html, API_Unsubscribe.html
"""

from __future__ import annotations

import re

import msgspec

from outfall.core.arn import Arn
from outfall.core.parcel import Parcel
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.flow.send import send
from outfall.services.sns import http, render
from outfall.services.sns.address import (
    find_subscription,
    find_topic,
    has_subscription_id,
    parse_arn,
    topic_of_subscription,
)
from outfall.services.sns.deliver import sender_of
from outfall.services.sns.errors import AuthorizationError, InvalidParameter, NotFound, invalid
from outfall.services.sns.model import TOKENS, Subscription, Token, Topic
from outfall.services.sns.rows import remove, write

TOKEN_MS = 2 * 24 * 3600 * 1000
OUTDATED_QUEUE = "sns-tokens"
_token = re.compile(r"[0-9a-f]{64,}").fullmatch


def ask(call: Call, topic: Topic, subscription: Subscription, *, ended: bool = False) -> None:
    """Sends the endpoint what it needs to confirm the subscription, or to take it up again after it `ended`."""
    kind = "UnsubscribeConfirmation" if ended else "SubscriptionConfirmation"
    token = call.ids.hex(160)
    former = subscription if ended else None
    _remember(call, token, Token(subscription.arn, call.now + TOKEN_MS, former))
    message_id, body = render.to_confirm(call, topic, subscription, token, call.endpoint, kind)
    if subscription.protocol in http.PROTOCOLS:
        http.enqueue(call, topic, subscription, kind, message_id, body)
    elif subscription.protocol == "sqs":
        send(call.at(topic.account, topic.region), subscription.endpoint, Parcel(body, sender_of(topic)))


def _remember(call: Call, token: str, row: Token) -> None:
    """Writes a token, and sweeps up to two whose time has passed, so that their number stays bounded."""
    call.tx.put(TOKENS, (token,), row)
    for item in call.tx.claim(OUTDATED_QUEUE, now_ms=call.now, lease_ms=1000, limit=2):
        call.tx.delete(TOKENS, (item.payload.decode(),))
        call.tx.acknowledge(OUTDATED_QUEUE, item.handle)
    call.tx.enqueue(OUTDATED_QUEUE, token.encode(), now_ms=call.now, due_ms=row.until_ms)


def _is_signed(call: Call, request: Request) -> bool:
    return call.principal.kind != "anonymous"


def _topic_to_confirm(call: Call, request: Request) -> str:
    try:
        return str(parse_arn("TopicArn", request.get("TopicArn")))
    except InvalidParameter:
        raise invalid("Topic") from None


@operation(
    "ConfirmSubscription",
    action=None,
    also=(Permission("sns:ConfirmSubscription", _topic_to_confirm, when=_is_signed),),
    unsigned=True,
)
def confirm_subscription(call: Call, request: Request) -> Output:
    """Confirms the subscription that a token was sent for; answers its ARN.
    [LS:test_sns_confirm_subscription_wrong_token]"""
    topic_arn, token = _topic_to_confirm(call, request), request.get("Token") or ""
    if not _token(token):
        raise InvalidParameter("Invalid token")
    known = call.tx.get(TOKENS, (token,))
    if known is None or known.until_ms <= call.now or not known.subscription.startswith(f"{topic_arn}:"):
        raise invalid("Token")
    subscription = find_subscription(call, Arn.parse(known.subscription)) or known.former
    if subscription is None or find_topic(call, Arn.parse(topic_arn)) is None:
        raise NotFound("Subscription does not exist")
    signed = _is_signed(call, request)
    confirmed = msgspec.structs.replace(
        subscription,
        confirmed=True,
        authenticated=signed,
        guarded=signed and str(request.get("AuthenticateOnUnsubscribe") or "").lower() == "true",
    )
    write(call, confirmed)
    return {"SubscriptionArn": confirmed.arn}


@operation(
    "Unsubscribe",
    action=None,
    also=(Permission("sns:Unsubscribe", topic_of_subscription, when=_is_signed),),
    unsigned=True,
)
def unsubscribe(call: Call, request: Request) -> Output:
    """Ends a subscription; one that is not there is no error, one that is pending cannot be ended, and a queue's or a
    function's needs a signature [GH]. Whoever follows the link in a message leaves the endpoint a way back.
    [LS:test_unsubscribe_wrong_arn_format]"""
    arn = parse_arn("SubscriptionArn", request.get("SubscriptionArn"))
    if not has_subscription_id(arn):
        raise invalid("SubscriptionId")
    subscription = find_subscription(call, arn)
    if subscription is None:
        return
    if not subscription.confirmed:
        raise invalid("SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation")
    by_owner = _is_signed(call, request)
    if not by_owner and (subscription.guarded or subscription.protocol not in http.PROTOCOLS):
        raise AuthorizationError()
    topic = find_topic(call, Arn.parse(subscription.topic))
    remove(call, subscription)
    if topic is not None and subscription.protocol in http.PROTOCOLS and not by_owner:
        ask(call, topic, subscription, ended=True)


OPERATIONS = (confirm_subscription, unsubscribe)
