"""What a bucket's lifecycle does as time passes: objects expire or move to colder classes, versions nobody needs go,
uploads nobody completed are aborted. One item of work for each bucket with rules, in steps of a bounded number of keys.

Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html (what expiry
means with and without versioning), .../lifecycle-conflicts.html (permanent deletion before transition, transition
before a delete marker).
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.core.service import Call
from outfall.flow import notify
from outfall.services.s3 import documents, storage
from outfall.services.s3.expiry import DAY_MS, aborting_rule, expiring_rule, holds_for, midnight_after
from outfall.services.s3.lock import held
from outfall.services.s3.model import BUCKETS, OBJECTS, UPLOADS, VERSIONS, Bucket, LifecycleRule, Move, Version
from outfall.services.s3.own import own_call

QUEUE = "s3/lifecycle"
KIND = "aging"
KEYS_AT_ONCE = 200
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
PHASES = ("objects", "versions", "uploads")
SMALL = 128 * 1024
"""Smaller objects are not moved to a colder class, unless a rule asks for sizes itself."""


class Round(msgspec.Struct, frozen=True):
    """Where a round through a bucket stands. The time of its creation tells a bucket from a later one of its name."""

    bucket: str
    created_ms: int
    phase: str = PHASES[0]
    after: tuple[str, ...] = ()


def begin(ctx: Context, bucket: Bucket) -> None:
    """Puts the bucket's item on the queue: the first round is at the next midnight UTC. One that is still there from
    rules that were removed ends when it comes up."""
    number = ctx.tx.enqueue(
        QUEUE,
        msgspec.json.encode(Round(bucket.name, bucket.created_ms)),
        now_ms=ctx.now,
        due_ms=ctx.now // DAY_MS * DAY_MS + DAY_MS,
    )
    documents.keep(ctx.tx, bucket.name, KIND, {"item": number})


def step(ctx: Context, item: Item) -> None:
    """Does a part of a round, and says when to go on: at once, or after the next midnight."""
    at = msgspec.json.decode(item.payload, type=Round)
    bucket = ctx.tx.get(BUCKETS, (at.bucket,))
    mine = bucket is not None and documents.kept(ctx.tx, bucket.name, KIND) == {"item": item.number}
    if bucket is None or not mine or bucket.created_ms != at.created_ms or not bucket.lifecycle:
        ctx.tx.acknowledge(QUEUE, item.handle)
        return
    call = own_call(ctx.at(bucket.account, bucket.region), "LifecycleExpiration")
    after = {"objects": _objects, "versions": _versions, "uploads": _uploads}[at.phase](call, bucket, at.after)
    if after is not None:
        going_on, due_ms = replace(at, after=after), ctx.now
    elif at.phase != PHASES[-1]:
        going_on, due_ms = replace(at, phase=PHASES[PHASES.index(at.phase) + 1], after=()), ctx.now
    else:
        going_on, due_ms = Round(at.bucket, at.created_ms), ctx.now // DAY_MS * DAY_MS + DAY_MS
    ctx.tx.release(QUEUE, item.handle, due_ms=due_ms, payload=msgspec.json.encode(going_on))


def _objects(call: Call, bucket: Bucket, after: tuple[str, ...]) -> tuple[str, ...] | None:
    """Current versions: those that expire, and those that move. Where to go on, or None at the end."""
    rows = list(call.tx.scan(OBJECTS, (bucket.name,), start=(after[0] + "\0",) if after else (), limit=KEYS_AT_ONCE))
    for (_, key), version in rows:
        found = expiring_rule(bucket, key, version)
        if found is not None and found[0] <= call.now:
            _expire(call, bucket, key, version)
            continue
        for rule in bucket.lifecycle:
            if holds_for(rule, key, version.size, version.attributes.tags):
                _move(call, bucket, key, version, rule, rule.moves, version.modified_ms)
    return (rows[-1][0][1],) if len(rows) == KEYS_AT_ONCE else None


def _expire(call: Call, bucket: Bucket, key: str, version: Version) -> None:
    if bucket.versioning:
        marker = storage.mark_deleted(call, bucket, key)
        _tell(call, bucket, key, marker, "LifecycleExpiration:DeleteMarkerCreated")
    elif not held(version, call.now):
        storage.remove(call, bucket, key, version)
        _tell(call, bucket, key, version, "LifecycleExpiration:Delete")


def _move(
    call: Call, bucket: Bucket, key: str, version: Version, rule: LifecycleRule, moves: tuple[Move, ...], since_ms: int
) -> None:
    """Moves a version to the coldest class that is due."""
    if version.size < SMALL and rule.larger_than < 0 and rule.smaller_than < 0:
        return
    due = [one for one in moves if (one.date_ms or midnight_after(since_ms, one.days)) <= call.now]
    if not due or due[-1].storage_class == version.attributes.storage_class:
        return
    attributes = replace(version.attributes, storage_class=due[-1].storage_class)
    storage.update(call.tx, bucket.name, key, replace(version, attributes=attributes))
    _tell(call, bucket, key, version, "LifecycleTransition")


def _versions(call: Call, bucket: Bucket, after: tuple[str, ...]) -> tuple[str, ...] | None:
    """Noncurrent versions and delete markers, key by key."""
    key = _next_key(call, bucket, after)
    for _ in range(KEYS_AT_ONCE):
        if key is None:
            return None
        _versions_of(call, bucket, key)
        after = (key,)
        key = _next_key(call, bucket, after)
    return after if key is not None else None


def _next_key(call: Call, bucket: Bucket, after: tuple[str, ...]) -> str | None:
    start = (after[0] + "\0",) if after else ()
    return next((key[1] for key, _ in call.tx.scan(VERSIONS, (bucket.name,), start=start, limit=1)), None)


def _versions_of(call: Call, bucket: Bucket, key: str) -> None:
    now = storage.current(call.tx, bucket.name, key)
    rows = [version for _, version in call.tx.scan(VERSIONS, (bucket.name, key))]
    if now is None:
        if len(rows) == 1:
            _expire_marker(call, bucket, key, rows[0])
        now, rows = rows[0], rows[1:]
    newer = 0
    successor = now
    for version in rows:
        if not _expire_noncurrent(call, bucket, key, version, successor.modified_ms, newer):
            newer += 1
        successor = version


def _expire_marker(call: Call, bucket: Bucket, key: str, marker: Version) -> None:
    """A delete marker under which nothing is left goes, by a rule about markers or by age."""
    for rule in bucket.lifecycle:
        aged = rule.days and midnight_after(marker.modified_ms, rule.days) <= call.now
        if (rule.markers or aged) and not rule.tags and key.startswith(rule.prefix):
            storage.remove(call, bucket, key, marker)
            _tell(call, bucket, key, marker, "LifecycleExpiration:Delete")
            return


def _expire_noncurrent(call: Call, bucket: Bucket, key: str, version: Version, since_ms: int, newer: int) -> bool:
    """Removes a version that has been noncurrent for long enough, or moves it; whether it was removed."""
    for rule in bucket.lifecycle:
        if not holds_for(rule, key, version.size, version.attributes.tags):
            continue
        due = rule.noncurrent_days and midnight_after(since_ms, rule.noncurrent_days) <= call.now
        if due and newer >= rule.noncurrent_keep and not held(version, call.now):
            storage.remove(call, bucket, key, version)
            _tell(call, bucket, key, version, "LifecycleExpiration:Delete")
            return True
        if not version.delete_marker:
            moves = tuple(one for one in rule.noncurrent_moves if newer >= one.keep)
            _move(call, bucket, key, version, rule, moves, since_ms)
    return False


def _uploads(call: Call, bucket: Bucket, after: tuple[str, ...]) -> tuple[str, ...] | None:
    start = (after[0], after[1] + "\0") if after else ()
    rows = list(call.tx.scan(UPLOADS, (bucket.name,), start=start, limit=KEYS_AT_ONCE))
    for _, upload in rows:
        found = aborting_rule(bucket, upload.key, upload.initiated_ms)
        if found is not None and found[0] <= call.now:
            storage.abandon_upload(call, bucket.name, upload)
    return (rows[-1][1].key, rows[-1][1].id) if len(rows) == KEYS_AT_ONCE else None


def _tell(call: Call, bucket: Bucket, key: str, version: Version, event: str) -> None:
    change = notify.ObjectChange(
        f"s3:{event}",
        key,
        etag=EMPTY_MD5 if version.delete_marker and event.endswith("Created") else "",
        version_id="" if version.id == "null" else version.id,
        sequencer=f"{storage.next_sequence(call, bucket.name, key):018X}",
    )
    notify.object_changed(call, bucket.notifying, change)
