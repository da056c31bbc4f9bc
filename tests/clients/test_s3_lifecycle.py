"""What a bucket's lifecycle does as days pass, and what may be configured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .s3kit import S3

DAY = {"Expiration": {"Days": 1}}


def rule(**more: Any) -> dict[str, Any]:
    return {"ID": "r", "Status": "Enabled", "Filter": {}} | more


def configure(s3: S3, *rules: dict[str, Any]) -> dict[str, Any]:
    return s3.call("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": list(rules)})


def keys(s3: S3) -> list[str]:
    return [one["Key"] for one in s3.call("list_objects_v2").get("Contents", [])]


def now(s3: S3) -> datetime:
    return datetime.fromtimestamp(s3.inside.program.travel.now_ms() / 1000, UTC)


def midnight(at: datetime) -> datetime:
    """The next midnight UTC."""
    return (at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def test_rules_come_back_as_they_were_put(s3: S3) -> None:
    answer = s3.refused("get_bucket_lifecycle_configuration")
    assert (answer.status, answer.code) == (404, "NoSuchLifecycleConfiguration")
    rules = [
        rule(ID="a", Filter={"Prefix": "logs/"}, Expiration={"Days": 3}),
        rule(ID="b", Filter={"Tag": {"Key": "k", "Value": "v"}}, Expiration={"Date": datetime(2090, 1, 1, tzinfo=UTC)}),
        rule(
            ID="c",
            Filter={"And": {"Prefix": "p", "ObjectSizeGreaterThan": 10, "Tags": [{"Key": "k", "Value": "v"}]}},
            NoncurrentVersionExpiration={"NoncurrentDays": 5, "NewerNoncurrentVersions": 2},
        ),
        rule(ID="d", Status="Disabled", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}),
        rule(ID="e", Transitions=[{"Days": 30, "StorageClass": "STANDARD_IA"}]),
        rule(ID="f", Expiration={"ExpiredObjectDeleteMarker": True}),
    ]
    configure(s3, *rules)
    told = s3.call("get_bucket_lifecycle_configuration")
    assert told["Rules"] == rules
    assert told["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    for _ in range(2):
        assert s3.call("delete_bucket_lifecycle")["ResponseMetadata"]["HTTPStatusCode"] == 204
    old = {"Status": "Enabled", "Prefix": "old/", "Expiration": {"Days": 1}}
    configure(s3, old)
    [kept] = s3.call("get_bucket_lifecycle_configuration")["Rules"]
    assert len(kept.pop("ID")) == 48
    assert kept == old


@pytest.mark.parametrize(
    "given, code",
    [
        (rule(), "InvalidRequest"),
        (rule(Status="enabled", **DAY), "MalformedXML"),
        (rule(ID="x" * 256, **DAY), "InvalidArgument"),
        (rule(Prefix="a", **DAY), "MalformedXML"),
        (rule(Expiration={"Days": 0}), "InvalidArgument"),
        (rule(Expiration={"Date": datetime(2090, 1, 1, 5, tzinfo=UTC)}), "InvalidArgument"),
        (rule(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True}), "MalformedXML"),
        (rule(Filter={"Prefix": "a", "ObjectSizeGreaterThan": 1}, **DAY), "MalformedXML"),
        (rule(Filter={"And": {"Prefix": "a"}}, **DAY), "MalformedXML"),
        (
            rule(Filter={"And": {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}}, **DAY),
            "InvalidRequest",
        ),
        (rule(Filter={"And": {"ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 5}}, **DAY), "InvalidRequest"),
        (
            rule(Filter={"Tag": {"Key": "a", "Value": "1"}}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
            "InvalidRequest",
        ),
        (rule(NoncurrentVersionExpiration={"NoncurrentDays": 0}), "InvalidArgument"),
        (rule(NoncurrentVersionExpiration={}), "MalformedXML"),
        (rule(Transitions=[{"Days": 29, "StorageClass": "STANDARD_IA"}]), "InvalidArgument"),
        (rule(Transitions=[{"Days": 1, "StorageClass": "COLD"}]), "MalformedXML"),
        (rule(Transitions=[{"Days": days, "StorageClass": "GLACIER"} for days in (30, 60)]), "InvalidRequest"),
        (rule(Transitions=[{"Days": 30, "StorageClass": "GLACIER"}], Expiration={"Days": 30}), "InvalidArgument"),
        (
            rule(
                Transitions=[{"Days": 30, "StorageClass": "GLACIER"}],
                Expiration={"Date": datetime(2090, 1, 1, tzinfo=UTC)},
            ),
            "InvalidRequest",
        ),
    ],
)
def test_rules_that_are_none(s3: S3, given: dict[str, Any], code: str) -> None:
    answer = s3.refused("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [given]})
    assert (answer.status, answer.code) == (400, code)
    if answer.message == "'Date' must be at midnight GMT":  # [LS:test_put_bucket_lifecycle_conf_exc]
        assert (answer.error["ArgumentName"], answer.error["ArgumentValue"][-1]) == ("Date", "Z")


def test_two_rules_of_one_name(s3: S3) -> None:
    answer = s3.refused(
        "put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [rule(**DAY), rule(**DAY)]}
    )
    assert (answer.code, answer.message) == (
        "InvalidArgument",
        "Rule ID must be unique. Found same ID for more than one rule",
    )


def test_objects_tell_when_they_expire(s3: S3) -> None:
    configure(s3, rule(ID="my rule", Filter={"Prefix": "a"}, Expiration={"Days": 2}))
    due = midnight(now(s3) + timedelta(days=2)).strftime("%a, %d %b %Y 00:00:00 GMT")
    expected = f'expiry-date="{due}", rule-id="my rule"'
    assert s3.put("a")["Expiration"] == expected
    assert s3.call("head_object", Key="a")["Expiration"] == expected
    assert s3.call("copy_object", Key="ab", CopySource=f"{s3.bucket}/a")["Expiration"] == expected
    assert "Expiration" not in s3.put("b")


def test_objects_expire(s3: S3) -> None:
    s3.put("old/1")
    s3.put("old/small", b"")
    s3.put("tagged", Tagging="k=v")
    s3.put("kept")
    configure(
        s3,
        rule(ID="a", Filter={"And": {"Prefix": "old/", "ObjectSizeGreaterThan": 1}}, **DAY),
        rule(ID="b", Filter={"Tag": {"Key": "k", "Value": "v"}}, Expiration={"Days": 3}),
    )
    s3.inside.advance(days=1)
    assert keys(s3) == ["kept", "old/1", "old/small", "tagged"]
    s3.inside.advance(days=1)
    assert keys(s3) == ["kept", "old/small", "tagged"]
    s3.inside.advance(days=2)
    assert keys(s3) == ["kept", "old/small"]


def test_a_date_that_is_past(s3: S3) -> None:
    s3.put("k")
    configure(s3, rule(Expiration={"Date": datetime(2020, 1, 1, tzinfo=UTC)}))
    s3.inside.advance(days=1)
    assert keys(s3) == []


def test_versions_expire(s3: S3) -> None:
    s3.version()
    for number in range(5):
        s3.put("k", str(number))
    configure(
        s3,
        rule(ID="current", Filter={"Prefix": "none"}, **DAY),
        rule(ID="older", NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}),
    )
    s3.inside.advance(days=2)
    told = s3.call("list_object_versions")
    assert [s3.get("k", VersionId=one["VersionId"]) for one in told["Versions"]] == [b"4", b"3", b"2"]


def test_expiry_in_a_bucket_with_versions_leaves_a_marker_that_goes_in_the_end(s3: S3) -> None:
    s3.version()
    s3.put("k")
    configure(s3, rule(ID="a", **DAY), rule(ID="b", NoncurrentVersionExpiration={"NoncurrentDays": 1}))
    s3.inside.advance(days=2)
    told = s3.call("list_object_versions")
    assert (len(told["Versions"]), len(told["DeleteMarkers"])) == (1, 1)
    s3.inside.advance(days=3)
    s3.inside.advance(days=2)
    told = s3.call("list_object_versions")
    assert ("Versions" in told, "DeleteMarkers" in told) == (False, False)


def test_a_marker_with_nothing_under_it(s3: S3) -> None:
    s3.version()
    s3.call("delete_object", Key="k")
    configure(s3, rule(Expiration={"ExpiredObjectDeleteMarker": True}))
    s3.inside.advance(days=1)
    assert "DeleteMarkers" not in s3.call("list_object_versions")


def test_uploads_are_aborted(s3: S3) -> None:
    configure(s3, rule(ID="abort", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}))
    begun = s3.call("create_multipart_upload", Key="k")
    assert (begun["AbortRuleId"], begun["AbortDate"].hour) == ("abort", 0)
    s3.inside.advance(days=2)
    assert "Uploads" not in s3.call("list_multipart_uploads")


def test_objects_move_to_colder_classes(s3: S3) -> None:
    s3.put("k", b"x" * 200_000)
    s3.put("small")
    configure(s3, rule(Transitions=[{"Days": 0, "StorageClass": "GLACIER"}]))
    s3.inside.advance(days=1)
    assert s3.call("head_object", Key="k")["StorageClass"] == "GLACIER"
    assert "StorageClass" not in s3.call("head_object", Key="small")


def test_a_locked_version_stays(s3: S3) -> None:
    s3.version()
    s3.call("put_object_lock_configuration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    s3.put("k", b"held", ObjectLockLegalHoldStatus="ON")
    s3.put("k", b"newer")
    configure(s3, rule(NoncurrentVersionExpiration={"NoncurrentDays": 1}))
    s3.inside.advance(days=3)
    assert len(s3.call("list_object_versions")["Versions"]) == 2
