"""PutMetricData: samples of users' own metrics, checked and put together by metric and minute."""

from __future__ import annotations

import math
from typing import Any

from outfall.core.errors import NotServed
from outfall.core.metrics import Dimensions
from outfall.core.service import Call, Output, Request, operation
from outfall.services.cloudwatch import series
from outfall.services.cloudwatch.checks import dimensions_of
from outfall.services.cloudwatch.errors import (
    InvalidParameterCombination,
    InvalidParameterValue,
    MissingParameter,
    invalid,
    missing,
)
from outfall.services.cloudwatch.model import MINUTE_MS, slot
from outfall.services.cloudwatch.samples import Samples

DATA_MAX = 1000
VALUES_MAX = 150
MAGNITUDE_MAX = 2.0**360
OLDEST_MS = 14 * 86_400_000
NEWEST_MS = 2 * 3_600_000


def _namespace(call: Call, request: Request) -> dict[str, str]:
    return {"cloudwatch:namespace": request.get("Namespace") or ""}


@operation("PutMetricData", action="cloudwatch:PutMetricData", context=_namespace)
def put_metric_data(call: Call, request: Request) -> Output:
    """Adds samples; all of them or, if one is not valid, none."""
    namespace = request.get("Namespace") or ""
    if not namespace:
        raise missing("Namespace")
    if namespace.startswith(("AWS/", ":")):
        raise invalid("Namespace", namespace.split("/")[0] + "/")
    if request.get("EntityMetricData"):
        raise NotServed("PutMetricData with EntityMetricData is not served.")
    data = request.get("MetricData") or []
    if not data:
        raise missing("MetricData")
    if len(data) > DATA_MAX:
        raise InvalidParameterValue(f"The collection MetricData must not have a size greater than {DATA_MAX}.")
    gathered: dict[tuple[str, Dimensions, int], series.Gathered] = {}
    for number, datum in enumerate(data, 1):
        where = f"MetricData.member.{number}"
        name, dimensions = datum.get("MetricName") or "", dimensions_of(datum, f"{where}.Dimensions")
        if not name:
            raise missing(f"{where}.MetricName")
        at_ms = _time(call.now, datum, where)
        unit = datum.get("Unit") or "None"
        samples = [(slot(name, unit), one) for one in _samples(datum, where)]
        gathered.setdefault((name, dimensions, at_ms), []).extend(samples)
    for (name, dimensions, at_ms), samples in gathered.items():
        series.add(call, namespace, name, dimensions, at_ms, samples)


def _time(now_ms: int, datum: dict[str, Any], where: str) -> int:
    """The beginning of the bucket: of the minute, or of the second for a high resolution."""
    given = datum.get("Timestamp")
    at_ms = now_ms if given is None else int(given)
    if at_ms < now_ms - OLDEST_MS:
        raise InvalidParameterValue(f"The parameter {where}.Timestamp must specify a time within the past two weeks.")
    if at_ms > now_ms + NEWEST_MS:
        raise InvalidParameterValue(
            f"The parameter {where}.Timestamp must specify a time no more than two hours in the future."
        )
    resolution_s = datum.get("StorageResolution") or 60
    if resolution_s not in (1, 60):
        raise invalid(f"{where}.StorageResolution", resolution_s)
    step_ms = 1000 if resolution_s == 1 else MINUTE_MS
    return at_ms // step_ms * step_ms


def _samples(datum: dict[str, Any], where: str) -> list[Samples]:
    kinds = [kind for kind in ("Value", "Values", "StatisticValues") if datum.get(kind) is not None]
    if not kinds:
        raise MissingParameter(
            f"At least one of the parameters {where}.Value, {where}.Values and {where}.StatisticValues "
            "must be specified."
        )
    if len(kinds) > 1:
        raise InvalidParameterCombination(
            f"The parameters {where}.{kinds[0]} and {where}.{kinds[1]} are mutually exclusive "
            "and you have specified both."
        )
    if kinds == ["Value"]:
        return [Samples.of(_number(datum["Value"], f"{where}.Value"))]
    return [_statistics(datum["StatisticValues"], where)] if "StatisticValues" in kinds else _values(datum, where)


def _values(datum: dict[str, Any], where: str) -> list[Samples]:
    values = datum["Values"]
    counts = datum.get("Counts") or [1.0] * len(values)
    if len(values) != len(counts):
        raise InvalidParameterValue(f"The parameters {where}.Values and {where}.Counts must be of the same size.")
    if not 1 <= len(values) <= VALUES_MAX:
        raise InvalidParameterValue(f"The collection {where}.Values must have a size between 1 and {VALUES_MAX}.")
    told = []
    for number, (value, count) in enumerate(zip(values, counts, strict=True), 1):
        times = _number(count, f"{where}.Counts.member.{number}")
        if times <= 0:
            raise invalid(f"{where}.Counts.member.{number}", count)
        told.append(Samples.of(_number(value, f"{where}.Values.member.{number}"), times))
    return told


def _statistics(given: dict[str, Any], where: str) -> Samples:
    inside = f"{where}.StatisticValues"
    for part in ("SampleCount", "Sum", "Minimum", "Maximum"):
        if given.get(part) is None:
            raise missing(f"{inside}.{part}")
        _number(given[part], f"{inside}.{part}")
    if given["SampleCount"] < 0 or given["Minimum"] > given["Maximum"]:
        raise InvalidParameterCombination(f"The parameters of {inside} contradict each other.")
    return Samples(given["SampleCount"], given["Sum"], given["Minimum"], given["Maximum"])


def _number(value: float, parameter: str) -> float:
    if not math.isfinite(value) or abs(value) > MAGNITUDE_MAX:
        raise invalid(parameter, "NaN" if math.isnan(value) else value)
    return float(value)


OPERATIONS = (put_metric_data,)
