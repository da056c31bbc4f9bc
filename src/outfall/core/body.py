"""Bytes of any size: where they lie, and which part of them is meant.

A body is written once, by the host, before a handler sees it. Small ones travel inside their row; large ones are files
(blobs) that rows refer to. `references` of blobs are counted in rows, so that copies share them.
"""

from __future__ import annotations

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Table

INLINE_SIZE_MAX = 32 * 1024
"""Bodies up to this size travel inside the store, under the same commit as the row that refers to them."""

GARBAGE_QUEUE = "host/garbage"
"""Work queue of blob ids that no row refers to any more; the host removes the files."""


class Segment(msgspec.Struct, frozen=True):
    """A run of bytes: inline, or `size` bytes of a blob from `offset` on."""

    size: int
    blob: str = ""
    data: bytes = b""
    offset: int = 0


class Body(msgspec.Struct, frozen=True):
    """A request body that the host has taken in. Digests are lower-case hex (`md5`, `sha256`) or, for checksums, base64
    by AWS's algorithm name (`CRC32`, `CRC32C`, `CRC64NVME`, `SHA1`, `SHA256`): those that the request asked for."""

    size: int
    segments: tuple[Segment, ...]
    md5: str
    checksums: tuple[tuple[str, str], ...] = ()


class Content(msgspec.Struct, frozen=True):
    """A response body: `length` bytes from `start` of these segments in a row."""

    segments: tuple[Segment, ...]
    start: int
    length: int


class BlobReferences(msgspec.Struct, frozen=True):
    """How many rows refer to a blob."""

    count: int


REFERENCES = Table("core.blob_references", BlobReferences)


def refer(ctx: Context, segments: tuple[Segment, ...]) -> None:
    """Counts one more row that refers to these segments' blobs."""
    for segment in segments:
        if segment.blob:
            known = ctx.tx.get(REFERENCES, (segment.blob,))
            ctx.tx.put(REFERENCES, (segment.blob,), BlobReferences((known.count if known else 0) + 1))


def let_go(ctx: Context, segments: tuple[Segment, ...]) -> None:
    """Counts one row less; a blob that nothing refers to is handed to the garbage queue, in the same transaction."""
    for segment in segments:
        if not segment.blob:
            continue
        known = ctx.tx.get(REFERENCES, (segment.blob,))
        if known and known.count > 1:
            ctx.tx.put(REFERENCES, (segment.blob,), BlobReferences(known.count - 1))
        else:
            ctx.tx.delete(REFERENCES, (segment.blob,))
            ctx.tx.enqueue(GARBAGE_QUEUE, segment.blob.encode(), now_ms=ctx.now, due_ms=ctx.now)
