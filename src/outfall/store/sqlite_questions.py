"""What the work queues of the SQLite engine ask, each answered from an index that it names: see schema.py."""

from __future__ import annotations

ROW = "id, grp, payload, due, enqueued, receives, first_received"

ENQUEUE = "INSERT INTO work(id, queue, turn, due, enqueued, grp, payload) VALUES(?, ?, ?, ?, ?, ?, ?)"
READY = f"SELECT {ROW} FROM work INDEXED BY work_turn WHERE queue = ? AND turn <= ? ORDER BY turn, id LIMIT ?"
OLDEST = f"""SELECT {ROW} FROM work WHERE id IN (
    SELECT id FROM work INDEXED BY work_turn WHERE queue = ? AND turn <= ? ORDER BY turn, id LIMIT ?)
    ORDER BY id LIMIT ?"""
FOLLOWING = f"SELECT {ROW} FROM work INDEXED BY work_group WHERE queue = ? AND grp = ? AND id > ? ORDER BY id LIMIT ?"
LEASE = "UPDATE work SET turn = ?, due = ?, receives = ?, first_received = ?, leased = 1 WHERE id = ?"
ACKNOWLEDGE = "DELETE FROM work WHERE id = ? AND receives = ? AND leased RETURNING grp"
SETTLE = """UPDATE work SET turn = due
    WHERE id = (SELECT min(id) FROM work INDEXED BY work_group
        WHERE queue = :queue AND grp = :grp AND grp IS NOT NULL)"""
LATER = """SELECT count(*), coalesce(sum(leased), 0) FROM work INDEXED BY work_turn
    WHERE queue = ? AND turn > ? AND grp IS NULL"""
LATER_GROUPED = """SELECT count(*), coalesce(sum(leased), 0) FROM work INDEXED BY work_group_due
    WHERE queue = ? AND due > ? AND grp IS NOT NULL"""
LEASED = """SELECT id, grp, due, enqueued FROM work WHERE id IN (
    SELECT id FROM work INDEXED BY work_turn WHERE queue = ? AND turn IS NOT NULL AND leased
    UNION SELECT id FROM work INDEXED BY work_group_lease WHERE queue = ? AND grp IS NOT NULL AND leased)"""
NEXT = "SELECT min(turn) FROM work INDEXED BY work_turn WHERE queue = ? AND turn IS NOT NULL"
DUE = """SELECT name, due FROM (
    SELECT name, (SELECT min(turn) FROM work INDEXED BY work_turn WHERE queue = queues.id AND turn IS NOT NULL) AS due
    FROM queues WHERE name >= ? AND name < ?) WHERE due IS NOT NULL ORDER BY name"""
