"""How SNS receives what other services send: notifications of buckets, destinations, dead letters, targets of rules."""

from __future__ import annotations

from typing import Any

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.parcel import Parcel
from outfall.services.sns import http, policy
from outfall.services.sns.address import find_topic
from outfall.services.sns.errors import NotFound, invalid
from outfall.services.sns.message import SIZE_MAX, Publication, ids_for
from outfall.services.sns.publish import publish


class SnsTarget:
    """Topics as targets; implements `core.ports.Target`."""

    action = "sns:Publish"

    def resource(self, arn: Arn) -> str:
        """The topic itself."""
        return str(arn)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """The topic's policy."""
        return policy.topic_policy(ctx, arn)

    def exists(self, ctx: Context, arn: Arn) -> bool:
        """Whether the topic is there. A subscription is no target, but for what its endpoint did not take."""
        return find_topic(ctx, arn) is not None

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        """Publishes the parcel, or asks a subscription's endpoint once more; its message id. Raises `NotFound`, and
        InvalidParameter when it is empty or too long, or for a FIFO topic without a group."""
        if _is_subscription(arn):
            return http.ask_again(ctx, arn, parcel)
        topic = find_topic(ctx, arn)
        if topic is None:
            raise NotFound()
        text = parcel.body.decode("utf-8", "replace")
        if not text:
            raise invalid("Empty message")
        if len(parcel.body) > SIZE_MAX:
            raise invalid("Message too long")
        request: dict[str, Any] = {"Message": text, "MessageGroupId": parcel.group_id or None}
        request["MessageDeduplicationId"] = parcel.deduplication_id or None
        group_id, deduplication_id = ids_for(topic, request)
        publication = Publication(
            ctx.ids.uuid(),
            text,
            parcel.subject or None,
            attributes=parcel.attributes,
            group_id=group_id,
            deduplication_id=deduplication_id,
            trace_header=parcel.trace_header,
            event_id=parcel.sender.event_id,
            trace=parcel.root,
            sender=parcel.sender.principal.service or parcel.sender.principal.arn,
            source_arn=parcel.sender.source_arn,
        )
        return publish(ctx, topic, publication, ctx.house.endpoint())[0]


def _is_subscription(arn: Arn) -> bool:
    """Topics have no colon in their names."""
    return ":" in arn.resource
