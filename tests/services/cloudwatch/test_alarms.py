"""Alarms: what they are made of, when they change their state, and whom they tell."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from outfall.core.context import Context
from outfall.core.errors import AwsError
from outfall.core.metrics import Dimensions
from outfall.core.ports import Tx
from outfall.services.cloudwatch import SERVICE, history
from outfall.services.cloudwatch.evaluation import judge
from outfall.services.cloudwatch.model import ALARM_QUEUE, HISTORY, State
from outfall.services.cloudwatch.watch import step_alarm
from tests.support import ACCOUNT, REGION, T0, RecordingTarget, make_context

from .conftest import CloudWatch

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
ARN = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"
POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {"ArnEquals": {"aws:SourceArn": ARN}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
    },
}


@dataclass
class Looked:
    """Metrics of which a test sees when somebody looks."""

    at: list[tuple[str, Dimensions]] = field(default_factory=list)

    def record(self, ctx: Context, namespace: str, dimensions: Dimensions, samples: Any) -> None:
        raise AssertionError("nothing is recorded here")

    def refresh(self, ctx: Context, namespace: str, dimensions: Dimensions) -> None:
        self.at.append((namespace, dimensions))


@dataclass
class Watched(CloudWatch):
    """CloudWatch with a topic, whose alarms are evaluated as the clock moves."""

    topic: RecordingTarget = field(default_factory=lambda: RecordingTarget("sns:Publish", {TOPIC: json.dumps(POLICY)}))
    looked: Looked = field(default_factory=Looked)

    def alarm(self, **more: Any) -> None:
        settings = {
            "AlarmName": "a",
            "Namespace": "Mine",
            "MetricName": "m",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        }
        self("PutMetricAlarm", **{**settings, **more})

    def minute(self, *values: float) -> str:
        """Samples, and the state a minute later."""
        if values:
            self.put(*values)
        self.later(seconds=60)
        return self.work_off()

    def work_off(self) -> str:
        def transaction(tx: Tx) -> None:
            ctx = make_context(tx, now=self.now, ids=self.ids, targets={"sns": self.topic}, metrics=self.looked)
            for item in tx.claim(ALARM_QUEUE, now_ms=self.now, lease_ms=1000, limit=10):
                step_alarm(ctx, item)

        self.store.transact(transaction)
        return self.state()

    def state(self) -> str:
        alarms = self("DescribeAlarms")["MetricAlarms"]
        return str(alarms[0]["StateValue"]) if alarms else ""

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(parcel.body) for _, parcel in self.topic.arrived]


@pytest.fixture
def watched() -> Watched:
    return Watched(SERVICE)


X, O, N = True, False, None  # noqa: E741


@pytest.mark.parametrize(
    "newest_first, periods, to_alarm, told",
    [
        # missing, ignore, breaching, notBreaching; the state before is OK
        ([X, N, X, N, O], 3, 3, ("OK", "OK", "OK", "OK")),
        ([O, N, N, N, N], 3, 3, ("OK", "OK", "OK", "OK")),
        ([N, N, N, N, N], 3, 3, ("INSUFFICIENT_DATA", "OK", "ALARM", "OK")),
        ([X, N, X, X, O], 3, 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ([N, N, X, N, N], 3, 3, ("ALARM", "OK", "ALARM", "OK")),
        ([X, N, X, N, O], 3, 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ([X, O, X, O, O], 3, 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ([N, N, X, N, O], 3, 2, ("OK", "OK", "ALARM", "OK")),
        ([O, N, N, N, N], 3, 2, ("OK", "OK", "ALARM", "OK")),
        ([X], 1, 1, ("ALARM", "ALARM", "ALARM", "ALARM")),
    ],
)
def test_missing_data_is_treated_as_the_guide_has_it(
    newest_first: list[bool | None], periods: int, to_alarm: int, told: tuple[State, ...]
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"""
    kinds = ("missing", "ignore", "breaching", "notBreaching")
    assert tuple(judge(newest_first, periods, to_alarm, kind, "OK") for kind in kinds) == told


def test_an_alarm_begins_without_data_alarms_and_is_over(watched: Watched) -> None:
    watched.alarm(AlarmActions=[TOPIC], OKActions=[TOPIC], TreatMissingData="notBreaching")
    assert watched.state() == "INSUFFICIENT_DATA"
    assert [watched.minute(5), watched.minute(0), watched.minute(0)] == ["ALARM", "OK", "OK"]
    assert [one["NewStateValue"] for one in watched.messages()] == ["ALARM", "OK"]


def test_a_percentile_of_few_samples_can_be_ignored(watched: Watched) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html"""
    watched.alarm(Statistic=None, ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore")
    assert watched.minute(*[5] * 99) == "INSUFFICIENT_DATA"
    assert watched.minute(*[5] * 100) == "ALARM"
    assert watched.minute(0) == "ALARM"
    watched.alarm(Statistic=None, ExtendedStatistic="p90")
    assert watched.minute(0) == "OK"


def test_a_minute_counts_when_it_is_over(watched: Watched) -> None:
    watched.alarm()
    watched.put(5)
    watched.later(seconds=59)
    assert watched.work_off() == "INSUFFICIENT_DATA"
    watched.later(seconds=1)
    assert watched.work_off() == "ALARM"


def test_two_of_three_datapoints(watched: Watched) -> None:
    watched.alarm(EvaluationPeriods=3, DatapointsToAlarm=2)
    states = [watched.minute(value) for value in (5, 0, 0, 5, 0, 5)]
    assert states == ["INSUFFICIENT_DATA", "OK", "OK", "OK", "OK", "ALARM"]


def test_a_topic_gets_the_notification_of_aws(watched: Watched) -> None:
    dimensions = [{"Name": "QueueName", "Value": "q"}]
    watched.alarm(AlarmActions=[TOPIC], AlarmDescription="told", Dimensions=dimensions, TreatMissingData="missing")
    watched.put(2, Dimensions=dimensions)
    watched.minute()
    (message,) = watched.messages()
    reason = (
        "Threshold Crossed: 1 out of the last 1 datapoint [2.0 (15/01/27 08:00:00)] was greater than or equal to the "
        "threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert list(message.items()) == [
        ("AlarmName", "a"),
        ("AlarmDescription", "told"),
        ("AWSAccountId", ACCOUNT),
        ("AlarmConfigurationUpdatedTimestamp", "2027-01-15T08:00:00.000+0000"),
        ("NewStateValue", "ALARM"),
        ("NewStateReason", reason),
        ("StateChangeTime", "2027-01-15T08:01:00.000+0000"),
        ("Region", "US East (N. Virginia)"),
        ("AlarmArn", ARN),
        ("OldStateValue", "INSUFFICIENT_DATA"),
        ("OKActions", []),
        ("AlarmActions", [TOPIC]),
        ("InsufficientDataActions", []),
        ("Trigger", message["Trigger"]),
    ]
    assert message["Trigger"] == {
        "MetricName": "m",
        "Namespace": "Mine",
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [{"value": "q", "name": "QueueName"}],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1.0,
        "TreatMissingData": "missing",
        "EvaluateLowSampleCountPercentile": "",
    }
    ((_, parcel),) = watched.topic.arrived
    assert parcel.subject == 'ALARM: "a" in US East (N. Virginia)'
    assert watched.looked.at == [("Mine", (("QueueName", "q"),))]


def test_a_topic_that_does_not_let_it_is_not_told_and_history_says_so(watched: Watched) -> None:
    watched.topic.policies[TOPIC] = None
    watched.alarm(AlarmActions=[TOPIC])
    assert watched.minute(5) == "ALARM"
    assert watched.messages() == []
    told = watched("DescribeAlarmHistory", HistoryItemType="Action")["AlarmHistoryItems"]
    assert [json.loads(one["HistoryData"])["actionState"] for one in told] == ["Failed"]
    assert f"not authorized to perform: sns:Publish on resource: {TOPIC}" in told[0]["HistorySummary"]


def test_actions_can_be_silenced(watched: Watched) -> None:
    watched.alarm(AlarmActions=[TOPIC], OKActions=[TOPIC])
    watched("DisableAlarmActions", AlarmNames=["a"])
    assert watched.minute(5) == "ALARM"
    watched("EnableAlarmActions", AlarmNames=["a"])
    assert watched.minute(0) == "OK"
    assert [one["NewStateValue"] for one in watched.messages()] == ["OK"]


def test_a_state_set_by_hand_lasts_until_the_next_evaluation(watched: Watched) -> None:
    watched.alarm(AlarmActions=[TOPIC])
    watched.work_off()
    watched("SetAlarmState", AlarmName="a", StateValue="ALARM", StateReason="try", StateReasonData='{"by": "hand"}')
    (shown,) = watched("DescribeAlarms")["MetricAlarms"]
    assert (shown["StateValue"], shown["StateReason"], shown["StateReasonData"]) == ("ALARM", "try", '{"by":"hand"}')
    assert watched.minute(0) == "OK"


def test_states_that_cannot_be_set(watched: Watched) -> None:
    given = {"AlarmName": "a", "StateValue": "OK", "StateReason": "r"}
    assert watched.refused("SetAlarmState", **given)[:2] == (404, "ResourceNotFound")
    watched.alarm()
    assert watched.refused("SetAlarmState", **given, StateReasonData="{")[2] == "InvalidFormat"


def test_an_alarm_that_is_deleted_is_watched_no_more(watched: Watched) -> None:
    watched.alarm()
    watched("DeleteAlarms", AlarmNames=["a", "no such alarm"])
    watched.minute(5)
    assert watched.within(lambda ctx: ctx.tx.next_due(ALARM_QUEUE)) is None
    assert watched.state() == ""


def test_an_alarm_made_again_is_watched_once(watched: Watched) -> None:
    watched.alarm()
    watched("DeleteAlarms", AlarmNames=["a"])
    watched.alarm()
    watched.alarm(Threshold=3.0)
    watched.minute(2)
    assert watched.within(lambda ctx: len(ctx.tx.peek(ALARM_QUEUE))) == 1
    assert watched.state() == "OK"


@pytest.mark.parametrize(
    "settings, status, code",
    [
        ({"Threshold": None}, 400, "MissingParameter"),
        ({"Statistic": None}, 400, "ValidationError"),
        ({"ExtendedStatistic": "p99"}, 400, "ValidationError"),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, 400, "ValidationError"),
        ({"Period": 90}, 400, "ValidationError"),
        ({"EvaluationPeriods": 1500}, 400, "ValidationError"),
        ({"DatapointsToAlarm": 2}, 400, "ValidationError"),
        ({"TreatMissingData": "guess"}, 400, "ValidationError"),
        ({"EvaluateLowSampleCountPercentile": "guess"}, 400, "ValidationError"),
        ({"AlarmActions": ["nobody"]}, 400, "ValidationError"),
        ({"AlarmActions": ["arn:aws:lambda:us-east-1:1:function:f"]}, 501, "NotImplemented"),
        ({"Metrics": [{"Id": "m"}]}, 501, "NotImplemented"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, 501, "NotImplemented"),
    ],
)
def test_alarms_that_are_refused(watched: Watched, settings: dict[str, Any], status: int, code: str) -> None:
    watched.alarm(AlarmName="before")
    with pytest.raises(AwsError) as caught:
        watched.alarm(**settings)
    assert (caught.value.status, caught.value.query_code) == (status, code)
    assert len(watched("DescribeAlarms")["MetricAlarms"]) == 1


def test_alarms_are_found_by_name_prefix_state_action_and_metric(watched: Watched) -> None:
    watched.alarm(AlarmName="aa", AlarmActions=[TOPIC])
    watched.alarm(AlarmName="ab", MetricName="n")
    watched.alarm(AlarmName="b", Statistic="Maximum")
    watched("SetAlarmState", AlarmName="b", StateValue="OK", StateReason="r")

    def names(operation: str = "DescribeAlarms", **asked: Any) -> list[str]:
        return [one["AlarmName"] for one in watched(operation, **asked)["MetricAlarms"]]

    assert names() == ["aa", "ab", "b"]
    assert names(AlarmNames=["b", "c"]) == ["b"]
    assert names(AlarmNamePrefix="a") == ["aa", "ab"]
    assert names(StateValue="OK") == ["b"]
    assert names(ActionPrefix="arn:aws:sns") == ["aa"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    for asked in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        assert watched.refused("DescribeAlarms", **{asked: "aa"})[0] == 501
    assert names("DescribeAlarmsForMetric", Namespace="Mine", MetricName="m") == ["aa", "b"]
    assert names("DescribeAlarmsForMetric", Namespace="Mine", MetricName="m", Statistic="Sum") == ["aa"]
    first = watched("DescribeAlarms", MaxRecords=2)
    assert names(MaxRecords=2, NextToken=first["NextToken"]) == ["b"]


def test_history_has_pages_an_order_and_an_end(watched: Watched) -> None:
    watched.alarm()
    for value in (5, 0, 5):
        watched.minute(value)

    def told(**asked: Any) -> list[str]:
        found, token = [], {}
        while True:
            answer = watched("DescribeAlarmHistory", MaxRecords=2, **asked, **token)
            found += [one["HistorySummary"] for one in answer["AlarmHistoryItems"]]
            if "NextToken" not in answer:
                return found
            token = {"NextToken": answer["NextToken"]}

    changes = ["INSUFFICIENT_DATA to ALARM", "ALARM to OK", "OK to ALARM"]
    oldest_first = ['Alarm "a" created', *(f"Alarm updated from {change}" for change in changes)]
    assert told(ScanBy="TimestampAscending") == oldest_first
    assert told() == oldest_first[::-1]
    assert told(AlarmName="other") == []
    assert told(AlarmTypes=["CompositeAlarm"]) == []
    assert told(AlarmTypes=["CompositeAlarm", "MetricAlarm"]) == told()
    assert watched.refused("DescribeAlarmHistory", AlarmContributorId="c")[0] == 501
    watched.later(seconds=31 * 86_400)
    assert told() == []
    assert watched.within(lambda ctx: history.sweep(ctx, ())) is None
    assert watched.within(lambda ctx: list(ctx.tx.scan(HISTORY))) == []


def test_tags(watched: Watched) -> None:
    watched.alarm(Tags=[{"Key": "a", "Value": "1"}])
    watched("TagResource", ResourceARN=ARN, Tags=[{"Key": "b", "Value": "2"}])
    watched("UntagResource", ResourceARN=ARN, TagKeys=["a"])
    assert watched("ListTagsForResource", ResourceARN=ARN)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert watched.refused("ListTagsForResource", ResourceARN=ARN + "x")[:2] == (404, "ResourceNotFoundException")
    more = [{"Key": str(one), "Value": ""} for one in range(50)]
    assert watched.refused("TagResource", ResourceARN=ARN, Tags=more)[:2] == (400, "InvalidParameterValueException")
    watched("TagResource", ResourceARN=ARN, Tags=more[:49])


def test_short_periods_are_evaluated_every_ten_seconds(watched: Watched) -> None:
    watched.alarm(Period=10)
    watched.put(5, StorageResolution=1)
    watched.later(seconds=10)
    assert watched.work_off() == "ALARM"
    assert watched.within(lambda ctx: ctx.tx.next_due(ALARM_QUEUE)) == T0 + 20_000
