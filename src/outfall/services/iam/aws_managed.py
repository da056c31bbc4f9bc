"""Managed policies that AWS provides, as data: those for the services of this house. Documents are AWS's own.

Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from __future__ import annotations

import json
from typing import Any

from outfall.services.iam.model import ManagedPolicy, Version

Statement = dict[str, Any]

_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
_LAMBDA_LOGS = "arn:aws:logs:*:*:log-group:/aws/lambda/*"
_INTERFACES = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
]
_LAMBDA_READS = [
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:ListRoles",
]
_STATES_AND_TRACES = [
    "states:DescribeStateMachine",
    "states:ListStateMachines",
    "tag:GetResources",
    "xray:GetTraceSummaries",
    "xray:BatchGetTraces",
]


def _allow(actions: list[str] | str, resource: list[str] | str = "*") -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def _when_equal(statement: Statement, name: str, value: str) -> Statement:
    return statement | {"Condition": {"StringEquals": {name: value}}}


_FULL_LAMBDA = [
    _allow(
        [
            "cloudformation:DescribeStacks",
            "cloudformation:ListStackResources",
            "cloudwatch:ListMetrics",
            "cloudwatch:GetMetricData",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "kms:DescribeKey",
            "kms:ListAliases",
            *_LAMBDA_READS,
            "lambda:*",
            "logs:DescribeLogGroups",
            *_STATES_AND_TRACES,
        ]
    ),
    _when_equal(_allow("iam:PassRole"), "iam:PassedToService", "lambda.amazonaws.com"),
    _allow(
        [
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
            "logs:FilterLogEvents",
            "logs:StartLiveTail",
            "logs:StopLiveTail",
        ],
        _LAMBDA_LOGS,
    ),
    _when_equal(
        _allow(
            "iam:CreateServiceLinkedRole",
            "arn:aws:iam::*:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda",
        ),
        "iam:AWSServiceName",
        "lambda.amazonaws.com",
    ),
]

_READ_LAMBDA = [
    _allow(
        [
            "cloudformation:DescribeStacks",
            "cloudformation:ListStacks",
            "cloudformation:ListStackResources",
            "cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "kms:ListAliases",
            *_LAMBDA_READS,
            "logs:DescribeLogGroups",
            "lambda:Get*",
            "lambda:List*",
            *_STATES_AND_TRACES,
        ]
    ),
    _allow(
        [
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
            "logs:FilterLogEvents",
            "logs:StartQuery",
            "logs:StopQuery",
            "logs:DescribeQueries",
            "logs:GetLogGroupFields",
            "logs:GetLogRecord",
            "logs:GetQueryResults",
        ],
        _LAMBDA_LOGS,
    ),
]

_POWER = [
    {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
    _allow(
        [
            "account:GetAccountInformation",
            "account:GetGovCloudAccountInformation",
            "account:GetPrimaryEmail",
            "account:ListRegions",
            "iam:CreateServiceLinkedRole",
            "iam:DeleteServiceLinkedRole",
            "iam:ListRoles",
            "organizations:DescribeEffectivePolicy",
            "organizations:DescribeOrganization",
        ]
    ),
]

_IAM = [
    "iam:*",
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:DescribeOrganizationalUnit",
    "organizations:DescribePolicy",
    "organizations:ListChildren",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    "organizations:ListRoots",
    "organizations:ListPolicies",
    "organizations:ListTargetsForPolicy",
]
_QUEUE_READS = [
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    "sqs:ListDeadLetterSourceQueues",
    "sqs:ListQueues",
    "sqs:ListMessageMoveTasks",
]
_OBJECT_READS = ["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"]
_LOGS_FULL = ["logs:*", "cloudwatch:GenerateQuery", "cloudwatch:GenerateQueryResultsSummary"]
_TRACES = [
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
]
_EXECUTE = [_allow(["logs:*"], "arn:aws:logs:*:*:*"), _allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::*")]

_2015 = 1423248000000
_ROWS: tuple[tuple[str, str, str, int, list[Statement]], ...] = (
    ("/", "AdministratorAccess", "v1", _2015, [_allow("*")]),
    ("/", "PowerUserAccess", "v12", _2015, _POWER),
    ("/", "IAMFullAccess", "v2", _2015, [_allow(_IAM)]),
    ("/", "AmazonSQSFullAccess", "v1", _2015, [_allow(["sqs:*"])]),
    ("/", "AmazonSQSReadOnlyAccess", "v3", _2015, [_allow(_QUEUE_READS)]),
    ("/", "AmazonSNSFullAccess", "v1", _2015, [_allow(["sns:*"])]),
    ("/", "AmazonS3FullAccess", "v2", _2015, [_allow(["s3:*", "s3-object-lambda:*"])]),
    ("/", "AmazonS3ReadOnlyAccess", "v3", _2015, [_allow(_OBJECT_READS)]),
    ("/", "CloudWatchLogsFullAccess", "v3", _2015, [_allow(_LOGS_FULL) | {"Sid": "CloudWatchLogsFullAccess"}]),
    ("/", "AWSLambda_FullAccess", "v5", 1605635340000, _FULL_LAMBDA),
    ("/", "AWSLambda_ReadOnlyAccess", "v2", 1605634200000, _READ_LAMBDA),
    ("/", "AWSLambdaExecute", "v1", _2015, _EXECUTE),
    (
        "/",
        "AWSXRayDaemonWriteAccess",
        "v2",
        1535500860000,
        [_allow(_TRACES, ["*"]) | {"Sid": "AWSXRayDaemonWriteAccess"}],
    ),
    ("/service-role/", "AWSLambdaRole", "v1", _2015, [_allow(["lambda:InvokeFunction"], ["*"])]),
    ("/service-role/", "AWSLambdaBasicExecutionRole", "v1", 1428591823000, [_allow(_LOGS)]),
    (
        "/service-role/",
        "AWSLambdaSQSQueueExecutionRole",
        "v1",
        1529013045000,
        [_allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", *_LOGS])],
    ),
    (
        "/service-role/",
        "AWSLambdaVPCAccessExecutionRole",
        "v3",
        1455228487000,
        [_allow([*_LOGS, *_INTERFACES]) | {"Sid": "AWSLambdaVPCAccessExecutionPermissions"}],
    ),
)


def _id(name: str) -> str:
    """A unique id that never changes, made of the name; AWS's own are not published."""
    letters = "".join(character for character in name.upper() if "A" <= character <= "Z")
    return "ANPA" + (letters * 17)[:17]


def _policy(path: str, name: str, version: str, created_ms: int, statements: list[Statement]) -> ManagedPolicy:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)
    return ManagedPolicy(
        account="aws",
        name=name,
        path=path,
        id=_id(name),
        created_ms=created_ms,
        updated_ms=created_ms,
        versions=(Version(version, document, created_ms),),
        default=version,
    )


AWS_MANAGED = {policy.arn: policy for policy in (_policy(*row) for row in _ROWS)}
"""By ARN."""
