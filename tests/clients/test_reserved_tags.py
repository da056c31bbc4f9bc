"""Tag keys that begin with `aws:` are AWS's own: every service refuses them, each with the error of its model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from outfall.testing.inside import Inside

from .road import GOOD, package

KEY = "AWS:mine"
TAGS = [{"Key": KEY, "Value": "x"}]
BY_KEY = {KEY: "x"}
PLACE = "us-east-1:000000000000"
TRUSTED = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [TRUSTED]})
FUNCTION = {"Runtime": "python3.12", "Role": "arn:aws:iam::000000000000:role/tags", "Handler": "app.handler"}

ALARM = {
    "AlarmName": "tags",
    "MetricName": "m",
    "Namespace": "n",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}

Row = tuple[str, str, dict[str, Any], str]
MAKING: tuple[Row, ...] = (
    ("sqs", "create_queue", {"QueueName": "t", "tags": BY_KEY}, "InvalidParameterValue"),
    ("sns", "create_topic", {"Name": "t", "Tags": TAGS}, "InvalidParameter"),
    ("iam", "create_user", {"UserName": "t", "Tags": TAGS}, "InvalidInput"),
    ("events", "create_event_bus", {"Name": "t", "Tags": TAGS}, "ValidationException"),
    ("logs", "create_log_group", {"logGroupName": "t", "tags": BY_KEY}, "InvalidParameterException"),
    (
        "lambda",
        "create_function",
        FUNCTION | {"FunctionName": "t", "Code": {"ZipFile": package(GOOD)}, "Tags": BY_KEY},
        "InvalidParameterValueException",
    ),
    ("cloudwatch", "put_metric_alarm", ALARM | {"AlarmName": "t", "Tags": TAGS}, "InvalidParameterValue"),
)
TAGGING: tuple[Row, ...] = (
    ("sns", "tag_resource", {"ResourceArn": f"arn:aws:sns:{PLACE}:tags", "Tags": TAGS}, "InvalidParameter"),
    ("iam", "tag_role", {"RoleName": "tags", "Tags": TAGS}, "InvalidInput"),
    (
        "events",
        "tag_resource",
        {"ResourceARN": f"arn:aws:events:{PLACE}:event-bus/tags", "Tags": TAGS},
        "ValidationException",
    ),
    (
        "logs",
        "tag_resource",
        {"resourceArn": f"arn:aws:logs:{PLACE}:log-group:tags", "tags": BY_KEY},
        "InvalidParameterException",
    ),
    (
        "cloudwatch",
        "tag_resource",
        {"ResourceARN": f"arn:aws:cloudwatch:{PLACE}:alarm:tags", "Tags": TAGS},
        "InvalidParameterValue",
    ),
)


@pytest.fixture(scope="module")
def furnished(inside: Inside) -> Inside:
    inside.client("iam").create_role(RoleName="tags", AssumeRolePolicyDocument=TRUST)
    inside.client("sns").create_topic(Name="tags")
    inside.client("events").create_event_bus(Name="tags")
    inside.client("logs").create_log_group(logGroupName="tags")
    inside.client("cloudwatch").put_metric_alarm(**ALARM)
    return inside


@pytest.mark.parametrize("row", MAKING + TAGGING, ids=lambda row: f"{row[0]}-{row[1]}")
def test_no_customer_sets_them(furnished: Inside, row: Row) -> None:
    service, operation, asked, code = row
    with pytest.raises(ClientError) as refused:
        getattr(furnished.client(service), operation)(**asked)
    said = refused.value.response
    assert (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) == (code, 400)
    assert "aws:" in said["Error"]["Message"]


def test_a_queue_is_not_tagged_with_them(furnished: Inside) -> None:
    sqs = furnished.client("sqs")
    url = sqs.create_queue(QueueName="tags")["QueueUrl"]
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        sqs.tag_queue(QueueUrl=url, Tags=BY_KEY)
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
