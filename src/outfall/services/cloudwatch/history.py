"""What happened to alarms: written by whoever changes one, and DescribeAlarmHistory."""

from __future__ import annotations

from typing import Any

from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.core.sweeping import over
from outfall.services.cloudwatch.checks import next_token, read_token
from outfall.services.cloudwatch.model import HISTORY, Alarm, HistoryItem, alarm_arn, time_key

RETENTION_MS = 30 * 86_400_000
PAGE_MAX = 100


def note(ctx: Context, alarm: Alarm, kind: str, summary: str, data: str) -> None:
    """Adds to an alarm's history; `kind` is ConfigurationUpdate, StateUpdate or Action."""
    key = (alarm.account, alarm.region, time_key(ctx.now), ctx.ids.uuid())
    ctx.tx.put(HISTORY, key, HistoryItem(alarm.name, ctx.now, kind, summary, data))


def _resource(call: Call, request: Request) -> str:
    return alarm_arn(call.account, call.region, request.get("AlarmName") or "*")


@operation("DescribeAlarmHistory", action="cloudwatch:DescribeAlarmHistory", resource=_resource)
def describe_alarm_history(call: Call, request: Request) -> Output:
    """What happened to one alarm or to all in the last 30 days, the newest first unless asked otherwise."""
    if request.get("AlarmContributorId"):
        raise NotServed("DescribeAlarmHistory with AlarmContributorId is not served: alarms have no contributors here.")
    if "MetricAlarm" not in (request.get("AlarmTypes") or ("MetricAlarm",)):
        return {"AlarmHistoryItems": []}
    size = min(request.get("MaxRecords") or PAGE_MAX, PAGE_MAX)
    ascending = request.get("ScanBy") == "TimestampAscending"
    after: tuple[str, str] | None = read_token(request, tuple[str, str])
    found: list[tuple[tuple[str, ...], HistoryItem]] = []
    for key, item in call.tx.scan(HISTORY, (call.account, call.region), start=after or (), reverse=not ascending):
        if key[2:] != after and _wanted(call, request, item):
            found.append((key, item))
        if len(found) > size:
            break
    output: dict[str, Any] = {"AlarmHistoryItems": [_shown(item) for _, item in found[:size]]}
    return output | {"NextToken": next_token(found[size - 1][0][2:])} if len(found) > size else output


def _wanted(call: Call, request: Request, item: HistoryItem) -> bool:
    return (
        request.get("AlarmName") in (None, item.alarm)
        and request.get("HistoryItemType") in (None, item.type)
        and item.at_ms >= max(request.get("StartDate") or 0, call.now - RETENTION_MS)
        and item.at_ms <= (request.get("EndDate") or call.now)
    )


def _shown(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm,
        "AlarmType": "MetricAlarm",
        "Timestamp": item.at_ms,
        "HistoryItemType": item.type,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }


sweep = over(HISTORY, lambda ctx, item: item.at_ms < ctx.now - RETENTION_MS)
"""Removes what is older than 30 days."""

OPERATIONS = (describe_alarm_history,)
