"""Metric alarms: putting and deleting them, their actions, and setting a state by hand. They are watched in `watch`."""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.cloudwatch import history, watch
from outfall.services.cloudwatch.checks import check_period, check_statistic, dimensions_of
from outfall.services.cloudwatch.errors import (
    InvalidFormat,
    ResourceNotFound,
    ValidationError,
    missing,
)
from outfall.services.cloudwatch.evaluation import COMPARISONS, LOW_SAMPLES, MISSING
from outfall.services.cloudwatch.model import ALARMS, Alarm, Query, alarm_arn
from outfall.services.cloudwatch.samples import STATISTICS
from outfall.services.cloudwatch.tags import added

DAY_S, WEEK_S = 86_400, 604_800
NAMES_MAX = 100
UNSERVED = (
    "Metrics",
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ActionConfiguration",
)


def named(call: Call, request: Request) -> str:
    """The ARN of the alarm that the request names."""
    return alarm_arn(call.account, call.region, request.get("AlarmName") or "")


def all_named(call: Call, request: Request) -> str:
    """The ARN of the one alarm that the request names; of any, when it names several."""
    names = request.get("AlarmNames") or []
    return alarm_arn(call.account, call.region, names[0] if len(names) == 1 else "*")


_TAG_IF_GIVEN = Permission("cloudwatch:TagResource", named, when=lambda call, request: bool(request.get("Tags")))


@operation("PutMetricAlarm", action="cloudwatch:PutMetricAlarm", resource=named, also=(_TAG_IF_GIVEN,))
def put_metric_alarm(call: Call, request: Request) -> Output:
    """Creates an alarm, or gives the one of that name other settings; it keeps its state."""
    for parameter in UNSERVED:
        if request.get(parameter) is not None:
            raise NotServed(f"PutMetricAlarm with {parameter} is not served.")
    before = call.tx.get(ALARMS, (call.account, call.region, request["AlarmName"]))
    alarm = _alarm(call, request, before)
    call.tx.put(ALARMS, alarm.key, alarm)
    if before is None:
        watch.begin(call, alarm)
    summary = f'Alarm "{alarm.name}" {"created" if before is None else "updated"}'
    kind = "Create" if before is None else "Update"
    history.note(call, alarm, "ConfigurationUpdate", summary, f'{{"version":"1.0","type":"{kind}"}}')


def _alarm(call: Call, request: Request, before: Alarm | None) -> Alarm:
    query, comparison = _query(request), request.get("ComparisonOperator")
    if comparison not in COMPARISONS:
        if comparison is None:
            raise missing("ComparisonOperator")
        raise NotServed(f"Alarms with the comparison {comparison} (anomaly detection) are not served.")
    if request.get("Threshold") is None:
        raise missing("Threshold")
    periods, to_alarm = request.get("EvaluationPeriods"), request.get("DatapointsToAlarm") or 0
    if periods is None:
        raise missing("EvaluationPeriods")
    if to_alarm > periods:
        raise ValidationError("DatapointsToAlarm must not be greater than EvaluationPeriods.")
    if periods * query.period_s > (DAY_S if query.period_s < 3600 else WEEK_S):
        raise ValidationError(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)."
        )
    treated = request.get("TreatMissingData") or ""
    if treated and treated not in MISSING:
        raise ValidationError(f"Option {treated} is not supported for TreatMissingData.")
    low_samples = request.get("EvaluateLowSampleCountPercentile") or ""
    if low_samples and low_samples not in LOW_SAMPLES:
        raise ValidationError(f"Option {low_samples} is not supported for EvaluateLowSampleCountPercentile.")
    given = {
        "query": query,
        "comparison": comparison,
        "threshold": float(request["Threshold"]),
        "periods": periods,
        "configured_ms": call.now,
        "to_alarm": to_alarm,
        "missing": treated,
        "low_samples": low_samples,
        "description": request.get("AlarmDescription"),
        "actions_enabled": request.get("ActionsEnabled") is not False,
        "ok_actions": _actions(request, "OKActions"),
        "alarm_actions": _actions(request, "AlarmActions"),
        "insufficient_actions": _actions(request, "InsufficientDataActions"),
    }
    if before is not None:
        return msgspec.structs.replace(before, **given)
    tags = added({}, request)
    identity = (call.account, call.region, request["AlarmName"], call.ids.hex(16))
    return Alarm(*identity, **given, updated_ms=call.now, transitioned_ms=call.now, tags=tags)


def _query(request: Request) -> Query:
    for parameter in ("MetricName", "Namespace", "Period"):
        if not request.get(parameter):
            raise missing(parameter)
    simple, extended = request.get("Statistic"), request.get("ExtendedStatistic")
    if bool(simple) == bool(extended):
        raise ValidationError("Exactly one of Statistic and ExtendedStatistic must be specified.")
    statistic = check_statistic(simple or extended or "")
    if simple and simple not in STATISTICS:
        raise ValidationError(f"Invalid statistic: {simple}")
    return Query(
        request["Namespace"],
        request["MetricName"],
        dimensions_of(request),
        check_period(request["Period"], ValidationError),
        statistic,
        request.get("Unit") or "",
    )


def _actions(request: Request, parameter: str) -> tuple[str, ...]:
    for text in request.get(parameter) or ():
        try:
            service = Arn.parse(text).service
        except MalformedArn:
            raise ValidationError(f"Invalid arn syntax: {text}") from None
        if service != "sns":
            raise NotServed(f"Alarm actions of {service} are not served; those of sns are.")
    return tuple(request.get(parameter) or ())


@operation("DeleteAlarms", action="cloudwatch:DeleteAlarms", resource=all_named)
def delete_alarms(call: Call, request: Request) -> Output:
    """Removes alarms; names that there are not are no error."""
    for name in _names(request):
        alarm = call.tx.get(ALARMS, (call.account, call.region, name))
        if alarm is not None:
            call.tx.delete(ALARMS, alarm.key)
            told = '{"version":"1.0","type":"Delete"}'
            history.note(call, alarm, "ConfigurationUpdate", f'Alarm "{name}" deleted', told)


def _names(request: Request) -> list[str]:
    names: list[str] = request.get("AlarmNames") or []
    if len(names) > NAMES_MAX:
        raise ValidationError(f"The collection AlarmNames must not have a size greater than {NAMES_MAX}.")
    return names


def _enable(call: Call, request: Request, enabled: bool) -> None:
    for name in _names(request):
        alarm = call.tx.get(ALARMS, (call.account, call.region, name))
        if alarm is not None and alarm.actions_enabled != enabled:
            changed = msgspec.structs.replace(alarm, actions_enabled=enabled, configured_ms=call.now)
            call.tx.put(ALARMS, alarm.key, changed)
            told = '{"version":"1.0","type":"Update"}'
            history.note(call, changed, "ConfigurationUpdate", f'Alarm "{name}" updated', told)


@operation("EnableAlarmActions", action="cloudwatch:EnableAlarmActions", resource=all_named)
def enable_alarm_actions(call: Call, request: Request) -> Output:
    """Has alarms tell their actions again."""
    _enable(call, request, True)


@operation("DisableAlarmActions", action="cloudwatch:DisableAlarmActions", resource=all_named)
def disable_alarm_actions(call: Call, request: Request) -> Output:
    """Has alarms change their state in silence."""
    _enable(call, request, False)


@operation("SetAlarmState", action="cloudwatch:SetAlarmState", resource=named)
def set_alarm_state(call: Call, request: Request) -> Output:
    """Puts an alarm into a state, with its actions, until it is evaluated next."""
    alarm = call.tx.get(ALARMS, (call.account, call.region, request["AlarmName"]))
    if alarm is None:
        raise ResourceNotFound("")
    data = request.get("StateReasonData") or ""
    try:
        read: Any = msgspec.json.decode(data) if data else None
    except msgspec.DecodeError:
        raise InvalidFormat(f"StateReasonData is not valid JSON: {data[:80]}") from None
    kept = msgspec.json.encode(read).decode() if data else ""
    watch.transition(call, alarm, request["StateValue"], request["StateReason"], kept)


OPERATIONS = (put_metric_alarm, delete_alarms, enable_alarm_actions, disable_alarm_actions, set_alarm_state)
