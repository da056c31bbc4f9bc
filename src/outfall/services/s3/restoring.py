"""Restoring archived objects: RestoreObject, and the end of the copies that it makes.

A restore takes hours on AWS; here the copy is there at once, and its end comes on our clock.
Rule: https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.effects import Respond
from outfall.core.ports import Item
from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.flow import notify
from outfall.services.s3 import errors, storage
from outfall.services.s3.access import object_arn, require
from outfall.services.s3.expiry import midnight_after
from outfall.services.s3.finding import find_version
from outfall.services.s3.model import BUCKETS, Bucket, Version
from outfall.services.s3.own import for_customer, own_call
from outfall.services.s3.reading import ARCHIVES
from outfall.services.s3.writing import told_version

QUEUE = "s3/restored"
TIERS = ("Standard", "Bulk", "Expedited")


class Restored(msgspec.Struct, frozen=True):
    """A copy that will end."""

    bucket: str
    key: str
    version_id: str
    until_ms: int


@operation("RestoreObject", action="s3:RestoreObject", resource=object_arn)
def restore_object(call: Call, request: Request) -> Output:
    """Makes an archived object readable for some days: 202, or 200 if it was readable and its end moves.

    Errors: InvalidObjectState for one that is not archived, MalformedXML, InvalidArgument; 501 for SELECT.
    """
    bucket = require(call, request)
    key, wanted = request["Key"], request.get("RestoreRequest") or {}
    if wanted.get("SelectParameters") or wanted.get("OutputLocation") or wanted.get("Type"):
        raise errors.not_served("RestoreRequest.Type")
    version = find_version(call, bucket, key, request.get("VersionId"))
    if version.attributes.storage_class not in ARCHIVES:
        raise errors.InvalidObjectState(
            "Restore is not allowed for the object's current storage class",
            StorageClass=version.attributes.storage_class,
        )
    tier = wanted.get("Tier") or (wanted.get("GlacierJobParameters") or {}).get("Tier")
    if wanted.get("Days") is None or (tier is not None and tier not in TIERS):
        raise errors.MalformedXML
    if wanted["Days"] < 1:
        raise errors.InvalidArgument("Days must be a positive integer", ArgumentName="Days")
    until_ms = midnight_after(call.now, wanted["Days"])
    again = version.restored_until_ms > call.now
    storage.update(call.tx, bucket.name, key, replace(version, restored_until_ms=until_ms))
    ends = Restored(bucket.name, key, version.id, until_ms)
    call.tx.enqueue(QUEUE, msgspec.json.encode(ends), now_ms=call.now, due_ms=until_ms)
    _tell(call, bucket, key, version, "Post")
    if not again:
        _tell(for_customer(call, bucket.account), bucket, key, version, "Completed", until_ms=until_ms)
    return Respond({}, status=200 if again else 202)


def step(ctx: Context, item: Item) -> None:
    """Ends a copy whose time is over, unless it was restored for longer meanwhile."""
    ends = msgspec.json.decode(item.payload, type=Restored)
    ctx.tx.acknowledge(QUEUE, item.handle)
    bucket = ctx.tx.get(BUCKETS, (ends.bucket,))
    version = storage.version(ctx.tx, ends.bucket, ends.key, ends.version_id) if bucket else None
    if bucket is None or version is None or version.restored_until_ms != ends.until_ms:
        return
    storage.update(ctx.tx, bucket.name, ends.key, replace(version, restored_until_ms=0))
    call = own_call(ctx.at(bucket.account, bucket.region), "RestoreObject")
    _tell(call, bucket, ends.key, version, "Delete")


def _tell(call: Call, bucket: Bucket, key: str, version: Version, how: str, *, until_ms: int = 0) -> None:
    change = notify.ObjectChange(
        f"s3:ObjectRestore:{how}",
        key,
        size=version.size,
        etag=version.etag,
        version_id=told_version(version.id),
        sequencer=f"{storage.next_sequence(call, bucket.name, key):018X}",
        restored_until_ms=until_ms,
        restored_class=version.attributes.storage_class if until_ms else "",
    )
    notify.object_changed(call, bucket.notifying, change)


OPERATIONS: tuple[Operation, ...] = (restore_object,)
