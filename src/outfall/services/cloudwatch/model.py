"""The rows of CloudWatch: which series of samples there are, their samples by minute, alarms and what became of them.

A row of samples (`Bucket`) holds all metrics of one group, one set of dimensions and one minute, because the metrics
that AWS's services emit come several at a time: an attempt of a function is one row written, not five. What is put with
PutMetricData has a group of its own per metric name, so that a row stays small however many names there are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import msgspec

from outfall.core.metrics import Dimensions
from outfall.core.ports import Key, Table
from outfall.services.cloudwatch.samples import Samples

MINUTE_MS = 60_000
REMEMBERED_MAX = 1024
State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]


class Series(msgspec.Struct, frozen=True):
    """A set of dimensions with the metrics that were seen under it, and when each was seen last (to ten minutes)."""

    dimensions: Dimensions
    names: dict[str, int]


class Bucket(msgspec.Struct, frozen=True):
    """The samples of one time by `slot`: metric name and unit."""

    samples: dict[str, Samples]


class Query(msgspec.Struct, frozen=True):
    """What an alarm looks at: one statistic of one metric over a period."""

    namespace: str
    name: str
    dimensions: Dimensions
    period_s: int
    statistic: str
    unit: str = ""


class Alarm(msgspec.Struct, frozen=True):
    """A metric alarm and its state. `generation` tells it from an earlier alarm of its name; `periods` is
    EvaluationPeriods, `to_alarm` DatapointsToAlarm (0 when it was not given)."""

    account: str
    region: str
    name: str
    generation: str
    query: Query
    comparison: str
    threshold: float
    periods: int
    configured_ms: int
    updated_ms: int
    transitioned_ms: int
    to_alarm: int = 0
    missing: str = ""
    low_samples: str = ""
    description: str | None = None
    actions_enabled: bool = True
    ok_actions: tuple[str, ...] = ()
    alarm_actions: tuple[str, ...] = ()
    insufficient_actions: tuple[str, ...] = ()
    state: State = "INSUFFICIENT_DATA"
    reason: str = "Unchecked: Initial alarm creation"
    reason_data: str = ""
    tags: dict[str, str] = {}

    @property
    def key(self) -> Key:
        """Where its row lies."""
        return (self.account, self.region, self.name)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return alarm_arn(self.account, self.region, self.name)

    def actions(self, state: State) -> tuple[str, ...]:
        """What is to be notified when it enters that state."""
        return {"OK": self.ok_actions, "ALARM": self.alarm_actions}.get(state, self.insufficient_actions)


class HistoryItem(msgspec.Struct, frozen=True):
    """Something that happened to an alarm."""

    alarm: str
    at_ms: int
    type: str
    summary: str
    data: str


SERIES = Table("cloudwatch.series", Series)
BUCKETS = Table("cloudwatch.buckets", Bucket)
ALARMS = Table("cloudwatch.alarms", Alarm)
HISTORY = Table("cloudwatch.alarm_history", HistoryItem)

ALARM_QUEUE = "cloudwatch/alarms"
"""The work queue with one item per alarm: when it is evaluated next."""


def alarm_arn(account: str, region: str, name: str) -> str:
    """The ARN of an alarm."""
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"


@lru_cache(maxsize=REMEMBERED_MAX)
def time_key(at_ms: int) -> str:
    """A time as a component of a key: 15 digits."""
    return f"{max(at_ms, 0):015d}"


@lru_cache(maxsize=REMEMBERED_MAX)
def dimensions_key(dimensions: Dimensions) -> str:
    """A set of dimensions as a component of a key."""
    return msgspec.json.encode(dimensions).decode()


@lru_cache(maxsize=REMEMBERED_MAX)
def slot(name: str, unit: str) -> str:
    """Where the samples of a metric lie in a bucket."""
    return f"{name}\0{unit}"
