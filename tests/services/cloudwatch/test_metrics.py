"""Metrics put and read: aggregation by period, dimensions, views, units, percentiles, pages, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall.core.metrics import Sample
from outfall.services.cloudwatch import series
from outfall.services.cloudwatch.model import BUCKETS, SERIES
from outfall.services.cloudwatch.samples import SPREAD_MAX, Samples
from tests.support import T0

from .conftest import CloudWatch

BLUE = {"Dimensions": [{"Name": "Color", "Value": "blue"}]}
RED = {"Dimensions": [{"Name": "Color", "Value": "red"}]}
EVERY = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")


def test_samples_of_a_period_come_to_one_datapoint(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(1, 2)
    cloudwatch.later(seconds=30)
    cloudwatch.put(6)
    assert cloudwatch.statistics(*EVERY) == [
        {"Timestamp": T0, "SampleCount": 3, "Average": 3, "Sum": 9, "Minimum": 1, "Maximum": 6, "Unit": "None"}
    ]


def test_periods_begin_at_the_start_that_was_asked_for_rounded_to_the_minute(cloudwatch: CloudWatch) -> None:
    for minute in range(6):
        cloudwatch.put(minute)
        cloudwatch.later(seconds=60)
    asked = {"StartTime": T0 + 61_500, "EndTime": T0 + 360_000}
    found = cloudwatch.statistics("Sum", period=120, **asked)
    assert [(point["Timestamp"] - T0, point["Sum"]) for point in found] == [(60_000, 3), (180_000, 7), (300_000, 5)]


def test_the_end_is_exclusive(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(1)
    assert cloudwatch.statistics("Sum", EndTime=T0) == []


def test_each_set_of_dimensions_is_a_metric_of_its_own(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(1, **BLUE)
    cloudwatch.put(2, **RED)
    assert [point["Sum"] for point in cloudwatch.statistics("Sum", **BLUE)] == [1]
    assert cloudwatch.statistics("Sum") == []


def test_units_are_kept_apart(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(1, Unit="Seconds")
    cloudwatch.put(2, Unit="Bytes")
    assert {point["Unit"]: point["Sum"] for point in cloudwatch.statistics("Sum")} == {"Seconds": 1, "Bytes": 2}
    assert [point["Sum"] for point in cloudwatch.statistics("Sum", Unit="Bytes")] == [2]


def test_values_with_counts_and_sets_of_statistics(cloudwatch: CloudWatch) -> None:
    data = [
        {"MetricName": "m", "Values": [1.0, 5.0], "Counts": [3.0, 1.0]},
        {"MetricName": "m", "StatisticValues": {"SampleCount": 2.0, "Sum": 20.0, "Minimum": 8.0, "Maximum": 12.0}},
    ]
    cloudwatch("PutMetricData", Namespace="Mine", MetricData=data)
    (point,) = cloudwatch.statistics(*EVERY)
    assert [point[name] for name in EVERY] == [6, 28 / 6, 28, 1, 12]


def test_percentiles(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(*map(float, range(1, 41)))
    (point,) = cloudwatch.statistics(ExtendedStatistics=["p50", "p90", "p99.9"])
    assert point["ExtendedStatistics"] == {"p50": 20, "p90": 36, "p99.9": 40}


def test_no_percentile_of_a_set_of_statistics(cloudwatch: CloudWatch) -> None:
    told = {"SampleCount": 2.0, "Sum": 20.0, "Minimum": 8.0, "Maximum": 12.0}
    cloudwatch("PutMetricData", Namespace="Mine", MetricData=[{"MetricName": "m", "StatisticValues": told}])
    (point,) = cloudwatch.statistics(ExtendedStatistics=["p50"])
    assert point["ExtendedStatistics"] == {}


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300))
def test_what_is_kept_is_bounded_and_count_sum_and_extremes_are_exact(values: list[float]) -> None:
    together = Samples.of(values[0])
    for value in values[1:]:
        together = together.plus(Samples.of(value))
    assert len(together.spread) <= SPREAD_MAX
    assert (together.count, together.low, together.high) == (len(values), min(values), max(values))
    assert together.total == pytest.approx(sum(values), abs=1e-3)
    median = together.statistic("p50")
    assert median is not None
    assert min(values) - 1e-6 <= median <= max(values) + 1e-6


def test_high_resolution_is_read_by_the_second(cloudwatch: CloudWatch) -> None:
    for _ in range(3):
        cloudwatch.put(1, StorageResolution=1)
        cloudwatch.later(seconds=1)
    found = cloudwatch.statistics("Sum", period=1, minutes=1)
    assert [point["Timestamp"] - T0 for point in found] == [0, 1000, 2000]


def datum(**more: Any) -> dict[str, Any]:
    return {"MetricName": "m", "Value": 1.0} | more


@pytest.mark.parametrize(
    "namespace, data, code, message",
    [
        ("AWS/Lambda", datum(), "InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid."),
        (
            "Mine",
            datum(Value=math.nan),
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            "Mine",
            datum(Values=[1.0]),
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you "
            "have specified both.",
        ),
        (
            "Mine",
            datum(Timestamp=T0 - 15 * 86_400_000),
            "InvalidParameterValue",
            "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.",
        ),
        (
            "Mine",
            datum(Timestamp=T0 + 3 * 3_600_000),
            "InvalidParameterValue",
            "The parameter MetricData.member.1.Timestamp must specify a time no more than two hours in the future.",
        ),
        (
            "Mine",
            datum(Dimensions=[{"Name": f"d{number}", "Value": "v"} for number in range(31)]),
            "InvalidParameterValue",
            "The collection MetricData.member.1.Dimensions must not have a size greater than 30.",
        ),
    ],
)
def test_samples_that_are_refused(
    cloudwatch: CloudWatch, namespace: str, data: dict[str, Any], code: str, message: str
) -> None:
    refused = cloudwatch.refused("PutMetricData", Namespace=namespace, MetricData=[data])
    assert (refused[0], refused[2], refused[3]) == (400, code, message)
    assert cloudwatch("ListMetrics")["Metrics"] == []


def test_of_samples_one_of_which_is_refused_none_is_kept(cloudwatch: CloudWatch) -> None:
    cloudwatch.refused("PutMetricData", Namespace="Mine", MetricData=[datum(), datum(Value=math.inf)])
    assert cloudwatch.statistics("Sum") == []


@pytest.mark.parametrize(
    "asked, code",
    [
        ({"EndTime": T0 - 4_000_000}, "InvalidParameterValue"),
        ({"Period": 61}, "InvalidParameterValue"),
        ({"StartTime": T0 - 2 * 86_400_000}, "InvalidParameterCombination"),
        ({"Statistics": []}, "MissingParameter"),
        ({"Statistics": ["Median"]}, "InvalidParameterValue"),
    ],
)
def test_questions_that_are_refused(cloudwatch: CloudWatch, asked: dict[str, Any], code: str) -> None:
    span = {"StartTime": T0 - 3_600_000, "EndTime": T0, "Period": 60, "Statistics": ["Sum"]}
    refused = cloudwatch.refused("GetMetricStatistics", Namespace="Mine", MetricName="m", **{**span, **asked})
    assert refused[2] == code


FN = (("FunctionName", "fn"), ("Resource", "fn"))
LIVE = (("FunctionName", "fn"), ("Resource", "fn:live"), ("ExecutedVersion", "3"))


@pytest.mark.parametrize(
    "dimensions, invocations",
    [
        ({}, [4]),
        ({"FunctionName": "fn"}, [3]),
        ({"FunctionName": "fn", "Resource": "fn"}, [1]),
        ({"FunctionName": "fn", "Resource": "fn:live"}, [2]),
        ({"FunctionName": "fn", "Resource": "fn:live", "ExecutedVersion": "3"}, [2]),
        ({"Resource": "fn"}, []),
        ({"FunctionName": "nobody"}, []),
    ],
)
def test_what_lambda_emits_shows_under_each_of_its_sets_of_dimensions(
    cloudwatch: CloudWatch, dimensions: dict[str, str], invocations: list[float]
) -> None:
    one = Sample("Invocations", 1)
    cloudwatch.emit("AWS/Lambda", FN, one, Sample("Errors", 0))
    cloudwatch.emit("AWS/Lambda", LIVE, one)
    cloudwatch.emit("AWS/Lambda", LIVE, one)
    cloudwatch.emit("AWS/Lambda", (("FunctionName", "other"), ("Resource", "other")), one)
    asked = {"Namespace": "AWS/Lambda", "MetricName": "Invocations"}
    told = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    found = cloudwatch.statistics("Sum", Dimensions=told, **asked)
    assert [point["Sum"] for point in found] == invocations


def test_metrics_are_listed_by_name_dimensions_and_recent_use(cloudwatch: CloudWatch) -> None:
    cloudwatch.put(1, name="old", **BLUE)
    cloudwatch.later(seconds=4 * 3600)
    cloudwatch.put(1, name="new", **RED)
    cloudwatch.emit("AWS/Lambda", FN, Sample("Errors", 0))

    def names(**asked: Any) -> list[str]:
        return [one["MetricName"] for one in cloudwatch("ListMetrics", **asked)["Metrics"]]

    assert names() == ["Errors", "Errors", "Errors", "new", "old"]
    assert names(Namespace="Mine") == ["new", "old"]
    assert names(Namespace="Mine", RecentlyActive="PT3H") == ["new"]
    assert names(Dimensions=[{"Name": "Color", "Value": "blue"}]) == ["old"]
    assert names(Dimensions=[{"Name": "Color"}], MetricName="new") == ["new"]
    cloudwatch.later(seconds=15 * 86_400)
    assert names() == []


def test_a_long_list_comes_in_pages(cloudwatch: CloudWatch) -> None:
    cloudwatch("PutMetricData", Namespace="Mine", MetricData=[datum(MetricName=f"m{n:03d}") for n in range(501)])
    first = cloudwatch("ListMetrics")
    second = cloudwatch("ListMetrics", NextToken=first["NextToken"])
    assert (len(first["Metrics"]), [one["MetricName"] for one in second["Metrics"]]) == (500, ["m500"])
    assert "NextToken" not in second
    assert cloudwatch.refused("ListMetrics", NextToken="nonsense")[1] == "InvalidParameterValueException"


def query(query_id: str, stat: str = "Sum", name: str = "m", **more: Any) -> dict[str, Any]:
    metric = {"Namespace": "Mine", "MetricName": name}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, **more}


def data(cloudwatch: CloudWatch, *queries: dict[str, Any], **more: Any) -> dict[str, Any]:
    span = {"StartTime": T0 - 60_000, "EndTime": cloudwatch.now + 60_000}
    answer: dict[str, Any] = cloudwatch("GetMetricData", MetricDataQueries=list(queries), **span, **more)
    return answer


def values(answer: dict[str, Any]) -> dict[str, list[float]]:
    return {one["Id"]: one["Values"] for one in answer["MetricDataResults"]}


def three_minutes(cloudwatch: CloudWatch) -> None:
    for minute in range(3):
        cloudwatch.put(10 * minute, 10 * minute + 2)
        if minute != 1:
            cloudwatch.put(1, name="n")
        cloudwatch.later(seconds=60)


def test_several_metrics_at_once_the_newest_first(cloudwatch: CloudWatch) -> None:
    three_minutes(cloudwatch)
    answer = data(cloudwatch, query("a"), query("b", "Maximum"), query("n", name="n", ReturnData=False))
    assert values(answer) == {"a": [42, 22, 2], "b": [22, 12, 2]}
    assert answer["MetricDataResults"][0]["Timestamps"] == [T0 + 120_000, T0 + 60_000, T0]
    assert values(data(cloudwatch, query("a"), ScanBy="TimestampAscending")) == {"a": [2, 22, 42]}


@pytest.mark.parametrize(
    "expression, result",
    [
        ("m + n", [3, 43]),
        ("100 * n / m", [50, 100 / 42]),
        ("-(m - 2) * 2", [0, -40, -80]),
        ("SUM(METRICS())", [3, 22, 43]),
        ("MAX([m, n])", [2, 22, 42]),
        ("m / SUM(n)", [1, 11, 21]),
        ("FILL(n, 0) + m", [3, 22, 43]),
        ("n / (m - 2)", [1 / 40]),
    ],
)
def test_metric_math(cloudwatch: CloudWatch, expression: str, result: list[float]) -> None:
    three_minutes(cloudwatch)
    hidden = [query("m", ReturnData=False), query("n", name="n", ReturnData=False)]
    answer = data(cloudwatch, *hidden, {"Id": "e", "Expression": expression}, ScanBy="TimestampAscending")
    assert values(answer)["e"] == pytest.approx(result)


@pytest.mark.parametrize(
    "queries, code",
    [
        ([query("A")], "ValidationError"),
        ([query("a"), query("a")], "ValidationError"),
        ([query("a", "Median")], "ValidationError"),
        ([query("a", ReturnData=False)], "ValidationError"),
        ([query("a"), {"Id": "e", "Expression": "a +"}], "ValidationError"),
        ([query("a"), {"Id": "e", "Expression": "b"}], "ValidationError"),
        ([query("a"), {"Id": "e", "Expression": "(" * 900 + "a" + ")" * 900}], "ValidationError"),
        ([query("a"), {"Id": "e", "Expression": "SUM(a)"}], "ValidationError"),
        ([query("a"), {"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(a)"}], "NotImplemented"),
        ([query("a"), {"Id": "e", "Expression": "a.__class__"}], "NotImplemented"),
        ([query("a"), {"Id": "e", "Expression": "SELECT AVG(m) FROM Mine"}], "NotImplemented"),
        ([query("a", Label="${SUM}")], "NotImplemented"),
    ],
)
def test_queries_that_are_refused(cloudwatch: CloudWatch, queries: list[dict[str, Any]], code: str) -> None:
    span = {"StartTime": T0, "EndTime": T0 + 60_000}
    assert cloudwatch.refused("GetMetricData", MetricDataQueries=queries, **span)[2] == code


def test_datapoints_come_in_pages(cloudwatch: CloudWatch) -> None:
    three_minutes(cloudwatch)
    token: dict[str, Any] = {}
    pages = []
    while not pages or token:
        answer = data(cloudwatch, query("a"), query("b", "Minimum"), MaxDatapoints=4, **token)
        pages.append([(one["Id"], one["Values"], one["StatusCode"]) for one in answer["MetricDataResults"]])
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
    assert pages == [[("a", [42, 22, 2], "Complete"), ("b", [20], "PartialData")], [("b", [10, 0], "Complete")]]


def test_what_aws_no_longer_keeps_is_swept(cloudwatch: CloudWatch) -> None:
    def swept(ctx: Any) -> tuple[int, int]:
        assert series.sweep(ctx) is None
        return sum(1 for _ in ctx.tx.scan(BUCKETS)), sum(1 for _ in ctx.tx.scan(SERIES))

    cloudwatch.put(1)
    cloudwatch.later(seconds=456 * 86_400)
    cloudwatch.put(2)
    assert cloudwatch.within(swept) == (1, 1)
    cloudwatch.later(seconds=460 * 86_400)
    assert cloudwatch.within(swept) == (0, 0)
