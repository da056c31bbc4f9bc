"""One transaction in memory: the reference of what the port `Tx` means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sortedcontainers import SortedDict

from outfall.core.ports import Item, Key, QueueCounts, Table
from outfall.store import keys
from outfall.store.handles import handle_of, parse_handle
from outfall.store.memory_queues import MemoryQueue, Row
from outfall.store.values import Values

T = TypeVar("T")

_PAGE = 64


class MemoryData:
    """All that is stored."""

    def __init__(self) -> None:
        self.rows: dict[str, SortedDict] = {}
        self.queues: dict[str, MemoryQueue] = {}
        self.streams: dict[str, list[tuple[int, bytes]]] = {}
        self.feed: SortedDict = SortedDict()
        self.last_item = 0
        self.last_fact = 0


class MemoryTx:
    """One transaction. Every change is noted with its opposite, so that all can be taken back."""

    def __init__(self, data: MemoryData, values: Values, checked: set[str]) -> None:
        self._data = data
        self._values = values
        self._checked = checked
        self._undo: list[Callable[[], object]] = []
        self._last = data.last_item, data.last_fact
        self._row_writes = 0
        self.topics: dict[str, None] = {}

    def rollback(self) -> None:
        """Takes back all changes."""
        for undo in reversed(self._undo):
            undo()
        self._data.last_item, self._data.last_fact = self._last
        self.topics.clear()

    # Rows, by the bytes of their keys: see keys.py.
    def get(self, table: Table[T], key: Key) -> T | None:
        rows = self._data.rows.get(table.name)
        return None if rows is None else rows.get(keys.encode(key))

    def put(self, table: Table[T], key: Key, value: T) -> None:
        if table.name not in self._checked:
            self._values.check(table, value)
            self._checked.add(table.name)
        self._set_row(self._data.rows.setdefault(table.name, SortedDict()), keys.encode(key), value)

    def delete(self, table: Table[Any], key: Key) -> bool:
        rows = self._data.rows.get(table.name, {})
        found = keys.encode(key) in rows
        if found:
            self._set_row(rows, keys.encode(key), None)
        return found

    def _set_row(self, rows: SortedDict, key: bytes, value: Any) -> None:
        self._row_writes += 1
        old = rows.get(key)
        self._undo.append((lambda: rows.pop(key, None)) if old is None else (lambda: rows.__setitem__(key, old)))
        if value is None:
            del rows[key]
        else:
            rows[key] = value

    def scan(
        self,
        table: Table[T],
        prefix: Key = (),
        *,
        start: Key = (),
        starts_with: str = "",
        limit: int | None = None,
        reverse: bool = False,
    ) -> Iterator[tuple[Key, T]]:
        rows = self._data.rows.setdefault(table.name, SortedDict())
        low, high = keys.bounds(prefix, start, starts_with, reverse)
        return islice(self._walk(rows, low, high, reverse), limit)

    def _walk(self, rows: SortedDict, low: bytes, high: bytes, reverse: bool) -> Iterator[tuple[Key, Any]]:
        page: list[bytes] = [b""]
        while page:
            writes = self._row_writes
            page = list(islice(rows.irange(low, high, (True, False), reverse=reverse), _PAGE))
            for key in page:
                yield keys.decode(key), rows[key]
                low, high = (low, key) if reverse else (key + b"\0", high)
                if self._row_writes != writes:
                    break

    # Work queues.
    def _set_item(self, name: str, number: int, row: Row | None) -> None:
        queue = self._data.queues.setdefault(name, MemoryQueue())
        old = queue.set(number, row)
        self._undo.append(lambda: queue.set(number, old))

    def _claimed(self, queue: str, handle: str) -> Row | None:
        parsed = parse_handle(handle)
        items = self._data.queues.get(queue)
        row: Row | None = items.items.get(parsed[0]) if items and parsed else None
        return row if row and parsed and row.leased and row.receives == parsed[1] else None

    def enqueue(self, queue: str, payload: bytes, *, now_ms: int, due_ms: int, group: str | None = None) -> int:
        self._data.last_item += 1
        number = self._data.last_item
        self._set_item(queue, number, Row(number, payload, due_ms, now_ms, group=group))
        self.wake(queue)
        return number

    def claim(self, queue: str, *, now_ms: int, lease_ms: int, limit: int = 1, among: int = 0) -> list[Item]:
        items = self._data.queues.get(queue)
        claimed = []
        for row in items.ready(now_ms, limit, among) if items else ():
            first = now_ms if row.first_received is None else row.first_received
            row = row._replace(due=now_ms + lease_ms, receives=row.receives + 1, first_received=first, leased=True)
            self._set_item(queue, row.number, row)
            claimed.append(_item(row))
        return claimed

    def extend(self, queue: str, handle: str, until_ms: int) -> bool:
        row = self._claimed(queue, handle)
        if row is None:
            return False
        self._set_item(queue, row.number, row._replace(due=until_ms))
        if until_ms < row.due:
            self.wake(queue)
        return True

    def release(self, queue: str, handle: str, *, due_ms: int, payload: bytes | None = None) -> bool:
        row = self._claimed(queue, handle)
        if row is None:
            return False
        payload = row.payload if payload is None else payload
        self._set_item(queue, row.number, row._replace(due=due_ms, leased=False, payload=payload))
        self.wake(queue)
        return True

    def acknowledge(self, queue: str, handle: str) -> bool:
        row = self._claimed(queue, handle)
        if row is None:
            return False
        self._set_item(queue, row.number, None)
        if row.group is not None:
            self.wake(queue)
        return True

    def reschedule(self, queue: str, number: int, *, due_ms: int, payload: bytes | None = None) -> bool:
        items = self._data.queues.get(queue)
        row: Row | None = items.items.get(number) if items else None
        if row is None or row.leased:
            return False
        self._set_item(queue, number, row._replace(due=due_ms, payload=row.payload if payload is None else payload))
        if due_ms < row.due:
            self.wake(queue)
        return True

    def peek(self, queue: str, *, after: int = 0, limit: int = 100) -> list[Item]:
        items = self._data.queues.get(queue)
        numbers = islice(items.items.irange(after + 1), limit) if items else ()
        return [_item(items.items[number]) for number in numbers] if items else []

    def counts(self, queue: str, now_ms: int) -> QueueCounts:
        items = self._data.queues.get(queue)
        leased, delayed = items.later(now_ms) if items else (0, 0)
        return QueueCounts(len(items.items) - leased - delayed if items else 0, leased, delayed)

    def expire(self, queue: str, enqueued_before_ms: int) -> int:
        items = self._data.queues.get(queue)
        return self._remove(queue, items.older(enqueued_before_ms) if items else [])

    def purge(self, queue: str) -> int:
        items = self._data.queues.get(queue)
        return self._remove(queue, list(items.items) if items else [])

    def _remove(self, queue: str, numbers: list[int]) -> int:
        for number in numbers:
            self._set_item(queue, number, None)
        if numbers:
            self.wake(queue)
        return len(numbers)

    def free(self, prefix: str) -> int:
        freed = 0
        for name, queue in sorted(self._data.queues.items()):
            leased = [row for row in queue.items.values() if row.leased] if name.startswith(prefix) else []
            for row in leased:
                self._set_item(name, row.number, row._replace(leased=False, due=min(row.due, row.enqueued)))
            if leased:
                self.wake(name)
            freed += len(leased)
        return freed

    def next_due(self, queue: str) -> int | None:
        items = self._data.queues.get(queue)
        return items.turns[0][0] if items and items.turns else None

    def due_queues(self, prefix: str) -> list[tuple[str, int]]:
        queues = self._data.queues
        return [
            (name, queues[name].turns[0][0])
            for name in sorted(queues)
            if name.startswith(prefix) and queues[name].turns
        ]

    # History.
    def append(self, stream: str, fact: bytes) -> int:
        data = self._data
        data.last_fact += 1
        number = data.last_fact
        facts = data.streams.setdefault(stream, [])
        facts.append((number, fact))
        data.feed[number] = (stream, fact)
        self._undo.append(lambda: (facts.pop(), data.feed.pop(number)))
        return number

    def history(self, stream: str, *, after: int = 0, limit: int = 1000) -> list[tuple[int, bytes]]:
        return list(islice((fact for fact in self._data.streams.get(stream, ()) if fact[0] > after), limit))

    def feed(self, *, after: int = 0, limit: int = 1000) -> list[tuple[int, str, bytes]]:
        feed = self._data.feed
        return [(number, *feed[number]) for number in islice(feed.irange(after + 1), limit)]

    def forget(self, stream: str, *, through: int | None = None) -> None:
        data = self._data
        before = data.streams.pop(stream, [])
        gone = [fact for fact in before if through is None or fact[0] <= through]
        for number, _ in gone:
            del data.feed[number]
        if len(gone) < len(before):
            data.streams[stream] = before[len(gone) :]

        def undo() -> None:
            if before:
                data.streams[stream] = before
                data.feed.update({number: (stream, fact) for number, fact in gone})

        self._undo.append(undo)

    def wake(self, topic: str) -> None:
        self.topics[topic] = None

    def after(self, act: Callable[[], None]) -> None:
        act()


def _item(row: Row) -> Item:
    handle = handle_of(row.number, row.receives)
    return Item(
        row.number, handle, row.payload, row.due, row.enqueued, row.receives, row.first_received, row.leased, row.group
    )
