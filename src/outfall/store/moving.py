"""From one machine to many: everything in a data directory, moved into a database and its blobs, all or nothing.

The rows, the items and the facts are the same bytes in both engines, so they are copied and never read. Large bodies
are copied first, under their own ids: a move that is broken off leaves some of them behind and nothing else, and may be
begun again.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from outfall.core.body import REFERENCES
from outfall.store import keys, schema
from outfall.store.blobs import BlobFiles, Blobs
from outfall.store.errors import StoreError, StoreUnavailable, StoreUnreadable
from outfall.store.handles import NUMBER_MAX
from outfall.store.postgres import PostgresStore
from outfall.store.postgres_session import Connection
from outfall.store.sqlite_files import FILE, connected, locked

_BITS = NUMBER_MAX.bit_length()
_PIECE_SIZE = 4 * 1024 * 1024
_HOLDER = "moved"
"""No node has this name: the claims of the server that ran on the directory end when the first node starts."""

_ROWS = "SELECT families.name, key, value FROM rows JOIN families ON families.id = rows.family"
_WORK = """SELECT queues.name, work.id, turn, due, enqueued, receives, first_received, leased, grp, payload
    FROM work JOIN queues ON queues.id = work.queue WHERE queues.name IS NOT NULL"""
_WORK_COLUMNS = [
    *("queue", "number", "turn", "due", "enqueued", "receives", "first_received"),
    *("leased", "holder", "grp", "payload"),
]
_COUNTS = """SELECT queues.name, count(*) FROM work JOIN queues ON queues.id = work.queue
    WHERE queues.name IS NOT NULL GROUP BY queues.name"""
_IN_USE = "SELECT EXISTS(SELECT 1 FROM rows) OR EXISTS(SELECT 1 FROM work) OR EXISTS(SELECT 1 FROM history)"


class Moved(msgspec.Struct, frozen=True):
    """What was moved, counted."""

    rows: int
    items: int
    facts: int
    blobs: int


async def move(directory: Path, url: str, blobs: Blobs, tell: Callable[[str, int], None]) -> Moved:
    """Moves the data in `directory` into the database at `url` and into `blobs`; the directory stays as it is.

    `tell(kind, count)` hears how far it is. Raises `StoreInUse` while a server runs on the directory, `StoreUnreadable`
    if nothing is there, `StoreError` if the database holds something already.
    """
    if not (directory / FILE).is_file():
        raise StoreUnreadable(f"There is no data in {directory}.")
    lock = locked(directory)
    try:
        source = connected(directory / FILE)
        try:
            schema.prepare(source)
            return await _move(source, BlobFiles(directory / "blobs"), url, blobs, tell)
        finally:
            source.close()
    finally:
        os.close(lock)


async def _move(
    source: sqlite3.Connection, files: BlobFiles, url: str, blobs: Blobs, tell: Callable[[str, int], None]
) -> Moved:
    store = await PostgresStore.connect(url)
    connection = await store.connection("read committed")
    try:
        if await connection.fetchval(_IN_USE):
            raise StoreError("The database is in use: data can only be moved into an empty one.")
        copied = await _copy_blobs(source, files, blobs, lambda count: tell("blobs", count))
        async with connection.transaction():
            # Another node that starts now waits, and finds everything or, if this fails, nothing.
            await connection.execute("LOCK TABLE rows, work, history IN ACCESS EXCLUSIVE MODE")
            if await connection.fetchval(_IN_USE):
                raise StoreError("The database is in use: data can only be moved into an empty one.")
            return await _copy(source, connection, copied, tell)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StoreUnavailable(f"The database cannot be used: {error}.") from error
    finally:
        await connection.close()
        await store.close()


async def _copy(
    source: sqlite3.Connection, connection: Connection, blobs: int, tell: Callable[[str, int], None]
) -> Moved:
    async def copy(table: str, columns: list[str], records: Iterator[tuple[Any, ...]]) -> int:
        count = 0

        def counted() -> Iterator[tuple[Any, ...]]:
            nonlocal count
            for record in records:
                count += 1
                if count % 1000 == 0:
                    tell(table, count)
                yield record

        await connection.copy_records_to_table(table, columns=columns, records=counted())
        tell(table, count)
        return count

    rows = await copy("rows", ["family", "key", "value"], iter(source.execute(_ROWS)))
    items = await copy("work", _WORK_COLUMNS, _items(source))
    await copy("work_counts", ["queue", "delta"], iter(source.execute(_COUNTS)))
    facts = await copy(
        "history", ["number", "stream", "fact"], iter(source.execute("SELECT number, stream, fact FROM history"))
    )
    # Numbers go on where they were, also those of what is gone: somebody may still hold its handle.
    given = dict(source.execute("SELECT name, value FROM meta"))
    await connection.execute("SELECT setval('item_number', $1)", given.get("item", 0) + 1)
    await connection.execute("UPDATE meta SET value = $1 WHERE name = 'fact_base'", given.get("fact", 0) + 1)
    return Moved(rows, items, facts, blobs)


def _items(source: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for name, where, turn, due, enqueued, receives, first, leased, group, payload in source.execute(_WORK):
        yield name, where & NUMBER_MAX, turn, due, enqueued, receives, first, bool(leased), _HOLDER, group, payload


async def _copy_blobs(source: sqlite3.Connection, files: BlobFiles, blobs: Blobs, tell: Callable[[int], None]) -> int:
    """Copies every blob that a row refers to; how many. Those that are there already are written again, the same."""
    referred = source.execute(
        "SELECT key FROM rows JOIN families ON families.id = rows.family WHERE families.name = ?", (REFERENCES.name,)
    )
    count = 0
    for (key,) in referred.fetchall():
        (blob,) = keys.decode(key)
        writer = blobs.begin(blob)
        try:
            with files.open(blob) as file:
                while piece := await asyncio.to_thread(file.read, _PIECE_SIZE):
                    await asyncio.to_thread(writer.write, piece)
            await writer.finish()
        except BaseException:
            writer.abort()
            raise
        count += 1
        tell(count)
    return count
