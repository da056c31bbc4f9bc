"""Rows and history in PostgreSQL.

Facts commit out of order, and whoever reads the feed up to a number must not miss one that commits later with a lower
number. So a fact's number begins with the number that PostgreSQL gave its transaction, and the feed ends before the
oldest transaction that still runs: whatever commits later has a higher number than all that was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from outfall.core.ports import Key, Table
from outfall.store import keys
from outfall.store import postgres_sql as ask
from outfall.store.errors import StoreError
from outfall.store.postgres_session import MISSING, Connection, Layers, Session
from outfall.store.values import Values

T = TypeVar("T")
Fact = tuple[int, str, bytes]

_PAGES = (16, 64, 256, 1024)
_NUMBER_MAX = (1 << 63) - 1
_FACTS_MAX = 1 << 16
"""Facts of one transaction: what 16 bits of their numbers can tell apart."""


class Rows(Session):
    """Rows and facts; what was read is known until the transaction ends."""

    def __init__(self, connection: Connection, values: Values, *, durable: bool, loose: bool = False) -> None:
        super().__init__(connection, durable=durable, loose=loose)
        self._values = values
        self._rows = Layers()
        self._facts: list[Fact] = []
        self._mine_facts: list[Fact] = []
        self._next_fact = -1
        self._row_writes = 0
        self._sent = 0

    def get(self, table: Table[T], key: Key) -> T | None:
        where = (table.name, keys.encode(key))
        value: T | None = self._rows.get(where)
        if value is MISSING:
            found = self.ask(ask.GET, *where)
            value = self._values.decode(table, found[0][0]) if found else None
            self._rows.read[where] = value
        return value

    def put(self, table: Table[T], key: Key, value: T) -> None:
        self.need_order()
        self._values.encode(value)  # What cannot be written fails here and not when everybody's writes are sent.
        self._row_writes += 1
        self._rows.mine[(table.name, keys.encode(key))] = value

    def delete(self, table: Table[Any], key: Key) -> bool:
        if self.get(table, key) is None:
            return False
        self.need_order()
        self._row_writes += 1
        self._rows.mine[(table.name, keys.encode(key))] = None
        return True

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
        low, high = keys.bounds(prefix, start, starts_with, reverse)
        first = _PAGES[0] if limit is None else min(max(limit, 1), _PAGES[-1])
        return islice(self._walk(table, low, high, reverse, first), limit)

    def _walk(self, table: Table[T], low: bytes, high: bytes, reverse: bool, size: int) -> Iterator[tuple[Key, T]]:
        """Reads a page at a time, and lays what was written since over it."""
        while low < high:
            sent, page = self._sent, self.ask(ask.SCAN_BACK if reverse else ask.SCAN, table.name, low, high, size)
            found = dict(page)
            bottom, top = low, high
            if len(page) == size:
                bottom, top = (page[-1][0], high) if reverse else (low, page[-1][0] + b"\0")
            for key, value in self._over(table, found, bottom, top, reverse):
                yield keys.decode(key), value
                low, high = (low, key) if reverse else (key + b"\0", high)
                if self._sent != sent:
                    break  # What was written lies in the database now, and the page is old.
            else:
                if len(page) < size:
                    return
                low, high = (low, bottom) if reverse else (top, high)
                size = next((larger for larger in _PAGES if larger > size), _PAGES[-1])

    def _over(
        self, table: Table[T], found: dict[bytes, bytes], bottom: bytes, top: bytes, reverse: bool
    ) -> Iterator[tuple[bytes, T]]:
        """Rows between `bottom` and `top`: those that were found, changed by what is not sent yet."""
        while True:
            writes = self._row_writes
            changed = self._changed(table.name, bottom, top)
            names = {key for key in found if bottom <= key < top} | {
                key for key, value in changed.items() if value is not None
            }
            for key in sorted(names, reverse=reverse):
                value = changed[key] if key in changed else self._values.decode(table, found[key])
                if value is None:
                    continue
                yield key, value
                bottom, top = (bottom, key) if reverse else (key + b"\0", top)
                if self._row_writes != writes:
                    break
            else:
                return

    def _changed(self, family: str, bottom: bytes, top: bytes) -> dict[bytes, Any]:
        return {
            key: value
            for layer in (self._rows.kept, self._rows.mine)
            for (name, key), value in layer.items()
            if name == family and bottom <= key < top
        }

    # History.
    def append(self, stream: str, fact: bytes) -> int:
        if self._next_fact < 0:
            transaction, base = self.ask(ask.TRANSACTION)[0]
            self._next_fact = base + (transaction << 16)
        number = self._next_fact
        if number & (_FACTS_MAX - 1) == _FACTS_MAX - 1:
            raise StoreError(f"More than {_FACTS_MAX - 1} facts in one transaction.")
        self._next_fact += 1
        self._mine_facts.append((number, stream, fact))
        return number

    def history(self, stream: str, *, after: int = 0, limit: int = 1000) -> list[tuple[int, bytes]]:
        if any(fact[1] == stream for facts in (self._facts, self._mine_facts) for fact in facts):
            self.send()
        return [(row[0], row[1]) for row in self.ask(ask.HISTORY, stream, after, limit)]

    def feed(self, *, after: int = 0, limit: int = 1000) -> list[Fact]:
        """Without what is not committed, even by this transaction: others may still get lower numbers."""
        return [(row[0], row[1], row[2]) for row in self.ask(ask.FEED, min(after, (1 << 62)), limit)]

    def forget(self, stream: str, *, through: int | None = None) -> None:
        self.need_order()
        self.save()
        self.send()
        self.ask(ask.FORGET, stream, _NUMBER_MAX if through is None else through)

    # What is written, on its way.
    def _has_mine(self) -> bool:
        return bool(self._rows.mine or self._mine_facts)

    def _flush(self, *, mine: bool) -> None:
        self._sent += 1
        rows = self._rows.take(mine=mine)
        puts = [(*where, self._values.encode(value)) for where, value in rows.items() if value is not None]
        if puts:
            self.ask(ask.PUT, *map(list, zip(*puts, strict=True)))
        gone = [where for where, value in rows.items() if value is None]
        if gone:
            self.ask(ask.DELETE, *map(list, zip(*gone, strict=True)))
        facts = self._mine_facts if mine else self._facts
        if facts:
            self.ask(ask.APPEND, *map(list, zip(*facts, strict=True)))
            facts.clear()

    def keep(self) -> None:
        super().keep()
        self._rows.keep()
        if self._mine_facts:
            self._facts += self._mine_facts
            self._mine_facts.clear()

    def undo(self) -> None:
        self._sent += 1
        super().undo()
        self._rows.undo()
        self._mine_facts.clear()
