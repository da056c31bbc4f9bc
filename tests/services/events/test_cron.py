"""Schedules: when they come next. Dates are in January 2027, whose 1st is a Friday, unless they say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall.services.events.cron import BadSchedule, Cron, DayOfMonth, parse


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


def following(expression: str, start: str, count: int = 3) -> list[str]:
    """The next occurrences after `start`, as `2027-01-01T08:00`."""
    schedule, at_ms, found = parse(expression), ms(start), []
    for _ in range(count):
        after = schedule.after(at_ms)
        if after is None:
            break
        at_ms = after
        found.append(f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%dT%H:%M}")
    return found


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("rate(1 minute)", ["2027-01-01T00:01", "2027-01-01T00:02"]),
        ("rate(5 minutes)", ["2027-01-01T00:05", "2027-01-01T00:10"]),
        ("rate(1 hour)", ["2027-01-01T01:00", "2027-01-01T02:00"]),
        ("rate(7 days)", ["2027-01-08T00:00", "2027-01-15T00:00"]),
    ],
)
def test_rates_count_from_when_the_rule_was_made(expression: str, expected: list[str]) -> None:
    assert following(expression, "2027-01-01T00:00", 2) == expected


@pytest.mark.parametrize(
    "expression, expected",
    [
        # the examples of the guide
        ("cron(0 10 * * ? *)", ["2027-01-01T10:00", "2027-01-02T10:00", "2027-01-03T10:00"]),
        ("cron(15 12 * * ? *)", ["2027-01-01T12:15", "2027-01-02T12:15", "2027-01-03T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2027-01-01T18:00", "2027-01-04T18:00", "2027-01-05T18:00"]),
        ("cron(0 8 1 * ? *)", ["2027-01-01T08:00", "2027-02-01T08:00", "2027-03-01T08:00"]),
        ("cron(0/15 * * * ? *)", ["2027-01-01T00:15", "2027-01-01T00:30", "2027-01-01T00:45"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2027-01-01T08:00", "2027-01-01T08:05", "2027-01-01T08:10"]),
        ("cron(0/30 20-2 ? * MON-FRI *)", ["2027-01-01T00:30", "2027-01-01T01:00", "2027-01-01T01:30"]),
        # L, W and #
        ("cron(0 0 L * ? *)", ["2027-01-31T00:00", "2027-02-28T00:00", "2027-03-31T00:00"]),
        ("cron(0 0 LW * ? *)", ["2027-01-29T00:00", "2027-02-26T00:00", "2027-03-31T00:00"]),
        ("cron(0 0 3W * ? *)", ["2027-01-04T00:00", "2027-02-03T00:00", "2027-03-03T00:00"]),
        ("cron(0 0 1W MAY ? *)", ["2027-05-03T00:00", "2028-05-01T00:00", "2029-05-01T00:00"]),
        ("cron(0 0 ? * 3#2 *)", ["2027-01-12T00:00", "2027-02-09T00:00", "2027-03-09T00:00"]),
        ("cron(0 0 ? * 6L *)", ["2027-01-29T00:00", "2027-02-26T00:00", "2027-03-26T00:00"]),
        ("cron(0 0 ? * L *)", ["2027-01-02T00:00", "2027-01-09T00:00", "2027-01-16T00:00"]),
        # lists, names, years, days that not every month has
        ("cron(0 0 1,15 JAN,jul ? *)", ["2027-01-15T00:00", "2027-07-01T00:00", "2027-07-15T00:00"]),
        ("cron(0 0 ? * SUN,2 *)", ["2027-01-03T00:00", "2027-01-04T00:00", "2027-01-10T00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        ("cron(0 0 31 * ? 2027)", ["2027-01-31T00:00", "2027-03-31T00:00", "2027-05-31T00:00"]),
        ("cron(59 23 31 12 ? 2027-2028)", ["2027-12-31T23:59", "2028-12-31T23:59"]),
        ("cron(0 0 1 1 ? 2026)", []),
    ],
)
def test_cron_expressions(expression: str, expected: list[str]) -> None:
    assert following(expression, "2027-01-01T00:00") == expected


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(0 minutes)",
        "rate(-1 minutes)",
        "rate(1.5 hours)",
        "rate(5 seconds)",
        "rate( 5 minutes)",
        "rate(5 minutes",
        "cron(0 1 * * * *)",
        "cron(0 1 ? * ? *)",
        "cron(0 1 * * MON *)",
        "cron(0 10 * * ?)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 31 2 ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * 2#6 *)",
        "cron(0 0 ? 13 MON *)",
        "cron(0 0 1 * ? 1969)",
        "cron(x 0 1 * ? *)",
        "cron(0/0 0 1 * ? *)",
        "at(2027-01-01T00:00:00)",
        "",
    ],
)
def test_what_is_no_schedule(expression: str) -> None:
    with pytest.raises(BadSchedule):
        parse(expression)


MINUTES = st.integers(0, 59)
DAYS = st.sampled_from(["* * ?", "? * MON-FRI", "? * 3#1", "L * ?", "15W * ?", "1,15 * ?", "? * 6L", "? 2 *"])
STARTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


@given(MINUTES, st.integers(0, 23), DAYS, STARTS)
def test_the_next_occurrence_is_later_and_nothing_lies_between(
    minute: int, hour: int, days: str, start: datetime
) -> None:
    schedule = parse(f"cron({minute} {hour} {days} *)")
    assert isinstance(schedule, Cron)
    at_ms = int(start.timestamp() * 1000)
    after_ms = schedule.after(at_ms)
    assert after_ms is not None
    after = datetime.fromtimestamp(after_ms / 1000, UTC)
    assert after_ms > at_ms
    assert (after.hour, after.minute, after.second) == (hour, minute, 0)

    def is_meant(day: datetime) -> bool:
        return day.month in schedule.months and day.day in schedule.days.of(day.year, day.month)

    assert is_meant(after)
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while day.date() < after.date():
        moment = day + timedelta(hours=hour, minutes=minute)
        assert not is_meant(day) or moment <= start
        day += timedelta(days=1)
    assert schedule.after(after_ms - 1) == after_ms


@given(st.integers(1, 31), st.integers(2020, 2040), st.integers(1, 12))
def test_the_nearest_weekday_is_one_and_near(day: int, year: int, month: int) -> None:
    (found,) = DayOfMonth(frozenset(), nearest=(day,)).of(year, month) or {None}
    if found is not None:
        assert datetime(year, month, found).weekday() < 5
        assert abs(found - day) <= 2


@given(st.text(alphabet="cronate()0123456789 */,-?#LWMON", max_size=40))
def test_any_text_is_a_schedule_or_none(text: str) -> None:
    for expression in (text, f"cron({text})", f"rate({text})"):
        try:
            schedule = parse(expression)
        except BadSchedule:
            continue
        after = schedule.after(ms("2027-01-01T00:00"))
        assert after is None or after > ms("2027-01-01T00:00")
