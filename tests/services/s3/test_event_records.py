"""What queues hear when objects change. Ids are those of the cases in the project's table of AWS behaviour."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from outfall.core.principal import ANONYMOUS, Principal, role_session
from outfall.core.s3ids import host_id
from tests.services.s3.kit import QUEUE, S3, body
from tests.support import ACCOUNT, REQUEST_ID

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def enable_versioning(s3: S3, status: str = "Enabled") -> None:
    s3("PutBucketVersioning", Bucket="bucket", VersioningConfiguration={"Status": status})


def upload_in_parts(s3: S3, key: str, *parts: bytes) -> dict[str, Any]:
    upload = s3("CreateMultipartUpload", Bucket="bucket", Key=key)["UploadId"]
    etags = [
        s3("UploadPart", Bucket="bucket", Key=key, UploadId=upload, PartNumber=number, Body=body(part))["ETag"]
        for number, part in enumerate(parts, 1)
    ]
    named = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    return s3("CompleteMultipartUpload", Bucket="bucket", Key=key, UploadId=upload, MultipartUpload={"Parts": named})


def test_s3_001_a_key_is_told_as_in_a_form(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*")
    s3.put("a@b c.txt")
    s3.put("dir/ü")
    [first, second] = s3.records()
    assert (first["eventVersion"], first["eventSource"], first["eventName"]) == ("2.1", "aws:s3", "ObjectCreated:Put")
    assert first["s3"]["object"]["key"] == "a%40b+c.txt"
    assert second["s3"]["object"]["key"] == "dir/%C3%BC"
    assert first["s3"]["object"]["size"] == 4
    assert first["s3"]["object"]["sequencer"]


def test_s3_002_the_record_to_the_byte(s3: S3) -> None:
    enable_versioning(s3)
    s3.notify("s3:ObjectCreated:*")
    put = s3.put("k")
    [(target, parcel)] = s3.queues.arrived
    assert target == QUEUE
    record = json.loads(parcel.body)["Records"][0]
    assert list(record) == [
        "eventVersion",
        "eventSource",
        "awsRegion",
        "eventTime",
        "eventName",
        "userIdentity",
        "requestParameters",
        "responseElements",
        "s3",
    ]
    assert list(record["s3"]) == ["s3SchemaVersion", "configurationId", "bucket", "object"]
    assert list(record["s3"]["object"]) == ["key", "size", "eTag", "versionId", "sequencer"]
    assert record["s3"]["bucket"]["arn"] == "arn:aws:s3:::bucket"
    assert record["s3"]["object"]["versionId"] == put["VersionId"]
    assert record["s3"]["object"]["eTag"] == put["ETag"].strip('"')
    assert record["eventTime"] == "2027-01-15T08:00:00.000Z"
    assert b'": ' not in parcel.body


def test_s3_003_a_copy_is_told_as_a_copy(s3: S3) -> None:
    s3.put("k")
    s3.notify("s3:ObjectCreated:*")
    s3("CopyObject", Bucket="bucket", Key="l", CopySource="bucket/k")
    assert [record["eventName"] for record in s3.records()] == ["ObjectCreated:Copy"]


def test_s3_004_an_upload_in_parts_is_told_once(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*")
    upload_in_parts(s3, "k", b"x" * 5 * 1024**2, b"y")
    [record] = s3.records()
    assert record["eventName"] == "ObjectCreated:CompleteMultipartUpload"
    assert record["s3"]["object"]["eTag"].endswith("-2")
    assert record["s3"]["object"]["size"] == 5 * 1024**2 + 1


def test_s3_005_an_abandoned_upload_is_not_told(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
    upload = s3("CreateMultipartUpload", Bucket="bucket", Key="k")["UploadId"]
    s3("UploadPart", Bucket="bucket", Key="k", UploadId=upload, PartNumber=1, Body=body(b"x"))
    s3("AbortMultipartUpload", Bucket="bucket", Key="k", UploadId=upload)
    assert s3.messages() == []


def test_s3_006_a_delete_marker_is_told_with_the_md5_of_nothing(s3: S3) -> None:
    enable_versioning(s3)
    s3.put("k")
    s3.notify("s3:ObjectRemoved:*")
    marker = s3("DeleteObject", Bucket="bucket", Key="k")["VersionId"]
    [record] = s3.records()
    assert record["eventName"] == "ObjectRemoved:DeleteMarkerCreated"
    assert list(record["s3"]["object"]) == ["key", "eTag", "versionId", "sequencer"]
    assert (record["s3"]["object"]["eTag"], record["s3"]["object"]["versionId"]) == (EMPTY_MD5, marker)


def test_s3_007_a_deletion_has_neither_size_nor_etag(s3: S3) -> None:
    s3.put("k")
    s3.notify("s3:ObjectRemoved:*")
    s3("DeleteObject", Bucket="bucket", Key="k")
    [record] = s3.records()
    assert record["eventName"] == "ObjectRemoved:Delete"
    assert list(record["s3"]["object"]) == ["key", "sequencer"]


def test_s3_008_each_key_of_a_batch_is_told_by_itself(s3: S3) -> None:
    s3.put("k")
    s3.put("l")
    s3.notify("s3:ObjectRemoved:*")
    s3("DeleteObjects", Bucket="bucket", Delete={"Objects": [{"Key": "k"}, {"Key": "l"}]})
    assert [(r["eventName"], r["s3"]["object"]["key"]) for r in s3.records()] == [
        ("ObjectRemoved:Delete", "k"),
        ("ObjectRemoved:Delete", "l"),
    ]
    assert len(s3.messages()) == 2


def test_s3_009_tags_are_told_in_a_newer_version_without_a_sequencer(s3: S3) -> None:
    s3.put("k")
    s3.notify("s3:ObjectTagging:*")
    s3("PutObjectTagging", Bucket="bucket", Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3("DeleteObjectTagging", Bucket="bucket", Key="k")
    records = s3.records()
    assert [record["eventName"] for record in records] == ["ObjectTagging:Put", "ObjectTagging:Delete"]
    for record in records:
        assert record["eventVersion"] == "2.3"
        assert list(record["s3"]["object"]) == ["key", "eTag"]


def test_s3_010_an_acl_is_told_when_it_changes() -> None:
    s3 = S3()
    s3("CreateBucket", Bucket="bucket", ObjectOwnership="ObjectWriter")
    s3("DeletePublicAccessBlock", Bucket="bucket")
    s3.put("k")
    s3.notify("s3:ObjectAcl:Put")
    for _ in range(2):
        s3("PutObjectAcl", Bucket="bucket", Key="k", ACL="public-read")
    [record] = s3.records()
    assert (record["eventName"], record["eventVersion"]) == ("ObjectAcl:Put", "2.3")


@pytest.mark.parametrize(
    "case, principal, told",
    [
        (
            "s3-031",
            role_session(f"arn:aws:iam::{ACCOUNT}:role/R", "AROAEXAMPLEEXAMPLE123", "session"),
            "AWS:AROAEXAMPLEEXAMPLE123:session",
        ),
        (
            "a user",
            Principal("user", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/u", "AIDAEXAMPLE", user_name="u"),
            "AWS:AIDAEXAMPLE",
        ),
        ("nobody known", ANONYMOUS, "Anonymous"),
    ],
)
def test_who_did_it(s3: S3, case: str, principal: Principal, told: str) -> None:
    s3.notify("s3:ObjectCreated:*")
    s3.principal = principal
    s3.put("k")
    assert s3.records()[0]["userIdentity"] == {"principalId": told}


def test_s3_032_the_record_names_the_request_that_caused_it(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*")
    s3.put("k")
    [record] = s3.records()
    assert record["responseElements"] == {"x-amz-request-id": REQUEST_ID, "x-amz-id-2": host_id(REQUEST_ID)}
    assert record["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert record["s3"]["configurationId"] == "rule"
    assert re.fullmatch("A[A-Z0-9]{13}", record["s3"]["bucket"]["ownerIdentity"]["principalId"])


def test_s3_033_a_trace_is_handed_on(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*")
    s3.headers = {"x-amzn-trace-id": "Root=1-2-3"}
    s3.put("k")
    assert s3.queues.arrived[0][1].trace_header == "Root=1-2-3"


def test_later_changes_of_a_key_have_greater_sequencers_even_in_the_same_millisecond(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
    s3.put("k")
    s3("DeleteObject", Bucket="bucket", Key="k")
    s3.put("k")
    s3.now += 1
    s3.put("k")
    told = [record["s3"]["object"]["sequencer"] for record in s3.records()]
    assert told == sorted(set(told))
    assert all(re.fullmatch("[0-9A-F]{18}", one) for one in told)


def test_a_version_removed_for_good_is_told_with_its_id(s3: S3) -> None:
    enable_versioning(s3)
    version = s3.put("k")["VersionId"]
    marker = s3("DeleteObject", Bucket="bucket", Key="k")["VersionId"]
    s3.notify("s3:ObjectRemoved:*")
    s3("DeleteObject", Bucket="bucket", Key="k", VersionId=marker)
    s3("DeleteObject", Bucket="bucket", Key="k", VersionId=version)
    assert [(r["eventName"], r["s3"]["object"]["versionId"]) for r in s3.records()] == [
        ("ObjectRemoved:Delete", marker),
        ("ObjectRemoved:Delete", version),
    ]


def test_the_null_version_is_not_told(s3: S3) -> None:
    enable_versioning(s3, "Suspended")
    s3.notify("s3:ObjectCreated:*")
    assert "VersionId" not in s3.put("k")
    assert "versionId" not in s3.records()[0]["s3"]["object"]


def test_a_key_that_the_filter_does_not_want_is_not_told(s3: S3) -> None:
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".jpg"}]
    s3.notify("s3:ObjectCreated:*", Filter={"Key": {"FilterRules": rules}})
    for key in ("in/a.jpg", "in/a.png", "out/a.jpg", "in.jpg"):
        s3.put(key)
    assert [record["s3"]["object"]["key"] for record in s3.records()] == ["in/a.jpg"]


def test_a_target_that_no_longer_lets_s3_in_does_not_stop_an_upload(s3: S3) -> None:
    s3.notify("s3:ObjectCreated:*")
    s3.queues.policies[QUEUE] = None
    s3.put("k")
    assert s3.messages() == []
    assert s3.get("k") == b"data"
