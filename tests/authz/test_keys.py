"""Condition keys that a request brings by itself: one row per key, with the page where it is defined."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from outfall.authz import Ask, authorize
from outfall.core.organization import Organization
from outfall.core.ports import Tx
from outfall.core.principal import Principal, root_of, service_principal
from outfall.store.memory import MemoryStore
from tests.authz.people import QUEUE, SESSION, USER, decide_all, policy, statement
from tests.support import ACCOUNT, make_call

GLOBAL = "reference_policies_condition-keys"
S3_KEYS = "service-authorization: list_amazons3"
SNS_KEYS = "service-authorization: list_amazonsns"
IAM_KEYS = "service-authorization: list_awsidentityandaccessmanagementiam"
STS_KEYS = "service-authorization: list_awssecuritytokenservice"
LAMBDA_KEYS = "service-authorization: list_awslambda"
EVENTS_KEYS = "service-authorization: list_amazoneventbridge"
CLOUDWATCH_KEYS = "service-authorization: list_amazoncloudwatch"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"

TAGGED = replace(USER, tags=(("Team", "red"),))
TEMPORARY = replace(SESSION, issued_ms=1_800_000_000_000, function_arn=FUNCTION, source_identity="ann")
FEDERATED = replace(SESSION, role_arn="", arn="arn:aws:sts::111111111111:federated-user/x", issuer_arn=USER.arn)
SENT = {
    "user-agent": "aws-cli/2",
    "referer": "http://example.com/",
    "authorization": "AWS4-HMAC-SHA256 Credential=...",
    "x-amz-acl": "public-read",
    "x-amz-server-side-encryption": "AES256",
    "x-amz-storage-class": "GLACIER",
    "x-amz-copy-source": "/b/k",
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
}

ROWS: list[tuple[str, str, Any, Principal, str, dict[str, Any]]] = [
    # page, key, value, who, action, parameters
    (GLOBAL, "aws:SourceIp", "127.0.0.1", USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:UserAgent", "aws-cli/2", USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:Referer", "http://example.com/", USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:SecureTransport", "true", USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:PrincipalTag/team", "red", TAGGED, "sqs:SendMessage", {}),
    (GLOBAL, "aws:PrincipalTag/Team", "red", TAGGED, "sqs:SendMessage", {}),
    (GLOBAL, "aws:PrincipalArn", SESSION.role_arn, SESSION, "sqs:SendMessage", {}),
    (GLOBAL, "aws:PrincipalType", "AssumedRole", SESSION, "sqs:SendMessage", {}),
    (GLOBAL, "aws:PrincipalType", "FederatedUser", FEDERATED, "sqs:SendMessage", {}),
    (GLOBAL, "aws:userid", SESSION.unique_id, SESSION, "sqs:SendMessage", {}),
    (GLOBAL, "aws:username", None, SESSION, "sqs:SendMessage", {}),
    (GLOBAL, "aws:TokenIssueTime", "2027-01-15T08:00:00Z", TEMPORARY, "sqs:SendMessage", {}),
    (GLOBAL, "aws:TokenIssueTime", None, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:MultiFactorAuthPresent", "false", TEMPORARY, "sqs:SendMessage", {}),
    (GLOBAL, "aws:MultiFactorAuthPresent", None, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:MultiFactorAuthAge", None, TEMPORARY, "sqs:SendMessage", {}),
    (GLOBAL, "aws:SourceIdentity", "ann", TEMPORARY, "sqs:SendMessage", {}),
    (GLOBAL, "aws:SourceIdentity", None, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:ViaAWSService", "false", USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:CalledVia", None, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:CalledViaFirst", None, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:SourceArn", None, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:SourceAccount", None, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:SourceVpc", None, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:ResourceAccount", ACCOUNT, USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:PrincipalOrgID", "o-exampleorgid", USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:ResourceOrgID", "o-exampleorgid", USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:RequestTag/team", "red", USER, "sns:TagResource", {"Tags": [{"Key": "team", "Value": "red"}]}),
    (GLOBAL, "aws:RequestTag/team", "red", USER, "lambda:TagResource", {"Tags": {"team": "red"}}),
    (GLOBAL, "aws:RequestTag/team", "red", USER, "sqs:CreateQueue", {"tags": {"team": "red"}}),
    (GLOBAL, "aws:RequestTag/team", None, USER, "sqs:CreateQueue", {"tags": {"other": "red"}}),
    (GLOBAL, "aws:TagKeys", ["a", "b"], USER, "sns:TagResource", {"Tags": [{"Key": "a", "Value": ""}, {"Key": "b"}]}),
    (GLOBAL, "aws:TagKeys", ["a"], USER, "sns:UntagResource", {"TagKeys": ["a"]}),
    (GLOBAL, "aws:TagKeys", None, USER, "sns:Publish", {}),
    (GLOBAL, "aws:ResourceTag/kind", "work", USER, "sqs:SendMessage", {}),
    (GLOBAL, "aws:ResourceTag/other", None, USER, "sqs:SendMessage", {}),
    (S3_KEYS, "s3:prefix", "home/", USER, "s3:ListBucket", {"Prefix": "home/"}),
    (S3_KEYS, "s3:prefix", "", USER, "s3:ListBucket", {"Prefix": ""}),
    (S3_KEYS, "s3:prefix", None, USER, "s3:ListBucket", {}),
    (S3_KEYS, "s3:delimiter", "/", USER, "s3:ListBucket", {"Delimiter": "/"}),
    (S3_KEYS, "s3:max-keys", "10", USER, "s3:ListBucket", {"MaxKeys": 10}),
    (S3_KEYS, "s3:VersionId", "v1", USER, "s3:GetObjectVersion", {"VersionId": "v1"}),
    (S3_KEYS, "s3:x-amz-acl", "public-read", USER, "s3:PutObject", {}),
    (S3_KEYS, "s3:x-amz-server-side-encryption", "AES256", USER, "s3:PutObject", {}),
    (S3_KEYS, "s3:x-amz-storage-class", "GLACIER", USER, "s3:PutObject", {}),
    (S3_KEYS, "s3:x-amz-copy-source", "/b/k", USER, "s3:PutObject", {}),
    (S3_KEYS, "s3:x-amz-content-sha256", "UNSIGNED-PAYLOAD", USER, "s3:PutObject", {}),
    (S3_KEYS, "s3:x-amz-grant-read", None, USER, "s3:PutObject", {}),
    (S3_KEYS, "s3:authType", "REST-HEADER", USER, "s3:PutObject", {}),
    (S3_KEYS, "s3:signatureversion", "AWS4-HMAC-SHA256", USER, "s3:PutObject", {}),
    (S3_KEYS, "s3:RequestObjectTag/a", "1", USER, "s3:PutObject", {"Tagging": "a=1&b=2"}),
    (S3_KEYS, "s3:RequestObjectTagKeys", ["a", "b"], USER, "s3:PutObject", {"Tagging": "a=1&b=2"}),
    (
        S3_KEYS,
        "s3:RequestObjectTag/a",
        "1",
        USER,
        "s3:PutObjectTagging",
        {"Tagging": {"TagSet": [{"Key": "a", "Value": "1"}]}},
    ),
    (
        S3_KEYS,
        "s3:LocationConstraint",
        "eu-west-1",
        USER,
        "s3:CreateBucket",
        {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
    ),
    (SNS_KEYS, "sns:Protocol", "https", USER, "sns:Subscribe", {"Protocol": "https"}),
    (SNS_KEYS, "sns:Endpoint", "http://x/", USER, "sns:Subscribe", {"Endpoint": "http://x/"}),
    (SNS_KEYS, "sns:Protocol", None, USER, "sqs:SendMessage", {"Protocol": "https"}),
    (IAM_KEYS, "iam:PolicyARN", "arn:p", USER, "iam:AttachRolePolicy", {"PolicyArn": "arn:p"}),
    (IAM_KEYS, "iam:PermissionsBoundary", "arn:p", USER, "iam:CreateRole", {"PermissionsBoundary": "arn:p"}),
    (IAM_KEYS, "iam:AWSServiceName", "x", USER, "iam:CreateServiceLinkedRole", {"AWSServiceName": "x"}),
    (STS_KEYS, "sts:RoleSessionName", "me", USER, "sts:GetSessionToken", {"RoleSessionName": "me"}),
    (STS_KEYS, "sts:ExternalId", "42", USER, "sts:GetSessionToken", {"ExternalId": "42"}),
    (
        LAMBDA_KEYS,
        "lambda:Principal",
        "s3.amazonaws.com",
        USER,
        "lambda:AddPermission",
        {"Principal": "s3.amazonaws.com"},
    ),
    (LAMBDA_KEYS, "lambda:Layer", ["l1", "l2"], USER, "lambda:CreateFunction", {"Layers": ["l1", "l2"]}),
    (LAMBDA_KEYS, "lambda:SubnetIds", ["s"], USER, "lambda:CreateFunction", {"VpcConfig": {"SubnetIds": ["s"]}}),
    (LAMBDA_KEYS, "lambda:SourceFunctionArn", FUNCTION, TEMPORARY, "sqs:SendMessage", {}),
    (LAMBDA_KEYS, "lambda:SourceFunctionArn", None, SESSION, "sqs:SendMessage", {}),
    (EVENTS_KEYS, "events:TargetArn", ["arn:q"], USER, "events:PutTargets", {"Targets": [{"Id": "1", "Arn": "arn:q"}]}),
    (CLOUDWATCH_KEYS, "cloudwatch:namespace", "App", USER, "cloudwatch:PutMetricData", {"Namespace": "App"}),
]


def condition(key: str, value: Any) -> dict[str, Any]:
    """One that holds for exactly this value of the key."""
    if value is None:
        return {"Null": {key: "true"}}
    if isinstance(value, list):
        return {
            "ForAllValues:StringEquals": {key: value},
            "ForAnyValue:StringEquals": {key: value[-1:]},
        }
    return {"StringEquals": {key: value}}


@pytest.mark.parametrize("page, key, value, who, action, parameters", ROWS)
def test_a_request_brings_the_key(
    page: str, key: str, value: Any, who: Principal, action: str, parameters: dict[str, Any]
) -> None:
    document = policy(statement(action=action, Condition=condition(key, value)))
    decision = decide_all(
        who,
        action,
        QUEUE,
        identity=(document,),
        parameters=parameters,
        headers=SENT,
        organization=Organization("o-exampleorgid", "", ()),
        resource_tags={"sqs": lambda ctx, arn: {"kind": "work"}},
    )
    assert decision.allowed, page


@pytest.mark.parametrize("key", ["aws:SourceIp", "aws:UserAgent", "aws:Referer", "aws:userid", "aws:username"])
def test_a_service_that_acts_does_not_bring_what_its_caller_brought(key: str) -> None:
    s3 = service_principal("s3.amazonaws.com", ACCOUNT)
    document = policy(statement(Principal={"Service": "s3.amazonaws.com"}, Condition={"Null": {key: "true"}}))

    def work(tx: Tx) -> bool:
        call = make_call(tx, principal=USER, headers=SENT)
        return authorize(call, Ask(s3, "sqs:SendMessage", QUEUE, {}, document)).allowed

    assert MemoryStore().transact(work)


@pytest.mark.parametrize(
    "key, value",
    [
        ("aws:PrincipalIsAWSService", "true"),
        ("aws:PrincipalServiceName", "s3.amazonaws.com"),
        ("aws:PrincipalServiceNamesList", ["s3.amazonaws.com"]),
        ("aws:PrincipalAccount", None),
        ("aws:PrincipalArn", None),
        ("aws:PrincipalOrgID", None),
        ("aws:PrincipalType", None),
    ],
)
def test_a_service_has_keys_of_its_own(key: str, value: Any) -> None:
    document = policy(statement(Principal={"Service": "s3.amazonaws.com"}, Condition=condition(key, value)))
    s3 = service_principal("s3.amazonaws.com", ACCOUNT)
    decision = decide_all(
        s3, "sqs:SendMessage", QUEUE, resource_policy=document, organization=Organization("o-exampleorgid", "", ())
    )
    assert decision.allowed, GLOBAL


def test_a_decision_tells_which_keys_were_asked_for() -> None:
    document = policy(
        statement(action="s3:*", Condition={"StringEquals": {"s3:prefix": "a/", "my:own": "x"}}),
        statement(action="s3:*", Condition={"StringEquals": {"my:own": "x"}}),
    )
    decision = decide_all(USER, "s3:ListBucket", "arn:aws:s3:::b", identity=(document,), parameters={"Prefix": "a/"})
    assert decision.seen == {"s3:prefix": "a/", "my:own": None}
    plain = decide_all(USER, "sqs:SendMessage", QUEUE, identity=(policy(statement()),))
    assert plain.seen == {}


def test_root_has_the_keys_of_an_account() -> None:
    for key, value in (("aws:PrincipalType", "Account"), ("aws:userid", ACCOUNT), ("aws:username", None)):
        document = policy(statement("Deny", Principal="*", Condition=condition(key, value)))
        assert not decide_all(root_of(ACCOUNT), "sqs:SendMessage", QUEUE, resource_policy=document).allowed, GLOBAL
