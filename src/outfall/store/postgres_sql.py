"""What the PostgreSQL engine asks, each answered from an index: see postgres_schema.py. Writes take arrays, so that one
round trip carries all writes of a batch."""

from __future__ import annotations

GET = "SELECT value FROM rows WHERE family = $1 AND key = $2"
SCAN = "SELECT key, value FROM rows WHERE family = $1 AND key >= $2 AND key < $3 ORDER BY key LIMIT $4"
SCAN_BACK = "SELECT key, value FROM rows WHERE family = $1 AND key >= $2 AND key < $3 ORDER BY key DESC LIMIT $4"
PUT = """INSERT INTO rows SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[])
    ON CONFLICT(family, key) DO UPDATE SET value = excluded.value"""
DELETE = """DELETE FROM rows USING unnest($1::text[], $2::bytea[]) AS gone(family, key)
    WHERE rows.family = gone.family AND rows.key = gone.key"""

TRANSACTION = "SELECT pg_current_xact_id()::text::bigint, (SELECT value FROM meta WHERE name = 'fact_base')"
APPEND = "INSERT INTO history SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[])"
HISTORY = "SELECT number, fact FROM history WHERE stream = $1 AND number > $2 ORDER BY number LIMIT $3"
FEED = """SELECT number, stream, fact FROM history WHERE number > $1
    AND number < (SELECT value FROM meta WHERE name = 'fact_base')
        + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 16)
    ORDER BY number LIMIT $2"""
FORGET = "DELETE FROM history WHERE stream = $1 AND number <= $2"

NUMBERS = "SELECT nextval('item_number') FROM generate_series(1, $1)"
ROW = "number, grp, due, enqueued, receives, first_received, leased"
READY = f"""SELECT {ROW}, payload FROM work WHERE queue = $1 AND turn <= $2
    ORDER BY turn, number LIMIT $3 FOR UPDATE SKIP LOCKED"""
# `turn` is asked for twice: only what is said of the row that is locked is looked at again when somebody else has
# changed it since, as READ COMMITTED has it.
OLDEST = f"""SELECT {ROW}, payload FROM work WHERE queue = $1 AND turn <= $2 AND number IN (
        SELECT number FROM work WHERE queue = $1 AND turn <= $2 ORDER BY turn, number LIMIT $4)
    ORDER BY number LIMIT $3 FOR UPDATE SKIP LOCKED"""
FOLLOWING = f"""SELECT {ROW}, payload FROM work WHERE queue = $1 AND grp = $2 AND number > $3
    ORDER BY number LIMIT $4 FOR UPDATE"""
ITEM = f"SELECT {ROW} FROM work WHERE queue = $1 AND number = $2 FOR UPDATE"
PEEK = f"SELECT {ROW}, payload FROM work WHERE queue = $1 AND number > $2 ORDER BY number LIMIT $3"
ENQUEUE = """INSERT INTO
        work(queue, number, turn, due, enqueued, receives, first_received, leased, holder, grp, payload)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::integer[],
        $7::bigint[], $8::boolean[], $9::text[], $10::text[], $11::bytea[])"""
CHANGE = """UPDATE work SET turn = new.turn, due = new.due, receives = new.receives,
        first_received = new.first_received, leased = new.leased, holder = new.holder,
        payload = coalesce(new.payload, work.payload)
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[], $7::boolean[],
        $8::text[], $9::bytea[]) AS new(queue, number, turn, due, receives, first_received, leased, holder, payload)
    WHERE work.queue = new.queue AND work.number = new.number"""
REMOVE = """DELETE FROM work USING unnest($1::text[], $2::bigint[]) AS gone(queue, number)
    WHERE work.queue = gone.queue AND work.number = gone.number"""
SETTLE = """UPDATE work SET turn = work.due
    FROM (SELECT g.queue,
            (SELECT o.number FROM work AS o WHERE o.queue = g.queue AND o.grp = g.grp AND o.grp IS NOT NULL
                ORDER BY o.number LIMIT 1) AS number
        FROM unnest($1::text[], $2::text[]) AS g(queue, grp)) AS head
    WHERE work.queue = head.queue AND work.number = head.number"""
COUNT = "INSERT INTO work_counts SELECT * FROM unnest($1::text[], $2::bigint[])"
COUNTS = """SELECT (SELECT coalesce(sum(delta), 0)::bigint FROM work_counts WHERE queue = $1),
    (SELECT count(*) FROM work WHERE queue = $1 AND leased AND due > $2),
    (SELECT count(*) FROM work WHERE queue = $1 AND due > $2)"""
TOTAL = "SELECT coalesce(sum(delta), 0)::bigint FROM work_counts WHERE queue = $1"
OLDER = "SELECT 1 FROM work WHERE queue = $1 AND enqueued < $2 LIMIT 1"
EXPIRE = "DELETE FROM work WHERE queue = $1 AND enqueued < $2 RETURNING grp"
PURGE = "DELETE FROM work WHERE queue = $1"
LAST = "SELECT number FROM work WHERE queue = $1 ORDER BY number DESC LIMIT 1"
PURGE_LATER = """INSERT INTO meta VALUES('purge ' || $1::text, $2)
    ON CONFLICT(name) DO UPDATE SET value = greatest(meta.value, excluded.value)"""
PURGES = "SELECT substr(name, 7), value FROM meta WHERE starts_with(name, 'purge ') ORDER BY name LIMIT 10"
PURGE_SOME = """WITH chosen AS (SELECT queue, number FROM work WHERE queue = $1 AND number <= $2
        ORDER BY number LIMIT $3 FOR UPDATE SKIP LOCKED),
    gone AS (DELETE FROM work USING chosen WHERE work.queue = chosen.queue AND work.number = chosen.number RETURNING 1),
    counted AS (INSERT INTO work_counts SELECT $1, -count(*) FROM gone HAVING count(*) > 0)
    SELECT count(*) FROM gone"""
PURGED = """DELETE FROM meta WHERE name = 'purge ' || $1::text AND value = $2
    AND NOT EXISTS (SELECT 1 FROM work WHERE queue = $1 AND number <= $2)"""
FREE = """UPDATE work SET leased = FALSE, due = least(due, enqueued),
        turn = CASE WHEN grp IS NULL THEN least(due, enqueued) END
    WHERE queue >= $1 AND queue < $2 AND leased AND (holder = $3 OR $3 = '') RETURNING queue, grp"""
STRAYS = """UPDATE work SET leased = FALSE, due = least(due, enqueued),
        turn = CASE WHEN grp IS NULL THEN least(due, enqueued) END
    WHERE queue = $1 AND leased AND holder = $2
        AND (number, receives) NOT IN (SELECT * FROM unnest($3::bigint[], $4::integer[])) RETURNING queue, grp"""
CLAIMS = "SELECT queue, number, receives FROM work WHERE queue >= $1 AND queue < $2 AND leased AND holder = $3"
HOLDERS = "SELECT DISTINCT holder FROM work WHERE queue >= $1 AND queue < $2 AND leased"
NEXT = "SELECT turn FROM work WHERE queue = $1 AND turn IS NOT NULL ORDER BY turn LIMIT 1"
DUE = """WITH RECURSIVE names(name) AS (
        (SELECT queue FROM work WHERE turn IS NOT NULL AND queue >= $1 AND queue < $2 ORDER BY queue LIMIT 1)
        UNION ALL
        SELECT (SELECT queue FROM work WHERE turn IS NOT NULL AND queue > names.name AND queue < $2
            ORDER BY queue LIMIT 1) FROM names WHERE names.name IS NOT NULL)
    SELECT name, (SELECT turn FROM work WHERE queue = name AND turn IS NOT NULL ORDER BY turn LIMIT 1)
    FROM names WHERE name IS NOT NULL ORDER BY name"""
CLEAR = "TRUNCATE rows, work, work_counts, history"

COUNTED_OFTEN = "SELECT queue FROM work_counts GROUP BY queue HAVING count(*) > $1"
FOLD = """WITH gone AS (DELETE FROM work_counts WHERE queue = $1 RETURNING delta)
    INSERT INTO work_counts SELECT $1, sum(delta) FROM gone HAVING sum(delta) <> 0"""

_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
NOW = f"SELECT {_NOW}"
BEAT = f"UPDATE nodes SET seen_ms = {_NOW}, endpoint = $2, running = $3 WHERE id = $1 RETURNING seen_ms"
JOIN = f"""INSERT INTO nodes(id, endpoint, version, started_ms, seen_ms, running)
    VALUES($1, $2, $3, {_NOW}, {_NOW}, $4) RETURNING seen_ms"""
NODES = "SELECT id, endpoint, version, started_ms, seen_ms, running FROM nodes ORDER BY id"
STRIKE = "DELETE FROM nodes WHERE id = $1 AND seen_ms = $2 RETURNING id"
LEAVE = "DELETE FROM nodes WHERE id = $1"
NOTIFY = "SELECT pg_notify($1, $2)"

LATER_NAMES = chr(0x10FFFF)
"""Comes after everything that may follow a prefix."""
