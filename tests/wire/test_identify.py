"""Which service and operation a request is for."""

from __future__ import annotations

import pytest

from outfall.core.errors import AwsError, NotServed
from outfall.wire.codec import parse
from outfall.wire.identify import Route, finish, route, unknown_operation
from outfall.wire.message import WireRequest
from outfall.wire.models import Models

SERVED = frozenset({"s3", "sqs", "lambda", "iam", "sts", "logs"})
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def scope(service: str, region: str = "us-east-1") -> dict[str, str]:
    return {"authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/{service}/aws4_request, Signature=0"}


def found(models: Models, line: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Route:
    method, _, uri = line.partition(" ")
    path, _, query = uri.partition("?")
    request = WireRequest(method, path, query, headers or {}, body)
    return finish(route(models, request, SERVED), body)


@pytest.mark.parametrize(
    "line, headers, body, expected",
    [
        ("POST /", {"x-amz-target": "AmazonSQS.SendMessage"}, b"{}", ("sqs", "json", "SendMessage")),
        ("POST /", {"x-amz-target": "Logs_20140328.PutLogEvents"}, b"{}", ("logs", "json", "PutLogEvents")),
        ("POST /", scope("sqs") | FORM, b"Action=SendMessage&Version=2012-11-05", ("sqs", "query", "SendMessage")),
        ("POST /", FORM, b"Action=GetCallerIdentity&Version=2011-06-15", ("sts", "query", "GetCallerIdentity")),
        ("GET /?Action=ListRoles&Version=2010-05-08", {}, b"", ("iam", "query", "ListRoles")),
        ("GET /000000000000/q?Action=ReceiveMessage", {}, b"", ("sqs", "query", "ReceiveMessage")),
        ("POST /000000000000/q", FORM, b"Action=ReceiveMessage", ("sqs", "query", "ReceiveMessage")),
        ("GET /2015-03-31/functions", {}, b"", ("lambda", "rest-json", "ListFunctions")),
        ("GET /2015-03-31/functions/", {}, b"", ("lambda", "rest-json", "ListFunctions")),
        ("POST /2015-03-31/functions/fn/invocations", FORM, b"{}", ("lambda", "rest-json", "Invoke")),
        ("GET /2015-03-31/functions", scope("s3"), b"", ("s3", "rest-xml", "GetObject")),
        ("GET /", {"host": "lambda.us-east-1.localhost.localstack.cloud:4566"}, b"", ("lambda", "rest-json", None)),
        (
            "POST /",
            {"host": "sqs.eu-west-1.amazonaws.com"} | FORM,
            b"Action=ListQueues",
            ("sqs", "query", "ListQueues"),
        ),
        ("POST /", {"host": "eu-west-1.queue.localhost"} | FORM, b"Action=ListQueues", ("sqs", "query", "ListQueues")),
        ("GET /b", scope("s3") | {"x-amz-target": "Some.Nonsense"}, b"", ("s3", "rest-xml", "ListObjects")),
        ("GET /", {}, b"", ("s3", "rest-xml", "ListBuckets")),
        (
            "GET /b/k?X-Amz-Credential=test%2F20260101%2Feu-west-1%2Fs3%2Faws4_request",
            {},
            b"",
            ("s3", "rest-xml", "GetObject"),
        ),
    ],
)
def test_a_service_is_known_by_what_the_request_says(
    models: Models, line: str, headers: dict[str, str], body: bytes, expected: tuple[str, str, str | None]
) -> None:
    made = found(models, line, headers, body)
    assert (made.service, made.protocol, made.operation) == expected


@pytest.mark.parametrize(
    "line, headers, operation",
    [
        ("PUT /b", {}, "CreateBucket"),
        ("PUT /b/", {}, "CreateBucket"),
        ("GET /b/?list-type=2&prefix=a", {}, "ListObjectsV2"),
        ("GET /b?prefix=a", {}, "ListObjects"),
        ("GET /b?versions", {}, "ListObjectVersions"),
        ("GET /b?uploads", {}, "ListMultipartUploads"),
        ("GET /b?location", {}, "GetBucketLocation"),
        ("PUT /b?notification", {}, "PutBucketNotificationConfiguration"),
        ("PUT /b?policy", {}, "PutBucketPolicy"),
        ("POST /b?delete", {}, "DeleteObjects"),
        ("PUT /b/k?x-id=PutObject", {}, "PutObject"),
        ("PUT /b/k", {"x-amz-copy-source": "b/other"}, "CopyObject"),
        ("PUT /b/k?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("PUT /b/k?partNumber=1&uploadId=u", {"x-amz-copy-source": "b/other"}, "UploadPartCopy"),
        ("POST /b/k?uploads", {}, "CreateMultipartUpload"),
        ("POST /b/k?uploads=", {}, "CreateMultipartUpload"),
        ("POST /b/k?uploadId=u", {}, "CompleteMultipartUpload"),
        ("DELETE /b/k?uploadId=u", {}, "AbortMultipartUpload"),
        ("GET /b/k?uploadId=u", {}, "ListParts"),
        ("GET /b/k?partNumber=1", {}, "GetObject"),
        ("GET /b/k?attributes", {}, "GetObjectAttributes"),
        ("GET /b/k?unknown=1", {}, "GetObject"),
        ("PUT /b/k?tagging", {}, "PutObjectTagging"),
        ("GET /b/k?acl", {}, "GetObjectAcl"),
        ("HEAD /b", {}, "HeadBucket"),
        ("HEAD /b/k", {}, "HeadObject"),
        ("GET /b?analytics", {}, "ListBucketAnalyticsConfigurations"),
        ("GET /b?analytics&id=1", {}, "GetBucketAnalyticsConfiguration"),
        ("DELETE /b?analytics", {}, "DeleteBucketAnalyticsConfiguration"),
        ("POST /b/k", {}, None),
        ("PUT /b?uploads", {}, None),
        ("PUT /b/k?partNumber=1", {}, None),
        ("PATCH /b/k", {}, None),
    ],
)
def test_an_operation_of_s3_is_known_by_method_path_and_query(
    models: Models, line: str, headers: dict[str, str], operation: str | None
) -> None:
    made = found(models, line, scope("s3") | headers)
    assert (made.service, made.operation) == ("s3", operation)


@pytest.mark.parametrize(
    "host, bucket",
    [
        ("b.localhost:4566", "b"),
        ("b.c.localhost", "b.c"),
        ("b.s3.localhost:4566", "b"),
        ("b.s3.localhost.localstack.cloud:4566", "b"),
        ("b.localhost.localstack.cloud", "b"),
        ("b.c.s3.amazonaws.com", "b.c"),
        ("b.s3.eu-west-1.amazonaws.com", "b"),
        ("b.s3-eu-west-1.amazonaws.com", "b"),
        ("b.s3.dualstack.eu-west-1.amazonaws.com", "b"),
        ("b.s3-accelerate.amazonaws.com", "b"),
        ("b.s3-accelerate.dualstack.amazonaws.com", "b"),
        ("b.s3.eu-west-1.localhost.localstack.cloud:4566", "b"),
        ("s3.us-east-1.amazonaws.com", ""),
        ("s3.amazonaws.com", ""),
        ("s3.localhost.localstack.cloud:4566", ""),
        ("localhost:4566", ""),
        ("localhost.localstack.cloud:4566", ""),
        ("127.0.0.1:4566", ""),
        ("[::1]:4566", ""),
        ("b.example.com", ""),
        ("b.s3.example.com", ""),
        ("b.s3.amazonaws.com.evil.org", ""),
    ],
)
def test_a_bucket_is_a_host_under_few_names(models: Models, host: str, bucket: str) -> None:
    made = found(models, "GET /some/key%20x", scope("s3") | {"host": host})
    expected = {"Bucket": bucket, "Key": "some/key x"} if bucket else {"Bucket": "some", "Key": "key x"}
    assert (made.bucket_host, made.path_params) == (bool(bucket), expected)


def test_the_region_is_that_of_the_signature_else_of_the_host(models: Models) -> None:
    assert (
        found(models, "GET /b", scope("s3", "eu-west-1") | {"host": "b.s3.us-west-2.amazonaws.com"}).region
        == "eu-west-1"
    )
    assert found(models, "GET /", {"host": "b.s3.us-west-2.amazonaws.com"}).region == "us-west-2"
    assert found(models, "GET /b").region == "us-east-1"


def test_a_streamed_body_is_known_from_the_head(models: Models) -> None:
    assert found(models, "PUT /b/k").streams_input
    assert found(models, "PUT /b/k?partNumber=1&uploadId=u").streams_input
    assert not found(models, "PUT /b?policy").streams_input
    assert not found(models, "POST /2015-03-31/functions/fn/invocations").streams_input


def test_a_queue_is_implied_by_the_path(models: Models) -> None:
    headers = {"host": "localhost:4566", "x-amz-target": "AmazonSQS.PurgeQueue"}
    for sent, body in ((headers, b"{}"), ({"host": "localhost:4566"} | FORM, b"Action=PurgeQueue")):
        request = WireRequest("POST", "/000000000000/q", "", sent, body)
        made = finish(route(models, request, SERVED), body)
        assert parse(models, made, request) == {"QueueUrl": "http://localhost:4566/000000000000/q"}


def refusal(models: Models, line: str, headers: dict[str, str] | None = None, body: bytes = b"") -> AwsError:
    return unknown_operation(found(models, line, headers, body))


def test_what_no_model_has_is_refused_as_its_protocol_does(models: Models) -> None:
    told = [
        refusal(models, "POST /", {"x-amz-target": "AmazonSQS.Nope"}),
        refusal(models, "POST /", FORM, b"Action=Nope&Version=2012-11-05"),
        refusal(models, "POST /", FORM, b"Version=2012-11-05"),
        refusal(models, "GET /2015-03-31/nope", scope("lambda")),
        refusal(models, "POST /b/k"),
    ]
    assert [(one.code, one.status) for one in told] == [
        ("UnknownOperationException", 400),
        ("InvalidAction", 400),
        ("UnknownOperationException", 404),
        ("UnknownOperationException", 404),
        ("MethodNotAllowed", 405),
    ]


@pytest.mark.parametrize(
    "line, headers, body, named",
    [
        ("POST /", {"x-amz-target": "DynamoDB_20120810.ListTables"}, b"{}", "dynamodb.ListTables"),
        ("POST /", scope("ec2") | FORM, b"Action=RunInstances&Version=2016-11-15", "ec2.RunInstances"),
        ("POST /", FORM, b"Action=Publish&Version=2010-03-31", "sns.Publish"),
        ("GET /restapis", scope("apigateway"), b"", "apigateway.GET /restapis"),
    ],
)
def test_a_service_that_is_not_here_is_named(
    models: Models, line: str, headers: dict[str, str], body: bytes, named: str
) -> None:
    error = refusal(models, line, headers, body)
    assert isinstance(error, NotServed)
    assert named in error.message


def test_a_path_that_is_not_utf8_is_refused(models: Models) -> None:
    error = refusal(models, "GET /b/%ff%fe")
    assert (error.code, error.status) == ("InvalidURI", 400)
