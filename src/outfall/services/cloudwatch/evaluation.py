"""Whether an alarm alarms: what its newest datapoints say, and what stands for those that are missing. No storage here.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from outfall.services.cloudwatch.model import State

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
PHRASES = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
MISSING = ("missing", "notBreaching", "breaching", "ignore")
LOW_SAMPLES = ("evaluate", "ignore")
EXTRA_PERIODS = 2
"""AWS looks back a little further than EvaluationPeriods, and prefers what it finds there to missing data."""


def judge(breaches: Sequence[bool | None], periods: int, to_alarm: int, missing: str, state: State) -> State:
    """The state that follows from datapoints: whether each breaches the threshold, the newest first, None where there
    is none; `periods` of them count, `to_alarm` of which make an alarm. `state` is the one before."""
    real = [one for one in breaches if one is not None][:periods]
    lacking, breaching = periods - len(real), sum(real)
    if lacking == 0 or missing == "notBreaching":
        return "ALARM" if breaching >= to_alarm else "OK"
    if missing == "breaching":
        return "ALARM" if breaching + lacking >= to_alarm else "OK"
    if not real:
        return state if missing == "ignore" else "INSUFFICIENT_DATA"
    if breaching >= to_alarm:
        return "ALARM"
    if breaching < len(real):
        return "OK"
    # All that there is breaches, but it is not enough of it yet: AWS alarms early if the oldest is old enough.
    oldest = max(at for at, one in enumerate(breaches) if one is not None) + 1
    return "ALARM" if missing == "missing" and oldest >= to_alarm else state
