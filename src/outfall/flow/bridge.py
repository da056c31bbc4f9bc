"""What EventBridge is told when an object changed: the type of the event and its detail.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html. Key order and absence of keys follow the
recording [LS:test_put_events_to_default_eventbus_for_custom_eventbus]; deletions and tags follow the guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from outfall.core.service import Call

if TYPE_CHECKING:
    from outfall.flow.notify import NotifyingBucket, ObjectChange

CREATED = "Object Created"
DELETED = "Object Deleted"

KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "s3:ObjectCreated:Put": (CREATED, {"reason": "PutObject"}),
    "s3:ObjectCreated:Post": (CREATED, {"reason": "POST Object"}),
    "s3:ObjectCreated:Copy": (CREATED, {"reason": "CopyObject"}),
    "s3:ObjectCreated:CompleteMultipartUpload": (CREATED, {"reason": "CompleteMultipartUpload"}),
    "s3:ObjectRemoved:Delete": (DELETED, {"reason": "DeleteObject", "deletion-type": "Permanently Deleted"}),
    "s3:ObjectRemoved:DeleteMarkerCreated": (
        DELETED,
        {"reason": "DeleteObject", "deletion-type": "Delete Marker Created"},
    ),
    "s3:LifecycleExpiration:Delete": (
        DELETED,
        {"reason": "Lifecycle Expiration", "deletion-type": "Permanently Deleted"},
    ),
    "s3:LifecycleExpiration:DeleteMarkerCreated": (
        DELETED,
        {"reason": "Lifecycle Expiration", "deletion-type": "Delete Marker Created"},
    ),
    "s3:ObjectTagging:Put": ("Object Tags Added", {}),
    "s3:ObjectTagging:Delete": ("Object Tags Deleted", {}),
    "s3:ObjectAcl:Put": ("Object ACL Updated", {}),
    "s3:ObjectRestore:Post": ("Object Restore Initiated", {}),
    "s3:ObjectRestore:Completed": ("Object Restore Completed", {}),
    "s3:ObjectRestore:Delete": ("Object Restore Expired", {}),
    "s3:LifecycleTransition": ("Object Storage Class Changed", {}),
}
"""How EventBridge calls what happened, and what the end of the detail says of it."""


def told(call: Call, bucket: NotifyingBucket, change: ObjectChange) -> tuple[str, bytes] | None:
    """The detail-type and the detail of this change; None for what EventBridge does not hear of."""
    kind = KINDS.get(change.event)
    if kind is None:
        return None
    detail_type, end = kind
    detail = {
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": _object(change, deleted=detail_type == DELETED),
        "request-id": call.request_id,
        "requester": call.principal.account or call.principal.service or "Anonymous",
        "source-ip-address": call.source_ip,
        **end,
    }
    return detail_type, msgspec.json.encode(detail)


def _object(change: ObjectChange, *, deleted: bool) -> dict[str, Any]:
    """The key as it is, not URL-encoded; deletions tell neither size nor ETag."""
    shown: dict[str, Any] = {"key": change.key}
    if change.size is not None and not deleted:
        shown["size"] = change.size
    if change.etag and not deleted:
        shown["etag"] = change.etag
    if change.version_id:
        shown["version-id"] = change.version_id
    if change.sequencer:
        shown["sequencer"] = change.sequencer
    return shown
