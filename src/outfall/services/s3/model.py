"""The rows of S3. The row of an object holds no bytes, so that listing never reads them: bodies have their own table.

Bucket names are global, so a bucket's name alone is the key of its rows; the owner stands in the row. An object's
current version is in `OBJECTS` (unless that is a delete marker); older versions and all delete markers are in
`VERSIONS`, newest first, and exist only where versioning was ever switched on.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from outfall.core.body import Segment
from outfall.core.ports import Table
from outfall.flow.notify import NotificationRule, NotifyingBucket

Versioning = Literal["", "Enabled", "Suspended"]
Pairs = tuple[tuple[str, str], ...]
SEQUENCE_MAX = (1 << 64) - 1
NULL_VERSION = "null"


class Grant(msgspec.Struct, frozen=True):
    """One grant of an ACL: to an account by its canonical id, or to a group by its URI (`grantee` has a scheme)."""

    grantee: str
    permission: str


class PublicAccess(msgspec.Struct, frozen=True):
    """The public access block of a bucket."""

    block_acls: bool = False
    ignore_acls: bool = False
    block_policy: bool = False
    restrict: bool = False


ALL_BLOCKED = PublicAccess(True, True, True, True)


class Encryption(msgspec.Struct, frozen=True):
    """How an object is encrypted at rest, or how a bucket's objects are by default. `customer_md5` is that of a key
    which the client keeps (SSE-C), `context` the encryption context in base64 as it was given."""

    algorithm: str = "AES256"
    key: str = ""
    bucket_key: bool = False
    customer_md5: str = ""
    context: str = ""


class LockDefault(msgspec.Struct, frozen=True):
    """Object Lock of a bucket: how new objects are retained, by default not at all."""

    mode: str = ""
    days: int = 0
    years: int = 0


class Lock(msgspec.Struct, frozen=True):
    """Object Lock of a version: retention (a mode and an end), and legal hold (`ON`, `OFF`, or empty: never set)."""

    mode: str = ""
    until_ms: int = 0
    hold: str = ""


class Move(msgspec.Struct, frozen=True):
    """A transition of a lifecycle rule: after so many days, or from a date on."""

    storage_class: str
    days: int = 0
    date_ms: int = 0
    keep: int = 0


class LifecycleRule(msgspec.Struct, frozen=True):
    """An enabled rule of a bucket's lifecycle, ready to be judged by. What is 0 or empty is not asked for."""

    id: str
    prefix: str = ""
    tags: Pairs = ()
    larger_than: int = -1
    smaller_than: int = -1
    days: int = 0
    date_ms: int = 0
    markers: bool = False
    noncurrent_days: int = 0
    noncurrent_keep: int = 0
    abort_days: int = 0
    moves: tuple[Move, ...] = ()
    noncurrent_moves: tuple[Move, ...] = ()


class Bucket(msgspec.Struct, frozen=True):
    """A bucket. `location` is the LocationConstraint as it was given, empty for us-east-1.

    What an upload or a download has to know of the bucket stands here, so that it costs no further row; whole
    documents that are only put and got are in `SETTINGS`.
    """

    name: str
    account: str
    region: str
    created_ms: int
    location: str = ""
    versioning: Versioning = ""
    policy: str = ""
    tags: Pairs = ()
    rules: tuple[NotificationRule, ...] = ()
    ownership: str = "BucketOwnerEnforced"
    event_bridge: bool = False
    """Whether EventBridge is told of every change."""
    grants: tuple[Grant, ...] | None = None
    """The bucket's ACL; None: the owner has full control."""
    public: PublicAccess | None = None
    encryption: Encryption | None = None
    sse_c_blocked: bool = False
    lock: LockDefault | None = None
    """None where Object Lock was never switched on."""
    lifecycle: tuple[LifecycleRule, ...] = ()
    requester_pays: bool = False

    @property
    def notifying(self) -> NotifyingBucket:
        """This bucket as notifications know it."""
        return NotifyingBucket(self.name, self.account, self.region, self.rules, self.event_bridge)


class Attributes(msgspec.Struct, frozen=True):
    """What a writer says of an object beside its bytes. `headers` are members of the model, as `CacheControl`."""

    content_type: str = "binary/octet-stream"
    headers: Pairs = ()
    metadata: Pairs = ()
    tags: Pairs = ()
    storage_class: str = "STANDARD"
    grants: tuple[Grant, ...] | None = None
    """The object's ACL; None: the owner has full control."""
    owner: str = ""
    """The account that owns the object, where that is not the bucket's."""
    encryption: Encryption | None = None
    """None: SSE-S3."""


def order_of(sequence: int) -> str:
    """Where versions with that sequence stand among those of their key."""
    return f"{SEQUENCE_MAX - sequence:016x}"


class Version(msgspec.Struct, frozen=True):
    """One version of an object, or a delete marker. `sequence` orders the writes of a key."""

    id: str
    sequence: int
    modified_ms: int
    size: int = 0
    etag: str = ""
    """Without quotes."""
    attributes: Attributes = Attributes()
    checksums: Pairs = ()
    checksum_type: str = "FULL_OBJECT"
    parts: int = 0
    """How many parts a multipart upload had; 0 for objects that were put in one piece."""
    delete_marker: bool = False
    lock: Lock | None = None
    restored_until_ms: int = 0
    """Until when the copy of an archived object can be read."""

    @property
    def sequencer(self) -> str:
        """The sequence as event records show it."""
        return f"{self.sequence:018X}"

    @property
    def order(self) -> str:
        """The last component of this version's key in `VERSIONS` and `BODIES`: newer ones come first."""
        return order_of(self.sequence)


class PartOfObject(msgspec.Struct, frozen=True):
    """A part that an object was completed from."""

    number: int
    size: int
    checksums: Pairs = ()


class StoredBody(msgspec.Struct, frozen=True):
    """The bytes of a version, and the parts that they were put together from."""

    segments: tuple[Segment, ...]
    parts: tuple[PartOfObject, ...] = ()
    upload: str = ""
    """The upload that it was completed from, so that a completion that is sent again is known."""


class Upload(msgspec.Struct, frozen=True):
    """A multipart upload in progress."""

    id: str
    key: str
    initiated_ms: int
    initiator: str
    attributes: Attributes
    checksum_algorithm: str = ""
    checksum_type: str = ""
    lock: Lock | None = None
    over: int = 0
    """The sequence of the version that was current when it began; 0 if there was none."""


class Setting(msgspec.Struct, frozen=True):
    """A configuration as it was put: the members of the model, in JSON. Times are milliseconds."""

    document: bytes


class Part(msgspec.Struct, frozen=True):
    """An uploaded part, waiting for the completion of its upload."""

    number: int
    size: int
    etag: str
    modified_ms: int
    segments: tuple[Segment, ...]
    checksums: Pairs = ()


class Owned(msgspec.Struct, frozen=True):
    """That an account owns a bucket."""

    created_ms: int
    region: str


class Sequence(msgspec.Struct, frozen=True):
    """The last sequence that was given out."""

    last: int


class VersionOrder(msgspec.Struct, frozen=True):
    """Where a version stands in `VERSIONS`."""

    order: str


BUCKETS = Table("s3.buckets", Bucket)
"""(bucket,)"""
OWNED = Table("s3.owned", Owned)
"""(account, bucket)"""
OBJECTS = Table("s3.objects", Version)
"""(bucket, key)"""
VERSIONS = Table("s3.versions", Version)
"""(bucket, key, order)"""
VERSION_ORDERS = Table("s3.version_orders", VersionOrder)
"""(bucket, key, version id)"""
BODIES = Table("s3.bodies", StoredBody)
"""(bucket, key, order)"""
UPLOADS = Table("s3.uploads", Upload)
"""(bucket, key, upload id)"""
PARTS = Table("s3.parts", Part)
"""(bucket, upload id, number in five digits)"""
SETTINGS = Table("s3.settings", Setting)
"""(bucket, kind, id or empty)"""
SEQUENCES = Table("s3.sequences", Sequence)
"""(bucket, one of 64 shares of the keys): so that writers of different keys seldom wait for one another"""
