"""Every operation that is served asks for the actions, on the kinds of resources, that AWS's service authorisation
reference says.

`data/service_authorization.json` is that reference as of April 2026: each action, the kinds of resources that it is
asked on (`?` before one of several), and the actions that it takes `with` it.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from outfall.core.service import Operation, everything
from outfall.host.compose import SERVICES

REFERENCE = json.loads((Path(__file__).parent / "data" / "service_authorization.json").read_text())

_COPIED = "?s3:GetObject ?s3:GetObjectVersion"
_WRITTEN = "s3:PutObject ?s3:PutObjectTagging ?s3:PutObjectAcl ?s3:PutObjectRetention ?s3:PutObjectLegalHold"
_READ = "?s3:GetObject ?s3:GetObjectVersion ?s3:ListBucket"
"""The last of these decides between 403 and 404 where there is no such object."""
_MOVED = "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes"

ASKED: dict[str, dict[str, str]] = {
    "s3": {
        "CompleteMultipartUpload": "s3:PutObject",
        "CopyObject": f"{_WRITTEN} {_COPIED} ?s3:GetObjectTagging ?s3:GetObjectVersionTagging",
        "CreateBucket": "s3:CreateBucket ?s3:PutBucketAcl ?s3:PutBucketObjectLockConfiguration "
        "?s3:PutBucketVersioning ?s3:PutBucketOwnershipControls ?s3:TagResource",
        "CreateMultipartUpload": _WRITTEN,
        "DeleteBucketAnalyticsConfiguration": "s3:PutAnalyticsConfiguration",
        "DeleteBucketCors": "s3:PutBucketCORS",
        "DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
        "DeleteBucketIntelligentTieringConfiguration": "s3:PutIntelligentTieringConfiguration",
        "DeleteBucketInventoryConfiguration": "s3:PutInventoryConfiguration",
        "DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
        "DeleteBucketMetricsConfiguration": "s3:PutMetricsConfiguration",
        "DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
        "DeleteBucketReplication": "s3:PutReplicationConfiguration",
        "DeleteBucketTagging": "s3:PutBucketTagging",
        "DeleteObject": "?s3:DeleteObject ?s3:DeleteObjectVersion",
        "DeleteObjectTagging": "?s3:DeleteObjectTagging ?s3:DeleteObjectVersionTagging",
        "DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
        "GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
        "GetBucketAnalyticsConfiguration": "s3:GetAnalyticsConfiguration",
        "GetBucketCors": "s3:GetBucketCORS",
        "GetBucketEncryption": "s3:GetEncryptionConfiguration",
        "GetBucketIntelligentTieringConfiguration": "s3:GetIntelligentTieringConfiguration",
        "GetBucketInventoryConfiguration": "s3:GetInventoryConfiguration",
        "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
        "GetBucketMetricsConfiguration": "s3:GetMetricsConfiguration",
        "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
        "GetBucketReplication": "s3:GetReplicationConfiguration",
        "GetObject": _READ,
        "GetObjectAcl": "?s3:GetObjectAcl ?s3:GetObjectVersionAcl",
        "GetObjectAttributes": f"{_READ} ?s3:GetObjectAttributes ?s3:GetObjectVersionAttributes",
        "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
        "GetObjectTagging": "?s3:GetObjectTagging ?s3:GetObjectVersionTagging",
        "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
        "HeadBucket": "s3:ListBucket",
        "HeadObject": _READ,
        "ListBucketAnalyticsConfigurations": "s3:GetAnalyticsConfiguration",
        "ListBucketIntelligentTieringConfigurations": "s3:GetIntelligentTieringConfiguration",
        "ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
        "ListBucketMetricsConfigurations": "s3:GetMetricsConfiguration",
        "ListBuckets": "s3:ListAllMyBuckets",
        "ListMultipartUploads": "s3:ListBucketMultipartUploads",
        "ListObjectVersions": "s3:ListBucketVersions",
        "ListObjects": "s3:ListBucket",
        "ListObjectsV2": "s3:ListBucket",
        "ListParts": "s3:ListMultipartUploadParts",
        "PutBucketAccelerateConfiguration": "s3:PutAccelerateConfiguration",
        "PutBucketAnalyticsConfiguration": "s3:PutAnalyticsConfiguration",
        "PutBucketCors": "s3:PutBucketCORS",
        "PutBucketEncryption": "s3:PutEncryptionConfiguration",
        "PutBucketIntelligentTieringConfiguration": "s3:PutIntelligentTieringConfiguration",
        "PutBucketInventoryConfiguration": "s3:PutInventoryConfiguration",
        "PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
        "PutBucketMetricsConfiguration": "s3:PutMetricsConfiguration",
        "PutBucketNotificationConfiguration": "s3:PutBucketNotification",
        "PutBucketReplication": "s3:PutReplicationConfiguration iam:PassRole",
        "PutObject": _WRITTEN,
        "PutObjectAcl": "?s3:PutObjectAcl ?s3:PutObjectVersionAcl",
        "PutObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
        "PutObjectTagging": "?s3:PutObjectTagging ?s3:PutObjectVersionTagging",
        "PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
        "SelectObjectContent": _READ,
        "UploadPart": "s3:PutObject",
        "UploadPartCopy": f"s3:PutObject {_COPIED}",
    },
    "sqs": {
        "ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
        "CreateQueue": "sqs:CreateQueue ?sqs:TagQueue",
        "DeleteMessageBatch": "sqs:DeleteMessage",
        "SendMessageBatch": "sqs:SendMessage",
        "StartMessageMoveTask": f"sqs:StartMessageMoveTask {_MOVED} ?sqs:SendMessage",
    },
    "sns": {
        "CreateTopic": "sns:CreateTopic ?sns:TagResource",
        # Who follows the link in a letter has no signature, and nothing is asked.
        "ConfirmSubscription": "?sns:ConfirmSubscription",
        "Unsubscribe": "?sns:Unsubscribe",
        "PublishBatch": "sns:Publish",
    },
    "lambda": {
        "CreateEventSourceMapping": "lambda:CreateEventSourceMapping ?lambda:TagResource",
        "CreateFunction": "lambda:CreateFunction ?iam:PassRole ?lambda:TagResource ?s3:GetObject ?s3:GetObjectVersion",
        "GetLayerVersionByArn": "lambda:GetLayerVersion",
        "Invoke": "lambda:InvokeFunction",
        # https://docs.aws.amazon.com/lambda/latest/api/API_InvokeAsync.html names this one.
        "InvokeAsync": "lambda:InvokeFunction",
        "InvokeWithResponseStream": "lambda:InvokeFunction",
        "PublishLayerVersion": "lambda:PublishLayerVersion ?s3:GetObject ?s3:GetObjectVersion",
        "UpdateFunctionCode": "lambda:UpdateFunctionCode ?s3:GetObject ?s3:GetObjectVersion",
        "UpdateFunctionConfiguration": "lambda:UpdateFunctionConfiguration ?iam:PassRole",
    },
    "iam": {
        "AddRoleToInstanceProfile": "iam:AddRoleToInstanceProfile iam:PassRole",
        "CreateInstanceProfile": "iam:CreateInstanceProfile ?iam:TagInstanceProfile",
        "CreateOpenIDConnectProvider": "iam:CreateOpenIDConnectProvider ?iam:TagOpenIDConnectProvider",
        "CreatePolicy": "iam:CreatePolicy ?iam:TagPolicy",
        "CreateRole": "iam:CreateRole ?iam:TagRole",
        "CreateUser": "iam:CreateUser ?iam:TagUser",
    },
    "sts": {
        "GetFederationToken": "sts:GetFederationToken ?sts:TagSession",
    },
    "logs": {
        "CreateLogGroup": "logs:CreateLogGroup ?logs:TagResource",
        "FilterLogEvents": "logs:FilterLogEvents ?logs:Unmask",
        "GetLogEvents": "logs:GetLogEvents ?logs:Unmask",
    },
    "events": {
        "CreateEventBus": "events:CreateEventBus ?events:TagResource",
        "PutRule": "events:PutRule ?iam:PassRole ?events:TagResource",
    },
    "cloudwatch": {
        "PutMetricAlarm": "cloudwatch:PutMetricAlarm ?cloudwatch:TagResource",
    },
}
"""Operations that do not ask for the one action of their own name; `?` before an action that only some requests take.
Most of it is from the operations' own pages: the reference lists actions, not operations."""

IN_THE_HANDLER = {
    "s3": {"DeleteObjects"},  # each object by itself
    "events": {"PutEvents"},  # each event's bus
    "logs": {"StartLiveTail"},  # each group
    "sts": {"AssumeRole", "AssumeRoleWithWebIdentity"},  # together with the trust policy
}
"""Operations that ask in their handlers, where there is more than one resource."""
FREE = {"sts": {"GetCallerIdentity", "GetSessionToken"}, "s3": {"PostObject"}}
"""Operations that everybody may call, and a form of S3's, which carries its permission in itself."""
OPERATIONS = [(service.name, one) for service in SERVICES for one in service.operations.values()]
IDS = [f"{service}:{operation.name}" for service, operation in OPERATIONS]


def always_and_sometimes(text: str) -> tuple[set[str], set[str]]:
    words = text.split()
    return {word for word in words if word[0] != "?"}, {word[1:] for word in words if word[0] == "?"}


@pytest.mark.parametrize("service, operation", OPERATIONS, ids=IDS)
def test_an_operation_asks_for_what_the_reference_says(service: str, operation: Operation) -> None:
    if operation.name in IN_THE_HANDLER.get(service, set()) | FREE.get(service, set()):
        assert operation.permissions == ()
        return
    always, sometimes = always_and_sometimes(ASKED.get(service, {}).get(operation.name, f"{service}:{operation.name}"))
    asked = [(permission.action, permission.when is None) for permission in operation.permissions]
    assert {action for action, each in asked if each} == always
    assert {action for action, each in asked if not each} | always == sometimes | always


@pytest.mark.parametrize("service, operation", OPERATIONS, ids=IDS)
def test_an_action_exists_and_is_asked_on_what_it_is_about(service: str, operation: Operation) -> None:
    for permission in operation.permissions:
        prefix, _, name = permission.action.partition(":")
        assert name in REFERENCE[prefix], "AWS has such an action"
        if REFERENCE[prefix][name]["on"]:
            assert permission.resource is not everything, "a resource narrows it"


def test_what_takes_another_action_with_it_asks_for_that_too() -> None:
    """The dependent actions of the reference, as far as what they are for is served."""
    lacking = {
        (service, operation.name, action)
        for service, operation in OPERATIONS
        for action in REFERENCE[service].get(operation.name, {}).get("with", [])
        if action not in {permission.action for permission in operation.permissions}
    }
    assert lacking == UNSERVED


UNSERVED = {
    ("lambda", "CreateFunction", "lambda:PassCapacityProvider"),
    ("logs", "PutSubscriptionFilter", "iam:PassRole"),
    ("sns", "CreateTopic", "iam:PassRole"),
    ("sns", "SetTopicAttributes", "iam:PassRole"),
}
"""Dependent actions for options that are refused."""


def test_the_table_names_nothing_that_is_not_so() -> None:
    for table in ASKED.values():
        for operation, text in table.items():
            for actions in always_and_sometimes(text):
                for action in actions:
                    prefix, _, name = action.partition(":")
                    assert name in REFERENCE[prefix], f"{operation}: {action}"
