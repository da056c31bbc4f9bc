"""What is said of an alarm's change: the reason, the message that an SNS topic gets, the entries of its history.

Forms: the AWS notification of an alarm as mail and chat integrations document it, and DescribeAlarmHistory's examples.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from outfall.core.parcel import Parcel, Sender
from outfall.core.principal import service_principal
from outfall.services.cloudwatch.evaluation import PHRASES
from outfall.services.cloudwatch.model import Alarm, State
from outfall.services.cloudwatch.samples import STATISTICS

SERVICE = "cloudwatch.amazonaws.com"
SUBJECT_SIZE_MAX = 100
REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-central-1": "EU (Frankfurt)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "sa-east-1": "South America (Sao Paulo)",
}
"""How messages call regions; others are called by their code."""

TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def timestamp(at_ms: int) -> str:
    """`2025-11-24T22:11:08.123+0000`."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}+0000"


class Told(msgspec.Struct, frozen=True):
    """The datapoints that count, the newest first, with the beginnings of their periods; and how many are missing."""

    points: tuple[tuple[int, float], ...]
    lacking: int

    @classmethod
    def of(cls, alarm: Alarm, now_ms: int, values: list[float | None]) -> Told:
        """Out of the values of the periods before `now_ms`, the newest first."""
        length_ms = alarm.query.period_s * 1000
        real = [(now_ms - at * length_ms, one) for at, one in enumerate(values, 1) if one is not None]
        return cls(tuple(real[: alarm.periods]), max(alarm.periods - len(real), 0))

    def reason(self, alarm: Alarm, state: State) -> str:
        """StateReason."""
        if state == "INSUFFICIENT_DATA":
            return f"Insufficient Data: {_points(self.lacking)} {_were(self.lacking)} unknown."
        if not self.points:
            return (
                f"Threshold Crossed: no datapoints were received for {self.lacking} period{_s(self.lacking)} and "
                f"{self.lacking} missing datapoint{_s(self.lacking)} {_were(self.lacking)} treated as "
                f"[{TREATED.get(alarm.missing, 'missing')}]."
            )
        shown = ", ".join(f"{value} ({_day(at_ms)})" for at_ms, value in self.points)
        count, needed = len(self.points), alarm.to_alarm or alarm.periods
        verb = f"{_were(count)} {'' if state == 'ALARM' else 'not '}{PHRASES[alarm.comparison]}"
        change = "OK -> ALARM" if state == "ALARM" else "ALARM -> OK"
        return (
            f"Threshold Crossed: {count} out of the last {alarm.periods} datapoint{_s(alarm.periods)} [{shown}] "
            f"{verb} the threshold ({alarm.threshold}) (minimum {_points(needed)} for {change} transition)."
        )

    def data(self, alarm: Alarm, now_ms: int) -> str:
        """StateReasonData."""
        told: dict[str, Any] = {"version": "1.0", "queryDate": timestamp(now_ms)}
        if self.points:
            told["startDate"] = timestamp(self.points[-1][0])
        if alarm.query.unit:
            told["unit"] = alarm.query.unit
        told["statistic"] = alarm.query.statistic
        told["period"] = alarm.query.period_s
        told["recentDatapoints"] = [value for _, value in reversed(self.points)]
        told["threshold"] = alarm.threshold
        told["evaluatedDatapoints"] = [{"timestamp": timestamp(at_ms), "value": value} for at_ms, value in self.points]
        return msgspec.json.encode(told).decode()


def parcel(alarm: Alarm, before: State) -> Parcel:
    """What an action receives: the message, from CloudWatch on behalf of the alarm."""
    region = REGION_NAMES.get(alarm.region, alarm.region)
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": alarm.account,
        "AlarmConfigurationUpdatedTimestamp": timestamp(alarm.configured_ms),
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": timestamp(alarm.updated_ms),
        "Region": region,
        "AlarmArn": alarm.arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_actions,
        "Trigger": _trigger(alarm),
    }
    sender = Sender(
        "alarm", service_principal(SERVICE, alarm.account), source_arn=alarm.arn, source_account=alarm.account
    )
    subject = f'{alarm.state}: "{alarm.name}" in {region}'[:SUBJECT_SIZE_MAX]
    return Parcel(msgspec.json.encode(message), sender, subject=subject)


def _trigger(alarm: Alarm) -> dict[str, Any]:
    query = alarm.query
    told: dict[str, Any] = {"MetricName": query.name, "Namespace": query.namespace}
    if query.statistic in STATISTICS:
        told |= {"StatisticType": "Statistic", "Statistic": STATISTIC_NAMES[query.statistic]}
    else:
        told |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": query.statistic}
    return told | {
        "Unit": query.unit or None,
        "Dimensions": [{"value": value, "name": name} for name, value in query.dimensions],
        "Period": query.period_s,
        "EvaluationPeriods": alarm.periods,
        **({"DatapointsToAlarm": alarm.to_alarm} if alarm.to_alarm else {}),
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing,
        "EvaluateLowSampleCountPercentile": alarm.low_samples,
    }


STATISTIC_NAMES = {
    "SampleCount": "SAMPLE_COUNT",
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
}


def history_data(before: Alarm, after: Alarm) -> str:
    """HistoryData of a change of state."""
    states = {"oldState": _state(before), "newState": _state(after)}
    return msgspec.json.encode({"version": "1.0", **states}).decode()


def _state(alarm: Alarm) -> dict[str, Any]:
    told: dict[str, Any] = {"stateValue": alarm.state, "stateReason": alarm.reason}
    return told | {"stateReasonData": msgspec.Raw(alarm.reason_data.encode())} if alarm.reason_data else told


def action_data(alarm: Alarm, action: str, error: str | None) -> str:
    """HistoryData of an action."""
    told = {
        "actionState": "Succeeded" if error is None else "Failed",
        "stateUpdateTimestamp": alarm.updated_ms,
        "notificationResource": action,
        "publishedMessage": None,
        "error": error,
    }
    return msgspec.json.encode(told).decode()


def _points(count: int) -> str:
    return f"{count} datapoint{_s(count)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _day(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%d/%m/%y %H:%M:%S}"
