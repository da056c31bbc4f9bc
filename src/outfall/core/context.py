"""The context of a decision: the transaction it happens in, the time, and the house it happens in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from outfall.core.arn import Arn
    from outfall.core.body import Segment
    from outfall.core.metrics import Metrics
    from outfall.core.organization import Organization
    from outfall.core.ports import Functions, Identities, Ids, Target, Tx, Watch
    from outfall.core.signing import Signer
    from outfall.core.source import Source

ObjectReader = Callable[["Context", str, str, str | None], "tuple[Segment, ...]"]
"""Segments of an object by bucket, key and version id (or None); raises S3's own errors, as NoSuchKey."""

ResourcePolicy = Callable[["Context", "Arn"], str | None]
Owner = Callable[["Context", "Arn"], str]
"""The account that owns a resource; empty if it is not there."""

ResourceTags = Callable[["Context", "Arn"], Mapping[str, str]]
IamMode = Literal["enforce", "audit", "off"]
"""`enforce` refuses as AWS does, `audit` allows and says what AWS would have refused, `off` asks no policy."""


class House(msgspec.Struct, frozen=True):
    """What the composed program knows of itself; put together on one page, `host/compose.py`."""

    targets: Mapping[str, Target]
    """How each service receives, by the service's name in an ARN."""
    identities: Identities
    functions: Functions
    resource_policies: Mapping[str, ResourcePolicy]
    """Where the policy of a resource is read, by the service's name in an ARN."""
    time_scale: float = 1.0
    """Shortens the waits between attempts and nothing else: 1 = AWS, 0 = none."""
    account_concurrency: int = 1000
    forgiving: bool = False
    """Whether a topic or a rule may deliver to a queue of its own account that has no policy. See `flow.send`."""
    history_kept_ms: int = 14 * 86_400_000
    """How long after its end an event can be looked at and sent again."""
    history_facts_max: int = 1_000_000
    """Of more facts than that, in all histories, only the newest are kept. An event has about five."""
    delay_ms: Callable[[], int] | None = None
    """How late an event comes, where somebody asked for trouble."""
    objects: ObjectReader | None = None
    """Where the bytes of an S3 object lie, for services that take their input from S3; None where S3 is not served."""
    metrics: Metrics | None = None
    """Where metrics are counted; None where nobody reads them."""
    sources: Mapping[str, Source] = msgspec.field(default_factory=dict)
    """What can be polled by event source mappings, by the service's name in an ARN."""
    signer: Signer | None = None
    """What signs SNS's messages; None where they go unsigned."""
    iam: IamMode = "enforce"
    organization: Organization | None = None
    """The organisation that the accounts are in, if one was described at start."""
    resource_tags: Mapping[str, ResourceTags] = msgspec.field(default_factory=dict)
    """Where the tags of a resource are read, by the service's name in an ARN."""
    watch: Watch | None = None
    """Who is told of every decision of authorisation; None where nobody is."""
    oidc_keys: Callable[[str], str | None] = lambda issuer: None
    """The JSON Web Key Set of an OpenID Connect issuer (without scheme), as the server was told at start; None for an
    issuer it was not told of. It may take long: never call it within a transaction. Raises OSError."""
    owners: Mapping[str, Owner] = msgspec.field(default_factory=dict)
    """Who owns a resource whose ARN does not say it, by the service's name in an ARN."""
    endpoint: Callable[[], str] = lambda: "http://localhost:4566"
    """Where this server is found, for the links in messages that no request brought about."""


class Context(msgspec.Struct):
    """Everything that a decision may read; what it does, it does to `tx`. `now` (the clock of record) and `wall` (the
    wall clock, for the history alone) are in milliseconds."""

    tx: Tx
    now: int
    wall: int
    ids: Ids
    account: str
    region: str
    house: House

    def at(self, account: str, region: str) -> Context:
        """The same transaction and moment, seen from another account or region."""
        if (account, region) == (self.account, self.region):
            return self
        return Context(self.tx, self.now, self.wall, self.ids, account, region, self.house)
