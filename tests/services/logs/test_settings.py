"""Settings of groups, and the newer list of them."""

from __future__ import annotations

import pytest

from outfall.core.errors import NotServed

ARN = "arn:aws:logs:us-east-1:111111111111:log-group:g"
KEY = "arn:aws:kms:us-east-1:111111111111:key/k"


@pytest.mark.parametrize("named", [{"logGroupName": "g"}, {"resourceIdentifier": ARN}])
def test_a_key_is_named_and_taken_away(logs, named):
    logs("AssociateKmsKey", kmsKeyId=KEY, **named)
    assert logs("DescribeLogGroups")["logGroups"][0]["kmsKeyId"] == KEY
    logs("DisassociateKmsKey", **named)
    assert "kmsKeyId" not in logs("DescribeLogGroups")["logGroups"][0]


def test_keys_of_query_results_are_not_served(logs):
    with pytest.raises(NotServed):
        logs("AssociateKmsKey", kmsKeyId=KEY, resourceIdentifier="arn:aws:logs:us-east-1:111111111111:query-result:*")


def test_a_protected_group_stays(logs):
    logs("PutLogGroupDeletionProtection", logGroupIdentifier=ARN, deletionProtectionEnabled=True)
    assert logs.refused("DeleteLogGroup", logGroupName="g")[1] == "ValidationException"
    logs("PutLogGroupDeletionProtection", logGroupIdentifier="g", deletionProtectionEnabled=False)
    logs("DeleteLogGroup", logGroupName="g")


def test_groups_are_listed_by_a_regular_expression(logs):
    for name in ("/aws/lambda/a", "/aws/lambda/b", "other"):
        logs("CreateLogGroup", logGroupName=name)
    first = logs("ListLogGroups", logGroupNamePattern="^/aws/lambda", limit=1)
    assert first["logGroups"] == [
        {
            "logGroupName": "/aws/lambda/a",
            "logGroupArn": "arn:aws:logs:us-east-1:111111111111:log-group:/aws/lambda/a",
            "logGroupClass": "STANDARD",
        }
    ]
    rest = logs("ListLogGroups", logGroupNamePattern="^/aws/lambda", nextToken=first["nextToken"])
    assert [one["logGroupName"] for one in rest["logGroups"]] == ["/aws/lambda/b"]


@pytest.mark.parametrize("operation", ["DescribeLogGroups", "ListLogGroups"])
@pytest.mark.parametrize("asked", [{"includeLinkedAccounts": True}, {"accountIdentifiers": ["222222222222"]}])
def test_groups_of_other_accounts_are_not_served(logs, operation, asked):
    with pytest.raises(NotServed):
        logs(operation, **asked)


@pytest.mark.parametrize("log_class", ["DELIVERY", "ESSENTIALS"])
def test_classes_that_do_less_with_events_are_not_served(logs, log_class):
    with pytest.raises(NotServed):
        logs("CreateLogGroup", logGroupName="less", logGroupClass=log_class)
