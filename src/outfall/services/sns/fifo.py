"""FIFO topics: sequence numbers, and deduplication within five minutes.

Rule: https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
"""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.ports import Key
from outfall.services.sns.message import Publication
from outfall.services.sns.model import DEDUPLICATION, SEQUENCES, Published, Sequence, Topic

DEDUPLICATION_MS = 300_000
FIRST_SEQUENCE_NUMBER = 10_000_000_000_000_000_000
"""Sequence numbers have 20 digits and grow by 1000, as those that AWS's documentation shows."""


def seen(ctx: Context, topic: Topic, publication: Publication) -> Published | None:
    """What came of an earlier message with the same deduplication id, if that still holds."""
    before = ctx.tx.get(DEDUPLICATION, _key(topic, publication))
    return before if before is not None and before.until_ms > ctx.now else None


def admit(ctx: Context, topic: Topic, publication: Publication) -> Publication:
    """The message with its sequence number; its deduplication id holds from now on."""
    _forget_outdated(ctx, topic)
    counted = ctx.tx.get(SEQUENCES, (topic.generation,))
    count = (counted.count if counted else 0) + 1
    ctx.tx.put(SEQUENCES, (topic.generation,), Sequence(count))
    number = str(FIRST_SEQUENCE_NUMBER + count * 1000)
    key = _key(topic, publication)
    published = Published(publication.id, number, ctx.now + DEDUPLICATION_MS)
    ctx.tx.put(DEDUPLICATION, key, published)
    ctx.tx.enqueue(_outdated(topic), "\0".join(key).encode(), now_ms=ctx.now, due_ms=published.until_ms)
    return replace(publication, sequence_number=number)


def forget(ctx: Context, topic: Topic) -> None:
    """Removes all that is known of deduplication: the topic is deleted."""
    for key, _ in list(ctx.tx.scan(DEDUPLICATION, (topic.generation,))):
        ctx.tx.delete(DEDUPLICATION, (topic.generation, *key[1:]))
    ctx.tx.delete(SEQUENCES, (topic.generation,))
    ctx.tx.purge(_outdated(topic))


def _outdated(topic: Topic) -> str:
    return f"sns-deduplication/{topic.account}/{topic.region}/{topic.name}/{topic.generation}"


def _key(topic: Topic, publication: Publication) -> Key:
    scope = publication.group_id if topic.settings.get("FifoThroughputScope") == "MessageGroup" else ""
    return (topic.generation, scope, publication.deduplication_id)


def _forget_outdated(ctx: Context, topic: Topic) -> None:
    """Each message that comes sweeps up to two ids whose time has passed, so that their number stays bounded."""
    for item in ctx.tx.claim(_outdated(topic), now_ms=ctx.now, lease_ms=1000, limit=2):
        generation, scope, deduplication_id = item.payload.decode().split("\0")
        key = (generation, scope, deduplication_id)
        published = ctx.tx.get(DEDUPLICATION, key)
        if published is not None and published.until_ms <= ctx.now:
            ctx.tx.delete(DEDUPLICATION, key)
        ctx.tx.acknowledge(_outdated(topic), item.handle)
