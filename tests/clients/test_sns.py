"""SNS as clients use it: from S3 and from Lambda to queues, and to an endpoint of the web that checks the signature."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from outfall.cli.client import wait_until

from .road import BAD, make_function, make_queue, make_role
from .server import SOON_S, Server


def make_topic(server: Server, name: str, **attributes: str) -> str:
    return str(server.client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"])


def policy(service: str, action: str, resource: str, source: str) -> str:
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnLike": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})


def subscribed_queue(server: Server, name: str, topic: str, **attributes: str) -> str:
    """The URL of a queue that takes what the topic sends."""
    url, arn = make_queue(server, name)
    allowed = policy("sns.amazonaws.com", "sqs:SendMessage", arn, topic)
    server.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": allowed})
    server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url


def test_an_upload_reaches_a_queue_through_a_topic(server: Server) -> None:
    topic = make_topic(server, "uploads")
    url = subscribed_queue(server, "uploads", topic)
    s3, sns = server.client("s3"), server.client("sns")
    s3.create_bucket(Bucket="sns-uploads")
    rule = {"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}
    request = {"Bucket": "sns-uploads", "NotificationConfiguration": {"TopicConfigurations": [rule]}}
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(**request)
    allowed = policy("s3.amazonaws.com", "SNS:Publish", topic, "arn:aws:s3:::sns-uploads")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=allowed)
    s3.put_bucket_notification_configuration(**request)
    s3.put_object(Bucket="sns-uploads", Key="beach.jpeg", Body=b"x")
    test_event, notification = [json.loads(one["Body"]) for one in server.drain(url, 2)]
    assert json.loads(test_event["Message"])["Event"] == "s3:TestEvent"
    assert notification["Subject"] == "Amazon S3 Notification"
    (record,) = json.loads(notification["Message"])["Records"]
    assert record["s3"]["object"]["key"] == "beach.jpeg"


def test_the_record_of_a_failure_reaches_a_queue_raw(server: Server) -> None:
    """dest-008, dlq-015"""
    records, letters = make_topic(server, "records"), make_topic(server, "letters")
    records_url = subscribed_queue(server, "records", records, RawMessageDelivery="true")
    letters_url = subscribed_queue(server, "letters", letters)
    role = make_role(server, "sns-failing", "sns:Publish", "logs:*")
    make_function(server, "sns-failing", BAD, role, DeadLetterConfig={"TargetArn": letters})
    client = server.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName="sns-failing", MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": records}}
    )
    client.invoke(FunctionName="sns-failing", InvocationType="Event", Payload=b'{"a": 1}')
    (record,) = server.drain(records_url, 1)
    assert json.loads(record["Body"])["requestContext"]["condition"] == "RetriesExhausted"
    assert "MessageAttributes" not in record
    (letter,) = [json.loads(one["Body"]) for one in server.drain(letters_url, 1)]
    assert "Subject" not in letter
    assert letter["Message"] == '{"a": 1}'
    assert sorted(letter["MessageAttributes"]) == ["ErrorCode", "ErrorMessage", "RequestID"]


def test_a_fifo_topic_keeps_the_order_of_a_group(server: Server) -> None:
    topic = make_topic(server, "ordered.fifo", FifoTopic="true", ContentBasedDeduplication="true")
    sqs = server.client("sqs")
    url = sqs.create_queue(QueueName="ordered.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = policy("sns.amazonaws.com", "sqs:SendMessage", arn, topic)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": allowed})
    sns = server.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    for number in range(5):
        sns.publish(TopicArn=topic, Message=f"m{number}", MessageGroupId="g")
    sns.publish(TopicArn=topic, Message="m4", MessageGroupId="g")
    assert [one["Body"] for one in server.drain(url, 5)] == ["m0", "m1", "m2", "m3", "m4"]
    assert server.drain(url, 1, 1) == []


def test_a_user_without_permission_is_refused_as_sns_refuses(server: Server) -> None:
    """sns-017"""
    topic = make_topic(server, "closed")
    iam = server.client("iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    sns = server.client("sns", key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError) as refused:
        sns.publish(TopicArn=topic, Message="m")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert refused.value.response["Error"]["Code"] == "AuthorizationError"
    assert refused.value.response["Error"]["Message"] == (
        f"User: arn:aws:iam::000000000000:user/stranger is not authorized to perform: SNS:Publish on resource: {topic} "
        "because no identity-based policy allows the SNS:Publish action"
    )


@pytest.mark.parametrize(
    "operation, request_, where",
    [
        ("publish", {"Message": "m", "MessageAttributes": {"attr1": {}}}, ""),
        (
            "publish_batch",
            {"PublishBatchRequestEntries": [{"Id": "1", "Message": "m", "MessageAttributes": {"attr1": {}}}]},
            "publishBatchRequestEntries.1.member.",
        ),
    ],
    ids=["rec-233", "rec-234"],
)
def test_an_attribute_without_a_type_is_refused(
    server: Server, operation: str, request_: dict[str, Any], where: str
) -> None:
    topic = make_topic(server, "typeless")
    session = boto3.session.Session("test", "test", None, "us-east-1")
    sns = session.client("sns", endpoint_url=server.endpoint, config=Config(parameter_validation=False))
    request_ = json.loads(json.dumps(request_).replace("{}", '{"StringValue": "x"}'))
    with pytest.raises(ClientError) as refused:
        getattr(sns, operation)(TopicArn=topic, **request_)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert refused.value.response["Error"]["Message"] == (
        f"1 validation error detected: Value null at '{where}messageAttributes.attr1.member.dataType' failed to "
        "satisfy constraint: Member must not be null"
    )


class Endpoint(http.server.ThreadingHTTPServer):
    """An endpoint that keeps what it gets, and fails as often as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.failures = 0
        super().__init__(("127.0.0.1", 0), Hook)


class Hook(http.server.BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        failing, self.server.failures = self.server.failures > 0, self.server.failures - 1
        self.send_response(503 if failing else 200)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def follow(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=SOON_S) as answer:
        return bytes(answer.read())


def check_signature(message: dict[str, str], names: list[str]) -> None:
    certificate = x509.load_pem_x509_certificate(follow(message["SigningCertURL"]))
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signed = "".join(f"{name}\n{message[name]}\n" for name in names)
    digest = hashes.SHA1() if message["SignatureVersion"] == "1" else hashes.SHA256()
    key.verify(base64.b64decode(message["Signature"]), signed.encode(), padding.PKCS1v15(), digest)


@pytest.mark.parametrize("version", ["1", "2"])
def test_an_endpoint_confirms_checks_signatures_and_leaves(server: Server, endpoint: Endpoint, version: str) -> None:
    """sns-013"""
    sns = server.client("sns")
    topic = make_topic(server, f"hooked{version}", SignatureVersion=version)
    url = f"http://127.0.0.1:{endpoint.server_port}/hook?a=b"
    assert sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)["SubscriptionArn"] == "pending confirmation"
    assert wait_until(lambda: len(endpoint.got) == 1, SOON_S)
    asked = json.loads(endpoint.got[0][1])
    names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    check_signature(asked, names)
    assert b"<SubscriptionArn>arn:aws:sns:" in follow(asked["SubscribeURL"])

    endpoint.failures = 2
    sns.publish(TopicArn=topic, Message="hello", Subject="s")
    assert wait_until(lambda: len(endpoint.got) == 4, SOON_S)
    assert len({body for _, body in endpoint.got[1:]}) == 1
    notification = json.loads(endpoint.got[3][1])
    check_signature(notification, ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"])

    follow(notification["UnsubscribeURL"])
    assert wait_until(lambda: len(endpoint.got) == 5, SOON_S)
    assert endpoint.got[4][0]["x-amz-sns-message-type"] == "UnsubscribeConfirmation"
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
