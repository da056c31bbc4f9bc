"""Metric filters: values of metrics that are made of the events of a group that fit a pattern.

Rules: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.logs import filters
from outfall.services.logs.errors import InvalidParameterException, LimitExceededException
from outfall.services.logs.model import FILTERS, GROUPS, METRIC, Filter, Group, Transformation
from outfall.services.logs.names import constraint, require_group, stream_resource
from outfall.services.logs.patterns import compile_extract

FILTERS_MAX = 100
DIMENSIONS_MAX = 3
TESTED_MAX = 50


@operation("PutMetricFilter", action="logs:PutMetricFilter", resource=stream_resource)
def put_metric_filter(call: Call, request: Request) -> Output:
    """A filter, or the filter of that name anew."""
    group = require_group(call, request)
    name, pattern = filters.name_and_pattern(request)
    for option in ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions"):
        if request.get(option):
            raise NotServed(f"PutMetricFilter with {option} is not served by this version of Outfall.")
    given = request.get("metricTransformations") or []
    if len(given) != 1:
        least = "Member must have length greater than or equal to 1"
        most = "Member must have length less than or equal to 1"
        raise constraint(given, "metricTransformations", most if given else least)
    key = (*group.key, METRIC, name)
    before = call.tx.get(FILTERS, key)
    if before is None and sum(1 for _ in call.tx.scan(FILTERS, (*group.key, METRIC))) >= FILTERS_MAX:
        raise LimitExceededException()
    made = Filter(name, pattern, before.created_ms if before else call.now, transformation=_transformation(given[0]))
    call.tx.put(FILTERS, key, made)


def _transformation(given: dict[str, Any]) -> Transformation:
    value, dimensions = str(given.get("metricValue") or ""), dict(given.get("dimensions") or {})
    if not value.startswith("$") and not _is_number(value):
        raise InvalidParameterException(f"Invalid metric transformation: {value} is not a number or a field.")
    if len(dimensions) > DIMENSIONS_MAX:
        raise InvalidParameterException("Invalid metric transformation: at most 3 dimensions are supported.")
    if dimensions and given.get("defaultValue") is not None:
        raise InvalidParameterException(
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
        )
    return Transformation(
        str(given.get("metricName") or ""),
        str(given.get("metricNamespace") or ""),
        value,
        given.get("defaultValue"),
        dimensions,
        given.get("unit") or "None",
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@operation("DescribeMetricFilters", action="logs:DescribeMetricFilters", resource=stream_resource)
def describe_metric_filters(call: Call, request: Request) -> Output:
    """The filters of a group by name, or those of all groups that feed a metric; in pages."""
    if request.get("logGroupName"):
        found = ((group, one) for group in (require_group(call, request),) for one in _of(call, group, request))
    else:
        groups = (group for _, group in call.tx.scan(GROUPS, (call.account, call.region)))
        found = ((group, one) for group in groups for one in _of(call, group, request))
    names = (request.get("metricName"), request.get("metricNamespace"))
    if (names[0] is None) != (names[1] is None):
        raise InvalidParameterException("Metric name and metric namespace must be given together.")
    chosen = {one.name + "\0" + group.name: (group, one) for group, one in found if _feeds(one, names)}
    page, token = filters.page(iter(one for _, one in chosen.values()), request)
    owners = {id(one): group for group, one in chosen.values()}
    return {"metricFilters": [_shown(owners[id(one)], one) for one in page]} | token


def _of(call: Call, group: Group, request: Request) -> Iterator[Filter]:
    return filters.of_group(call, group, METRIC, request)


def _feeds(one: Filter, names: tuple[str | None, str | None]) -> bool:
    made = one.transformation
    return names[0] is None or (made is not None and (made.name, made.namespace) == names)


def _shown(group: Group, one: Filter) -> dict[str, Any]:
    made = one.transformation
    assert made is not None
    shown: dict[str, Any] = {
        "metricName": made.name,
        "metricNamespace": made.namespace,
        "metricValue": made.value,
    }
    if made.default is not None:
        shown["defaultValue"] = made.default
    if made.dimensions:
        shown["dimensions"] = made.dimensions
    if made.unit != "None":
        shown["unit"] = made.unit
    return {
        "filterName": one.name,
        "filterPattern": one.pattern,
        "metricTransformations": [shown],
        "creationTime": one.created_ms,
        "logGroupName": group.name,
        "applyOnTransformedLogs": False,
    }


@operation("DeleteMetricFilter", action="logs:DeleteMetricFilter", resource=stream_resource)
def delete_metric_filter(call: Call, request: Request) -> Output:
    """Removes a filter; an error if there is none of that name."""
    filters.remove(call, require_group(call, request), METRIC, request, "metric filter")


@operation("TestMetricFilter", action="logs:TestMetricFilter")
def test_metric_filter(call: Call, request: Request) -> Output:
    """Which of these messages fit a pattern, and what it finds in them."""
    pattern, messages = request.get("filterPattern") or "", request.get("logEventMessages") or []
    if not 1 <= len(messages) <= TESTED_MAX:
        least = "Member must have length greater than or equal to 1"
        most = f"Member must have length less than or equal to {TESTED_MAX}"
        raise constraint(messages, "logEventMessages", most if messages else least)
    filters.check_pattern(pattern)
    extract = compile_extract(pattern)
    found = ((number, text, extract(text)) for number, text in enumerate(messages, 1))
    return {
        "matches": [
            {"eventNumber": number, "eventMessage": text, "extractedValues": values}
            for number, text, values in found
            if values is not None
        ]
    }


OPERATIONS = (put_metric_filter, describe_metric_filters, delete_metric_filter, test_metric_filter)
