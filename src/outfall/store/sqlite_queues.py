"""Work queues in SQLite as a whole: what is in them, when it is due, and emptying them. Their items: `sqlite_items`."""

from __future__ import annotations

import sqlite3
from typing import Any

from outfall.core.ports import Item, QueueCounts
from outfall.store import sqlite_questions as ask
from outfall.store.handles import NUMBER_MAX, handle_of
from outfall.store.sqlite_items import BITS, Items

_PURGED_AT_ONCE = 200
"""More items than that are only cut loose by a purge, and removed in steps of as many."""


class Queues(Items):
    """Work queues."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.garbage = True
        """Whether purged items may be left to remove."""

    def peek(self, queue: str, *, after: int = 0, limit: int = 100) -> list[Item]:
        self._see_items()
        where = self._queue(queue)
        found = self._execute(
            f"SELECT {ask.ROW}, leased FROM work WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
            (where << BITS | min(after, NUMBER_MAX), where << BITS | NUMBER_MAX, limit),
        ).fetchall()
        return [_item(*row) for row in found]

    def counts(self, queue: str, now_ms: int) -> QueueCounts:
        self._see_items()
        where = self._queue(queue)
        total = self._total(where) if where else 0
        if not total:
            return QueueCounts(0, 0, 0)
        plain, plain_leased = self._execute(ask.LATER, (where, now_ms)).fetchone()
        grouped, grouped_leased = self._execute(ask.LATER_GROUPED, (where, now_ms)).fetchone()
        later, leased = plain + grouped, plain_leased + grouped_leased
        return QueueCounts(total - later, leased, later - leased)

    def expire(self, queue: str, enqueued_before_ms: int) -> int:
        self._see_items()
        where = self._queue(queue)
        old = "FROM work INDEXED BY work_age WHERE queue = ? AND enqueued < ?"
        if not self._execute(f"SELECT 1 {old} LIMIT 1", (where, enqueued_before_ms)).fetchone():
            return 0
        if self._execute("SELECT max(enqueued) FROM work WHERE queue = ?", (where,)).fetchone()[0] < enqueued_before_ms:
            return self.purge(queue)
        if not self.wrote:
            self._write()
        gone: list[Any] = self._execute(f"DELETE {old} RETURNING grp", (where, enqueued_before_ms)).fetchall()
        for group in {group for (group,) in gone if group is not None}:
            self._settle(where, group)
        self._count(where, -len(gone))
        self.topics[queue] = None
        return len(gone)

    def purge(self, queue: str) -> int:
        self._see_items()
        where = self._queue(queue)
        total = self._total(where) if where else 0
        if not total:
            return 0
        if not self.wrote:
            self._write()
        if total <= _PURGED_AT_ONCE:
            self._execute("DELETE FROM work WHERE queue = ?", (where,))
            self._count(where, -total)
        else:
            self._execute("UPDATE queues SET name = NULL WHERE id = ?", (where,))
            self._new_queue(queue)
            self.garbage = True
        self.topics[queue] = None
        return total

    def tidy(self) -> None:
        """Removes some of what purges left."""
        found = self._execute("SELECT id FROM queues WHERE name IS NULL LIMIT 1").fetchone()
        if found is None:
            self.garbage = False
            return
        self._write()
        some = "SELECT id FROM work WHERE queue = ? LIMIT ?"
        if not self._execute(f"DELETE FROM work WHERE id IN ({some})", (found[0], _PURGED_AT_ONCE)).rowcount:
            self._execute("DELETE FROM queues WHERE id = ?", found)

    def clear(self) -> None:
        """Removes everything but the numbers that were given."""
        self.spill()
        for table in ("rows", "families", "work", "queues", "history"):
            self._execute(f"DELETE FROM {table}")
        for cache in (self._families, self._queues, self._totals):
            cache.clear()
        self._forget_values()

    def free(self, prefix: str) -> int:
        self._see_items()
        freed = 0
        for name, _ in self.due_queues(prefix):
            where = self._queue(name)
            leased = self._execute(ask.LEASED, (where, where)).fetchall()
            for item, group, due, enqueued in leased:
                self._move(where, item, group, min(due, enqueued), False, None)
            if leased:
                self.topics[name] = None
            freed += len(leased)
        return freed

    def next_due(self, queue: str) -> int | None:
        self._see_items()
        found: tuple[int | None] = self._execute(ask.NEXT, (self._queue(queue),)).fetchone()
        return found[0]

    def due_queues(self, prefix: str) -> list[tuple[str, int]]:
        self._see_items()
        after = prefix + chr(0x10FFFF)
        return self._execute(ask.DUE, (prefix, after)).fetchall()


def _item(
    item: int, group: str | None, payload: bytes, due: int, enqueued: int, receives: int, first: int | None, leased: int
) -> Item:
    number = item & NUMBER_MAX
    handle = handle_of(number, receives)
    return Item(number, handle, payload, due, enqueued, receives, first, bool(leased), group)
