"""An object changed: which notification rules match, and what is sent to each target.

The rules are data on the bucket's row (`NotificationRule`); services say what changed (`ObjectChange`). One record a
message, in the key order of the recordings [LS:test_xray_header].
Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import msgspec

from outfall.core.lineage import root_in
from outfall.core.parcel import Parcel, Sender
from outfall.core.pattern import s3_event_matches, s3_key_matches
from outfall.core.principal import Principal, service_principal
from outfall.core.record import timestamp
from outfall.core.s3ids import host_id, short_owner_id
from outfall.core.service import Call
from outfall.flow import bridge, passage, send

SERVICE = "s3.amazonaws.com"
SUBJECT = "Amazon S3 Notification"
"""What topics get as the subject. [LS:test_s3_notifications_sns]"""

EVENT_VERSIONS = {
    "ObjectTagging": "2.3",
    "ObjectAcl": "2.3",
    "ObjectRetention": "2.3",
    "LifecycleExpiration": "2.3",
    "LifecycleTransition": "2.3",
}
"""Event types whose records are newer than 2.1. [LS:test_object_tagging_put_event, test_object_put_acl]"""


class NotificationRule(msgspec.Struct, frozen=True):
    """One configuration of a bucket: which events, of which keys, go to which target.

    `filters` are the filter rules as they were given: (`Prefix` or `Suffix`, value).
    """

    id: str
    target: str
    events: tuple[str, ...]
    filters: tuple[tuple[str, str], ...] = ()

    @property
    def prefix(self) -> str:
        """How keys must begin."""
        return next((value for name, value in self.filters if name == "Prefix"), "")

    @property
    def suffix(self) -> str:
        """How keys must end."""
        return next((value for name, value in self.filters if name == "Suffix"), "")

    def matches(self, event: str, key: str) -> bool:
        """Whether this rule wants to hear of `event` (with `s3:`) at `key`."""
        return s3_key_matches(key, self.prefix, self.suffix) and any(
            s3_event_matches(pattern, event) for pattern in self.events
        )


class NotifyingBucket(msgspec.Struct, frozen=True):
    """What a record says of the bucket, the rules it is sent by, and whether EventBridge hears of everything."""

    name: str
    account: str
    region: str
    rules: tuple[NotificationRule, ...]
    event_bridge: bool = False

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.name}"


class ObjectChange(msgspec.Struct, frozen=True):
    """What happened to an object. `event` is `s3:ObjectCreated:Put`; what is None or empty is absent in the record."""

    event: str
    key: str
    size: int | None = None
    etag: str = ""
    version_id: str = ""
    sequencer: str = ""
    restored_until_ms: int = 0
    restored_class: str = ""
    """Until when the copy of an archived object can be read, and its storage class; for `ObjectRestore:Completed`."""


def s3_sender(bucket: NotifyingBucket) -> Sender:
    """S3, as the sender of this bucket's notifications."""
    return Sender(
        "s3", service_principal(SERVICE, bucket.account), source_arn=bucket.arn, source_account=bucket.account
    )


def object_changed(call: Call, bucket: NotifyingBucket, change: ObjectChange) -> None:
    """Sends a record of this change to the target of each matching rule, in the transaction of the change.

    A target that refuses (its policy changed, it was deleted) does not disturb the change: S3 drops such records.
    """
    matching = [rule for rule in bucket.rules if rule.matches(change.event, change.key)]
    if not matching and not bucket.event_bridge:
        return
    trace = _root(call)
    for rule in matching:
        _deliver(call, bucket, rule.target, _records(call, bucket, rule, change), trace)
    if bucket.event_bridge:
        _tell_event_bridge(call, bucket, change, trace)


def _root(call: Call) -> str:
    return root_in(call.headers.get("x-amzn-trace-id", "")) or passage.new_root(call)


def _tell_event_bridge(call: Call, bucket: NotifyingBucket, change: ObjectChange, trace: str) -> None:
    """All changes go to the default bus of the bucket's own account and region."""
    told = bridge.told(call, bucket, change)
    if told is None:
        return
    detail_type, detail = told
    parcel = Parcel(
        detail,
        s3_sender(bucket),
        trace_header=call.headers.get("x-amzn-trace-id", ""),
        detail_type=detail_type,
        resources=(bucket.arn,),
        trace=trace,
    )
    _hand_over(call, bucket, f"arn:aws:events:{bucket.region}:{bucket.account}:event-bus/default", parcel)


def send_test_event(call: Call, bucket: NotifyingBucket, target: str) -> None:
    """Sends `s3:TestEvent`, which tells a queue or topic that it was configured. Lambda never gets one. [DOC]"""
    _deliver(
        call,
        bucket,
        target,
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": timestamp(call.now),
            "Bucket": bucket.name,
            "RequestId": call.request_id,
            "HostId": host_id(call.request_id),
        },
        _root(call),
    )


def _deliver(call: Call, bucket: NotifyingBucket, target: str, message: dict[str, Any], trace: str) -> None:
    parcel = Parcel(
        msgspec.json.encode(message),
        s3_sender(bucket),
        trace_header=call.headers.get("x-amzn-trace-id", ""),
        subject=SUBJECT,
        trace=trace,
    )
    _hand_over(call, bucket, target, parcel)


def _hand_over(call: Call, bucket: NotifyingBucket, target: str, parcel: Parcel) -> None:
    there = call.at(bucket.account, bucket.region)
    result = send.send(there, target, parcel)
    if isinstance(result, send.Receipt):
        passage.passed(there, parcel, target, result)
    else:
        passage.failed(there, parcel, target, result)


def _records(call: Call, bucket: NotifyingBucket, rule: NotificationRule, change: ObjectChange) -> dict[str, Any]:
    name = change.event.removeprefix("s3:")
    return {
        "Records": [
            {
                "eventVersion": EVENT_VERSIONS.get(name.split(":")[0], "2.1"),
                "eventSource": "aws:s3",
                "awsRegion": bucket.region,
                "eventTime": timestamp(call.now),
                "eventName": name,
                "userIdentity": {"principalId": principal_id(call.principal)},
                "requestParameters": {"sourceIPAddress": call.source_ip},
                "responseElements": {
                    "x-amz-request-id": call.request_id,
                    "x-amz-id-2": host_id(call.request_id),
                },
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": rule.id,
                    "bucket": {
                        "name": bucket.name,
                        "ownerIdentity": {"principalId": short_owner_id(bucket.account)},
                        "arn": bucket.arn,
                    },
                    "object": _object(change),
                },
                **_glacier(change),
            }
        ]
    }


def _glacier(change: ObjectChange) -> dict[str, Any]:
    """What only the record of a completed restore has. [DOC notification-content-structure]"""
    if not change.restored_until_ms:
        return {}
    until = {
        "lifecycleRestorationExpiryTime": timestamp(change.restored_until_ms),
        "lifecycleRestoreStorageClass": change.restored_class,
    }
    return {"glacierEventData": {"restoreEventData": until}}


def _object(change: ObjectChange) -> dict[str, Any]:
    told: dict[str, Any] = {"key": quote_plus(change.key, safe="/")}
    if change.size is not None:
        told["size"] = change.size
    if change.etag:
        told["eTag"] = change.etag
    if change.version_id:
        told["versionId"] = change.version_id
    if change.sequencer:
        told["sequencer"] = change.sequencer
    return told


def principal_id(principal: Principal) -> str:
    """`userIdentity.principalId`: `AWS:` and the unique id, `Anonymous`, or the service itself."""
    if principal.kind == "anonymous":
        return "Anonymous"
    return principal.service if principal.kind == "service" else f"AWS:{principal.unique_id}"
