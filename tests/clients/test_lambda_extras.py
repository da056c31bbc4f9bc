"""What is around a function, through the real server with boto3: loops, layers, provisioned concurrency, URLs."""

from __future__ import annotations

import http.client
import io
import json
import urllib.request
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from outfall.cli.client import wait_until
from outfall.core.lineage import digest_of

from .road import make_function, make_queue, make_role, wait_active
from .server import SOON_S, Server, has_namespaces

ITSELF = """
import boto3, json, os

def handler(event, context):
    n = event["n"]
    if n + 1 < event["runs"]:
        boto3.client("lambda").invoke(
            FunctionName=context.function_name, InvocationType=event["via"], Payload=json.dumps({**event, "n": n + 1})
        )
    return n
"""

COPIER = """
import boto3

def handler(event, context):
    record = event["Records"][0]["s3"]
    number = int(record["object"]["key"]) + 1
    boto3.client("s3").put_object(Bucket=record["bucket"]["name"], Key=str(number), Body=b"x")
"""


def looping(server: Server, name: str, source: str, **settings: Any) -> tuple[str, str, str]:
    """The function's ARN, and the URLs of the queues of its successes and failures."""
    success_url, success_arn = make_queue(server, f"{name}-success")
    failure_url, failure_arn = make_queue(server, f"{name}-failure")
    role = make_role(server, name, "sqs:SendMessage", "lambda:InvokeFunction", "s3:PutObject")
    function = make_function(server, name, source, role, Timeout=30, **settings)
    ends = {"OnSuccess": {"Destination": success_arn}, "OnFailure": {"Destination": failure_arn}}
    server.client("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=ends)
    return function, success_url, failure_url


def start(server: Server, name: str, runs: int, via: str = "Event") -> None:
    event = json.dumps({"n": 0, "runs": runs, "via": via})
    server.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=event)


def test_async_027_a_function_that_invokes_itself_is_stopped_after_16_runs(server: Server) -> None:
    _, success_url, failure_url = looping(server, "loop", ITSELF)
    start(server, "loop", 40)
    (stopped,) = server.drain(failure_url, 1)
    record = json.loads(stopped["Body"])
    assert record["requestContext"]["condition"] == "RecursiveInvocation"
    assert record["responseContext"] == {"statusCode": 400}
    assert "responsePayload" not in record
    assert record["requestPayload"]["n"] == 16
    runs = [json.loads(message["Body"])["responsePayload"] for message in server.drain(success_url, 16)]
    assert sorted(runs) == list(range(16))
    now = datetime.now(UTC)
    counted = server.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="RecursiveInvocationsDropped",
        Dimensions=[{"Name": "FunctionName", "Value": "loop"}],
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in counted["Datapoints"]) == 1


def test_async_028_a_function_may_allow_its_loop(server: Server) -> None:
    _, success_url, failure_url = looping(server, "allowed", ITSELF)
    server.client("lambda").put_function_recursion_config(FunctionName="allowed", RecursiveLoop="Allow")
    start(server, "allowed", 18)
    runs = [json.loads(message["Body"])["responsePayload"] for message in server.drain(success_url, 18)]
    assert sorted(runs) == list(range(18))
    assert server.drain(failure_url, 1, 0.1) == []


def test_a_loop_through_a_bucket_is_stopped_too(server: Server) -> None:
    function, _, failure_url = looping(server, "copier", COPIER)
    server.client("lambda").add_permission(
        FunctionName="copier", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    s3 = server.client("s3")
    s3.create_bucket(Bucket="copies")
    rule = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="copies", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    s3.put_object(Bucket="copies", Key="0", Body=b"x")
    (stopped,) = server.drain(failure_url, 1)
    record = json.loads(stopped["Body"])
    assert record["requestContext"]["condition"] == "RecursiveInvocation"
    assert record["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "16"


def test_a_synchronous_invocation_of_a_loop_is_an_error_of_the_caller(server: Server) -> None:
    looping(server, "sync", "def handler(event, context):\n    return 1\n")
    client = server.client("lambda")
    arn = client.get_function(FunctionName="sync")["Configuration"]["FunctionArn"]
    trace = {"header": f"Lineage=1:{digest_of(arn)}:15"}
    client.meta.events.register(
        "before-sign.lambda.Invoke", lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", trace["header"])
    )
    with pytest.raises(ClientError) as caught:
        client.invoke(FunctionName="sync")
    assert caught.value.response["Error"] == {
        "Code": "RecursiveInvocationException",
        "Message": "Detected recursive invocation.",
    }
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    trace["header"] = f"Lineage=1:{digest_of(arn)}:14"
    answer = client.invoke(FunctionName="sync")
    assert answer["Payload"].read() == b"1"
    assert f"Lineage=1:{digest_of(arn)}:15" in answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]


USES_LAYERS = """
import lib, subprocess

def handler(event, context):
    return [lib.NAME, subprocess.run(["tool"], capture_output=True, text=True).stdout]
"""


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
    return buffer.getvalue()


@pytest.mark.parametrize("driver", ["bubblewrap", "process"])
def test_a_function_finds_what_its_layers_bring(new_server: Callable[..., Server], driver: str) -> None:
    chosen = driver if has_namespaces() else "process"
    server = new_server("--environments", chosen).start()
    client = server.client("lambda")
    lower = zipped({"python/lib.py": "NAME = 'lower'", "bin/tool": "#!/bin/sh\necho from the layer"})
    # The size of a body decides whether it is kept inline or as a file.
    upper = zipped({"python/lib.py": "NAME = 'upper'", "python/padding.py": "#" * 100_000})
    arns = []
    for name, content in (("lower", lower), ("upper", upper)):
        made = client.publish_layer_version(LayerName=name, Content={"ZipFile": content})
        assert made["Content"]["CodeSize"] == len(content)
        with urllib.request.urlopen(made["Content"]["Location"], timeout=SOON_S) as got:
            assert got.read() == content
        arns.append(made["LayerVersionArn"])
    role = make_role(server, "layered")
    make_function(server, "layered", USES_LAYERS, role, Layers=arns)
    client.delete_layer_version(LayerName="upper", VersionNumber=1)
    answer = client.invoke(FunctionName="layered")
    assert json.loads(answer["Payload"].read()) == ["upper", "from the layer\n"]
    client.update_function_configuration(FunctionName="layered", Layers=arns[:1])
    wait_active(client, "layered")
    assert json.loads(client.invoke(FunctionName="layered")["Payload"].read())[0] == "lower"


def test_rec_103_the_arn_of_a_layer_needs_its_version(server: Server) -> None:
    with pytest.raises(ClientError) as caught:
        server.client("lambda").update_function_configuration(
            FunctionName="any", Layers=["arn:aws:lambda:us-east-1:000000000000:layer:l"]
        )
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"].startswith(
        "1 validation error detected: Value '[arn:aws:lambda:us-east-1:000000000000:layer:l]' at 'layers' failed to "
        "satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 2048, "
    )


def test_provisioned_concurrency_is_configured(server: Server) -> None:
    make_function(server, "ready", "def handler(event, context):\n    return 1\n", make_role(server, "ready"))
    client = server.client("lambda")
    client.publish_version(FunctionName="ready")
    named = {"FunctionName": "ready", "Qualifier": "1"}
    asked = client.put_provisioned_concurrency_config(**named, ProvisionedConcurrentExecutions=3)
    assert (asked["ResponseMetadata"]["HTTPStatusCode"], asked["Status"]) == (202, "IN_PROGRESS")
    got = client.get_provisioned_concurrency_config(**named)
    assert (got["Status"], got["AvailableProvisionedConcurrentExecutions"]) == ("READY", 3)
    (listed,) = client.list_provisioned_concurrency_configs(FunctionName="ready")["ProvisionedConcurrencyConfigs"]
    assert listed["FunctionArn"].endswith(":function:ready:1")
    client.delete_provisioned_concurrency_config(**named)
    with pytest.raises(client.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        client.get_provisioned_concurrency_config(**named)
    careless = server.client("lambda", parameter_validation=False)
    with pytest.raises(ClientError, match="at 'provisionedConcurrentExecutions' failed to satisfy constraint"):  # 059
        careless.put_provisioned_concurrency_config(**named, ProvisionedConcurrentExecutions=0)


ECHO = """
import base64

def handler(event, context):
    path = event["rawPath"]
    if path == "/fail":
        raise ValueError("boom!")
    if path == "/plain":
        return {"hello": "world"}
    if path == "/picture":
        body = base64.b64encode(bytes(range(256))).decode()
        return {"statusCode": 200, "headers": {"content-type": "image/png"}, "body": body, "isBase64Encoded": True}
    if path == "/cookies":
        return {"statusCode": 302, "headers": {"location": "/"}, "cookies": ["a=1; Path=/", "b=2"]}
    return {"event": event, "request_id": context.aws_request_id}
"""


def fetch(
    server: Server, url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """The answer of a function URL; its host is said, not looked up."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection.request(method, target, body, {"Host": parts.netloc, **(headers or {})})
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, answer.headers, data


def make_url(server: Server, name: str, auth_type: str = "NONE") -> str:
    make_function(server, name, ECHO, make_role(server, name))
    return str(server.client("lambda").create_function_url_config(FunctionName=name, AuthType=auth_type)["FunctionUrl"])


def open_url(server: Server, name: str, principal: str = "*", auth_type: str = "NONE") -> None:
    client = server.client("lambda")
    who = {"FunctionName": name, "Principal": principal}
    client.add_permission(**who, StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType=auth_type)
    client.add_permission(**who, StatementId="invoke", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True)


def test_a_function_answers_at_its_url(server: Server) -> None:
    url = make_url(server, "echo")
    assert urlsplit(url).port == server.port
    open_url(server, "echo")
    sent = json.dumps({"a": 1}).encode()
    status, headers, data = fetch(
        server, f"{url}some/path?x=1&x=2", "POST", sent, {"Content-Type": "application/json", "Cookie": "c=3"}
    )
    assert (status, headers["content-type"]) == (200, "application/json")
    told = json.loads(data)
    event = told["event"]
    assert (event["version"], event["rawPath"], event["queryStringParameters"]) == ("2.0", "/some/path", {"x": "1,2"})
    assert (event["body"], event["isBase64Encoded"], event["cookies"]) == ('{"a": 1}', False, ["c=3"])
    assert event["requestContext"]["http"]["method"] == "POST"
    assert told["request_id"] == headers["x-amzn-requestid"] == event["requestContext"]["requestId"]
    assert "Lineage=1:" in headers["x-amzn-trace-id"]

    assert fetch(server, f"{url}plain")[2] == b'{"hello": "world"}'
    status, headers, data = fetch(server, f"{url}picture")
    assert (headers["content-type"], data) == ("image/png", bytes(range(256)))
    status, headers, data = fetch(server, f"{url}cookies")
    assert (status, headers["location"], data) == (302, "/", b"")
    assert headers.get_all("set-cookie") == ["a=1; Path=/", "b=2"]
    status, _, data = fetch(server, f"{url}fail")
    assert (status, data) == (502, b"Internal Server Error")
    status, headers, data = fetch(server, f"{url}plain", "HEAD")
    assert (status, headers["content-length"], data) == (200, "18", b"")


FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def test_a_url_without_its_permissions_is_forbidden(server: Server) -> None:
    url = make_url(server, "closed")
    client = server.client("lambda")
    for permission in (
        None,
        {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "AWS_IAM"},
        {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    ):
        if permission:
            sid = permission["FunctionUrlAuthType"]
            client.add_permission(FunctionName="closed", StatementId=sid, Principal="*", **permission)
        status, _, data = fetch(server, url)
        assert (status, json.loads(data)) == (403, {"Message": FORBIDDEN})
    client.add_permission(
        FunctionName="closed",
        StatementId="invoke",
        Principal="*",
        Action="lambda:InvokeFunction",
        InvokedViaFunctionUrl=True,
    )
    assert fetch(server, url)[0] == 200
    client.delete_function_url_config(FunctionName="closed")
    assert fetch(server, url)[0::2] == (403, b'{"Message":null}')


def signed(url: str, key: str, secret: str) -> dict[str, str]:
    request = AWSRequest("GET", url, headers={"Host": urlsplit(url).netloc})
    SigV4Auth(Credentials(key, secret), "lambda", "us-east-1").add_auth(request)
    return dict(request.headers)


def test_a_url_with_authentication_takes_a_signature_and_a_permission(server: Server) -> None:
    url = make_url(server, "signed", "AWS_IAM") + "a%20b?q=1"
    status, _, data = fetch(server, url)
    assert (status, json.loads(data)) == (403, {"Message": FORBIDDEN})
    status, _, data = fetch(server, url, headers=signed(url, "test", "test"))
    event = json.loads(data)["event"]
    assert status == 200
    assert event["rawPath"] == "/a%20b"
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "test"

    iam = server.client("iam")
    arn = iam.create_user(UserName="caller")["User"]["Arn"]
    made = iam.create_access_key(UserName="caller")["AccessKey"]
    key, secret = made["AccessKeyId"], made["SecretAccessKey"]
    assert fetch(server, url, headers=signed(url, key, secret))[0] == 403
    open_url(server, "signed", arn, "AWS_IAM")
    status, _, data = fetch(server, url, headers=signed(url, key, secret))
    assert (status, json.loads(data)["event"]["requestContext"]["authorizer"]["iam"]["userArn"]) == (200, arn)
    assert fetch(server, url, headers=signed(url, key, "another secret"))[0] == 403


def test_a_policy_can_keep_people_from_opening_urls(server: Server) -> None:
    make_function(server, "guarded", ECHO, make_role(server, "guarded"))
    iam = server.client("iam")
    iam.create_user(UserName="careful")
    only = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
    allow = {"Effect": "Allow", "Action": "lambda:CreateFunctionUrlConfig", "Resource": "*", "Condition": only}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="careful", PolicyName="p", PolicyDocument=policy)
    made = iam.create_access_key(UserName="careful")["AccessKey"]
    client = server.client("lambda", made["AccessKeyId"], made["SecretAccessKey"])
    with pytest.raises(ClientError, match="not authorized to perform: lambda:CreateFunctionUrlConfig"):
        client.create_function_url_config(FunctionName="guarded", AuthType="NONE")
    assert client.create_function_url_config(FunctionName="guarded", AuthType="AWS_IAM")["AuthType"] == "AWS_IAM"


def test_streamed_invocations_are_not_served(server: Server) -> None:
    with pytest.raises(ClientError) as caught:
        server.client("lambda").invoke_with_response_stream(FunctionName="any")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_bucket_that_takes_the_records_of_its_own_failures_is_not_filled(server: Server) -> None:
    """16 runs that fail, 16 records of them, 16 records of what was stopped: then it is over."""
    source = "def handler(event, context):\n    raise ValueError('boom!')\n"
    function = make_function(server, "own-end", source, make_role(server, "own-end", "s3:PutObject", "s3:ListBucket"))
    client, s3 = server.client("lambda"), server.client("s3")
    s3.create_bucket(Bucket="own-end")
    client.add_permission(
        FunctionName="own-end", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    client.put_function_event_invoke_config(
        FunctionName="own-end",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::own-end"}},
    )
    rule = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="own-end", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    s3.put_object(Bucket="own-end", Key="upload", Body=b"x")

    def count() -> int:
        return int(s3.list_objects_v2(Bucket="own-end")["KeyCount"])

    assert wait_until(lambda: count() >= 33, SOON_S)
    assert not wait_until(lambda: count() > 33, 1)


def test_a_node_function_finds_its_layers_modules(server: Server) -> None:
    client = server.client("lambda")
    module = zipped({"nodejs/node_modules/layered/index.js": "exports.name = 'from the layer'"})
    layer = client.publish_layer_version(LayerName="modules", Content={"ZipFile": module})["LayerVersionArn"]
    client.create_function(
        FunctionName="node-layered",
        Runtime="nodejs22.x",
        Role=make_role(server, "node-layered"),
        Handler="app.handler",
        Layers=[layer],
        Code={"ZipFile": zipped({"app.js": "exports.handler = async () => require('layered').name"})},
    )
    wait_active(client, "node-layered")
    assert client.invoke(FunctionName="node-layered")["Payload"].read() == b'"from the layer"'
