"""The items of work queues in SQLite, from the time that they are added to the time that they are acknowledged.

The id of an item is the queue's id (from bit 40 on) and the item's number. `turn` is the time from which an item can be
claimed: its due time or end of lease; of a group, only the oldest item has one, and the others follow it. So a claim
reads the start of one index, however long the queue is.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

from outfall.core.ports import Item
from outfall.store import sqlite_questions as ask
from outfall.store.handles import NUMBER_MAX, handle_of, parse_handle
from outfall.store.sqlite_rows import Rows

BITS = NUMBER_MAX.bit_length()

_Found = tuple[int, str | None, bytes, int, int, int, int | None]


class Items(Rows):
    """Items of work queues. Totals are counted once and then kept in memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._queues: dict[str, int] = {}
        self._totals: dict[int, int] = {}

    def reset(self) -> None:
        super().reset()
        self._queues.clear()
        self._totals.clear()

    def _flush(self) -> None:
        super()._flush()
        if self._items:
            self._flush_items()

    def _flush_items(self) -> None:
        rows, added = [], Counter[int]()
        for queue, number, due_ms, now_ms, payload in self._items:
            where = self._queue(queue) or self._new_queue(queue)
            rows.append((where << BITS | number, where, due_ms, due_ms, now_ms, None, payload))
            added[where] += 1
        self._db.executemany(ask.ENQUEUE, rows)
        for where, count in added.items():
            self._count(where, count)
        if self.wrote:
            self._journal.note((self._items, slice(None), tuple(self._items)))
        self._items.clear()

    def _see_items(self) -> None:
        """To be called before the database is asked for items."""
        if self._items:
            if not self.wrote:
                self._write()
            self._flush_items()

    def _queue(self, name: str) -> int:
        """The id of a queue; 0 if it never held anything."""
        known = self._queues.get(name)
        if known is None:
            found = self._execute("SELECT id FROM queues WHERE name = ?", (name,)).fetchone()
            if found is None:
                return 0
            known = self._queues[name] = found[0]
        return known

    def _new_queue(self, name: str) -> int:
        number = self._execute("INSERT INTO queues(name) VALUES(?)", (name,)).lastrowid or 0
        self._journal.set(self._queues, name, number)
        return number

    def _total(self, queue: int) -> int:
        known = self._totals.get(queue)
        if known is None:
            known = int(self._execute("SELECT count(*) FROM work WHERE queue = ?", (queue,)).fetchone()[0])
            if self.wrote:
                self._journal.set(self._totals, queue, known)
            else:
                self._totals[queue] = known
        return known

    def _count(self, queue: int, more: int) -> None:
        known = self._totals.get(queue)
        if known is not None:
            self._journal.set(self._totals, queue, known + more)

    def enqueue(self, queue: str, payload: bytes, *, now_ms: int, due_ms: int, group: str | None = None) -> int:
        number = self._item_numbers.take()
        self.topics[queue] = None
        if group is None:
            self._items.append((queue, number, due_ms, now_ms, payload))
            self.gathered += len(payload)
            self.changed = True
            return number
        if not self.wrote:
            self._write()
        where = self._queue(queue) or self._new_queue(queue)
        self._execute(ask.ENQUEUE, (where << BITS | number, where, None, due_ms, now_ms, group, payload))
        self._settle(where, group)
        self._count(where, 1)
        return number

    def _settle(self, queue: int, group: str) -> None:
        """Gives the oldest of a group its turn."""
        self._execute(ask.SETTLE, {"queue": queue, "grp": group})

    def claim(self, queue: str, *, now_ms: int, lease_ms: int, limit: int = 1, among: int = 0) -> list[Item]:
        self._see_items()
        where = self._queue(queue)
        found: list[_Found] = (
            self._execute(ask.OLDEST, (where, now_ms, max(among, limit), limit)).fetchall()
            if among
            else self._execute(ask.READY, (where, now_ms, limit)).fetchall()
        )
        if not found:
            return []
        if not self.wrote:
            self._write()
        groups = {row[1] for row in found if row[1] is not None}
        if groups:
            found = self._with_followers(where, found, now_ms, limit)
        until = now_ms + lease_ms
        leases = [
            (until if row[1] is None else None, until, row[5] + 1, now_ms if row[6] is None else row[6], row[0])
            for row in found
        ]
        self._db.executemany(ask.LEASE, leases)
        for group in groups:
            self._settle(where, group)
        return [_claimed(row, now_ms, until) for row in found]

    def _with_followers(self, queue: int, heads: list[_Found], now_ms: int, limit: int) -> list[_Found]:
        """Each item followed by what comes next in its group and is due."""
        found: list[_Found] = []
        for head in heads:
            if len(found) >= limit:
                break
            found.append(head)
            if head[1] is None:
                continue
            for row in self._execute(ask.FOLLOWING, (queue, head[1], head[0], limit - len(found))).fetchall():
                if row[3] > now_ms:
                    break
                found.append(row)
        return found

    def _lease(self, queue: str, handle: str) -> tuple[int, int, str | None, int] | None:
        """Queue, id, group and end of lease of a claim."""
        self._see_items()
        parsed = parse_handle(handle)
        where = self._queue(queue)
        if parsed is None or not where:
            return None
        found = self._execute(
            "SELECT grp, due FROM work WHERE id = ? AND receives = ? AND leased",
            (where << BITS | parsed[0], parsed[1]),
        ).fetchone()
        return (where, where << BITS | parsed[0], found[0], found[1]) if found else None

    def _move(
        self, queue: int, number: int, group: str | None, due_ms: int, leased: bool, payload: bytes | None
    ) -> None:
        if not self.wrote:
            self._write()
        turn = due_ms if group is None else None
        self._execute(
            "UPDATE work SET turn = ?, due = ?, leased = ?, payload = coalesce(?, payload) WHERE id = ?",
            (turn, due_ms, leased, payload, number),
        )
        if group is not None:
            self._settle(queue, group)

    def extend(self, queue: str, handle: str, until_ms: int) -> bool:
        lease = self._lease(queue, handle)
        if lease is None:
            return False
        self._move(*lease[:3], until_ms, True, None)
        if until_ms < lease[3]:
            self.topics[queue] = None
        return True

    def release(self, queue: str, handle: str, *, due_ms: int, payload: bytes | None = None) -> bool:
        lease = self._lease(queue, handle)
        if lease is None:
            return False
        self._move(*lease[:3], due_ms, False, payload)
        self.topics[queue] = None
        return True

    def acknowledge(self, queue: str, handle: str) -> bool:
        self._see_items()
        parsed = parse_handle(handle)
        where = self._queue(queue)
        if parsed is None or not where:
            return False
        if not self.wrote:
            self._write()
        found = self._execute(ask.ACKNOWLEDGE, (where << BITS | parsed[0], parsed[1])).fetchall()
        if not found:
            return False
        self._count(where, -1)
        group = found[0][0]
        if group is not None:
            self._settle(where, group)
            self.topics[queue] = None
        return True

    def reschedule(self, queue: str, number: int, *, due_ms: int, payload: bytes | None = None) -> bool:
        self._see_items()
        where = self._queue(queue)
        if not where or not 0 < number <= NUMBER_MAX:
            return False
        item = where << BITS | number
        found = self._execute("SELECT grp, due FROM work WHERE id = ? AND NOT leased", (item,)).fetchone()
        if found is None:
            return False
        self._move(where, item, found[0], due_ms, False, payload)
        if due_ms < found[1]:
            self.topics[queue] = None
        return True


def _claimed(row: _Found, now_ms: int, until_ms: int) -> Item:
    number, receives = row[0] & NUMBER_MAX, row[5] + 1
    first = now_ms if row[6] is None else row[6]
    return Item(number, handle_of(number, receives), row[2], until_ms, row[4], receives, first, True, row[1])
