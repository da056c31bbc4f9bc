"""Samples of a metric, put together: what is kept of them, and the statistics that can be told from it.

Count, sum and extremes are exact. For percentiles the values themselves are kept with their counts, up to
`SPREAD_MAX` of them; beyond that neighbours are merged.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from operator import itemgetter

import msgspec

SPREAD_MAX = 50
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
percentile_of = re.compile(r"p(\d{1,2}(?:\.\d{0,10})?|100)").fullmatch

Spread = tuple[tuple[float, float], ...]
"""Values and how often each came, in order."""


class Samples(msgspec.Struct, frozen=True, array_like=True):
    """Some samples of a metric."""

    count: float
    total: float
    low: float
    high: float
    spread: Spread = ()

    @classmethod
    def of(cls, value: float, count: float = 1.0) -> Samples:
        """The same value so many times."""
        return cls(count, value * count, value, value, ((value, count),))

    def and_one(self, value: float) -> Samples:
        """These and one more."""
        spread = self.spread
        if len(spread) == 1 and spread[0][0] == value:  # most count something, by the same number each time
            spread = ((value, spread[0][1] + 1.0),)
        else:
            spread = _with_one(spread, value, 1.0)
        low, high = self.low, self.high
        return Samples(
            self.count + 1.0,
            self.total + value,
            value if value < low else low,
            value if value > high else high,
            spread,
        )

    def plus(self, other: Samples) -> Samples:
        """Both together."""
        return Samples(
            self.count + other.count,
            self.total + other.total,
            min(self.low, other.low),
            max(self.high, other.high),
            _merged(self.spread, other.spread),
        )

    def statistic(self, name: str) -> float | None:
        """One of `STATISTICS`, or a percentile such as `p99.9`, which cannot be told of a set of statistics that was
        put as such."""
        found = percentile_of(name)
        if found is not None:
            return self._percentile(float(found[1]))
        return {
            "SampleCount": self.count,
            "Average": self.total / self.count if self.count else 0.0,
            "Sum": self.total,
            "Minimum": self.low,
            "Maximum": self.high,
        }[name]

    def _percentile(self, percent: float) -> float | None:
        """The smallest value that at least so many per cent of the samples do not exceed."""
        if self.low == self.high:
            return self.low
        if not self.spread or sum(count for _, count in self.spread) < self.count:
            return None
        wanted, seen = self.count * percent / 100, 0.0
        for value, count in self.spread:
            seen += count
            if seen >= wanted:
                return value
        return self.high


def is_statistic(name: str) -> bool:
    """Whether `Samples.statistic` knows it."""
    return name in STATISTICS or percentile_of(name) is not None


def samples_needed(name: str) -> float:
    """How many samples a percentile takes to say something; 0 for other statistics.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html"""
    found = percentile_of(name)
    percent = float(found[1]) if found else 0.0
    rarer = percent if percent < 50 else 100 - percent
    return 1000 / rarer if rarer else 0.0


def _merged(left: Spread, right: Spread) -> Spread:
    if len(right) == 1:
        return _with_one(left, *right[0])
    counts = dict(left)
    for value, count in right:
        counts[value] = counts.get(value, 0.0) + count
    spread = sorted(counts.items())
    return tuple(spread) if len(spread) <= SPREAD_MAX else _halved(spread)


def _with_one(spread: Spread, value: float, count: float) -> Spread:
    at = bisect_left(spread, value, key=itemgetter(0))
    if at < len(spread) and spread[at][0] == value:
        return (*spread[:at], (value, spread[at][1] + count), *spread[at + 1 :])
    longer = (*spread[:at], (value, count), *spread[at:])
    return longer if len(longer) <= SPREAD_MAX else _halved(list(longer))


def _halved(spread: list[tuple[float, float]]) -> Spread:
    """Neighbours as one value, their mean weighted by how often each came."""
    halved = []
    for at in range(0, len(spread), 2):
        pair = spread[at : at + 2]
        count = sum(one[1] for one in pair)
        halved.append((sum(value * times for value, times in pair) / count if count else pair[0][0], count))
    return tuple(halved)
