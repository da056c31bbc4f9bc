"""Values of the simple shapes as texts, and back: numbers, booleans, blobs and the three formats of a timestamp.

Every reader takes text and raises ValueError when it is not of the shape. Times are milliseconds since 1970.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from outfall.wire.models import Shape

INTEGER_MIN, INTEGER_MAX = -(2**31), 2**31 - 1
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
TIME_MS_MAX = 253_402_300_800_000
"""The end of the year 9999; no service knows a later moment."""

NOT_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HTTP_DATE = re.compile(
    r"[A-Z][a-z]{2}, (\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)? (?:GMT|UTC|[+-]0000)"
)


def read_integer(text: str) -> int:
    """A 32-bit integer."""
    return _whole(text, INTEGER_MIN, INTEGER_MAX)


def read_long(text: str) -> int:
    """A 64-bit integer."""
    return _whole(text, LONG_MIN, LONG_MAX)


def _whole(text: str, low: int, high: int) -> int:
    text = text.strip()
    if len(text) > 20 or "_" in text or not text.isascii():
        raise ValueError(text[:40])
    value = int(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value


def read_float(text: str) -> float:
    """A number, or one of `NaN`, `Infinity`, `-Infinity`."""
    text = text.strip()
    if text in NOT_NUMBERS:
        return NOT_NUMBERS[text]
    if "_" in text or not text.isascii():
        raise ValueError(text[:40])
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text[:40])
    return value


def read_boolean(text: str) -> bool:
    """`true` or `false`, in any case."""
    word = text.strip().lower()
    if word in ("true", "1"):
        return True
    if word in ("false", "0"):
        return False
    raise ValueError(text[:40])


def read_blob(text: str) -> bytes:
    """Base64."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def read_string(text: str) -> str:
    """The text itself."""
    return text


def read_timestamp(text: str) -> int:
    """ISO 8601, an HTTP date, or seconds since 1970, whichever it is."""
    text = text.strip()
    if not text or len(text) > 64:
        raise ValueError(text[:40])
    if text[0].isalpha():
        return _read_http_date(text)
    if "T" in text or text.count("-") == 2:
        return _milliseconds(datetime.fromisoformat(text))
    return seconds_to_ms(float(text))


def _read_http_date(text: str) -> int:
    match = HTTP_DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, month, year, hour, minute, second, fraction = match.groups()
    moment = datetime(int(year), MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    return _milliseconds(moment) + int((fraction or "0").ljust(3, "0"))


def seconds_to_ms(seconds: float) -> int:
    """Milliseconds; ValueError if that is no moment that a service knows."""
    if not math.isfinite(seconds) or abs(seconds) * 1000 > TIME_MS_MAX:
        raise ValueError("not a moment in time")
    return round(seconds * 1000)


def _milliseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return round(moment.timestamp() * 1000)
    except OverflowError as error:
        raise ValueError(str(error)) from None


READERS: dict[str, Callable[[str], Any]] = {
    "string": read_string,
    "character": read_string,
    "integer": read_integer,
    "long": read_long,
    "float": read_float,
    "double": read_float,
    "bigdecimal": read_float,
    "biginteger": read_long,
    "short": read_integer,
    "byte": read_integer,
    "boolean": read_boolean,
    "blob": read_blob,
    "timestamp": read_timestamp,
}


def iso8601(at_ms: int) -> str:
    """`2025-11-24T22:11:08Z`, with three digits of a second if there are any."""
    whole, rest = divmod(int(at_ms), 1000)
    text = datetime.fromtimestamp(whole, UTC).isoformat()[:19]
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def iso8601_ms(at_ms: int) -> str:
    """`2025-11-24T22:11:08.000Z`, with three digits always, as S3 writes it."""
    whole, rest = divmod(int(at_ms), 1000)
    return f"{datetime.fromtimestamp(whole, UTC).isoformat()[:19]}.{rest:03d}Z"


def http_date(at_ms: int) -> str:
    """`Mon, 24 Nov 2025 22:11:08 GMT`."""
    moment = datetime.fromtimestamp(int(at_ms) // 1000, UTC)
    day, month = WEEKDAYS[moment.weekday()], MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S} GMT"


def epoch_seconds(at_ms: int) -> int | float:
    """Seconds since 1970, with a fraction if there is one."""
    return at_ms // 1000 if at_ms % 1000 == 0 else at_ms / 1000


def timestamp_writer(shape: Shape, default: str) -> Callable[[int], Any]:
    """How a timestamp is written: as the member says, else as the format has it by default."""
    return TIMESTAMP_WRITERS[shape.get("timestampFormat", default)]


TIMESTAMP_WRITERS: dict[str, Callable[[int], Any]] = {
    "iso8601": iso8601,
    "iso8601_ms": iso8601_ms,
    "rfc822": http_date,
    "unixTimestamp": epoch_seconds,
}


def write_float(value: float) -> str:
    """A number as text; what is not a number by its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return str(value)


def writer(shape: Shape, timestamps: str) -> Callable[[Any], str]:
    """How a simple shape is written as text, with timestamps in the format `timestamps` unless its member says."""
    kind = shape["type"]
    if kind == "timestamp":
        form = timestamp_writer(shape, timestamps)
        return lambda value: str(form(value))
    if kind == "boolean":
        return lambda value: "true" if value else "false"
    if kind in ("float", "double", "bigdecimal"):
        return write_float
    if kind == "blob":
        return lambda value: base64.b64encode(value.encode() if isinstance(value, str) else value).decode()
    return str
