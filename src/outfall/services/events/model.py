"""The rows of EventBridge: buses, rules, targets, archives and what they hold, replays, and deliveries that wait.

The default bus of an account and region is there without a row.
"""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.lineage import root_in
from outfall.core.ports import Table

DEFAULT = "default"

Key = tuple[str, str, str]
"""Account, region and name: where most rows lie."""

RuleKey = tuple[str, str, str, str]
"""Account, region, bus and name."""

RETRIES_QUEUE = "events/retry"
"""Work queue of deliveries that are tried again."""

SCHEDULES_QUEUE = "events/schedules"
"""Work queue of rules with a schedule, each due at its next occurrence."""

REPLAYS_QUEUE = "events/replays"
"""Work queue of replays that are under way."""


class Bus(msgspec.Struct, frozen=True):
    """An event bus. `policy` is a document or empty; `dead_letter` and `log_config` are kept as they were given.

    AWS puts on a bus's dead-letter queue what it cannot decrypt with the bus's own key, and nothing else. No key is
    lost here, so nothing goes there.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
    """

    account: str
    region: str
    name: str
    created_ms: int = 0
    modified_ms: int = 0
    description: str = ""
    policy: str = ""
    tags: dict[str, str] = {}
    dead_letter: str = ""
    kms_key: str = ""
    log_config: dict[str, str] = {}

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return (self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:events:{self.region}:{self.account}:event-bus/{self.name}"


class Rule(msgspec.Struct, frozen=True):
    """A rule of a bus. `stamp` changes with each change of its schedule, so that older occurrences fall away; `item`
    is the number of its next occurrence on `SCHEDULES_QUEUE`."""

    account: str
    region: str
    bus: str
    name: str
    pattern: str = ""
    schedule: str = ""
    state: str = "ENABLED"
    description: str = ""
    role_arn: str = ""
    created_by: str = ""
    tags: dict[str, str] = {}
    stamp: str = ""
    item: int = 0

    @property
    def key(self) -> RuleKey:
        """Where its row lies."""
        return (self.account, self.region, self.bus, self.name)

    @property
    def arn(self) -> str:
        """Its ARN, which names the bus unless that is the default one."""
        path = self.name if self.bus == DEFAULT else f"{self.bus}/{self.name}"
        return f"arn:aws:events:{self.region}:{self.account}:rule/{path}"


class RuleTarget(msgspec.Struct, frozen=True):
    """A target of a rule: where, as whom, with which input, and how often. `None` is what was not given."""

    id: str
    arn: str
    role_arn: str = ""
    input: str | None = None
    input_path: str | None = None
    paths: dict[str, str] | None = None
    template: str | None = None
    group: str | None = None
    dead_letter: str = ""
    retries_max: int | None = None
    event_age_s_max: int | None = None


class Event(msgspec.Struct, frozen=True):
    """An event on its way: its JSON as targets receive it, and what rules of this house are told beside."""

    id: str
    text: str
    ingested_ms: int
    trace_header: str = ""
    hops: int = 0
    trace: str = ""

    @property
    def root(self) -> str:
        """The root of its trace, or empty."""
        return root_in(self.trace_header) or self.trace

    @property
    def fields(self) -> dict[str, Any]:
        """The event as patterns see it."""
        decoded: dict[str, Any] = msgspec.json.decode(self.text)
        return decoded


class Delivery(msgspec.Struct, frozen=True):
    """One event for one target of one rule, while it is tried again. `skipped_ms` is nominal waiting time that was not
    waited: the event's age is reckoned with it. `event_id` is the event of the road that tells of it, `due_ms` when it
    is tried again unless somebody ends the wait."""

    account: str
    region: str
    rule_arn: str
    rule_role_arn: str
    target: RuleTarget
    event: Event
    body: str
    first_ms: int
    retries: int = 0
    skipped_ms: int = 0
    event_id: str = ""
    due_ms: int = 0


class Archive(msgspec.Struct, frozen=True):
    """An archive of a bus's events."""

    account: str
    region: str
    name: str
    source_arn: str
    created_ms: int
    pattern: str = ""
    description: str = ""
    retention_days: int = 0
    kms_key: str = ""
    count: int = 0
    size: int = 0

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return (self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:events:{self.region}:{self.account}:archive/{self.name}"


class Archived(msgspec.Struct, frozen=True):
    """An event in an archive, at the key of the archive, the time of the event and its id."""

    event: Event
    archived_ms: int


class Replay(msgspec.Struct, frozen=True):
    """A replay: what of which archive is sent again, to which rules (all if `rules` is empty), and how far it is."""

    account: str
    region: str
    name: str
    archive_arn: str
    bus_arn: str
    rules: tuple[str, ...]
    from_ms: int
    to_ms: int
    started_ms: int
    description: str = ""
    state: str = "STARTING"
    last_ms: int = 0
    ended_ms: int = 0
    position: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return (self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:events:{self.region}:{self.account}:replay/{self.name}"


BUSES = Table("events.buses", Bus)
RULES = Table("events.rules", Rule)
TARGETS = Table("events.targets", RuleTarget)
ARCHIVES = Table("events.archives", Archive)
ARCHIVED = Table("events.archived", Archived)
REPLAYS = Table("events.replays", Replay)

encode = msgspec.msgpack.Encoder().encode
decode_delivery = msgspec.msgpack.Decoder(Delivery).decode
