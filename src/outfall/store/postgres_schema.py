"""The tables of the PostgreSQL engine, their version, and how data of an older version becomes data of this one.

Plain SQL that distributed databases of the same protocol have too; what is PostgreSQL's own is in `TUNING`, which may
be refused, and in `postgres_sql` (LOCK TABLE, transaction numbers).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import asyncpg

from outfall.store.errors import StoreIsNewer, StoreUnreadable
from outfall.store.postgres_session import Connection

VERSION = 1

MIGRATIONS: Mapping[int, tuple[str, ...]] = {}
"""By the version they start from, the statements that lead to the next one. The nodes of the version before go on
working while a newer one starts, so a migration adds and never takes away what they use."""

TABLES = (
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    """CREATE TABLE rows(family TEXT COLLATE "C" NOT NULL, key BYTEA NOT NULL, value BYTEA NOT NULL,
        PRIMARY KEY(family, key))""",
    "CREATE SEQUENCE item_number",
    # `turn` is when an item can be claimed: its due time or end of lease; NULL for all of a group but the oldest, which
    # the others follow. `holder` is the node that claimed it last.
    """CREATE TABLE work(queue TEXT COLLATE "C" NOT NULL, number BIGINT NOT NULL, turn BIGINT, due BIGINT NOT NULL,
        enqueued BIGINT NOT NULL, receives INTEGER NOT NULL, first_received BIGINT, leased BOOLEAN NOT NULL,
        holder TEXT NOT NULL, grp TEXT COLLATE "C", payload BYTEA NOT NULL, PRIMARY KEY(queue, number))""",
    "CREATE INDEX work_turn ON work(queue, turn, number) WHERE turn IS NOT NULL",
    "CREATE INDEX work_due ON work(queue, due, leased)",
    "CREATE INDEX work_age ON work(queue, enqueued)",
    "CREATE INDEX work_lease ON work(queue, due, holder) WHERE leased",
    "CREATE INDEX work_group ON work(queue, grp, number) WHERE grp IS NOT NULL",
    "CREATE INDEX work_group_lease ON work(queue, grp, due) WHERE grp IS NOT NULL AND leased",
    # How many items a queue holds, as changes that are added up: nobody waits for anybody to count. Now and then they
    # are put together (see postgres_nodes.py).
    """CREATE TABLE work_counts(queue TEXT COLLATE "C" NOT NULL, delta BIGINT NOT NULL)""",
    "CREATE INDEX work_counts_queue ON work_counts(queue)",
    # A fact's number begins with its transaction's (see postgres_rows.py).
    """CREATE TABLE history(number BIGINT PRIMARY KEY, stream TEXT COLLATE "C" NOT NULL, fact BYTEA NOT NULL)""",
    "CREATE INDEX history_stream ON history(stream, number)",
    """CREATE TABLE nodes(id TEXT PRIMARY KEY, endpoint TEXT NOT NULL, version TEXT NOT NULL,
        started_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL, running INTEGER NOT NULL)""",
    # Holds nothing: transactions that lost against others take turns by locking it (see postgres_lane.py).
    "CREATE TABLE turnstile(nothing INTEGER PRIMARY KEY)",
)

TUNING = (
    # Items come and go and are updated at each claim: dead ones are removed early, not at a fifth of the table.
    """ALTER TABLE work SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.05)""",
    """ALTER TABLE work_counts SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0)""",
    "ALTER TABLE rows SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 85)",
)

_ALONE = 0x0F7FA11
"""The advisory lock under which tables are made and changed: nodes may start at the same moment."""


async def prepare(connection: Connection) -> None:
    """Makes the tables, or brings those that are there to this version."""
    async with connection.transaction(isolation="read_committed"):
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _ALONE)
        if await connection.fetchval("SELECT to_regclass('meta')") is not None:
            await _migrate(connection)
            return
        if await connection.fetchval("SELECT to_regclass('rows')") is not None:
            raise StoreUnreadable("The database holds tables that are not Outfall's.")
        for statement in TABLES:
            await connection.execute(statement)
        await connection.execute("INSERT INTO meta VALUES('schema', $1), ('fact_base', 0)", VERSION)
    for statement in TUNING:
        with contextlib.suppress(asyncpg.PostgresError):
            await connection.execute(statement)


async def _migrate(connection: Connection) -> None:
    found = await connection.fetchval("SELECT value FROM meta WHERE name = 'schema'")
    if found is None:
        raise StoreUnreadable("The database holds tables that are not Outfall's.")
    if found > VERSION:
        raise StoreIsNewer("The database was written by a newer version of Outfall; this version leaves it alone.")
    for version in range(found, VERSION):
        for statement in MIGRATIONS[version]:
            await connection.execute(statement)
    await connection.execute("UPDATE meta SET value = $1 WHERE name = 'schema' AND value <> $1", VERSION)
    await _keep_numbers_growing(connection)


async def _keep_numbers_growing(connection: Connection) -> None:
    """A database that was restored from a dump counts its transactions from the start again, and facts must not."""
    await connection.execute(
        """UPDATE meta SET value = last.number FROM (SELECT max(number) AS number FROM history) AS last
        WHERE name = 'fact_base' AND last.number >= value + (pg_current_xact_id()::text::bigint << 16)"""
    )
