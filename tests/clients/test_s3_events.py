"""Who listens to a bucket hears of every operation that changes an object, in AWS's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .road import BAD, make_function, make_queue, make_role
from .s3kit import S3
from .test_s3_browsers import form, presigned

EVENTS = [
    "s3:ObjectCreated:*",
    "s3:ObjectRemoved:*",
    "s3:ObjectTagging:*",
    "s3:ObjectAcl:Put",
    "s3:ObjectRestore:*",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleTransition",
    "s3:ObjectRetention:Put",
]


class Ear:
    """A queue that hears of everything in a bucket."""

    def __init__(self, s3: S3) -> None:
        self.sqs = s3.inside.client("sqs")
        self.url = self.sqs.create_queue(QueueName=s3.bucket)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:000000000000:{s3.bucket}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        queues = [{"QueueArn": arn, "Events": EVENTS}]
        s3.call("put_bucket_notification_configuration", NotificationConfiguration={"QueueConfigurations": queues})
        assert self.heard() == []

    def heard(self) -> list[dict[str, Any]]:
        """The records since the last time."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                found += json.loads(message["Body"]).get("Records", [])
        return found

    def names(self) -> list[str]:
        return sorted(record["eventName"] for record in self.heard())


@pytest.fixture
def ear(s3: S3) -> Ear:
    return Ear(s3)


def test_uploads_copies_and_forms(s3: S3, ear: Ear) -> None:
    s3.put("k")
    s3.call("copy_object", Key="c", CopySource=f"{s3.bucket}/k")
    form(s3, presigned(s3, "f"))
    upload = s3.call("create_multipart_upload", Key="m")["UploadId"]
    part = s3.call("upload_part", Key="m", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    for _ in range(2):
        s3.call("complete_multipart_upload", Key="m", UploadId=upload, MultipartUpload=parts)
    s3.call("abort_multipart_upload", Key="a", UploadId=s3.call("create_multipart_upload", Key="a")["UploadId"])
    created = ["CompleteMultipartUpload", "Copy", "Post", "Put"]
    assert ear.names() == [f"ObjectCreated:{how}" for how in created]


def test_deletions_and_delete_markers_are_told(s3: S3, ear: Ear) -> None:
    s3.put("k")
    s3.version()
    marker = s3.call("delete_object", Key="k")["VersionId"]
    s3.call("delete_objects", Delete={"Objects": [{"Key": "k", "VersionId": marker}, {"Key": "other"}]})
    heard = ear.heard()[1:]
    told = sorted((one["eventName"], one["s3"]["object"]["key"]) for one in heard)
    assert told == [
        ("ObjectRemoved:Delete", "k"),
        ("ObjectRemoved:DeleteMarkerCreated", "k"),
        ("ObjectRemoved:DeleteMarkerCreated", "other"),
    ]


def test_tags_acls_and_retention_are_told(s3: S3, ear: Ear) -> None:
    s3.open()
    s3.version()
    s3.call("put_object_lock_configuration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    s3.put("k")
    s3.call("put_object_tagging", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.call("delete_object_tagging", Key="k")
    for _ in range(2):
        s3.call("put_object_acl", Key="k", ACL="public-read")
    s3.call(
        "put_object_retention", Key="k", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": "2090-01-01T00:00:00Z"}
    )
    heard = [one for one in ear.heard() if not one["eventName"].startswith("ObjectCreated")]
    assert sorted(one["eventName"] for one in heard) == [
        "ObjectAcl:Put",
        "ObjectRetention:Put",
        "ObjectTagging:Delete",
        "ObjectTagging:Put",
    ]
    for one in heard:
        assert one["eventVersion"] == "2.3"
        assert "sequencer" not in one["s3"]["object"]


def test_a_restore_is_told_when_it_begins_ends_and_expires(s3: S3, ear: Ear) -> None:
    s3.put("k", StorageClass="DEEP_ARCHIVE")
    s3.call("restore_object", Key="k", RestoreRequest={"Days": 1})
    heard = {one["eventName"]: one for one in ear.heard()}
    assert set(heard) == {"ObjectCreated:Put", "ObjectRestore:Post", "ObjectRestore:Completed"}
    done = heard["ObjectRestore:Completed"]
    assert done["userIdentity"]["principalId"].startswith("AmazonCustomer:")
    assert done["glacierEventData"]["restoreEventData"]["lifecycleRestoreStorageClass"] == "DEEP_ARCHIVE"
    assert done["s3"]["object"]["size"] == 4
    s3.inside.advance(days=2)
    assert ear.names() == ["ObjectRestore:Delete"]


def test_what_a_lifecycle_does_is_told(s3: S3, ear: Ear) -> None:
    s3.put("gone")
    s3.put("big", b"x" * 200_000)
    rules = [
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "gone"}, "Expiration": {"Days": 1}},
        {
            "ID": "b",
            "Status": "Enabled",
            "Filter": {"Prefix": "big"},
            "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}],
        },
    ]
    s3.call("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": rules})
    ear.heard()
    s3.inside.advance(days=2)
    heard = {one["eventName"]: one for one in ear.heard()}
    assert set(heard) == {"LifecycleExpiration:Delete", "LifecycleTransition"}
    assert heard["LifecycleExpiration:Delete"]["userIdentity"] == {"principalId": "s3.amazonaws.com"}
    s3.version()
    s3.put("gone")
    s3.inside.advance(days=2)
    assert "LifecycleExpiration:DeleteMarkerCreated" in ear.names()


def test_s3_034_a_failure_of_a_listening_function_is_recorded_with_the_event(s3: S3) -> None:
    """s3-034: S3 invokes asynchronously, so a failing function's record holds S3's own event."""
    role = make_role(s3.inside, s3.bucket, "sqs:SendMessage")
    arn = make_function(s3.inside, s3.bucket, BAD, role)
    url, queue = make_queue(s3.inside, f"{s3.bucket}-failed")
    functions = s3.inside.client("lambda")
    functions.put_function_event_invoke_config(
        FunctionName=s3.bucket, DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    functions.add_permission(
        FunctionName=s3.bucket,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{s3.bucket}",
    )
    rules = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.call("put_bucket_notification_configuration", NotificationConfiguration=rules)
    s3.put("k")
    s3.inside.run_until_idle()
    [message] = s3.inside.client("sqs").receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "k"
