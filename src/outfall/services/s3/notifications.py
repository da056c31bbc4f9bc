"""The notification configuration of a bucket: reading it from a request, and every reason to refuse it.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html and the recordings
named beside them. Who is told when an object changes is in `flow/notify.py`.
"""

from __future__ import annotations

from base64 import b64encode
from itertools import combinations
from typing import Any

import msgspec
from msgspec.structs import replace

from outfall.core.arn import Arn, MalformedArn
from outfall.core.errors import NotServed
from outfall.core.pattern import s3_events_meet, s3_filters_meet
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.flow import notify, send
from outfall.flow.notify import NotificationRule
from outfall.services.s3 import errors
from outfall.services.s3.access import bucket_arn, require
from outfall.services.s3.model import BUCKETS, Bucket

CONFIGURATIONS_MAX = 100
ID_LENGTH_MAX = 255
FILTER_VALUE_BYTES_MAX = 1024

EVENT_NAMES = """
    s3:ReducedRedundancyLostObject s3:ObjectCreated:* s3:ObjectCreated:Put s3:ObjectCreated:Post s3:ObjectCreated:Copy
    s3:ObjectCreated:CompleteMultipartUpload s3:ObjectRemoved:* s3:ObjectRemoved:Delete
    s3:ObjectRemoved:DeleteMarkerCreated s3:ObjectRestore:* s3:ObjectRestore:Post s3:ObjectRestore:Completed
    s3:ObjectRestore:Delete s3:Replication:* s3:Replication:OperationFailedReplication
    s3:Replication:OperationNotTracked s3:Replication:OperationMissedThreshold
    s3:Replication:OperationReplicatedAfterThreshold s3:LifecycleTransition s3:IntelligentTiering s3:ObjectAcl:Put
    s3:LifecycleExpiration:* s3:LifecycleExpiration:Delete s3:LifecycleExpiration:DeleteMarkerCreated
    s3:ObjectTagging:* s3:ObjectTagging:Put s3:ObjectTagging:Delete s3:ObjectAnnotation:* s3:ObjectAnnotation:Put
    s3:ObjectAnnotation:Delete s3:ObjectRetention:Put
"""
EVENTS = frozenset(EVENT_NAMES.split())


class Kind(msgspec.Struct, frozen=True):
    """A kind of target: where its configurations stand in the model, and what errors call it on the wire."""

    list: str
    arn: str
    wire: str
    service: str


KINDS = (
    Kind("TopicConfigurations", "TopicArn", "Topic", "sns"),
    Kind("QueueConfigurations", "QueueArn", "Queue", "sqs"),
    Kind("LambdaFunctionConfigurations", "LambdaFunctionArn", "CloudFunction", "lambda"),
)

REFUSALS = {
    ("sqs", "missing"): "The destination queue does not exist",
    ("sqs", "denied"): "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
    ("sns", "missing"): "The destination topic does not exist",
    ("sns", "denied"): "Permissions on the destination topic do not allow S3 to publish notifications from this bucket",
}
"""What S3 says of a target that it may not use. [LS:test_invalid_sqs_arn, GH]"""


@operation("PutBucketNotificationConfiguration", action="s3:PutBucketNotification", resource=bucket_arn)
def put_bucket_notification_configuration(call: Call, request: Request) -> Output:
    """Replaces the whole configuration; queues hear of it by a test event.

    Errors: MalformedXML, InvalidArgument in its many forms, InvalidRequest for more than 100 configurations.
    """
    bucket = require(call, request)
    configuration = request.get("NotificationConfiguration") or {}
    rules = read_rules(call, configuration)
    _check_together(rules)
    for rule in rules:
        _check_place(call, rule, bucket)
    event_bridge = configuration.get("EventBridgeConfiguration") is not None
    if event_bridge and "events" not in call.house.targets:
        raise NotServed("EventBridgeConfiguration is not served.")
    bucket = replace(bucket, rules=rules, event_bridge=event_bridge)
    if not request.get("SkipDestinationValidation"):
        _check_targets(call, bucket)
    call.tx.put(BUCKETS, (bucket.name,), bucket)
    if not request.get("SkipDestinationValidation"):
        for target in dict.fromkeys(rule.target for rule in rules if Arn.parse(rule.target).service != "lambda"):
            notify.send_test_event(call, bucket.notifying, target)
    return None


def read_rules(call: Call, configuration: dict[str, Any]) -> tuple[NotificationRule, ...]:
    """The rules in a NotificationConfiguration, each judged by itself. Errors: MalformedXML, InvalidArgument."""
    given = [(kind, one) for kind in KINDS for one in configuration.get(kind.list) or ()]
    if len(given) > CONFIGURATIONS_MAX:
        raise errors.InvalidRequest("Too many configurations submitted. The maximum number of configurations is 100")
    for kind, one in given:
        if not one.get(kind.arn) or not one.get("Events"):
            raise errors.MalformedXML
    for kind, one in given:  # An ARN that is none outranks what is wrong with the others. [LS:test_invalid_sqs_arn]
        _check_arn(kind, one[kind.arn])
    return tuple(_rule(call, kind, one) for kind, one in given)


def _check_arn(kind: Kind, text: str) -> None:
    try:
        service = Arn.parse(text).service
    except MalformedArn:
        service = ""
    if service != kind.service:
        raise errors.InvalidArgument("The ARN could not be parsed", ArgumentName=kind.wire, ArgumentValue=text)
    if text.endswith(".fifo"):
        name = "SQS queues" if kind.service == "sqs" else "SNS topics"
        raise errors.InvalidArgument(f"FIFO {name} are not supported.", ArgumentName=kind.wire, ArgumentValue=text)


def _rule(call: Call, kind: Kind, one: dict[str, Any]) -> NotificationRule:
    for event in one["Events"]:
        if event not in EVENTS:
            raise errors.InvalidArgument(
                "The event is not supported for notifications", ArgumentName="Event", ArgumentValue=event
            )
    name = one.get("Id") or b64encode(call.ids.uuid().encode()).decode()
    if len(name) > ID_LENGTH_MAX:
        raise errors.InvalidArgument(
            "The length of the Id must not exceed 255 characters.", ArgumentName="Id", ArgumentValue=name
        )
    return NotificationRule(name, one[kind.arn], tuple(one["Events"]), _filters(one.get("Filter")))


def _filters(given: dict[str, Any] | None) -> tuple[tuple[str, str], ...]:
    """The filter rules of a Filter, their names as S3 writes them. [LS:test_filter_rules_case_insensitive]"""
    if given is None:
        return ()
    if not given.get("Key"):
        raise errors.MalformedXML
    filters: list[tuple[str, str]] = []
    for rule in given["Key"].get("FilterRules") or ():
        name, value = str(rule.get("Name") or "").capitalize(), str(rule.get("Value") or "")
        if name not in ("Prefix", "Suffix"):
            raise errors.InvalidArgument(
                "filter rule name must be either prefix or suffix",
                ArgumentName="FilterRule.Name",
                ArgumentValue=str(rule.get("Name") or ""),
            )
        if any(name == known for known, _ in filters):
            raise errors.InvalidArgument(
                f"Cannot specify more than one {name.lower()} rule in a filter.",
                ArgumentName="FilterRule.Name",
                ArgumentValue=name.lower(),
            )
        if len(value.encode("utf-8", "surrogatepass")) > FILTER_VALUE_BYTES_MAX:
            raise errors.InvalidArgument(
                "Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation",
                ArgumentName="FilterRule.Value",
                ArgumentValue=value,
            )
        filters.append((name, value))
    return tuple(filters)


def _check_together(rules: tuple[NotificationRule, ...]) -> None:
    if len({rule.id for rule in rules}) != len(rules):
        raise errors.InvalidArgument("Same ID used for multiple configurations. IDs must be unique.")
    for first, second in combinations(rules, 2):
        if not s3_events_meet(first.events, second.events):
            continue
        if not s3_filters_meet((first.prefix, first.suffix), (second.prefix, second.suffix)):
            continue
        if first.filters or second.filters:
            raise errors.InvalidArgument(
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes "
                "are overlapping for the same event type."
            )
        raise errors.InvalidArgument(
            "Configurations overlap. Configurations on the same bucket cannot share a common event type."
        )


def _check_place(call: Call, rule: NotificationRule, bucket: Bucket) -> None:
    target = Arn.parse(rule.target)
    if target.service not in call.house.targets:
        raise NotServed(f"Notifications to {target.service} are not served yet.")
    if target.region != bucket.region:
        raise errors.InvalidArgument(
            "The notification destination service region is not valid for the bucket location constraint",
            ArgumentName="Arn",
            ArgumentValue=rule.target,
        )


def _check_targets(call: Call, bucket: Bucket) -> None:
    """Asks each target whether S3 may send there; all that refuse are named, by number."""
    failed: list[tuple[str, str]] = []
    here = call.at(bucket.account, bucket.region)
    for rule in bucket.rules:
        refusal = send.check(here, rule.target, notify.s3_sender(bucket.notifying))
        if refusal is None:
            continue
        service = Arn.parse(rule.target).service
        if service == "lambda":
            failed.append((f"{rule.target}, null", f"Not authorized to invoke function [{rule.target}]"))
        else:
            failed.append((rule.target, REFUSALS[service, refusal.kind]))
    if failed:
        fields: dict[str, str] = {}
        for number, (name, value) in enumerate(failed, 1):
            fields |= {f"ArgumentName{number}": name, f"ArgumentValue{number}": value}
        raise errors.InvalidArgument("Unable to validate the following destination configurations", **fields)


@operation("GetBucketNotificationConfiguration", action="s3:GetBucketNotification", resource=bucket_arn)
def get_bucket_notification_configuration(call: Call, request: Request) -> Output:
    """The configuration as it was put, filter names as S3 writes them; nothing if there is none."""
    bucket = require(call, request)
    output: dict[str, Any] = {}
    for rule in bucket.rules:
        kind = next(kind for kind in KINDS if kind.service == Arn.parse(rule.target).service)
        output.setdefault(kind.list, []).append(_configuration(kind, rule))
    return output | ({"EventBridgeConfiguration": {}} if bucket.event_bridge else {})


def _configuration(kind: Kind, rule: NotificationRule) -> dict[str, Any]:
    told: dict[str, Any] = {"Id": rule.id, kind.arn: rule.target, "Events": list(rule.events)}
    if rule.filters:
        rules = [{"Name": name, "Value": value} for name, value in rule.filters]
        told["Filter"] = {"Key": {"FilterRules": rules}}
    return told


OPERATIONS: tuple[Operation, ...] = (put_bucket_notification_configuration, get_bucket_notification_configuration)
