"""Objects as rows: writing a version, finding one, removing one, and the bytes that go with it. Knows no request.

What versioning means for a write is decided here and nowhere else.
Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/manage-objects-versioned-bucket.html
"""

from __future__ import annotations

import string
from zlib import crc32

from msgspec.structs import replace

from outfall.core.body import let_go, refer
from outfall.core.context import Context
from outfall.core.ports import Tx
from outfall.services.s3.model import (
    BODIES,
    NULL_VERSION,
    OBJECTS,
    PARTS,
    SEQUENCES,
    UPLOADS,
    VERSION_ORDERS,
    VERSIONS,
    Bucket,
    Sequence,
    StoredBody,
    Upload,
    Version,
    VersionOrder,
)

VERSION_ID_ALPHABET = string.ascii_letters + string.digits + "._"
VERSION_ID_RANDOM_LENGTH = 21
VERSION_ID_SHIFTS = range(60, -1, -6)
SEQUENCE_SHARES = 64
SEQUENCE_BITS_BELOW_MS = 20


def next_sequence(ctx: Context, bucket: str, key: str) -> int:
    """A number higher than that of any write of this key before, and near the time."""
    share = f"{crc32(key.encode('utf-8', 'surrogatepass')) % SEQUENCE_SHARES:02d}"
    last = ctx.tx.get(SEQUENCES, (bucket, share))
    number = max(ctx.now << SEQUENCE_BITS_BELOW_MS, last.last + 1 if last else 0)
    ctx.tx.put(SEQUENCES, (bucket, share), Sequence(number))
    return number


def current(tx: Tx, bucket: str, key: str) -> Version | None:
    """The current version; None if there is none, or if it is a delete marker."""
    return tx.get(OBJECTS, (bucket, key))


def version(tx: Tx, bucket: str, key: str, version_id: str) -> Version | None:
    """The version (or delete marker) with that id."""
    now = current(tx, bucket, key)
    if now is not None and now.id == version_id:
        return now
    where = tx.get(VERSION_ORDERS, (bucket, key, version_id))
    return tx.get(VERSIONS, (bucket, key, where.order)) if where else None


def newest_marker(tx: Tx, bucket: Bucket, key: str) -> Version | None:
    """The delete marker that hides a key; None if the key is not hidden."""
    if not bucket.versioning or current(tx, bucket.name, key):
        return None
    return next((found for _, found in tx.scan(VERSIONS, (bucket.name, key), limit=1)), None)


def body(tx: Tx, bucket: str, key: str, of: Version) -> StoredBody:
    """The bytes of a version."""
    return tx.get(BODIES, (bucket, key, of.order)) or StoredBody(())


def write(ctx: Context, bucket: Bucket, key: str, draft: Version, stored: StoredBody) -> Version:
    """Makes `draft` the current version, with the id that the bucket's versioning gives it; returns it as written."""
    refer(ctx, stored.segments)
    sequence = next_sequence(ctx, bucket.name, key)
    written = replace(draft, id=_make_room(ctx, bucket, key, sequence), sequence=sequence)
    ctx.tx.put(OBJECTS, (bucket.name, key), written)
    ctx.tx.put(BODIES, (bucket.name, key, written.order), stored)
    return written


def mark_deleted(ctx: Context, bucket: Bucket, key: str) -> Version:
    """Makes a delete marker the current version of a key; for buckets whose versioning was ever switched on."""
    sequence = next_sequence(ctx, bucket.name, key)
    marker = Version(_make_room(ctx, bucket, key, sequence), sequence, ctx.now, delete_marker=True)
    _put_aside(ctx.tx, bucket.name, key, marker)
    return marker


def update(tx: Tx, bucket: str, key: str, changed: Version) -> None:
    """Writes a version back whose attributes changed, wherever it stands."""
    now = current(tx, bucket, key)
    if now is not None and now.sequence == changed.sequence:
        tx.put(OBJECTS, (bucket, key), changed)
    else:
        tx.put(VERSIONS, (bucket, key, changed.order), changed)


def remove(ctx: Context, bucket: Bucket, key: str, gone: Version) -> None:
    """Removes one version for good; the newest that is left becomes the current one."""
    now = current(ctx.tx, bucket.name, key)
    if now is not None and now.sequence == gone.sequence:
        ctx.tx.delete(OBJECTS, (bucket.name, key))
    else:
        _take_back(ctx.tx, bucket.name, key, gone)
    _drop_body(ctx, bucket.name, key, gone)
    if bucket.versioning and current(ctx.tx, bucket.name, key) is None:
        _promote(ctx.tx, bucket.name, key)


def _make_room(ctx: Context, bucket: Bucket, key: str, sequence: int) -> str:
    """Puts the current version aside, or drops it, for one that comes; returns the id of the one that comes."""
    there = current(ctx.tx, bucket.name, key)
    if bucket.versioning != "Enabled":
        hidden = version(ctx.tx, bucket.name, key, NULL_VERSION) if bucket.versioning else there
        if hidden is not None:
            if hidden is there or (there and hidden.sequence == there.sequence):
                there = None
                ctx.tx.delete(OBJECTS, (bucket.name, key))
            else:
                _take_back(ctx.tx, bucket.name, key, hidden)
            _drop_body(ctx, bucket.name, key, hidden)
    if there is not None:
        ctx.tx.delete(OBJECTS, (bucket.name, key))
        _put_aside(ctx.tx, bucket.name, key, there)
    return _version_id(ctx, sequence) if bucket.versioning == "Enabled" else NULL_VERSION


def _version_id(ctx: Context, sequence: int) -> str:
    """The sequence in front, so that a listing can go on behind a version that was removed, and 126 random bits."""
    place = "".join(VERSION_ID_ALPHABET[sequence >> shift & 63] for shift in VERSION_ID_SHIFTS)
    return place + ctx.ids.text(VERSION_ID_ALPHABET, VERSION_ID_RANDOM_LENGTH)


def sequence_in(version_id: str) -> int:
    """The sequence of the version that was given this id."""
    digits = zip(version_id, VERSION_ID_SHIFTS, strict=False)
    return sum(VERSION_ID_ALPHABET.index(digit) << shift for digit, shift in digits)


def _put_aside(tx: Tx, bucket: str, key: str, older: Version) -> None:
    tx.put(VERSIONS, (bucket, key, older.order), older)
    tx.put(VERSION_ORDERS, (bucket, key, older.id), VersionOrder(older.order))


def _take_back(tx: Tx, bucket: str, key: str, older: Version) -> None:
    tx.delete(VERSIONS, (bucket, key, older.order))
    tx.delete(VERSION_ORDERS, (bucket, key, older.id))


def _promote(tx: Tx, bucket: str, key: str) -> None:
    newest = next((found for _, found in tx.scan(VERSIONS, (bucket, key), limit=1)), None)
    if newest is not None and not newest.delete_marker:
        _take_back(tx, bucket, key, newest)
        tx.put(OBJECTS, (bucket, key), newest)


def _drop_body(ctx: Context, bucket: str, key: str, gone: Version) -> None:
    if gone.delete_marker:
        return
    let_go(ctx, body(ctx.tx, bucket, key, gone).segments)
    ctx.tx.delete(BODIES, (bucket, key, gone.order))


def abandon_upload(ctx: Context, bucket: str, upload: Upload) -> None:
    """Removes an unfinished upload and its parts."""
    for key, part in list(ctx.tx.scan(PARTS, (bucket, upload.id))):
        let_go(ctx, part.segments)
        ctx.tx.delete(PARTS, key)
    ctx.tx.delete(UPLOADS, (bucket, upload.key, upload.id))
