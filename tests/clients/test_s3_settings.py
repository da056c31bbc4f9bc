"""What else can be set on a bucket, kept and told as AWS tells it; and what answers 501."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .s3kit import S3

INVENTORY = {
    "Id": "one",
    "IsEnabled": True,
    "IncludedObjectVersions": "All",
    "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::there", "Format": "CSV"}},
    "Schedule": {"Frequency": "Daily"},
    "OptionalFields": ["Size", "ETag"],
}
TIERING = {"Id": "one", "Status": "Enabled", "Tierings": [{"Days": 90, "AccessTier": "ARCHIVE_ACCESS"}]}
KINDS = [
    ("analytics", "Analytics", {"Id": "one", "StorageClassAnalysis": {}}),
    ("inventory", "Inventory", INVENTORY),
    ("metrics", "Metrics", {"Id": "one", "Filter": {"Prefix": "a"}}),
    ("intelligent_tiering", "IntelligentTiering", TIERING),
]


@pytest.mark.parametrize("name, member, configuration", KINDS)
def test_a_configuration_is_kept_by_its_id(s3: S3, name: str, member: str, configuration: dict[str, Any]) -> None:
    whole = f"{member}Configuration"
    answer = s3.refused(f"get_bucket_{name}_configuration", Id="one")
    assert (answer.status, answer.code) == (404, "NoSuchConfiguration")
    put = s3.call(f"put_bucket_{name}_configuration", Id="one", **{whole: configuration})
    # [LS:test_put_bucket_metrics_configuration, test_s3_inventory_report_crud]
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.call(f"get_bucket_{name}_configuration", Id="one")[whole] == configuration
    listed = s3.call(f"list_bucket_{name}_configurations")
    assert (listed[f"{whole}List"], listed["IsTruncated"]) == ([configuration], False)
    assert s3.refused(f"put_bucket_{name}_configuration", Id="two", **{whole: configuration}).code == "IdMismatch"
    s3.call(f"delete_bucket_{name}_configuration", Id="one")
    assert s3.refused(f"delete_bucket_{name}_configuration", Id="one").code == "NoSuchConfiguration"
    assert f"{whole}List" not in s3.call(f"list_bucket_{name}_configurations")


@pytest.mark.parametrize(
    "more, code",
    [
        ({"IncludedObjectVersions": "Some"}, "MalformedXML"),
        ({"Schedule": {"Frequency": "Hourly"}}, "MalformedXML"),
        ({"OptionalFields": ["Size", "Weight"]}, "MalformedXML"),
        ({"Destination": {"S3BucketDestination": {"Bucket": "b", "Format": "CSV"}}}, "InvalidS3DestinationBucket"),
    ],
)
def test_values_that_an_inventory_may_not_have(s3: S3, more: dict[str, Any], code: str) -> None:
    """[LS:test_s3_put_inventory_report_exceptions]"""
    answer = s3.refused("put_bucket_inventory_configuration", Id="one", InventoryConfiguration=INVENTORY | more)
    assert (answer.status, answer.code) == (400, code)
    good = INVENTORY | {"OptionalFields": ["Size", "ETag"]}
    s3.call("put_bucket_inventory_configuration", Id="one", InventoryConfiguration=good)


def test_named_configurations_come_in_pages(s3: S3) -> None:
    for number in range(101):
        name = f"{number:03d}"
        s3.call("put_bucket_metrics_configuration", Id=name, MetricsConfiguration={"Id": name})
    page = s3.call("list_bucket_metrics_configurations")
    assert (len(page["MetricsConfigurationList"]), page["IsTruncated"]) == (100, True)
    page = s3.call("list_bucket_metrics_configurations", ContinuationToken=page["NextContinuationToken"])
    assert [one["Id"] for one in page["MetricsConfigurationList"]] == ["100"]


def test_acceleration_is_kept_as_it_was_set(s3: S3) -> None:
    assert "Status" not in s3.call("get_bucket_accelerate_configuration")
    s3.call("put_bucket_accelerate_configuration", AccelerateConfiguration={"Status": "Enabled"})
    assert s3.call("get_bucket_accelerate_configuration")["Status"] == "Enabled"
    assert (
        s3.refused("put_bucket_accelerate_configuration", AccelerateConfiguration={"Status": "On"}).code
        == "MalformedXML"
    )


def test_logs_go_to_a_bucket_of_the_same_region(s3: S3) -> None:
    assert "LoggingEnabled" not in s3.call("get_bucket_logging")
    wanted = {"TargetBucket": s3.bucket, "TargetPrefix": "logs/"}
    s3.call("put_bucket_logging", BucketLoggingStatus={"LoggingEnabled": wanted})
    assert s3.call("get_bucket_logging")["LoggingEnabled"] == wanted
    wrong = {"LoggingEnabled": wanted | {"TargetBucket": "no-such-bucket"}}
    answer = s3.refused("put_bucket_logging", BucketLoggingStatus=wrong)
    assert (answer.code, answer.error["TargetBucket"]) == ("InvalidTargetBucketForLogging", "no-such-bucket")
    far = s3.bucket + "-far"
    s3.api.create_bucket(Bucket=far, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    crossing = {"LoggingEnabled": wanted | {"TargetBucket": far}}
    answer = s3.refused("put_bucket_logging", BucketLoggingStatus=crossing)  # [LS:test_put_bucket_logging_wrong_target]
    assert (answer.status, answer.code) == (403, "CrossLocationLoggingProhibitted")
    assert answer.message == "Cross S3 location logging not allowed. "
    assert (answer.error["TargetBucketLocation"], answer.error.get("SourceBucketLocation")) == ("eu-west-1", None)
    s3.call("put_bucket_logging", BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.call("get_bucket_logging")


def test_replication_is_not_there(s3: S3) -> None:
    answer = s3.refused("get_bucket_replication")
    assert (answer.status, answer.code) == (404, "ReplicationConfigurationNotFoundError")
    rules = [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::b"}, "Prefix": ""}]
    configuration = {"Role": "arn:aws:iam::000000000000:role/r", "Rules": rules}
    assert s3.refused("put_bucket_replication", ReplicationConfiguration=configuration).status == 501


def test_tags_of_a_bucket(s3: S3) -> None:
    assert s3.refused("get_bucket_tagging").code == "NoSuchTagSet"
    tags = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]
    s3.call("put_bucket_tagging", Tagging={"TagSet": tags})
    assert sorted(one["Key"] for one in s3.call("get_bucket_tagging")["TagSet"]) == ["a", "b"]
    assert s3.call("delete_bucket_tagging")["ResponseMetadata"]["HTTPStatusCode"] == 204
    twice = {"TagSet": [tags[0], tags[0]]}
    assert s3.refused("put_bucket_tagging", Tagging=twice).message == "Cannot provide multiple Tags with the same key"


def test_settings_go_with_their_bucket(s3: S3) -> None:
    s3.call("put_bucket_cors", CORSConfiguration={"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]})
    s3.call("put_bucket_metrics_configuration", Id="a", MetricsConfiguration={"Id": "a"})
    s3.call("delete_bucket")
    s3.api.create_bucket(Bucket=s3.bucket)
    assert s3.refused("get_bucket_cors").code == "NoSuchCORSConfiguration"
    assert "MetricsConfigurationList" not in s3.call("list_bucket_metrics_configurations")


@pytest.mark.parametrize(
    "name, more",
    [
        (
            "select_object_content",
            {
                "Key": "k",
                "Expression": "s",
                "ExpressionType": "SQL",
                "InputSerialization": {"CSV": {}},
                "OutputSerialization": {"CSV": {}},
            },
        ),
        ("get_object_torrent", {"Key": "k"}),
        ("get_bucket_metadata_table_configuration", {}),
        ("get_bucket_abac", {}),
    ],
)
def test_what_is_not_served_says_so(s3: S3, name: str, more: dict[str, Any]) -> None:
    s3.put("k")
    answer = s3.refused(name, **more)
    assert (answer.status, answer.code) == (501, "NotImplemented")


def test_answers_in_aws_s_own_words(s3: S3) -> None:
    """Root elements and types that no model tells: the API reference of each operation."""
    s3.open()
    roots = {
        "get_bucket_accelerate_configuration": "AccelerateConfiguration",
        "list_bucket_analytics_configurations": "ListBucketAnalyticsConfigurationResult",
        "list_bucket_inventory_configurations": "ListInventoryConfigurationsResult",
        "list_bucket_metrics_configurations": "ListMetricsConfigurationsResult",
    }
    for name, root in roots.items():
        path = s3.api.generate_presigned_url(name, Params={"Bucket": s3.bucket})
        assert s3.send("GET", path.partition(s3.bucket)[2]).xml.tag.rpartition("}")[2] == root
    s3.let("s3:GetObject", "/*")
    told = s3.call("get_bucket_policy")["ResponseMetadata"]["HTTPHeaders"]
    assert told["content-type"] == "application/json"


def test_a_policy_may_name_its_bucket_by_a_pattern(s3: S3) -> None:
    s3.open()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    for resource in ("arn:aws:s3:::*", "arn:aws:s3:::*/*", f"arn:aws:s3:::{s3.bucket[:5]}*/x"):
        policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": resource}]}
        s3.call("put_bucket_policy", Policy=json.dumps(policy))
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": "arn:aws:s3:::other*/*"}]}
    assert s3.refused("put_bucket_policy", Policy=json.dumps(policy)).message == "Policy has invalid resource"
