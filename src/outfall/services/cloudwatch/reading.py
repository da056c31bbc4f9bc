"""GetMetricStatistics, and `points`, by which every reader gets a metric in periods."""

from __future__ import annotations

from typing import Any

from outfall.core.context import Context
from outfall.core.metrics import Dimensions
from outfall.core.service import Call, Output, Request, operation
from outfall.services.cloudwatch import series
from outfall.services.cloudwatch.checks import check_period, check_statistic, dimensions_of
from outfall.services.cloudwatch.errors import (
    InvalidParameterCombination,
    InvalidParameterValue,
    MissingParameter,
    missing,
)
from outfall.services.cloudwatch.model import MINUTE_MS
from outfall.services.cloudwatch.samples import STATISTICS, Samples

DATAPOINTS_MAX = 1440
DAY_MS = 86_400_000
ROUNDING_MS = ((63 * DAY_MS, 3_600_000), (15 * DAY_MS, 300_000))
"""To what a start is rounded down when it lies further back. [API reference, GetMetricStatistics]"""


def rounded_start(start_ms: int, period_s: int, now_ms: int) -> int:
    """Where the first period begins: at a whole minute, five minutes or hour, by age; for short periods at one."""
    if period_s < 60:
        return start_ms // (period_s * 1000) * period_s * 1000
    step_ms = next((step for age, step in ROUNDING_MS if now_ms - start_ms > age), MINUTE_MS)
    return start_ms // step_ms * step_ms


def points(
    ctx: Context,
    namespace: str,
    name: str,
    dimensions: Dimensions,
    span: tuple[int, int],
    period_s: int,
    unit: str = "",
) -> dict[tuple[int, str], Samples]:
    """Samples by the beginning of their period and by unit, from the start of `span` to before its end, in ms."""
    start_ms, end_ms = span
    if ctx.house.metrics is not None and end_ms > ctx.now - MINUTE_MS:
        ctx.house.metrics.refresh(ctx, namespace, dimensions)
    found: dict[tuple[int, str], Samples] = {}
    for at_ms, its_unit, samples in series.read(ctx, namespace, name, dimensions, start_ms, end_ms, unit):
        key = (start_ms + (at_ms - start_ms) // (period_s * 1000) * period_s * 1000, its_unit)
        found[key] = found[key].plus(samples) if key in found else samples
    return found


@operation("GetMetricStatistics", action="cloudwatch:GetMetricStatistics")
def get_metric_statistics(call: Call, request: Request) -> Output:
    """Statistics of one metric, one datapoint per period (and unit) that has samples."""
    for parameter in ("Namespace", "MetricName", "StartTime", "EndTime", "Period"):
        if request.get(parameter) is None:
            raise missing(parameter)
    period_s = check_period(request["Period"], InvalidParameterValue)
    if request["StartTime"] >= request["EndTime"]:
        raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
    asked = (request["EndTime"] - request["StartTime"]) // (period_s * 1000)
    if asked > DATAPOINTS_MAX:
        raise InvalidParameterCombination(
            f"You have requested up to {asked} datapoints, which exceeds the limit of {DATAPOINTS_MAX}. "
            "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    simple, extended = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
    if not simple and not extended:
        raise MissingParameter("At least one of the parameters Statistics and ExtendedStatistics must be specified.")
    for one in simple:
        if one not in STATISTICS:
            raise InvalidParameterValue(f"The value {one} for parameter Statistics is invalid.")
    for one in extended:
        check_statistic(one)
    dimensions, name = dimensions_of(request), request["MetricName"]
    span = (rounded_start(request["StartTime"], period_s, call.now), request["EndTime"])
    found = points(call, request["Namespace"], name, dimensions, span, period_s, request.get("Unit") or "")
    shown = [_datapoint(*key, samples, simple, extended) for key, samples in sorted(found.items())]
    return {"Label": name, "Datapoints": shown}


def _datapoint(at_ms: int, unit: str, samples: Samples, simple: list[str], extended: list[str]) -> dict[str, Any]:
    point: dict[str, Any] = {"Timestamp": at_ms}
    point.update((one, samples.statistic(one)) for one in STATISTICS if one in simple)
    point["Unit"] = unit
    told = {one: samples.statistic(one) for one in extended}
    if told:
        point["ExtendedStatistics"] = {one: value for one, value in told.items() if value is not None}
    return point


OPERATIONS = (get_metric_statistics,)
