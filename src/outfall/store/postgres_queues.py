"""Work queues in PostgreSQL.

What a claim, a count or a look into a queue asks, the database answers, after what was written to that queue has been
sent. Single items are locked when they are read, changed here and sent with everything else. Claimed items are locked
with SKIP LOCKED, so that two nodes that claim at once get different ones.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from outfall.core.ports import Item, QueueCounts
from outfall.store import postgres_sql as ask
from outfall.store.handles import NUMBER_MAX, parse_handle
from outfall.store.postgres_items import OVER_MAX, PURGED_AT_ONCE, Row, Where, changed_rows, columns, new_rows
from outfall.store.postgres_rows import Rows
from outfall.store.postgres_session import MISSING, Connection, Layers
from outfall.store.values import Values


class Queues(Rows):
    """Work queues. `holder` is written to what is claimed: the node whose death ends the lease."""

    def __init__(
        self, connection: Connection, values: Values, holder: str, *, durable: bool, expected: int, loose: bool = False
    ) -> None:
        super().__init__(connection, values, durable=durable, loose=loose)
        self._holder = holder
        self._items = Layers()
        self._counted: Counter[str] = Counter()
        self._mine_counted: Counter[str] = Counter()
        self._groups: dict[tuple[str, str], None] = {}
        self._mine_groups: dict[tuple[str, str], None] = {}
        self._numbers: list[int] = []
        self._expected = expected

    def _number(self) -> int:
        """Drawn within the transaction, so that what is enqueued after its commit has a higher one."""
        if not self._numbers:
            self._numbers = [row[0] for row in self.ask(ask.NUMBERS, self._expected)][::-1]
            self._expected = min(2 * self._expected, 1024)
        return self._numbers.pop()

    def _write(self, queue: str, row: Row | None, number: int, group: str | None) -> None:
        if group is not None:
            self.need_order()
        self._items.mine[(queue, number)] = row
        if group is not None:
            self._mine_groups[(queue, group)] = None

    def _look(self, queue: str = "") -> None:
        """To be called before the database is asked about a queue, or about many."""
        written = (self._items.kept, self._items.mine, self._groups, self._mine_groups)
        if any(not queue or name == queue for layer in written for name, _ in layer) or (
            self._counted[queue] or self._mine_counted[queue]
        ):
            self.send()

    def enqueue(self, queue: str, payload: bytes, *, now_ms: int, due_ms: int, group: str | None = None) -> int:
        number = self._number()
        self._write(queue, Row(number, group, due_ms, now_ms, 0, None, False, payload, new=True), number, group)
        self._mine_counted[queue] += 1
        self.wake(queue)
        return number

    def claim(self, queue: str, *, now_ms: int, lease_ms: int, limit: int = 1, among: int = 0) -> list[Item]:
        found = self._ready(queue, now_ms, limit, among)
        if any(row.group is not None for row, _ in found):
            found = self._with_followers(queue, found, now_ms, limit)
        claimed = []
        for row, payload in found:
            first = now_ms if row.first_received is None else row.first_received
            row = row._replace(
                due=now_ms + lease_ms,
                receives=row.receives + 1,
                first_received=first,
                leased=True,
                holder=self._holder,
            )
            self._write(queue, row, row.number, row.group)
            claimed.append(row.item(payload))
        return claimed

    def _ready(self, queue: str, now_ms: int, limit: int, among: int) -> list[tuple[Row, bytes]]:
        """What can be claimed: as the database has it, with what was written to the queue since laid over it, or sent
        before where that is not simple. So one round trip serves a claim, also among many of one batch."""
        over: dict[int, Row | None] = {}
        for layer in (self._items.kept, self._items.mine):
            over.update((number, row) for (name, number), row in layer.items() if name == queue)
        ready = [row for row in over.values() if row is not None and not row.leased and row.due <= now_ms]
        grouped = any(row is not None and row.group is not None for row in over.values())
        grouped = grouped or any(name == queue for groups in (self._groups, self._mine_groups) for name, _ in groups)
        lapsed = any(row is not None and row.leased and row.due <= now_ms for row in over.values())
        if grouped or lapsed or len(over) > OVER_MAX or any(row.payload is None for row in ready):
            self._look(queue)
            over, ready = {}, []
        wanted = limit + len(over)
        rows = self.ask(ask.OLDEST, queue, now_ms, wanted, max(among + len(over), wanted)) if among else []
        if not rows:  # Or others are claiming all of the first.
            rows = self.ask(ask.READY, queue, now_ms, wanted)
        found = [(Row(*row[:7]), row[7]) for row in rows if row[0] not in over]
        if ready:
            found += [(row, row.payload or b"") for row in ready]
            found.sort(key=lambda each: (0 if among else each[0].due, each[0].number))
        return found[:limit]

    def _with_followers(
        self, queue: str, heads: list[tuple[Row, bytes]], now_ms: int, limit: int
    ) -> list[tuple[Row, bytes]]:
        """Each item followed by what comes next in its group and is due."""
        found: list[tuple[Row, bytes]] = []
        for head in heads:
            if len(found) >= limit:
                break
            found.append(head)
            group = head[0].group
            if group is None or len(found) >= limit:
                continue
            for row in self.ask(ask.FOLLOWING, queue, group, head[0].number, limit - len(found)):
                if row[2] > now_ms:
                    break
                found.append((Row(*row[:7]), row[7]))
        return found

    def _item(self, queue: str, number: int) -> Row | None:
        where: Where = (queue, number)
        row: Row | None = self._items.get(where)
        if row is MISSING:
            found = self.ask(ask.ITEM, queue, number)
            row = self._items.read[where] = Row(*found[0]) if found else None
        return row

    def _claimed(self, queue: str, handle: str) -> Row | None:
        number, receives = parse_handle(handle) or (0, -1)
        row = self._item(queue, number) if number else None
        return row if row and row.leased and row.receives == receives else None

    def extend(self, queue: str, handle: str, until_ms: int) -> bool:
        row = self._claimed(queue, handle)
        if row is None:
            return False
        self._write(queue, row._replace(due=until_ms, holder=self._holder), row.number, row.group)
        if until_ms < row.due:
            self.wake(queue)
        return True

    def release(self, queue: str, handle: str, *, due_ms: int, payload: bytes | None = None) -> bool:
        row = self._claimed(queue, handle)
        if row is None:
            return False
        payload = row.payload if payload is None else payload
        self._write(queue, row._replace(due=due_ms, leased=False, payload=payload), row.number, row.group)
        self.wake(queue)
        return True

    def acknowledge(self, queue: str, handle: str) -> bool:
        row = self._claimed(queue, handle)
        if row is None:
            return False
        self._write(queue, None, row.number, row.group)
        self._mine_counted[queue] -= 1
        if row.group is not None:
            self.wake(queue)
        return True

    def reschedule(self, queue: str, number: int, *, due_ms: int, payload: bytes | None = None) -> bool:
        row = self._item(queue, number) if 0 < number <= NUMBER_MAX else None
        if row is None or row.leased:
            return False
        payload = row.payload if payload is None else payload
        self._write(queue, row._replace(due=due_ms, payload=payload), number, row.group)
        if due_ms < row.due:
            self.wake(queue)
        return True

    def peek(self, queue: str, *, after: int = 0, limit: int = 100) -> list[Item]:
        self._look(queue)
        return [Row(*row[:7]).item(row[7]) for row in self.ask(ask.PEEK, queue, min(after, NUMBER_MAX), limit)]

    def counts(self, queue: str, now_ms: int) -> QueueCounts:
        self._look(queue)
        total, leased, later = self.ask(ask.COUNTS, queue, now_ms)[0]
        return QueueCounts(total - later, leased, later - leased)

    def expire(self, queue: str, enqueued_before_ms: int) -> int:
        waiting = (self._items.kept, self._items.mine)
        written = [row for layer in waiting for (name, _), row in layer.items() if name == queue and row is not None]
        if not any(row.enqueued < enqueued_before_ms for row in written) and not self.ask(
            ask.OLDER, queue, enqueued_before_ms
        ):
            return 0
        gone = self._directly(ask.EXPIRE, queue, enqueued_before_ms)
        self._mine_groups.update({(queue, row[0]): None for row in gone if row[0] is not None})
        return self._removed(queue, len(gone))

    def purge(self, queue: str) -> int:
        self._look(queue)
        first = self.ask(ask.PEEK, queue, 0, 1)
        if not first:
            return 0
        total: int = self.ask(ask.TOTAL, queue)[0][0]
        if total > PURGED_AT_ONCE and first[0][1] is None:
            # One transaction would take seconds, and lose against whoever claims meanwhile: see `Members`.
            self.need_order()
            self.save()
            self.ask(ask.PURGE_LATER, queue, self.ask(ask.LAST, queue)[0][0])
            return total
        self._directly(ask.PURGE, queue)
        return self._removed(queue, total)

    def _removed(self, queue: str, count: int) -> int:
        if count:
            self._mine_counted[queue] -= count
            self.wake(queue)
        return count

    def _directly(self, statement: str, *arguments: Any) -> list[Any]:
        """Changes items in the database, and believes nothing any more of what was known of them."""
        self.need_order()
        self.save()
        self.send()
        self._items.read.clear()
        return self.ask(statement, *arguments)

    def next_due(self, queue: str) -> int | None:
        self._look(queue)
        found = self.ask(ask.NEXT, queue)
        return found[0][0] if found else None

    def due_queues(self, prefix: str) -> list[tuple[str, int]]:
        self._look()
        return [(row[0], row[1]) for row in self.ask(ask.DUE, prefix, prefix + ask.LATER_NAMES)]

    # What is written, on its way.
    def _has_mine(self) -> bool:
        return super()._has_mine() or bool(self._items.mine or self._mine_groups or self._mine_counted)

    def _flush(self, *, mine: bool) -> None:
        super()._flush(mine=mine)
        written = self._items.take(mine=mine)
        new, changed = new_rows(written.items()), changed_rows(written.items())
        gone: list[tuple[object, ...]] = [where for where, row in written.items() if row is None]
        for statement, rows in ((ask.ENQUEUE, new), (ask.CHANGE, changed), (ask.REMOVE, gone)):
            if rows:
                self.ask(statement, *columns(rows))
        for where, row in written.items():
            if row is not None:
                self._items.read[where] = row._replace(payload=None, new=False)
            later = self._items.mine.get(where)
            if later is not None and later.new:
                self._items.mine[where] = later._replace(new=False)
        if groups := self._mine_groups if mine else self._groups:
            self.ask(ask.SETTLE, *columns(list(groups)))
            groups.clear()
        counted = self._mine_counted if mine else self._counted
        counts: list[tuple[object, ...]] = [(queue, count) for queue, count in counted.items() if count]
        if counts:
            self.ask(ask.COUNT, *columns(counts))
        counted.clear()

    def keep(self) -> None:
        super().keep()
        self._items.keep()
        if self._mine_counted:
            self._counted.update(self._mine_counted)
            self._mine_counted.clear()
        if self._mine_groups:
            self._groups.update(self._mine_groups)
            self._mine_groups.clear()

    def undo(self) -> None:
        super().undo()
        self._items.undo()
        self._mine_counted.clear()
        self._mine_groups.clear()
