"""The account as a whole: alias, counts, everything at once, service-linked roles, last uses, identity providers."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest

from outfall.core.errors import AwsError
from outfall.core.principal import Principal, role_session, root_of
from outfall.services.iam.last_used import note_use
from tests.services.iam.desk import BASIC, SEND, Desk
from tests.support import ACCOUNT, OTHER_ACCOUNT, T0

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example/realm"


def refused(desk: Desk, operation: str, principal: Principal | None = None, **request: Any) -> tuple[str, int, str]:
    with pytest.raises(AwsError) as error:
        desk.iam(operation, principal, **request)
    return error.value.code, error.value.status, error.value.message


def test_an_account_has_one_alias_and_no_two_accounts_the_same(desk: Desk) -> None:
    desk.iam("CreateAccountAlias", AccountAlias="acme")
    desk.iam("CreateAccountAlias", AccountAlias="acme-two")
    assert desk.iam("ListAccountAliases") == {"AccountAliases": ["acme-two"], "IsTruncated": False}
    assert refused(desk, "CreateAccountAlias", root_of(OTHER_ACCOUNT), AccountAlias="acme-two") == (
        "EntityAlreadyExists",
        409,
        "The account alias acme-two already exists.",
    )
    desk.iam("CreateAccountAlias", root_of(OTHER_ACCOUNT), AccountAlias="acme")
    assert refused(desk, "DeleteAccountAlias", AccountAlias="acme")[:2] == ("NoSuchEntity", 404)
    desk.iam("DeleteAccountAlias", AccountAlias="acme-two")
    assert desk.iam("ListAccountAliases")["AccountAliases"] == []


@pytest.mark.parametrize("alias", ["a", "Acme", "a--b", "acme-", "-acme", "a" * 64])
def test_an_alias_is_a_word_for_urls(desk: Desk, alias: str) -> None:
    assert refused(desk, "CreateAccountAlias", AccountAlias=alias)[0] == "ValidationError"


def test_a_service_makes_and_removes_its_own_role(desk: Desk) -> None:
    role = desk.iam("CreateServiceLinkedRole", AWSServiceName="lambda.amazonaws.com")["Role"]
    assert role["Arn"] == (f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda")
    assert json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"][0]["Principal"] == {
        "Service": ["lambda.amazonaws.com"]
    }
    assert refused(desk, "CreateServiceLinkedRole", AWSServiceName="lambda.amazonaws.com") == (
        "InvalidInput",
        400,
        "Service role name AWSServiceRoleForLambda has been taken in this account, please try a different suffix.",
    )
    task = desk.iam("DeleteServiceLinkedRole", RoleName="AWSServiceRoleForLambda")["DeletionTaskId"]
    assert task.startswith("task/aws-service-role/lambda.amazonaws.com/AWSServiceRoleForLambda/")
    assert desk.iam("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task) == {"Status": "SUCCEEDED"}
    assert refused(desk, "GetRole", RoleName="AWSServiceRoleForLambda")[0] == "NoSuchEntity"
    assert refused(desk, "GetServiceLinkedRoleDeletionStatus", DeletionTaskId="task/x")[0] == "NoSuchEntity"


@pytest.mark.parametrize(
    "operation, request_",
    [
        ("DeleteRole", {}),
        ("UpdateAssumeRolePolicy", {"PolicyDocument": "{}"}),
        ("AttachRolePolicy", {"PolicyArn": BASIC}),
        ("DetachRolePolicy", {"PolicyArn": BASIC}),
        ("PutRolePolicy", {"PolicyName": "p", "PolicyDocument": json.dumps(SEND)}),
        ("DeleteRolePolicy", {"PolicyName": "p"}),
        ("PutRolePermissionsBoundary", {"PermissionsBoundary": BASIC}),
    ],
)
def test_nobody_else_changes_the_role_of_a_service(desk: Desk, operation: str, request_: dict[str, str]) -> None:
    desk.iam("CreateServiceLinkedRole", AWSServiceName="events.amazonaws.com")
    assert refused(desk, operation, RoleName="AWSServiceRoleForCloudWatchEvents", **request_) == (
        "UnmodifiableEntity",
        400,
        "Cannot perform the operation on the protected role 'AWSServiceRoleForCloudWatchEvents' - "
        "this role is only modifiable by AWS",
    )


SUFFIX_REFUSED = {
    "rec-312": "ops.apigateway",
    "rec-313": "eks-fargate",
    "rec-314": "emrwal",
    "rec-315": "ops.emr-serverless",
    "rec-316": "eks",
    "rec-317": "iotmanagedintegrations",
    "rec-318": "kafkaconnect",
    "rec-319": "wafv2",
    "rec-320": "rolesanywhere",
    "rec-321": "m2",
    "rec-322": "dms-fleet-advisor",
    "rec-323": "opsdatasync.ssm",
    "rec-324": "resource-explorer-2",
    "rec-325": "opsinsights.ssm",
    "rec-326": "codestar-notifications",
    "rec-327": "appmesh",
    "rec-328": "waf",
    "rec-329": "notifications",
    "rec-330": "docdb-elastic",
    "rec-331": "elasticbeanstalk",
    "rec-332": "replication.ecr",
    "rec-333": "ecs",
    "rec-334": "batch",
    "rec-335": "shield",
    "rec-336": "redshift",
    "rec-337": "rds",
    "rec-338": "mrk.kms",
    "rec-339": "eks-connector",
    "rec-340": "kafka",
    "rec-341": "observability.aoss",
    "rec-342": "lakeformation",
    "rec-343": "memorydb",
    "rec-344": "elasticache",
    "rec-345": "emr-containers",
    "rec-346": "pullthroughcache.ecr",
    "rec-347": "imagebuilder",
    "rec-348": "cassandra.application-autoscaling",
    "rec-349": "s3-outposts",
    "rec-350": "eks-nodegroup",
    "rec-351": "accountdiscovery.ssm",
    "rec-352": "ssm-incidents",
    "rec-353": "dms",
    "rec-354": "ecr",
    "rec-355": "sso",
    "rec-356": "lex",
    "rec-357": "repository.sync.codeconnections",
    "rec-358": "ram",
    "rec-359": "cks.kms",
    "rec-360": "cloudtrail",
    "rec-361": "ses",
    "rec-362": "opensearchservice",
    "rec-363": "ssm-quicksetup",
    "rec-364": "vpcorigin.cloudfront",
    "rec-365": "ec2-instance-connect",
    "rec-366": "acm",
    "rec-367": "elasticloadbalancing",
    "rec-368": "fis",
    "rec-369": "elasticfilesystem",
    "rec-370": "replication.cassandra",
    "rec-371": "config",
    "rec-372": "autoscaling-plans",
    "rec-373": "mq",
    "rec-374": "email.cognito-idp",
    "rec-375": "ec2.application-autoscaling",
    "rec-376": "backup",
    "rec-377": "grafana",
    "rec-378": "lightsail",
    "rec-379": "ssm",
}
"""Services whose role has one name and no other, as recorded."""


@pytest.mark.parametrize("service", SUFFIX_REFUSED.values(), ids=SUFFIX_REFUSED)
def test_the_role_of_a_service_has_one_name(desk: Desk, service: str) -> None:
    name = f"{service}.amazonaws.com"
    assert refused(desk, "CreateServiceLinkedRole", AWSServiceName=name, CustomSuffix="mine") == (
        "InvalidInput",
        400,
        f"Custom suffix is not allowed for {name}",
    )
    assert desk.iam("CreateServiceLinkedRole", AWSServiceName=name)["Role"]["Path"] == f"/aws-service-role/{name}/"


@pytest.mark.parametrize(
    "service, name", [("autoscaling", "AutoScaling"), ("connect", "AmazonConnect"), ("lexv2", "LexV2Bots")]
)
def test_some_services_let_their_role_have_a_suffix(desk: Desk, service: str, name: str) -> None:
    made = desk.iam("CreateServiceLinkedRole", AWSServiceName=f"{service}.amazonaws.com", CustomSuffix="mine")
    assert made["Role"]["RoleName"] == f"AWSServiceRoleFor{name}_mine"


# rec-380
def test_a_service_s_role_exists_already(desk: Desk) -> None:
    desk.iam("CreateServiceLinkedRole", AWSServiceName="batch.amazonaws.com")
    assert refused(desk, "CreateServiceLinkedRole", AWSServiceName="batch.amazonaws.com") == (
        "InvalidInput",
        400,
        "Service role name AWSServiceRoleForBatch has been taken in this account, please try a different suffix.",
    )


def test_a_service_without_a_role_of_its_own(desk: Desk) -> None:
    assert refused(desk, "CreateServiceLinkedRole", AWSServiceName="s3.amazonaws.com")[0] == "InvalidInput"


def test_the_last_use_of_a_key_and_of_a_role(desk: Desk) -> None:
    desk.iam("CreateUser", UserName="u")
    key = desk.iam("CreateAccessKey", UserName="u")["AccessKey"]["AccessKeyId"]
    assert desk.iam("GetAccessKeyLastUsed", AccessKeyId=key) == {
        "UserName": "u",
        "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"},
    }
    role = desk.role()
    assert desk.iam("GetRole", RoleName="r")["Role"]["RoleLastUsed"] == {}
    user = Principal("user", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/u", "AIDA", user_name="u")
    session = role_session(role["Arn"], role["RoleId"], "s")
    desk.store.transact(lambda tx: note_use(tx, key, user, "sqs", "eu-west-1", T0 + 999))
    desk.store.transact(lambda tx: note_use(tx, key, user, "sqs", "eu-west-1", T0 + 30_000))
    desk.store.transact(lambda tx: note_use(tx, "ASIA", session, "s3", "us-east-1", T0 + 5000))
    assert desk.iam("GetAccessKeyLastUsed", AccessKeyId=key)["AccessKeyLastUsed"] == {
        "LastUsedDate": T0,
        "ServiceName": "sqs",
        "Region": "eu-west-1",
    }
    assert desk.iam("GetRole", RoleName="r")["Role"]["RoleLastUsed"] == {
        "LastUsedDate": T0 + 5000,
        "Region": "us-east-1",
    }
    assert refused(desk, "GetAccessKeyLastUsed", AccessKeyId="AKIAIOSFODNN7EXAMPLE")[:2] == ("AccessDenied", 403)


def test_counts_and_quotas(desk: Desk) -> None:
    desk.iam("CreateUser", UserName="u")
    desk.role()
    arn = desk.policy()
    desk.iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=json.dumps(SEND))
    told = desk.iam("GetAccountSummary")["SummaryMap"]
    assert (told["Users"], told["Roles"], told["Policies"], told["PolicyVersionsInUse"]) == (1, 1, 1, 2)
    assert (told["AccountMFAEnabled"], told["VersionsPerPolicyQuota"], told["UsersQuota"]) == (0, 5, 5000)
    assert all(isinstance(value, int) for value in told.values())


def test_everything_at_once_and_by_kind(desk: Desk) -> None:
    desk.iam("CreateGroup", GroupName="g")
    desk.iam("CreateUser", UserName="u")
    desk.iam("AddUserToGroup", GroupName="g", UserName="u")
    desk.role(Description="not told here")
    desk.iam("AttachRolePolicy", RoleName="r", PolicyArn=BASIC)
    desk.iam("PutRolePolicy", RoleName="r", PolicyName="in", PolicyDocument=json.dumps(SEND))
    desk.policy()
    told = desk.iam("GetAccountAuthorizationDetails")
    assert [user["GroupList"] for user in told["UserDetailList"]] == [["g"]]
    assert [group["GroupName"] for group in told["GroupDetailList"]] == ["g"]
    role = told["RoleDetailList"][0]
    assert json.loads(unquote(role["RolePolicyList"][0]["PolicyDocument"])) == SEND
    assert role["AttachedManagedPolicies"] == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}]
    assert "Description" not in role
    assert [policy["PolicyName"] for policy in told["Policies"]] == ["p", "AWSLambdaBasicExecutionRole"]
    assert told["Policies"][0]["PolicyVersionList"][0]["IsDefaultVersion"] is True
    only = desk.iam("GetAccountAuthorizationDetails", Filter=["User"])
    assert (len(only["UserDetailList"]), only["RoleDetailList"], only["Policies"]) == (1, [], [])
    assert refused(desk, "GetAccountAuthorizationDetails", Filter=["Users"])[0] == "ValidationError"


def test_everything_at_once_comes_in_pages(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        desk.iam("CreateUser", UserName=name)
    desk.role()
    seen, marker = [], {}
    while True:
        told = desk.iam("GetAccountAuthorizationDetails", MaxItems=1, **marker)
        seen += [one["Arn"].rpartition(":")[2] for one in told["UserDetailList"] + told["RoleDetailList"]]
        if not told["IsTruncated"]:
            break
        marker = {"Marker": told["Marker"]}
    assert seen == ["user/a", "user/b", "user/c", "role/r"]


def test_a_renamed_group_keeps_its_users(desk: Desk) -> None:
    desk.iam("CreateGroup", GroupName="g")
    desk.iam("CreateGroup", GroupName="taken")
    desk.iam("CreateUser", UserName="u")
    desk.iam("AddUserToGroup", GroupName="g", UserName="u")
    desk.iam("UpdateGroup", GroupName="g", NewGroupName="h", NewPath="/x/")
    assert desk.iam("ListGroupsForUser", UserName="u")["Groups"][0]["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/x/h"
    assert refused(desk, "GetGroup", GroupName="g")[0] == "NoSuchEntity"
    assert refused(desk, "UpdateGroup", GroupName="h", NewGroupName="Taken")[0] == "EntityAlreadyExists"


def test_an_identity_provider(desk: Desk) -> None:
    made = desk.iam(
        "CreateOpenIDConnectProvider",
        Url="https://issuer.example/realm",
        ClientIDList=["app"],
        ThumbprintList=["a" * 40],
        Tags=[{"Key": "team", "Value": "x"}],
    )
    assert made == {"OpenIDConnectProviderArn": PROVIDER, "Tags": [{"Key": "team", "Value": "x"}]}
    desk.iam("AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER, ClientID="web")
    desk.iam("RemoveClientIDFromOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER, ClientID="app")
    desk.iam("UpdateOpenIDConnectProviderThumbprint", OpenIDConnectProviderArn=PROVIDER, ThumbprintList=["b" * 40])
    desk.iam("UntagOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER, TagKeys=["team"])
    assert desk.iam("GetOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER) == {
        "Url": "issuer.example/realm",
        "ClientIDList": ["web"],
        "ThumbprintList": ["b" * 40],
        "CreateDate": T0,
    }
    assert desk.iam("ListOpenIDConnectProviders") == {"OpenIDConnectProviderList": [{"Arn": PROVIDER}]}
    assert refused(desk, "CreateOpenIDConnectProvider", Url="https://issuer.example/realm/")[:2] == (
        "EntityAlreadyExists",
        409,
    )
    desk.iam("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER)
    desk.iam("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER)
    assert refused(desk, "GetOpenIDConnectProvider", OpenIDConnectProviderArn=PROVIDER) == (
        "NoSuchEntity",
        404,
        f"OpenIDConnect Provider not found for arn {PROVIDER}",
    )


@pytest.mark.parametrize("url", ["http://issuer.example", "issuer.example", "https://", "https://a/b?c=d", "https://["])
def test_a_provider_is_found_by_https_alone(desk: Desk, url: str) -> None:
    assert refused(desk, "CreateOpenIDConnectProvider", Url=url) == (
        "ValidationError",
        400,
        "Invalid Open ID Connect Provider URL",
    )


def test_what_nobody_can_have_is_told_to_be_absent(desk: Desk) -> None:
    desk.iam("CreateUser", UserName="ann")
    nothing = {"IsTruncated": False}
    assert desk.iam("ListMFADevices") == {"MFADevices": []} | nothing
    assert desk.iam("ListMFADevices", UserName="ann") == {"MFADevices": []} | nothing
    assert desk.iam("ListSSHPublicKeys", UserName="ann") == {"SSHPublicKeys": []} | nothing
    assert desk.iam("ListSigningCertificates", UserName="ann") == {"Certificates": []} | nothing
    assert desk.iam("ListServerCertificates") == {"ServerCertificateMetadataList": []} | nothing
    assert desk.iam("ListVirtualMFADevices") == {"VirtualMFADevices": []} | nothing
    assert desk.iam("ListSAMLProviders") == {"SAMLProviderList": []}
    gone = "Login Profile for User ann cannot be found."
    assert refused(desk, "GetLoginProfile", UserName="ann") == ("NoSuchEntity", 404, gone)
    gone = f"The Password Policy with domain name {ACCOUNT} cannot be found."
    assert refused(desk, "GetAccountPasswordPolicy") == ("NoSuchEntity", 404, gone)
    gone = "The user with name bob cannot be found."
    assert refused(desk, "ListMFADevices", UserName="bob") == ("NoSuchEntity", 404, gone)
