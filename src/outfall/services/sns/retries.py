"""Delivery policies: how often, how fast and with which content type an HTTP endpoint is asked.

Rules: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from outfall.services.sns.errors import invalid
from outfall.services.sns.model import Subscription, Topic

CONTENT_TYPE = "text/plain; charset=UTF-8"
DELAY_S_MAX = 3600
RETRIES_MAX = 100

BACKOFF: Mapping[str, Callable[[float, float, float], float]] = {
    "linear": lambda low, high, part: low + (high - low) * part,
    "arithmetic": lambda low, high, part: low + (high - low) * part * (part + 1) / 2,
    "geometric": lambda low, high, part: low * (high / low) ** part if low else high * part,
    "exponential": lambda low, high, part: low + (high - low) * (2 ** (10 * part) - 1) / (2**10 - 1),
}
"""How the delay grows from the least to the most, at each part (0 to 1) of the way. AWS names the functions and shows
their curves; it publishes no formulas."""


class RetryPolicy(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A healthyRetryPolicy, its members by AWS's names; delays in seconds."""

    min_delay_target: int = 20
    max_delay_target: int = 20
    num_retries: int = 3
    num_max_delay_retries: int = 0
    num_no_delay_retries: int = 0
    num_min_delay_retries: int = 0
    backoff_function: str = "linear"

    def wait_s(self, retry: int) -> float | None:
        """Seconds before the retry of this number (from 1); None when there is none left. First come retries without
        delay, then at the least one, then with a growing one, at last at the most."""
        if retry > self.num_retries:
            return None
        if retry <= self.num_no_delay_retries:
            return 0.0
        retry -= self.num_no_delay_retries
        if retry <= self.num_min_delay_retries:
            return float(self.min_delay_target)
        growing = self.num_retries - self.num_no_delay_retries - self.num_min_delay_retries
        growing -= self.num_max_delay_retries
        retry -= self.num_min_delay_retries
        if retry > growing:
            return float(self.max_delay_target)
        part = (retry - 1) / (growing - 1) if growing > 1 else 0.0
        return BACKOFF[self.backoff_function](self.min_delay_target, self.max_delay_target, part)


def may_pass(status: int | None) -> bool:
    """Whether a failure is one of those that are tried again: no answer, 5xx, 429."""
    return status is None or status == 429 or not 400 <= status < 500


def effective(topic: Topic) -> dict[str, Any]:
    """The topic's EffectiveDeliveryPolicy."""
    given = _section(topic.settings.get("DeliveryPolicy"), "http")
    policy = {**_members(RetryPolicy()), **(given.get("defaultHealthyRetryPolicy") or {})}
    http: dict[str, Any] = {
        "defaultHealthyRetryPolicy": policy,
        "disableSubscriptionOverrides": bool(given.get("disableSubscriptionOverrides", False)),
    }
    if given.get("defaultThrottlePolicy"):
        http["defaultThrottlePolicy"] = given["defaultThrottlePolicy"]
    http["defaultRequestPolicy"] = {"headerContentType": CONTENT_TYPE, **(given.get("defaultRequestPolicy") or {})}
    return {"http": http}


def effective_for(topic: Topic, subscription: Subscription) -> dict[str, Any]:
    """The EffectiveDeliveryPolicy of an HTTP subscription."""
    http = effective(topic)["http"]
    given = {} if http["disableSubscriptionOverrides"] else _section(subscription.settings.get("DeliveryPolicy"))
    return {
        "healthyRetryPolicy": {**http["defaultHealthyRetryPolicy"], **(given.get("healthyRetryPolicy") or {})},
        "sicklyRetryPolicy": None,
        "throttlePolicy": given.get("throttlePolicy") or http.get("defaultThrottlePolicy"),
        "requestPolicy": {**http["defaultRequestPolicy"], **(given.get("requestPolicy") or {})},
        "guaranteed": False,
    }


def retry_policy(topic: Topic, subscription: Subscription) -> RetryPolicy:
    """How deliveries to this subscription are retried."""
    return msgspec.convert(effective_for(topic, subscription)["healthyRetryPolicy"], RetryPolicy)


def content_type(topic: Topic, subscription: Subscription) -> str:
    """The Content-Type of deliveries to this subscription."""
    return str(effective_for(topic, subscription)["requestPolicy"]["headerContentType"])


def dead_letter_of(subscription: Subscription) -> str:
    """The ARN of the subscription's dead-letter queue, or empty."""
    policy = subscription.settings.get("RedrivePolicy")
    return str(json.loads(policy)["deadLetterTargetArn"]) if policy else ""


CONTENT_TYPES = frozenset({"text/plain", "text/csv", "application/json", "application/xml"})
_OF_TOPIC = (
    "defaultHealthyRetryPolicy",
    "disableSubscriptionOverrides",
    "defaultThrottlePolicy",
    "defaultRequestPolicy",
)
_OF_SUBSCRIPTION = ("healthyRetryPolicy", "sicklyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed")


def canonical(text: str, *, of_topic: bool) -> str:
    """The DeliveryPolicy of a topic or of a subscription as AWS keeps it: members in their order, a retry policy with
    all of them, a subscription's without a section as null. Raises InvalidParameter. [GH: a recording of 2026-10]"""
    if of_topic and not set(_section(text)) <= {"http"}:
        raise invalid("DeliveryPolicy: failed to parse JSON.")
    given = _section(text, "http") if of_topic else _section(text)
    names = _OF_TOPIC if of_topic else _OF_SUBSCRIPTION
    if not set(given) <= set(names):
        raise invalid("DeliveryPolicy: failed to parse JSON.")
    made: dict[str, Any] = {}
    for name in names:
        value = given.get(name)
        if value is not None and name.lower().endswith("retrypolicy"):
            made[name] = _members(_retry(value))
        elif value is not None:
            _check_section(name, value)
            made[name] = value
        elif not of_topic:
            made[name] = False if name == "guaranteed" else None
    return json.dumps({"http": made} if of_topic else made, separators=(",", ":"))


def _check_section(name: str, value: Any) -> None:
    if name in ("disableSubscriptionOverrides", "guaranteed"):
        if not isinstance(value, bool):
            raise invalid(f"DeliveryPolicy: {name} must be a boolean")
        return
    member = "headerContentType" if name.lower().endswith("requestpolicy") else "maxReceivesPerSecond"
    if not isinstance(value, dict) or not set(value) <= {member}:
        raise invalid("DeliveryPolicy: failed to parse JSON.")
    held = value.get(member)
    if member == "headerContentType":
        if held is not None and str(held).split(";", 1)[0].strip().lower() not in CONTENT_TYPES:
            raise invalid(f"DeliveryPolicy: {name}.headerContentType is not valid")
    elif not isinstance(held, int) or isinstance(held, bool) or held < 1:
        raise invalid(f"DeliveryPolicy: {name}.maxReceivesPerSecond must be at least 1")


def _retry(given: Any) -> RetryPolicy:
    try:
        policy = msgspec.convert({**_members(RetryPolicy()), **given}, RetryPolicy)
    except (msgspec.ValidationError, TypeError):
        raise invalid("DeliveryPolicy: healthyRetryPolicy is not valid") from None
    counts = (policy.num_no_delay_retries, policy.num_min_delay_retries, policy.num_max_delay_retries)
    if not 0 <= policy.num_retries <= RETRIES_MAX:
        raise invalid("DeliveryPolicy: healthyRetryPolicy.numRetries must be between 0 and 100")
    if min(counts) < 0 or sum(counts) > policy.num_retries:
        raise invalid("DeliveryPolicy: healthyRetryPolicy.numRetries must be at least the sum of its phases")
    if not 0 <= policy.min_delay_target <= policy.max_delay_target <= DELAY_S_MAX:
        raise invalid("DeliveryPolicy: healthyRetryPolicy.minDelayTarget must be at most maxDelayTarget")
    if policy.backoff_function not in BACKOFF:
        raise invalid("DeliveryPolicy: healthyRetryPolicy.backoffFunction is not valid")
    return policy


def _members(policy: RetryPolicy) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(policy)
    return made


def _section(text: str | None, name: str = "") -> dict[str, Any]:
    """A delivery policy as an object, or the member `name` of it."""
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise invalid("DeliveryPolicy: failed to parse JSON.") from None
    found = (given.get(name) or {}) if name and isinstance(given, dict) else given
    if not isinstance(found, dict):
        raise invalid("DeliveryPolicy: failed to parse JSON.")
    return found
