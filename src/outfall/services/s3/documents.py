"""Configurations that are put, got and removed as they are: where they lie."""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.errors import AwsError
from outfall.core.ports import Tx
from outfall.services.s3.model import SETTINGS, Bucket, Setting

Document = dict[str, Any]


def keep(tx: Tx, bucket: str, kind: str, document: Document, name: str = "") -> None:
    """Puts a document in the place of the one before."""
    tx.put(SETTINGS, (bucket, kind, name), Setting(msgspec.json.encode(document)))


def kept(tx: Tx, bucket: str, kind: str, name: str = "") -> Document | None:
    """The document, or None."""
    row = tx.get(SETTINGS, (bucket, kind, name))
    found: Document | None = msgspec.json.decode(row.document) if row else None
    return found


def required(tx: Tx, bucket: Bucket, kind: str, missing: type[AwsError]) -> Document:
    """The document. Errors: `missing`, which names the bucket."""
    found = kept(tx, bucket.name, kind)
    if found is None:
        raise missing(BucketName=bucket.name)
    return found


def drop(tx: Tx, bucket: str, kind: str, name: str = "") -> bool:
    """Removes a document; whether there was one."""
    return tx.delete(SETTINGS, (bucket, kind, name))


def page(tx: Tx, bucket: str, kind: str, after: str, limit: int) -> list[tuple[str, Document]]:
    """Up to `limit` documents of a kind by name, from behind `after`."""
    start = (after + "\0",) if after else ()
    rows = tx.scan(SETTINGS, (bucket, kind), start=start, limit=limit)
    return [(key[2], msgspec.json.decode(row.document)) for key, row in rows]
