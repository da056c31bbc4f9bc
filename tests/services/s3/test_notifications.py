"""The notification configuration. Ids are those of the cases in the project's table of AWS behaviour."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outfall.core.errors import AwsError, NotServed
from tests.services.s3.kit import FUNCTION, QUEUE, S3
from tests.support import ACCOUNT, REQUEST_ID

MISSING_QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:my-queue"
MISSING_FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:my-lambda"
UNABLE = "Unable to validate the following destination configurations"
DOES_NOT_EXIST = "The destination queue does not exist"
AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are "
    "overlapping for the same event type."
)


def queue(arn: str = QUEUE, *events: str, filters: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    one: dict[str, Any] = {"QueueArn": arn, "Events": list(events) or ["s3:ObjectCreated:*"], **more}
    if filters is not None:
        rules = [{"Name": name, "Value": value} for name, value in filters.items()]
        one["Filter"] = {"Key": {"FilterRules": rules}}
    return one


def function(arn: str = FUNCTION, *events: str) -> dict[str, Any]:
    return {"LambdaFunctionArn": arn, "Events": list(events) or ["s3:ObjectCreated:*"]}


def put(s3: S3, queues: Any = (), functions: Any = (), topics: Any = (), **more: Any) -> None:
    given = {"QueueConfigurations": queues, "LambdaFunctionConfigurations": functions, "TopicConfigurations": topics}
    configuration = {name: list(value) for name, value in given.items() if value}
    s3("PutBucketNotificationConfiguration", Bucket="bucket", NotificationConfiguration=configuration, **more)


def got(s3: S3) -> dict[str, Any]:
    return s3("GetBucketNotificationConfiguration", Bucket="bucket")


CASES: dict[str, tuple[dict[str, Any], str, str, dict[str, str]]] = {
    "s3-011": (
        {"queues": [queue("invalid-queue")]},
        "InvalidArgument",
        "The ARN could not be parsed",
        {"ArgumentName": "Queue", "ArgumentValue": "invalid-queue"},
    ),
    "rec-293 skipping validation": (
        {"queues": [queue("invalid-queue")], "SkipDestinationValidation": True},
        "InvalidArgument",
        "The ARN could not be parsed",
        {"ArgumentName": "Queue", "ArgumentValue": "invalid-queue"},
    ),
    "rec-293 beside a missing queue": (
        {"queues": [queue(MISSING_QUEUE), queue("invalid-queue")]},
        "InvalidArgument",
        "The ARN could not be parsed",
        {"ArgumentName": "Queue", "ArgumentValue": "invalid-queue"},
    ),
    "rec-295": (
        {"topics": [{"TopicArn": "invalid-topic", "Events": ["s3:ObjectCreated:*"]}]},
        "InvalidArgument",
        "The ARN could not be parsed",
        {"ArgumentName": "Topic", "ArgumentValue": "invalid-topic"},
    ),
    "rec-297": (
        {"functions": [function("invalid-queue")]},
        "InvalidArgument",
        "The ARN could not be parsed",
        {"ArgumentName": "CloudFunction", "ArgumentValue": "invalid-queue"},
    ),
    "s3-012 rec-294": (
        {"queues": [queue(MISSING_QUEUE)]},
        "InvalidArgument",
        UNABLE,
        {"ArgumentName1": MISSING_QUEUE, "ArgumentValue1": DOES_NOT_EXIST},
    ),
    "s3-013": (
        {
            "queues": [
                queue(MISSING_QUEUE, "s3:ObjectCreated:Put"),
                queue(QUEUE, "s3:ObjectRemoved:*"),
                queue(MISSING_QUEUE + "2", "s3:ObjectCreated:Copy"),
            ]
        },
        "InvalidArgument",
        UNABLE,
        {
            "ArgumentName1": MISSING_QUEUE,
            "ArgumentValue1": DOES_NOT_EXIST,
            "ArgumentName2": MISSING_QUEUE + "2",
            "ArgumentValue2": DOES_NOT_EXIST,
        },
    ),
    "rec-298 missing": (
        {"functions": [function(MISSING_FUNCTION)]},
        "InvalidArgument",
        UNABLE,
        {
            "ArgumentName1": f"{MISSING_FUNCTION}, null",
            "ArgumentValue1": f"Not authorized to invoke function [{MISSING_FUNCTION}]",
        },
    ),
    "s3-017": (
        {"functions": [function(), function(FUNCTION, "s3:ObjectCreated:Put")]},
        "InvalidArgument",
        "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
        {},
    ),
    "s3-018": (
        {"queues": [queue(filters={"prefix": "a/"}), queue(filters={"prefix": "a/b"})]},
        "InvalidArgument",
        AMBIGUOUS,
        {},
    ),
    "overlap across kinds of targets": (
        {"queues": [queue(filters={"suffix": ".jpg"})], "functions": [function()]},
        "InvalidArgument",
        AMBIGUOUS,
        {},
    ),
    "s3-023": (
        {"queues": [queue(filters={"INVALID": "x"})]},
        "InvalidArgument",
        "filter rule name must be either prefix or suffix",
        {"ArgumentName": "FilterRule.Name"},
    ),
    "two prefixes": (
        {"queues": [queue(filters={"prefix": "a", "Prefix": "b"})]},
        "InvalidArgument",
        "Cannot specify more than one prefix rule in a filter.",
        {},
    ),
    "the same Id twice": (
        {"queues": [queue(Id="x"), queue(QUEUE, "s3:ObjectRemoved:*", Id="x")]},
        "InvalidArgument",
        "Same ID used for multiple configurations. IDs must be unique.",
        {},
    ),
    "FIFO": (
        {"queues": [queue(QUEUE + ".fifo")]},
        "InvalidArgument",
        "FIFO SQS queues are not supported.",
        {},
    ),
    "another region": (
        {"queues": [queue(QUEUE.replace("us-east-1", "eu-west-1"))]},
        "InvalidArgument",
        "The notification destination service region is not valid for the bucket location constraint",
        {},
    ),
    "an event that is none": (
        {"queues": [queue(QUEUE, "s3:ObjectEaten:*")]},
        "InvalidArgument",
        "The event is not supported for notifications",
        {"ArgumentName": "Event", "ArgumentValue": "s3:ObjectEaten:*"},
    ),
    "s3-035": (
        {"queues": [{"QueueArn": QUEUE}]},
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        {},
    ),
    "an empty Filter": (
        {"queues": [queue(Filter={})]},
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
        {},
    ),
    "101 configurations": (
        {"queues": [queue(Id=str(number)) for number in range(101)]},
        "InvalidRequest",
        "Too many configurations submitted. The maximum number of configurations is 100",
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_configuration_is_refused_in_the_words_of_s3(s3: S3, case: str) -> None:
    given, code, message, fields = CASES[case]
    with pytest.raises(AwsError) as refused:
        put(s3, **given)
    assert (refused.value.code, refused.value.message) == (code, message)
    assert fields.items() <= refused.value.fields.items()
    assert got(s3) == {}
    assert s3.messages() == []


def test_rec_296_the_bucket_is_missing(s3: S3) -> None:
    with pytest.raises(AwsError) as refused:
        s3("PutBucketNotificationConfiguration", Bucket="none", NotificationConfiguration={})
    assert (refused.value.code, refused.value.status) == ("NoSuchBucket", 404)
    assert refused.value.fields == {"BucketName": "none"}


def test_s3_014_a_function_that_does_not_let_s3_in(s3: S3) -> None:
    s3.functions.policies[FUNCTION] = None
    with pytest.raises(AwsError) as refused:
        put(s3, functions=[function()])
    assert refused.value.fields == {
        "ArgumentName1": f"{FUNCTION}, null",
        "ArgumentValue1": f"Not authorized to invoke function [{FUNCTION}]",
    }


def test_s3_015_a_queue_that_does_not_let_s3_in(s3: S3) -> None:
    s3.queues.policies[QUEUE] = None
    with pytest.raises(AwsError) as refused:
        put(s3, queues=[queue()])
    assert refused.value.fields == {
        "ArgumentName1": QUEUE,
        "ArgumentValue1": "Permissions on the destination queue do not allow S3 to publish notifications from this "
        "bucket",
    }


def test_s3_016_validation_is_skipped_on_request(s3: S3) -> None:
    put(s3, queues=[queue(MISSING_QUEUE)], SkipDestinationValidation=True)
    assert got(s3)["QueueConfigurations"][0]["QueueArn"] == MISSING_QUEUE
    assert s3.messages() == []


@pytest.mark.parametrize(
    "case, filters",
    [
        ("s3-019", [{"prefix": "a/"}, {"prefix": "b/"}]),
        ("s3-020", [{"prefix": "a/", "suffix": ".jpg"}, {"prefix": "a/", "suffix": ".png"}]),
    ],
)
def test_rules_that_never_meet_may_share_an_event(s3: S3, case: str, filters: list[dict[str, str]]) -> None:
    put(s3, queues=[queue(filters=one) for one in filters])
    assert len(got(s3)["QueueConfigurations"]) == 2


def test_s3_021_an_id_is_made_where_none_is_given(s3: S3) -> None:
    put(s3, queues=[queue()], functions=[function(FUNCTION, "s3:ObjectRemoved:*")])
    configuration = got(s3)
    first = configuration["QueueConfigurations"][0]["Id"]
    second = configuration["LambdaFunctionConfigurations"][0]["Id"]
    assert first
    assert second
    assert first != second


def test_s3_022_filter_names_are_answered_with_a_capital(s3: S3) -> None:
    put(s3, queues=[queue(filters={"suffix": ".jpg", "prefix": ""}, Id="mine")])
    assert got(s3) == {
        "QueueConfigurations": [
            {
                "Id": "mine",
                "QueueArn": QUEUE,
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {
                    "Key": {"FilterRules": [{"Name": "Suffix", "Value": ".jpg"}, {"Name": "Prefix", "Value": ""}]}
                },
            }
        ]
    }


def test_s3_024_a_queue_gets_one_test_event(s3: S3) -> None:
    put(s3, queues=[queue(QUEUE, "s3:ObjectCreated:*"), queue(QUEUE, "s3:ObjectRemoved:*")])
    [message] = s3.messages()
    host = message.pop("HostId")
    assert len(host) == 64
    assert message == {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2027-01-15T08:00:00.000Z",
        "Bucket": "bucket",
        "RequestId": REQUEST_ID,
    }
    assert list(json.loads(s3.queues.arrived[0][1].body))[-1] == "HostId"


def test_s3_025_a_function_gets_no_test_event(s3: S3) -> None:
    put(s3, functions=[function()])
    assert s3.functions.arrived == []


def test_s3_027_an_empty_configuration_clears(s3: S3) -> None:
    put(s3, queues=[queue()])
    put(s3)
    assert got(s3) == {}


def test_event_bridge_is_not_claimed_to_be_served(s3: S3) -> None:
    with pytest.raises(NotServed, match="EventBridgeConfiguration"):
        s3(
            "PutBucketNotificationConfiguration",
            Bucket="bucket",
            NotificationConfiguration={"EventBridgeConfiguration": {}},
        )


def test_topics_are_not_claimed_to_be_served(s3: S3) -> None:
    topic = {"TopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:t", "Events": ["s3:ObjectCreated:*"]}
    for skip in (False, True):
        with pytest.raises(NotServed, match="sns"):
            put(s3, topics=[topic], SkipDestinationValidation=skip)
