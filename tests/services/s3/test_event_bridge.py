"""What EventBridge is told of a bucket. Ids are those of the cases in the project's table of AWS behaviour."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from outfall.core.context import House
from tests.services.s3.kit import S3, body
from tests.support import ACCOUNT, REQUEST_ID, RecordingTarget

BUS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"


class Bridged(S3):
    """S3 beside a default bus."""

    bus: RecordingTarget

    def house(self) -> House:
        house = super().house()
        return replace(house, targets={**house.targets, "events": self.bus})


@pytest.fixture
def s3() -> S3:
    server = Bridged()
    server.bus = RecordingTarget("events:PutEvents", {BUS: None})
    server("CreateBucket", Bucket="bucket")
    return server


@pytest.fixture
def bus(s3: Bridged) -> RecordingTarget:
    """The default bus, which the bucket notifies; its policy allows nobody anything."""
    s3(
        "PutBucketNotificationConfiguration",
        Bucket="bucket",
        NotificationConfiguration={"EventBridgeConfiguration": {}},
    )
    return s3.bus


def told(bus: RecordingTarget) -> list[tuple[str, dict[str, Any]]]:
    """Type and detail of each event; all name the bucket."""
    assert {(arn, parcel.resources) for arn, parcel in bus.arrived} == {(BUS, ("arn:aws:s3:::bucket",))}
    return [(parcel.detail_type, json.loads(parcel.body)) for _, parcel in bus.arrived]


def test_s3_028_an_object_created(s3: S3, bus: RecordingTarget) -> None:
    s3("PutObject", Bucket="bucket", Key="a b/ü", Body=body(b"data"))
    ((kind, detail),) = told(bus)
    assert kind == "Object Created"
    assert list(detail["object"]) == ["key", "size", "etag", "sequencer"]
    del detail["object"]["sequencer"]
    assert detail == {
        "version": "0",
        "bucket": {"name": "bucket"},
        "object": {"key": "a b/ü", "size": 4, "etag": "8d777f385d3dfec8815d20f7496026dc"},
        "request-id": REQUEST_ID,
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }


def test_s3_029_an_object_deleted(s3: S3, bus: RecordingTarget) -> None:
    s3("PutObject", Bucket="bucket", Key="k", Body=body(b"data"))
    s3("DeleteObject", Bucket="bucket", Key="k")
    kind, detail = told(bus)[1]
    assert kind == "Object Deleted"
    assert (detail["reason"], detail["deletion-type"]) == ("DeleteObject", "Permanently Deleted")
    assert list(detail["object"]) == ["key", "sequencer"]


def test_s3_030_an_object_hidden_under_a_delete_marker(s3: S3, bus: RecordingTarget) -> None:
    s3("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    s3("PutObject", Bucket="bucket", Key="k", Body=body(b"data"))
    marker = s3("DeleteObject", Bucket="bucket", Key="k")["VersionId"]
    (_, created), (kind, detail) = told(bus)
    assert list(created["object"]) == ["key", "size", "etag", "version-id", "sequencer"]
    assert (kind, detail["deletion-type"]) == ("Object Deleted", "Delete Marker Created")
    assert detail["object"]["version-id"] == marker
    assert "etag" not in detail["object"]


def test_tags_are_told_and_an_empty_configuration_ends_it(s3: S3, bus: RecordingTarget) -> None:
    s3("PutObject", Bucket="bucket", Key="k", Body=body(b"data"))
    s3("PutObjectTagging", Bucket="bucket", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    s3("DeleteObjectTagging", Bucket="bucket", Key="k")
    assert [kind for kind, _ in told(bus)[1:]] == ["Object Tags Added", "Object Tags Deleted"]
    assert s3("GetBucketNotificationConfiguration", Bucket="bucket") == {"EventBridgeConfiguration": {}}
    s3("PutBucketNotificationConfiguration", Bucket="bucket", NotificationConfiguration={})
    s3("PutObject", Bucket="bucket", Key="k", Body=body(b"data"))
    assert len(bus.arrived) == 3
