"""DescribeAlarms and DescribeAlarmsForMetric."""

from __future__ import annotations

from typing import Any

from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.cloudwatch.alarms import all_named
from outfall.services.cloudwatch.checks import dimensions_of, next_token, read_token, render_dimensions
from outfall.services.cloudwatch.errors import InvalidParameterCombination
from outfall.services.cloudwatch.model import ALARMS, Alarm
from outfall.services.cloudwatch.samples import STATISTICS

PAGE_MAX = 100


@operation("DescribeAlarms", action="cloudwatch:DescribeAlarms", resource=all_named)
def describe_alarms(call: Call, request: Request) -> Output:
    """Alarms by name, all or those asked for, up to 100 at a time."""
    for parameter in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if request.get(parameter):
            raise NotServed(f"DescribeAlarms with {parameter} is not served: composite alarms are not.")
    names, prefix = request.get("AlarmNames"), request.get("AlarmNamePrefix")
    if names and prefix:
        raise InvalidParameterCombination("AlarmNames and AlarmNamePrefix are mutually exclusive.")
    size = min(request.get("MaxRecords") or PAGE_MAX, PAGE_MAX)
    after: str = read_token(request, str) or ""
    found: list[Alarm] = []
    start = (after + "\0",) if after else ()
    if "MetricAlarm" in (request.get("AlarmTypes") or ("MetricAlarm",)):
        for _, alarm in call.tx.scan(ALARMS, (call.account, call.region), start=start, starts_with=prefix or ""):
            if (not names or alarm.name in names) and _wanted(request, alarm):
                found.append(alarm)
            if len(found) > size:
                break
    output: dict[str, Any] = {"CompositeAlarms": [], "MetricAlarms": [render(alarm) for alarm in found[:size]]}
    return output | {"NextToken": next_token(found[size - 1].name)} if len(found) > size else output


def _wanted(request: Request, alarm: Alarm) -> bool:
    prefix = request.get("ActionPrefix")
    actions = (*alarm.ok_actions, *alarm.alarm_actions, *alarm.insufficient_actions)
    return request.get("StateValue") in (None, alarm.state) and (
        not prefix or any(one.startswith(prefix) for one in actions)
    )


def render(alarm: Alarm) -> dict[str, Any]:
    """An alarm as answers have it."""
    query = alarm.query
    shown: dict[str, Any] = {"AlarmName": alarm.name, "AlarmArn": alarm.arn}
    if alarm.description is not None:
        shown["AlarmDescription"] = alarm.description
    shown |= {
        "AlarmConfigurationUpdatedTimestamp": alarm.configured_ms,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": list(alarm.ok_actions),
        "AlarmActions": list(alarm.alarm_actions),
        "InsufficientDataActions": list(alarm.insufficient_actions),
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
    }
    if alarm.reason_data:
        shown["StateReasonData"] = alarm.reason_data
    shown |= {
        "StateUpdatedTimestamp": alarm.updated_ms,
        "MetricName": query.name,
        "Namespace": query.namespace,
        "Statistic" if query.statistic in STATISTICS else "ExtendedStatistic": query.statistic,
        "Dimensions": render_dimensions(query.dimensions),
        "Period": query.period_s,
    }
    optional = (("Unit", query.unit), ("DatapointsToAlarm", alarm.to_alarm), ("TreatMissingData", alarm.missing))
    shown |= {"EvaluationPeriods": alarm.periods} | {name: value for name, value in optional if value}
    shown |= {"Threshold": alarm.threshold, "ComparisonOperator": alarm.comparison}
    if alarm.low_samples:
        shown["EvaluateLowSampleCountPercentile"] = alarm.low_samples
    return shown | {"StateTransitionedTimestamp": alarm.transitioned_ms}


@operation("DescribeAlarmsForMetric", action="cloudwatch:DescribeAlarmsForMetric")
def describe_alarms_for_metric(call: Call, request: Request) -> Output:
    """The alarms that look at one metric."""
    metric = (request["Namespace"], request["MetricName"], dimensions_of(request))
    statistic = request.get("Statistic") or request.get("ExtendedStatistic")
    found = []
    for _, alarm in call.tx.scan(ALARMS, (call.account, call.region)):
        query = alarm.query
        if (
            (query.namespace, query.name, query.dimensions) == metric
            and statistic in (None, query.statistic)
            and request.get("Period") in (None, query.period_s)
            and request.get("Unit") in (None, query.unit)
        ):
            found.append(render(alarm))
    return {"MetricAlarms": found}


OPERATIONS = (describe_alarms, describe_alarms_for_metric)
