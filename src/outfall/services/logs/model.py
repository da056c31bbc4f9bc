"""The rows of CloudWatch Logs: groups, streams, and chunks of events.

Events lie in chunks, one row for all that came in one piece, because each invocation writes a few lines and a row for
each would cost more than the lines. No chunk spans more than a day (AWS's own rule for a batch), which bounds how far
back a read in time has to look.
"""

from __future__ import annotations

import msgspec

from outfall.core.ports import Key, Table

DAY_MS = 86_400_000


class Group(msgspec.Struct, frozen=True):
    """A log group. `retention_days` is 0 when events never expire."""

    account: str
    region: str
    name: str
    created_ms: int
    retention_days: int = 0
    log_class: str = "STANDARD"
    kms_key: str = ""
    protected: bool = False
    tags: dict[str, str] = {}

    @property
    def key(self) -> Key:
        """Where its row lies; its streams and chunks lie below."""
        return (self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Its ARN, without the `:*` that some operations add."""
        return f"arn:aws:logs:{self.region}:{self.account}:log-group:{self.name}"

    def expired_before_ms(self, now_ms: int) -> int:
        """Events older than this are gone."""
        return now_ms - self.retention_days * DAY_MS if self.retention_days else 0


class Stream(msgspec.Struct, frozen=True):
    """A log stream. `serial` sets its events apart from those of others at the same millisecond, `chunks` counts what
    was written, `disordered` says that chunks overlap in time."""

    name: str
    serial: int
    created_ms: int
    chunks: int = 0
    size: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    ingested_ms: int | None = None
    disordered: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """Events that came in one piece, in chronological order: time and text of each."""

    number: int
    ingested_ms: int
    events: list[tuple[int, str]]

    @property
    def first_ms(self) -> int:
        """The time of its first event."""
        return self.events[0][0]

    @property
    def last_ms(self) -> int:
        """The time of its last event."""
        return self.events[-1][0]


class Transformation(msgspec.Struct, frozen=True):
    """What a metric filter makes of an event: a value of a metric. `value` is a number, or a field as `$.latency`."""

    name: str
    namespace: str
    value: str
    default: float | None = None
    dimensions: dict[str, str] = {}
    unit: str = "None"


class Filter(msgspec.Struct, frozen=True):
    """What watches a group's new events: a subscription filter (`destination`), a metric filter (`transformation`), or
    a live tail (`until_ms`), for which `streams` and `prefixes` say whose events it wants."""

    name: str
    pattern: str
    created_ms: int
    destination: str = ""
    distribution: str = "ByLogStream"
    transformation: Transformation | None = None
    until_ms: int = 0
    streams: list[str] = []
    prefixes: list[str] = []


GROUPS = Table("logs.groups", Group)
STREAMS = Table("logs.streams", Stream)
CHUNKS = Table("logs.chunks", Chunk)
FILTERS = Table("logs.filters", Filter)
"""Below their group, by kind and name."""
SUBSCRIPTION, METRIC, TAIL = "subscription", "metric", "tail"
"""The kinds of filters."""


def time_key(at_ms: int) -> str:
    """A time as a component of a key: 15 digits."""
    return f"{max(at_ms, 0):015d}"
