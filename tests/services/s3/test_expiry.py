"""When lifecycle rules fall due: days are counted from the creation and rounded up to the next midnight UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from outfall.services.s3.expiry import expiration, expiring_rule, http_date, midnight_after
from outfall.services.s3.model import Attributes, Bucket, LifecycleRule, Version


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    "created, days, due",
    [
        ("2014-01-15T10:30", 3, "2014-01-19T00:00"),  # The example of AWS's guide.
        ("2024-01-02T00:05", 1, "2024-01-04T00:00"),
        ("2024-01-02T23:59", 1, "2024-01-04T00:00"),
        ("2024-01-02T00:00", 1, "2024-01-03T00:00"),
        ("2024-02-28T12:00", 1, "2024-03-01T00:00"),
    ],
)
def test_midnights(created: str, days: int, due: str) -> None:
    assert midnight_after(at(created), days) == at(due)


def bucket(*rules: LifecycleRule) -> Bucket:
    return Bucket("b", "111111111111", "us-east-1", 0, lifecycle=rules)


def version(size: int = 100, tags: tuple[tuple[str, str], ...] = ()) -> Version:
    return Version("null", 1, at("2024-01-01T12:00"), size, attributes=Attributes(tags=tags))


@pytest.mark.parametrize(
    "rule, holds",
    [
        (LifecycleRule("r", days=1), True),
        (LifecycleRule("r", prefix="a/", days=1), True),
        (LifecycleRule("r", prefix="b/", days=1), False),
        (LifecycleRule("r", larger_than=99, days=1), True),
        (LifecycleRule("r", larger_than=100, days=1), False),
        (LifecycleRule("r", smaller_than=101, days=1), True),
        (LifecycleRule("r", smaller_than=100, days=1), False),
        (LifecycleRule("r", tags=(("k", "v"),), days=1), True),
        (LifecycleRule("r", tags=(("k", "v"), ("l", "w")), days=1), False),
        (LifecycleRule("r", markers=True), False),
    ],
)
def test_which_objects_a_rule_is_for(rule: LifecycleRule, holds: bool) -> None:
    found = expiring_rule(bucket(rule), "a/k", version(tags=(("k", "v"), ("m", "x"))))
    assert (found is not None) is holds


def test_the_rule_that_comes_first_is_told() -> None:
    rules = (LifecycleRule("late", days=9), LifecycleRule("first", days=2), LifecycleRule("too", days=2))
    told = expiration(bucket(*rules), "k", version())
    assert told == {"Expiration": 'expiry-date="Thu, 04 Jan 2024 00:00:00 GMT", rule-id="first"'}
    assert expiration(bucket(), "k", version()) == {}


def test_dates() -> None:
    assert http_date(at("2012-12-21T00:00")) == "Fri, 21 Dec 2012 00:00:00 GMT"
