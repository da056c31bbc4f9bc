"""What requests give alike: dimensions, periods, statistics, times, tokens; read and checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from outfall.core.errors import AwsError
from outfall.core.metrics import Dimensions
from outfall.core.service import Request
from outfall.core.tokens import text_of, token_of
from outfall.services.cloudwatch.errors import InvalidNextToken, InvalidParameterValue, ValidationError, missing
from outfall.services.cloudwatch.samples import is_statistic

DIMENSIONS_MAX = 30
HIGH_RESOLUTION_S = (1, 5, 10, 20, 30)


def dimensions_of(request: Request, parameter: str = "Dimensions") -> Dimensions:
    """The dimensions of a metric, by name."""
    given = request.get("Dimensions") or ()
    if len(given) > DIMENSIONS_MAX:
        raise InvalidParameterValue(f"The collection {parameter} must not have a size greater than {DIMENSIONS_MAX}.")
    read = {}
    for number, one in enumerate(given, 1):
        for part in ("Name", "Value"):
            if not one.get(part):
                raise missing(f"{parameter}.member.{number}.{part}")
        read[one["Name"]] = one["Value"]
    return tuple(sorted(read.items()))


def render_dimensions(dimensions: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Dimensions as answers have them."""
    return [{"Name": name, "Value": value} for name, value in dimensions]


def check_period(period_s: int, error: type[InvalidParameterValue] | type[ValidationError]) -> int:
    """A period: 1, 5, 10, 20 or 30 seconds, or whole minutes."""
    if period_s not in HIGH_RESOLUTION_S and (period_s < 60 or period_s % 60):
        raise error(f"The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60: {period_s}")
    return period_s


def check_statistic(name: str) -> str:
    """A statistic that can be told; raises `ValidationError`."""
    if not is_statistic(name):
        raise ValidationError(f"Invalid statistic: {name}")
    return name


def next_token(after: Any) -> str:
    """A token that leads to what comes after."""
    return token_of(msgspec.json.encode(after).decode())


def read_token(request: Request, kind: Any, refused: type[AwsError] = InvalidNextToken) -> Any:
    """What `next_token` put into the request's token, of the type `kind`; None when there is none.

    `refused` is what the operation's model has for a token that is none.
    """
    token = request.get("NextToken")
    if not token:
        return None
    try:
        return msgspec.json.decode(text_of(token), type=kind)
    except (ValueError, msgspec.MsgspecError):
        raise refused("The next token specified is invalid.") from None
