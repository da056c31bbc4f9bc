"""The tables of the SQLite engine, their version, and how data of an older version becomes data of this one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from outfall.store.errors import StoreIsNewer, StoreUnreadable

VERSION = 1

MIGRATIONS: Mapping[int, tuple[str, ...]] = {}
"""By the version they start from, the statements that lead to the next one."""

TABLES = (
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    # Names of tables and queues are long and few: rows and items hold a number instead.
    "CREATE TABLE families(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE rows(family INTEGER, key BLOB, value BLOB NOT NULL, PRIMARY KEY(family, key)) WITHOUT ROWID",
    # A queue that was purged lost its name; its items are removed little by little.
    "CREATE TABLE queues(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)",
    # `id` is the queue's id and the item's number (see sqlite_items.py), so that a queue's items lie
    # together in the order of their numbers. `turn` is when the item can be claimed; NULL for all of a group but the
    # oldest.
    """CREATE TABLE work(id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, turn INTEGER, due INTEGER NOT NULL,
        enqueued INTEGER NOT NULL, receives INTEGER NOT NULL DEFAULT 0, first_received INTEGER,
        leased INTEGER NOT NULL DEFAULT 0, grp TEXT, payload BLOB NOT NULL)""",
    # Holds all that `claim` looks for and `counts` counts.
    "CREATE INDEX work_turn ON work(queue, turn, id, leased, grp) WHERE turn IS NOT NULL",
    "CREATE INDEX work_age ON work(queue, enqueued)",
    "CREATE INDEX work_group ON work(queue, grp, id) WHERE grp IS NOT NULL",
    "CREATE INDEX work_group_due ON work(queue, due, leased) WHERE grp IS NOT NULL",
    "CREATE INDEX work_group_lease ON work(queue, grp, due) WHERE grp IS NOT NULL AND leased",
    "CREATE TABLE history(number INTEGER PRIMARY KEY, stream TEXT NOT NULL, fact BLOB NOT NULL)",
    "CREATE INDEX history_stream ON history(stream)",
)


def prepare(connection: sqlite3.Connection) -> None:
    """Makes the tables, or brings those that are there to this version."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        _prepare(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _prepare(connection: sqlite3.Connection) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        for statement in TABLES:
            connection.execute(statement)
    elif "meta" not in tables:
        raise StoreUnreadable("The data directory holds a database that is not Outfall's.")
    else:
        _migrate(connection)
    # Names of queues that hold nothing: resources come and go.
    connection.execute("DELETE FROM queues WHERE NOT EXISTS (SELECT 1 FROM work WHERE queue = queues.id)")
    connection.execute("INSERT OR REPLACE INTO meta VALUES('schema', ?)", (VERSION,))


def _migrate(connection: sqlite3.Connection) -> None:
    found = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    if found is None:
        raise StoreUnreadable("The data directory holds a database that does not tell its version.")
    if found[0] > VERSION:
        raise StoreIsNewer
    for version in range(found[0], VERSION):
        for statement in MIGRATIONS[version]:
            connection.execute(statement)
