"""The rows of SNS: topics, subscriptions and the ways to find them, what FIFO topics remember, and confirmations.

A subscription lies under its topic; two further tables lead to it, by the account that owns it and by its endpoint.
"""

from __future__ import annotations

import msgspec

from outfall.core.arn import Arn
from outfall.core.ports import Key, Table


class Topic(msgspec.Struct, frozen=True):
    """A topic. `settings` holds the attributes that were set, as the text they were given in."""

    account: str
    region: str
    name: str
    generation: str
    created_ms: int
    fifo: bool = False
    settings: dict[str, str] = {}
    tags: dict[str, str] = {}

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return (self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:sns:{self.region}:{self.account}:{self.name}"

    @property
    def content_deduplication(self) -> bool:
        """Whether the SHA-256 of a message stands in for a deduplication id."""
        return self.settings.get("ContentBasedDeduplication") == "true"


class Subscription(msgspec.Struct, frozen=True):
    """A subscription of `topic` (its ARN). `settings` holds its attributes as the text they were given in."""

    topic: str
    id: str
    protocol: str
    endpoint: str
    owner: str
    principal: str
    settings: dict[str, str] = {}
    confirmed: bool = True
    authenticated: bool = True
    """Whether it was confirmed by a signed request."""
    guarded: bool = False
    """Whether only its owner may end it (AuthenticateOnUnsubscribe)."""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"{self.topic}:{self.id}"

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return (*key_of(Arn.parse(self.topic)), self.id)

    @property
    def endpoint_key(self) -> Key:
        """Where it is found by its endpoint."""
        return (*key_of(Arn.parse(self.topic)), self.protocol, self.endpoint)

    @property
    def owner_key(self) -> Key:
        """Where it is found by its owner."""
        return (self.owner, Arn.parse(self.topic).region, self.arn)

    @property
    def raw(self) -> bool:
        """Whether messages arrive without an envelope."""
        return self.settings.get("RawMessageDelivery") == "true"


class Pointer(msgspec.Struct, frozen=True):
    """Leads to a subscription by its ARN."""

    arn: str


class Token(msgspec.Struct, frozen=True):
    """What confirms a subscription, until then; `former` is one that was ended, and is taken up again by it."""

    subscription: str
    until_ms: int
    former: Subscription | None = None


class Published(msgspec.Struct, frozen=True):
    """A deduplication id that a FIFO topic has seen: what came of it, and until when it holds."""

    message_id: str
    sequence_number: str
    until_ms: int


class Sequence(msgspec.Struct, frozen=True):
    """How many messages a FIFO topic has taken."""

    count: int


TOPICS = Table("sns.topics", Topic)
SUBSCRIPTIONS = Table("sns.subscriptions", Subscription)
BY_OWNER = Table("sns.subscriptions_by_owner", Pointer)
BY_ENDPOINT = Table("sns.subscriptions_by_endpoint", Pointer)
TOKENS = Table("sns.tokens", Token)
DEDUPLICATION = Table("sns.deduplication", Published)
SEQUENCES = Table("sns.sequences", Sequence)


def key_of(arn: Arn) -> Key:
    """Where the row of the topic with this ARN, or of the topic of a subscription's ARN, lies."""
    return (arn.account, arn.region, arn.resource.split(":", 1)[0])
