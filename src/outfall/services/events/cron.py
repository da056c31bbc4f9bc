"""When a schedule comes next: `rate(5 minutes)` and `cron(0 10 * * ? *)`, six fields in UTC. Pure; knows no rule.

Rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

MINUTE_MS = 60_000
UNITS_MS = {"minute": MINUTE_MS, "hour": 60 * MINUTE_MS, "day": 24 * 60 * MINUTE_MS}
YEAR_FIRST, YEAR_LAST = 1970, 2199

MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS = {name: number for number, name in enumerate(MONTH_NAMES, 1)}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}

_rate = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)(s?)\)").fullmatch
_cron = re.compile(r"cron\(([^()]*)\)").fullmatch


class BadSchedule(ValueError):
    """The expression is none."""


class Rate(msgspec.Struct, frozen=True):
    """Every so often, counted from when the rule was made."""

    every_ms: int

    def after(self, at_ms: int) -> int:
        """The occurrence that follows one at `at_ms`."""
        return at_ms + self.every_ms


class DayOfMonth(msgspec.Struct, frozen=True):
    """`1,15`, `L` (the last), `LW` (the last weekday) and `15W` (the weekday nearest to the 15th)."""

    days: frozenset[int]
    last: bool = False
    last_weekday: bool = False
    nearest: tuple[int, ...] = ()

    def of(self, year: int, month: int) -> set[int]:
        """The days of that month that are meant."""
        length = monthrange(year, month)[1]
        found = {day for day in self.days if day <= length}
        if self.last:
            found.add(length)
        if self.last_weekday:
            found.add(_nearest_weekday(year, month, length))
        return found | {_nearest_weekday(year, month, day) for day in self.nearest if day <= length}


class DayOfWeek(msgspec.Struct, frozen=True):
    """`MON-FRI`, `6L` (the last Friday) and `3#2` (the second Tuesday); days count from 1, Sunday."""

    days: frozenset[int]
    last: tuple[int, ...] = ()
    nth: tuple[tuple[int, int], ...] = ()

    def of(self, year: int, month: int) -> set[int]:
        """The days of that month that are meant."""
        first, length = monthrange(year, month)
        first = (first + 1) % 7 + 1  # The weekday of the 1st, Sunday 1.
        on = {weekday: range((weekday - first) % 7 + 1, length + 1, 7) for weekday in range(1, 8)}
        found = {day for weekday in self.days for day in on[weekday]}
        found |= {on[weekday][-1] for weekday in self.last}
        return found | {on[weekday][nth - 1] for weekday, nth in self.nth if nth <= len(on[weekday])}


class Cron(msgspec.Struct, frozen=True):
    """A cron expression; it names days of the month or days of the week, never both."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DayOfMonth | DayOfWeek
    months: tuple[int, ...]
    years: tuple[int, ...]

    def after(self, at_ms: int) -> int | None:
        """The first occurrence later than `at_ms`; None when there is none up to 2199."""
        start = datetime.fromtimestamp(at_ms // 1000, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for year, month in self._months_from(start.year, start.month):
            same_month = (year, month) == (start.year, start.month)
            for day in sorted(self.days.of(year, month)):
                if same_month and day < start.day:
                    continue
                today = same_month and day == start.day
                moment = self._moment(start.hour if today else 0, start.minute if today else 0)
                if moment is not None:
                    return int(datetime(year, month, day, *moment, tzinfo=UTC).timestamp()) * 1000
        return None

    def _months_from(self, year: int, month: int) -> Iterator[tuple[int, int]]:
        for one in self.years[bisect_left(self.years, year) :]:
            for number in self.months:
                if one > year or number >= month:
                    yield one, number

    def _moment(self, hour: int, minute: int) -> tuple[int, int] | None:
        """The first hour and minute of a day that are not earlier than these."""
        for one in self.hours[bisect_left(self.hours, hour) :]:
            if one > hour:
                return one, self.minutes[0]
            at = bisect_left(self.minutes, minute)
            if at < len(self.minutes):
                return one, self.minutes[at]
        return None


def parse(text: str) -> Rate | Cron:
    """The schedule that `text` spells; raises `BadSchedule`."""
    rate = _rate(text)
    if rate:
        count, unit, plural = int(rate[1]), rate[2], rate[3]
        if (count == 1) == bool(plural):
            raise BadSchedule(text)
        return Rate(count * UNITS_MS[unit])
    cron = _cron(text)
    fields = cron[1].split() if cron else []
    if len(fields) != 6:
        raise BadSchedule(text)
    minutes, hours, day_of_month, month, day_of_week, years = (field.upper() for field in fields)
    if (day_of_month == "?") == (day_of_week == "?"):
        raise BadSchedule(text)  # One of the two must be `?`, and only one.
    days = _days_of_week(day_of_week) if day_of_month == "?" else _days_of_month(day_of_month)
    made = Cron(
        _values(minutes, 0, 59),
        _values(hours, 0, 23),
        days,
        _values(month, 1, 12, MONTHS),
        _values(years, YEAR_FIRST, YEAR_LAST),
    )
    if isinstance(days, DayOfMonth) and not any(days.of(2024, number) for number in made.months):
        raise BadSchedule(text)  # A day that no such month has, as the 31st of February.
    return made


def _number(text: str, least: int, most: int, names: dict[str, int]) -> int:
    number = names.get(text, -1)
    if text.isascii() and text.isdigit():
        number = int(text)
    if not least <= number <= most:
        raise BadSchedule(text)
    return number


def _values(text: str, least: int, most: int, names: dict[str, int] | None = None) -> tuple[int, ...]:
    """The values of a field: lists, ranges, steps and names."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        every = _number(step, 1, most, {}) if slash else 1
        low, dash, high = span.partition("-")
        if span == "*":
            first, last = least, most
        elif dash:
            first, last = _number(low, least, most, names or {}), _number(high, least, most, names or {})
        else:
            first = _number(low, least, most, names or {})
            last = most if slash else first
        if last < first:  # As FRI-MON: round the end.
            found.update(range(first, most + 1, every))
            found.update(range(least, last + 1, every))
        found.update(range(first, last + 1, every))
    return tuple(sorted(found))


def _days_of_month(text: str) -> DayOfMonth:
    plain: list[str] = []
    nearest: list[int] = []
    last = last_weekday = False
    for part in text.split(","):
        if part == "L":
            last = True
        elif part in ("LW", "WL"):
            last_weekday = True
        elif part.endswith("W"):
            nearest.append(_number(part[:-1], 1, 31, {}))
        else:
            plain.append(part)
    days = frozenset(_values(",".join(plain), 1, 31)) if plain else frozenset()
    return DayOfMonth(days, last, last_weekday, tuple(nearest))


def _days_of_week(text: str) -> DayOfWeek:
    plain: list[str] = []
    last: list[int] = []
    nth: list[tuple[int, int]] = []
    for part in text.split(","):
        weekday, hash_sign, count = part.partition("#")
        if hash_sign:
            nth.append((_number(weekday, 1, 7, DAYS), _number(count, 1, 5, {})))
        elif part == "L":
            plain.append("7")  # Alone, the last day of the week: Saturday.
        elif part.endswith("L") and part[:-1]:
            last.append(_number(part[:-1], 1, 7, DAYS))
        else:
            plain.append(part)
    days = frozenset(_values(",".join(plain), 1, 7, DAYS)) if plain else frozenset()
    return DayOfWeek(days, tuple(last), tuple(nth))


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The day from Monday to Friday that is nearest to this one, in the same month."""
    length = monthrange(year, month)[1]
    weekday = date(year, month, day).weekday()
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < length else day - 2
    return day
