"""GetMetricData: several metrics and expressions at once, in pages of datapoints."""

from __future__ import annotations

import re
from typing import Any

from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.cloudwatch.checks import check_period, check_statistic, dimensions_of, next_token, read_token
from outfall.services.cloudwatch.errors import ValidationError
from outfall.services.cloudwatch.expressions import Line, evaluate
from outfall.services.cloudwatch.reading import points, rounded_start

QUERIES_MAX = 500
DATAPOINTS_MAX = 100_800
_id = re.compile(r"[a-z][a-zA-Z0-9_]*").fullmatch


@operation("GetMetricData", action="cloudwatch:GetMetricData")
def get_metric_data(call: Call, request: Request) -> Output:
    """The datapoints of each query, the newest first unless asked otherwise."""
    queries, start_ms, end_ms = _checked(request)
    lines = {query["Id"]: _line(call, query, start_ms, end_ms) for query in queries if query.get("MetricStat")}
    metrics = dict(lines)
    for query in queries:
        if query.get("Expression"):
            lines[query["Id"]] = evaluate(query["Expression"], lines, metrics)
    shown = [query for query in queries if query.get("ReturnData") is not False]
    descending = request.get("ScanBy") != "TimestampAscending"
    told = [(query, sorted(lines[query["Id"]].items(), reverse=descending)) for query in shown]
    return _page(request, told)


def _checked(request: Request) -> tuple[list[dict[str, Any]], int, int]:
    queries, start_ms, end_ms = request["MetricDataQueries"], request["StartTime"], request["EndTime"]
    if start_ms >= end_ms:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    if not 1 <= len(queries) <= QUERIES_MAX:
        raise ValidationError(f"The collection MetricDataQueries must have a size between 1 and {QUERIES_MAX}.")
    seen: set[str] = set()
    for query in queries:
        if not _id(query["Id"]):
            raise ValidationError(
                f"Invalid metrics list: the id '{query['Id']}' must begin with a lower-case letter and contain only "
                "letters, numbers, and underscores."
            )
        if query["Id"] in seen:
            raise ValidationError(f"Invalid metrics list: the id '{query['Id']}' is used more than once.")
        seen.add(query["Id"])
        if bool(query.get("MetricStat")) == bool(query.get("Expression")):
            raise ValidationError("Exactly one of MetricStat and Expression must be specified in each query.")
        if query.get("AccountId"):
            raise NotServed("GetMetricData from another account is not served.")
        if "${" in (query.get("Label") or ""):
            raise NotServed("Labels with values in them (${...}) are not served.")
    if all(query.get("ReturnData") is False for query in queries):
        raise ValidationError("At least one query must return data.")
    return queries, start_ms, end_ms


def _line(call: Call, query: dict[str, Any], start_ms: int, end_ms: int) -> Line:
    stat = query["MetricStat"]
    metric = stat["Metric"]
    period_s, statistic = check_period(stat["Period"], ValidationError), check_statistic(stat["Stat"])
    span = (rounded_start(start_ms, period_s, call.now), end_ms)
    name, unit = metric.get("MetricName") or "", stat.get("Unit") or ""
    found = points(call, metric.get("Namespace") or "", name, dimensions_of(metric), span, period_s, unit)
    told = ((at_ms, samples.statistic(statistic)) for (at_ms, _), samples in found.items())
    return {at_ms: value for at_ms, value in told if value is not None}


def _page(request: Request, told: list[tuple[dict[str, Any], list[tuple[int, float]]]]) -> Output:
    """As many datapoints as a page may have, after those of the pages before."""
    skip: int = read_token(request, int) or 0
    room = min(request.get("MaxDatapoints") or DATAPOINTS_MAX, DATAPOINTS_MAX)
    if room < 1:
        raise ValidationError("The parameter MaxDatapoints must be greater than 0.")
    end, at, results = skip + room, 0, []
    for query, line in told:
        cut = line[max(skip - at, 0) : max(end - at, 0)]
        complete = at + len(line) <= end
        if cut or (not line and skip <= at <= end):
            metric = (query.get("MetricStat") or {}).get("Metric") or {}
            results.append(
                {
                    "Id": query["Id"],
                    "Label": query.get("Label") or metric.get("MetricName") or query["Id"],
                    "Timestamps": [at_ms for at_ms, _ in cut],
                    "Values": [value for _, value in cut],
                    "StatusCode": "Complete" if complete else "PartialData",
                }
            )
        at += len(line)
    output: dict[str, Any] = {"MetricDataResults": results}
    if at > end:
        output["NextToken"] = next_token(end)
    return output | {"Messages": []}


OPERATIONS = (get_metric_data,)
