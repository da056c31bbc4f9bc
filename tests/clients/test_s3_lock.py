"""Object Lock: retention, legal holds, what the bucket gives by default, and what may be removed in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .s3kit import S3

PROTECTED = "Access Denied because object protected by object lock."


@pytest.fixture
def lock(s3: S3) -> S3:
    """S3 with a bucket whose objects can be locked."""
    s3.call("delete_bucket")
    s3.api.create_bucket(Bucket=s3.bucket, ObjectLockEnabledForBucket=True)
    return s3


def soon(s3: S3, days: float = 1) -> datetime:
    now = s3.inside.program.travel.now_ms()
    return datetime.fromtimestamp(now // 1000, UTC) + timedelta(days=days)


def retention(mode: str, until: datetime) -> dict[str, Any]:
    return {"Retention": {"Mode": mode, "RetainUntilDate": until}}


def test_a_bucket_with_locks_keeps_versions(lock: S3) -> None:
    assert lock.call("get_bucket_versioning")["Status"] == "Enabled"
    assert lock.call("get_object_lock_configuration")["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    answer = lock.refused("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"})
    assert (answer.status, answer.code) == (409, "InvalidBucketState")


def test_a_bucket_without_locks(s3: S3) -> None:
    s3.put("k")
    answer = s3.refused("get_object_lock_configuration")
    assert (answer.status, answer.code) == (404, "ObjectLockConfigurationNotFoundError")
    for name, more in (
        ("get_object_retention", {}),
        ("get_object_legal_hold", {}),
        ("put_object_retention", retention("GOVERNANCE", soon(s3))),
        ("put_object_legal_hold", {"LegalHold": {"Status": "ON"}}),
    ):
        answer = s3.refused(name, Key="k", **more)
        assert (answer.status, answer.code) == (400, "InvalidRequest")
        assert answer.message == "Bucket is missing Object Lock Configuration"
    assert s3.refused("put_object", Key="k", ObjectLockLegalHoldStatus="ON").code == "InvalidRequest"
    wanted = {"ObjectLockEnabled": "Enabled"}
    assert s3.refused("put_object_lock_configuration", ObjectLockConfiguration=wanted).code == "InvalidBucketState"
    s3.version()
    s3.call("put_object_lock_configuration", ObjectLockConfiguration=wanted)


@pytest.mark.parametrize(
    "configuration, code",
    [
        ({}, "MalformedXML"),
        ({"ObjectLockEnabled": "Disabled"}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {}}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE"}}}, "MalformedXML"),
        ({"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "abc", "Days": 1}}}, "MalformedXML"),
        (
            {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1, "Years": 1}},
            },
            "MalformedXML",
        ),
        (
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 0}}},
            "InvalidArgument",
        ),
        (
            {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 101}}},
            "InvalidArgument",
        ),
    ],
)
def test_configurations_that_are_none(lock: S3, configuration: dict[str, Any], code: str) -> None:
    assert lock.refused("put_object_lock_configuration", ObjectLockConfiguration=configuration).code == code


def test_retention_by_default(lock: S3) -> None:
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 2}}
    wanted = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    lock.call("put_object_lock_configuration", ObjectLockConfiguration=wanted)
    assert lock.call("get_object_lock_configuration")["ObjectLockConfiguration"] == wanted
    version = lock.put("k")["VersionId"]
    head = lock.call("head_object", Key="k")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert abs(head["ObjectLockRetainUntilDate"] - soon(lock, 2)) < timedelta(minutes=1)
    for bypass in (False, True):
        answer = lock.refused("delete_object", Key="k", VersionId=version, BypassGovernanceRetention=bypass)
        assert (answer.status, answer.code, answer.message) == (403, "AccessDenied", PROTECTED)
    assert lock.call("delete_object", Key="k")["DeleteMarker"] is True
    lock.inside.advance(days=2, minutes=1)
    lock.call("delete_object", Key="k", VersionId=version)


def test_governance_holds_but_for_those_who_bypass_it(lock: S3) -> None:
    until = soon(lock)
    version = lock.put("k", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until)["VersionId"]
    told = lock.call("get_object_retention", Key="k")["Retention"]
    assert told == {"Mode": "GOVERNANCE", "RetainUntilDate": until.replace(microsecond=0)}
    lock.call("put_object_retention", Key="k", **retention("GOVERNANCE", until + timedelta(days=1)))
    answer = lock.refused("put_object_retention", Key="k", **retention("GOVERNANCE", until))
    assert (answer.status, answer.message) == (403, PROTECTED)
    lock.call("put_object_retention", Key="k", BypassGovernanceRetention=True, **retention("GOVERNANCE", until))
    errors = lock.call("delete_objects", Delete={"Objects": [{"Key": "k", "VersionId": version}]})["Errors"]
    assert (errors[0]["Code"], errors[0]["Message"]) == ("AccessDenied", PROTECTED)
    lock.call("delete_object", Key="k", VersionId=version, BypassGovernanceRetention=True)


def test_compliance_is_for_everybody(lock: S3) -> None:
    until = soon(lock, 2)
    lock.put("k", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    for wanted in (retention("COMPLIANCE", soon(lock)), retention("GOVERNANCE", soon(lock, 9))):
        assert lock.refused("put_object_retention", Key="k", BypassGovernanceRetention=True, **wanted).status == 403
    lock.call("put_object_retention", Key="k", **retention("COMPLIANCE", soon(lock, 3)))


def test_a_legal_hold(lock: S3) -> None:
    version = lock.put("k")["VersionId"]
    assert lock.refused("get_object_legal_hold", Key="k").code == "NoSuchObjectLockConfiguration"
    lock.call("put_object_legal_hold", Key="k", LegalHold={"Status": "ON"})
    assert lock.call("head_object", Key="k")["ObjectLockLegalHoldStatus"] == "ON"
    assert lock.refused("delete_object", Key="k", VersionId=version, BypassGovernanceRetention=True).status == 403
    assert lock.refused("put_object_legal_hold", Key="k", LegalHold={"Status": "on"}).code == "MalformedXML"
    lock.call("put_object_legal_hold", Key="k", LegalHold={"Status": "OFF"})
    assert lock.call("get_object_legal_hold", Key="k")["LegalHold"] == {"Status": "OFF"}
    lock.call("delete_object", Key="k", VersionId=version)


@pytest.mark.parametrize(
    "more, message, argument",
    [
        (
            {"ObjectLockMode": "GOVERNANCE"},
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            "x-amz-object-lock-retain-until-date",
        ),
        (
            {"ObjectLockRetainUntilDate": datetime(2090, 1, 1, tzinfo=UTC)},
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            "x-amz-object-lock-mode",
        ),
        (
            {"ObjectLockMode": "abc", "ObjectLockRetainUntilDate": datetime(2090, 1, 1, tzinfo=UTC)},
            "Unknown wormMode directive.",
            "x-amz-object-lock-mode",
        ),
        (
            {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime(2001, 1, 1, tzinfo=UTC)},
            "The retain until date must be in the future!",
            "x-amz-object-lock-retain-until-date",
        ),
        (
            {"ObjectLockLegalHoldStatus": "abc"},
            "Legal Hold must be either of 'ON' or 'OFF'",
            "x-amz-object-lock-legal-hold",
        ),
    ],
)
def test_locks_that_are_none(lock: S3, more: dict[str, Any], message: str, argument: str) -> None:
    answer = lock.refused("put_object", Key="k", **more)
    assert (answer.code, answer.message, answer.error["ArgumentName"]) == ("InvalidArgument", message, argument)


def test_a_lock_needs_a_checksum(lock: S3) -> None:
    lock.api = lock.client(request_checksum_calculation="when_required")
    answer = lock.refused("put_object", Key="k", Body=b"", ObjectLockLegalHoldStatus="ON")
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    lock.call("put_object_lock_configuration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})
    assert lock.refused("put_object", Key="k", Body=b"").message == answer.message
    assert (answer.code, answer.message) == (
        "InvalidRequest",
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
    )


def test_an_upload_in_parts_and_a_copy(lock: S3) -> None:
    lock.put("plain", ObjectLockLegalHoldStatus="ON")
    lock.call("copy_object", Key="copy", CopySource=f"{lock.bucket}/plain")
    assert "ObjectLockLegalHoldStatus" not in lock.call("head_object", Key="copy")
    upload = lock.call("create_multipart_upload", Key="k", ObjectLockLegalHoldStatus="ON")["UploadId"]
    part = lock.call("upload_part", Key="k", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    lock.call("complete_multipart_upload", Key="k", UploadId=upload, MultipartUpload=parts)
    assert lock.call("head_object", Key="k")["ObjectLockLegalHoldStatus"] == "ON"


def test_who_bypasses_needs_a_bucket_with_locks(s3: S3) -> None:
    """[LS:test_delete_object_with_no_locking]"""
    many = {"Delete": {"Objects": [{"Key": "k"}]}}
    for name, more, bypass in (
        ("delete_object", {"Key": "k"}, True),
        ("delete_object", {"Key": "k"}, False),
        ("delete_objects", many, True),
    ):
        answer = s3.refused(name, **more, BypassGovernanceRetention=bypass)
        assert (answer.status, answer.error["ArgumentName"]) == (400, "x-amz-bypass-governance-retention")
        assert answer.message == f"{answer.error['ArgumentName']} is only applicable to Object Lock enabled buckets."
