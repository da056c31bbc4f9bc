"""Writing and removing a subscription together with the ways to find it; attributes as they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outfall.core.context import Context
from outfall.services.sns.model import BY_ENDPOINT, BY_OWNER, SUBSCRIPTIONS, Pointer, Subscription


def write(ctx: Context, subscription: Subscription) -> None:
    """Writes a new subscription, and the ways to find it."""
    ctx.tx.put(SUBSCRIPTIONS, subscription.key, subscription)
    ctx.tx.put(BY_ENDPOINT, subscription.endpoint_key, Pointer(subscription.arn))
    ctx.tx.put(BY_OWNER, subscription.owner_key, Pointer(subscription.arn))


def remove(ctx: Context, subscription: Subscription) -> None:
    """Removes a subscription, and the ways to find it."""
    ctx.tx.delete(SUBSCRIPTIONS, subscription.key)
    ctx.tx.delete(BY_ENDPOINT, subscription.endpoint_key)
    ctx.tx.delete(BY_OWNER, subscription.owner_key)


def in_order(attributes: Mapping[str, str], first: Sequence[str]) -> dict[str, str]:
    """Attributes as AWS tells them: those that are known in their order, then the others."""
    return {name: attributes[name] for name in first if name in attributes} | dict(attributes)
