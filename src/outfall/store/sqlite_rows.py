"""Rows and history in SQLite."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from outfall.core.ports import Key, Table
from outfall.store import keys
from outfall.store.sqlite_session import NONE, Session
from outfall.store.values import Values

T = TypeVar("T")

_CACHED_ROWS = 2048
_CACHED_SIZE_MAX = 8 * 1024
_PAGES = (16, 64, 256)
_NUMBER_MAX = (1 << 63) - 1

_PUT = "INSERT INTO rows VALUES(?, ?, ?) ON CONFLICT(family, key) DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM rows WHERE family = ? AND key = ?"
_SCAN = "SELECT key, value FROM rows WHERE family = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"
_SCAN_BACK = "SELECT key, value FROM rows WHERE family = ? AND key >= ? AND key < ? ORDER BY key DESC LIMIT ?"

_UNKNOWN: Any = object()


class Rows(Session):
    """Rows, with the values that were used last in memory: every request reads its queue, role and policies."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._values = Values()
        self._families: dict[str, int] = {}
        self._cache: OrderedDict[tuple[str, Key], Any] = OrderedDict()
        self._rows: dict[str, dict[Key, bytes | None]] = {}  # gathered, by table; None for a row that is removed
        self._facts: list[tuple[int, str, bytes]] = []  # gathered
        self._row_writes = 0

    def reset(self) -> None:
        super().reset()
        for held in (self._families, self._cache, self._rows, self._facts):
            held.clear()

    def _flush(self) -> None:
        super()._flush()
        for name in self._rows:
            self._flush_rows(name)
        self._flush_facts()

    def _flush_rows(self, name: str) -> None:
        """Writes what was gathered for a table."""
        gathered = self._rows[name]
        if not gathered:
            return
        family = self._family(name) or self._new_family(name)
        put = [(family, keys.encode(key), data) for key, data in gathered.items() if data is not None]
        if put:
            self._db.executemany(_PUT, put)
        if len(put) < len(gathered):
            self._db.executemany(
                _DELETE, [(family, keys.encode(key)) for key, data in gathered.items() if data is None]
            )
        if self.wrote:
            for key, data in gathered.items():
                self._journal.note((gathered, key, data))
        gathered.clear()

    def _flush_facts(self) -> None:
        if self._facts:
            self._db.executemany("INSERT INTO history VALUES(?, ?, ?)", self._facts)
            if self.wrote:
                self._journal.note((self._facts, slice(None), tuple(self._facts)))
            self._facts.clear()

    def _gathered(self, name: str) -> dict[Key, bytes | None]:
        known = self._rows.get(name)
        if known is None:
            known = self._rows[name] = {}
        return known

    def keep(self) -> None:
        super().keep()
        while len(self._cache) > _CACHED_ROWS:
            self._cache.popitem(last=False)

    def _family(self, name: str) -> int:
        """The number of a table; 0 if it has none yet."""
        known = self._families.get(name)
        if known is None:
            found = self._execute("SELECT id FROM families WHERE name = ?", (name,)).fetchone()
            if found is None:
                return 0
            known = self._families[name] = found[0]
        return known

    def _new_family(self, name: str) -> int:
        number = self._execute("INSERT INTO families(name) VALUES(?)", (name,)).lastrowid or 0
        self._journal.set(self._families, name, number)
        return number

    def get(self, table: Table[T], key: Key) -> T | None:
        where = (table.name, key)
        value: T | None = self._cache.get(where, _UNKNOWN)
        if value is not _UNKNOWN:
            self._cache.move_to_end(where)
            return value
        gathered = self._rows.get(table.name)
        data = gathered[key] if gathered and key in gathered else self._stored(table.name, key)
        value = None if data is None else self._values.decode(table, data)
        if data is None or len(data) <= _CACHED_SIZE_MAX:
            # What an unfinished work has written is in the cache already, so this is older than the work.
            self._cache[where] = value
        return value

    def _stored(self, name: str, key: Key) -> bytes | None:
        found = self._execute(
            "SELECT value FROM rows WHERE family = ? AND key = ?", (self._family(name), keys.encode(key))
        ).fetchone()
        return found[0] if found else None

    def put(self, table: Table[T], key: Key, value: T) -> None:
        data = self._values.encode(value)
        self._change(table.name, key, data, value if len(data) <= _CACHED_SIZE_MAX else _UNKNOWN)
        self.gathered += len(data)

    def _change(self, name: str, key: Key, data: bytes | None, value: Any) -> None:
        gathered, cache, where = self._gathered(name), self._cache, (name, key)
        note = self._journal.note
        note((gathered, key, gathered.get(key, NONE)))
        gathered[key] = data
        note((cache, where, cache.get(where, NONE)))
        cache[where] = value
        self._row_writes += 1
        self.changed = True

    def delete(self, table: Table[Any], key: Key) -> bool:
        known = self._cache.get((table.name, key), _UNKNOWN)
        if known is _UNKNOWN:
            known = self._gathered(table.name).get(key, _UNKNOWN)
        if known is _UNKNOWN:
            known = self._stored(table.name, key)
        if known is None:
            return False
        self._change(table.name, key, None, None)
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
        return islice(self._walk(table, low, high, reverse), limit)

    def _walk(self, table: Table[T], low: bytes, high: bytes, reverse: bool) -> Iterator[tuple[Key, T]]:
        """Reads a page at a time; a write may have changed what lies ahead, so the page is read again after one."""
        size, page = 0, [(b"", b"")]
        while page:
            if self._rows.get(table.name):
                if not self.wrote:
                    self._write()
                self._flush_rows(table.name)
            writes = self._row_writes
            limit = _PAGES[min(size, len(_PAGES) - 1)]
            family = self._family(table.name)
            page = self._execute(_SCAN_BACK if reverse else _SCAN, (family, low, high, limit)).fetchall()
            size += 1
            for key, data in page:
                yield keys.decode(key), self._values.decode(table, data)
                low, high = (low, key) if reverse else (key + b"\0", high)
                if self._row_writes != writes:
                    size = 0
                    break
            else:
                if len(page) < limit:
                    return

    def append(self, stream: str, fact: bytes) -> int:
        number = self._fact_numbers.take()
        self._journal.add(self._facts, (number, stream, fact))
        self.gathered += len(fact)
        self.changed = True
        return number

    def _see_facts(self) -> None:
        """To be called before the database is asked for history."""
        if self._facts:
            if not self.wrote:
                self._write()
            self._flush_facts()

    def history(self, stream: str, *, after: int = 0, limit: int = 1000) -> list[tuple[int, bytes]]:
        self._see_facts()
        return self._execute(
            "SELECT number, fact FROM history WHERE stream = ? AND number > ? ORDER BY number LIMIT ?",
            (stream, after, limit),
        ).fetchall()

    def feed(self, *, after: int = 0, limit: int = 1000) -> list[tuple[int, str, bytes]]:
        self._see_facts()
        return self._execute(
            "SELECT number, stream, fact FROM history WHERE number > ? ORDER BY number LIMIT ?", (after, limit)
        ).fetchall()

    def forget(self, stream: str, *, through: int | None = None) -> None:
        self._see_facts()
        if not self.wrote:
            self._write()
        last = _NUMBER_MAX if through is None else through
        self._execute("DELETE FROM history WHERE stream = ? AND number <= ?", (stream, last))
