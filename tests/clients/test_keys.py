"""Whose key it is: roots of accounts, users, roles; and every request that is refused for its signature."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .road import make_queue, make_role, package, wait_active
from .server import Server


def identity(server: Server, *key: str, region: str = "us-east-1") -> tuple[str, str, str]:
    told = server.client("sts", *key, region=region).get_caller_identity()
    return told["Account"], told["UserId"], told["Arn"]


def refusal(deed: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        deed()
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def allow(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_test_is_the_root_of_account_zero(server: Server) -> None:
    account = "000000000000"
    assert identity(server) == (account, account, f"arn:aws:iam::{account}:root")


def test_twelve_digits_are_the_root_of_that_account(server: Server) -> None:
    account = "123456789012"
    assert identity(server, account) == (account, account, f"arn:aws:iam::{account}:root")


def test_accounts_and_regions_are_apart(server: Server) -> None:
    places = [("111111111111", "us-east-1"), ("111111111111", "eu-west-1"), ("222222222222", "us-east-1")]
    for account, region in places:
        sqs = server.client("sqs", account, region=region)
        url = sqs.create_queue(QueueName="apart")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=f"{account} {region}")
    for account, region in places:
        sqs = server.client("sqs", account, region=region)
        [url] = sqs.list_queues(QueueNamePrefix="apart")["QueueUrls"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        assert arn == f"arn:aws:sqs:{region}:{account}:apart"
        [message] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert message["Body"] == f"{account} {region}"
    assert "QueueUrls" not in server.client("sqs", "333333333333").list_queues(QueueNamePrefix="apart")


def test_bucket_names_are_shared_by_all_accounts(server: Server) -> None:
    server.client("s3", "111111111111").create_bucket(Bucket="taken-by-another")
    other = server.client("s3", "222222222222")
    assert refusal(lambda: other.create_bucket(Bucket="taken-by-another"))[:2] == (409, "BucketAlreadyExists")
    assert refusal(lambda: other.list_objects_v2(Bucket="taken-by-another"))[:2] == (403, "AccessDenied")
    assert [b["Name"] for b in other.list_buckets()["Buckets"]] == []


def test_a_root_key_of_ones_own(server: Server) -> None:
    assert identity(server, "LKIAOWNKEY", "own/secret")[2] == "arn:aws:iam::000000000000:root"


def test_a_user_may_what_its_policies_allow_and_nothing_else(server: Server) -> None:
    iam, name = server.client("iam"), "alice"
    user = iam.create_user(UserName=name)["User"]
    made = iam.create_access_key(UserName=name)["AccessKey"]
    key = made["AccessKeyId"], made["SecretAccessKey"]
    assert identity(server, *key) == ("000000000000", user["UserId"], user["Arn"])
    sqs = server.client("sqs", *key)
    status, code, message = refusal(lambda: sqs.create_queue(QueueName="of-alice"))
    assert (status, code) == (403, "AccessDenied")
    assert message == (
        "User: arn:aws:iam::000000000000:user/alice is not authorized to perform: sqs:createqueue on resource: "
        "arn:aws:sqs:us-east-1:000000000000:of-alice because no identity-based policy allows the sqs:createqueue action"
    )
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allow("sqs:CreateQueue"))
    url = sqs.create_queue(QueueName="of-alice")["QueueUrl"]
    assert refusal(lambda: sqs.send_message(QueueUrl=url, MessageBody="x"))[1] == "AccessDenied"
    iam.update_access_key(UserName=name, AccessKeyId=key[0], Status="Inactive")
    assert refusal(lambda: identity(server, *key))[:2] == (403, "InvalidClientTokenId")


def test_an_assumed_role_acts_with_its_own_permissions(server: Server) -> None:
    iam = server.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="assumed", AssumeRolePolicyDocument=document)["Role"]
    iam.put_role_policy(RoleName="assumed", PolicyName="p", PolicyDocument=allow("s3:ListAllMyBuckets"))
    user_key = iam.create_access_key(UserName=iam.create_user(UserName="assumer")["User"]["UserName"])["AccessKey"]
    iam.put_user_policy(UserName="assumer", PolicyName="p", PolicyDocument=allow("sts:AssumeRole"))
    sts = server.client("sts", user_key["AccessKeyId"], user_key["SecretAccessKey"])
    made = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="me")["Credentials"]
    key = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
    arn = "arn:aws:sts::000000000000:assumed-role/assumed/me"
    assert identity(server, *key) == ("000000000000", f"{role['RoleId']}:me", arn)
    server.client("s3", *key).list_buckets()
    status, code, message = refusal(lambda: server.client("s3", *key).create_bucket(Bucket="not-allowed"))
    assert (status, code) == (403, "AccessDenied")
    assert message == (
        f"User: {arn} is not authorized to perform: s3:CreateBucket on resource: "
        '"arn:aws:s3:::not-allowed" because no identity-based policy allows the s3:CreateBucket action'
    )
    assert refusal(lambda: server.client("s3", key[0], key[1], "another").list_buckets())[:2] == (400, "InvalidToken")
    assert refusal(lambda: server.client("sqs", key[0], key[1]).list_queues())[0] == 403


UNKNOWN = "AKIAIOSFODNN7EXAMPLE"
INVALID = "The security token included in the request is invalid."
NO_MATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@pytest.mark.parametrize(
    "service, operation, unknown, wrong",
    [
        (
            "s3",
            "list_buckets",
            (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
            (
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your key and signing method.",
            ),
        ),
        (
            "sts",
            "get_caller_identity",
            (403, "InvalidClientTokenId", INVALID),
            (403, "SignatureDoesNotMatch", NO_MATCH),
        ),
        (
            "sqs",
            "list_queues",
            (403, "InvalidClientTokenId", INVALID),
            (403, "SignatureDoesNotMatch", NO_MATCH),
        ),
        (
            "lambda",
            "list_functions",
            (403, "UnrecognizedClientException", INVALID),
            (403, "InvalidSignatureException", NO_MATCH),
        ),
        (
            "logs",
            "describe_log_groups",
            (400, "UnrecognizedClientException", INVALID),
            (400, "InvalidSignatureException", NO_MATCH),
        ),
    ],
)
def test_unknown_keys_and_wrong_secrets(
    server: Server, service: str, operation: str, unknown: tuple[int, str, str], wrong: tuple[int, str, str]
) -> None:
    assert refusal(getattr(server.client(service, UNKNOWN), operation)) == unknown
    assert refusal(getattr(server.client(service, "test", "wrong"), operation)) == wrong
    assert f"refused: unknown access key {UNKNOWN}; known: LKIAOWNKEY, test, any account's" in server.log()


FUNCTION = """\
import json, os, urllib.request
import boto3
from botocore.exceptions import ClientError

def tried(deed):
    try:
        deed()
        return "allowed"
    except ClientError as error:
        return error.response["Error"]["Code"]

def handler(event, context):
    sqs = boto3.client("sqs")
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    with urllib.request.urlopen(endpoint + "/_outfall/health", timeout=25) as answer:
        network = answer.status
    return {
        "arn": boto3.client("sts").get_caller_identity()["Arn"],
        "send": tried(lambda: sqs.send_message(QueueUrl=event["url"], MessageBody="from inside")),
        "purge": tried(lambda: sqs.purge_queue(QueueUrl=event["url"])),
        "network": network,
    }
"""


def test_a_function_acts_as_its_role(server: Server) -> None:
    url, _ = make_queue(server, "inside")
    role = make_role(server, "inside-role", "sqs:SendMessage")
    client = server.client("lambda")
    client.create_function(
        FunctionName="inside-fn",
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": package(FUNCTION)},
        Timeout=30,
    )
    wait_active(client, "inside-fn")
    answer = client.invoke(FunctionName="inside-fn", Payload=json.dumps({"url": url}))
    assert json.loads(answer["Payload"].read()) == {
        "arn": "arn:aws:sts::000000000000:assumed-role/inside-role/inside-fn",
        "send": "allowed",
        "purge": "AccessDenied",
        "network": 200,
    }
    [message] = server.drain(url, 1)
    assert message["Body"] == "from inside"
    assert message["Attributes"]["SenderId"].endswith(":inside-fn")


NODE = """\
exports.handler = async (event, context) => {
  console.log("hello from node");
  if (event.fail) throw new TypeError("boom!");
  return {name: context.functionName, echo: event};
};
"""


def test_a_node_function_end_to_end(server: Server) -> None:
    client = server.client("lambda")
    client.create_function(
        FunctionName="node-fn",
        Runtime="nodejs20.x",
        Role=make_role(server, "node-role", "logs:*"),
        Handler="index.handler",
        Code={"ZipFile": package(NODE, "index.js")},
    )
    wait_active(client, "node-fn")
    answer = client.invoke(FunctionName="node-fn", Payload=b'{"a": [1, "\xc3\xbc"]}', LogType="Tail")
    assert json.loads(answer["Payload"].read()) == {"name": "node-fn", "echo": {"a": [1, "ü"]}}
    failed = client.invoke(FunctionName="node-fn", Payload=b'{"fail": true}')
    assert failed["FunctionError"] == "Unhandled"
    error = json.loads(failed["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("TypeError", "boom!")
    assert error["trace"][0] == "TypeError: boom!"
    logs = server.client("logs")
    got = logs.filter_log_events(logGroupName="/aws/lambda/node-fn", filterPattern='"hello from node"')
    assert len(got["events"]) == 2
