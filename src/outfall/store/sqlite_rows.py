"""Rows and history in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from outfall.core.ports import Key, Table
from outfall.store import keys
from outfall.store.sqlite_session import NONE, Session
from outfall.store.values import Values

T = TypeVar("T")

_CACHED_ROWS = 4096
_CACHED_SIZE = 4 * 1024 * 1024
"""How many rows, and about how many bytes of them, a generation holds: see `Rows`."""
_CACHED_SIZE_MAX = 8 * 1024
_PAGES = (16, 64, 256)
_NUMBER_MAX = (1 << 63) - 1

_PUT = "INSERT INTO rows VALUES(?, ?, ?) ON CONFLICT(family, key) DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM rows WHERE family = ? AND key = ?"
_SCAN = "SELECT key, value FROM rows WHERE family = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?"
_SCAN_BACK = "SELECT key, value FROM rows WHERE family = ? AND key >= ? AND key < ? ORDER BY key DESC LIMIT ?"

_UNKNOWN: Any = object()
_NOTHING: dict[Key, bytes | None] = {}


class Rows(Session):
    """Rows, with the values that were used last in memory: every request reads its queue, role and policies.

    They are kept in two generations. When the young one is full the old one is dropped, and the young one grows old;
    what is asked for in the old one is young again. So the way to a value that is asked for often is one look-up.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._values = Values()
        self._families: dict[str, int] = {}
        self._young: dict[tuple[str, Key], Any] = {}
        self._old: dict[tuple[str, Key], Any] = {}
        self._young_size = 0
        self._rows: dict[str, dict[Key, bytes | None]] = {}  # gathered, by table; None for a row that is removed
        self._row_writes = 0

    def reset(self) -> None:
        super().reset()
        for held in (self._families, self._young, self._old, self._rows):
            held.clear()

    def _flush(self) -> None:
        super()._flush()
        for name, gathered in self._rows.items():
            if gathered:
                self._flush_rows(name, gathered)
        self._flush_facts()

    def _flush_rows(self, name: str, gathered: dict[Key, bytes | None]) -> None:
        """Writes what was gathered for a table."""
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

    def keep(self) -> None:
        super().keep()
        if len(self._young) > _CACHED_ROWS or self._young_size > _CACHED_SIZE:
            self._old, self._young, self._young_size = self._young, {}, 0

    def _forget_values(self) -> None:
        """Drops the values that are in memory."""
        self._young.clear()
        self._old.clear()

    def _family(self, name: str) -> int:
        """The number of a table; 0 if it has none yet."""
        known = self._families.get(name)
        if known is None:
            found = self._execute("SELECT id FROM families WHERE name = ?", (name,)).fetchone()
            known = self._families[name] = found[0] if found else 0
        return known

    def _new_family(self, name: str) -> int:
        number = self._execute("INSERT INTO families(name) VALUES(?)", (name,)).lastrowid or 0
        self._journal.set(self._families, name, number)
        return number

    def get(self, table: Table[T], key: Key) -> T | None:
        where = (table.name, key)
        value: T | None = self._young.get(where, _UNKNOWN)
        return self._recall(table, where) if value is _UNKNOWN else value

    def _recall(self, table: Table[T], where: tuple[str, Key]) -> T | None:
        """The value of a row that is not in the young generation."""
        value: T | None = self._old.get(where, _UNKNOWN)
        size = 0
        if value is _UNKNOWN:
            name, key = where
            gathered = self._rows.get(name)
            data = gathered[key] if gathered and key in gathered else self._stored(name, key)
            value = None if data is None else self._values.decode(table, data)
            size = 0 if data is None else len(data)
        if size <= _CACHED_SIZE_MAX:
            # What an unfinished work has written is young already, so this is older than the work.
            self._young[where] = value
            self._young_size += size
        return value

    def _stored(self, name: str, key: Key) -> bytes | None:
        family = self._family(name)
        if not family:
            return None
        found = self._execute("SELECT value FROM rows WHERE family = ? AND key = ?", (family, keys.encode(key)))
        row: tuple[bytes] | None = found.fetchone()
        return row[0] if row else None

    def put(self, table: Table[T], key: Key, value: T) -> None:
        data = self._values.encode(value)
        size = len(data)
        self._change(table.name, key, data, value if size <= _CACHED_SIZE_MAX else _UNKNOWN)
        self.gathered += size
        self._young_size += size

    def _change(self, name: str, key: Key, data: bytes | None, value: Any) -> None:
        gathered = self._rows.get(name)
        if gathered is None:
            gathered = self._rows[name] = {}
        young, where, note = self._young, (name, key), self._journal.note
        note((gathered, key, gathered.get(key, NONE)))
        gathered[key] = data
        note((young, where, young.get(where, NONE)))
        young[where] = value
        if value is _UNKNOWN and where in self._old:
            note((self._old, where, self._old.pop(where)))
        self._row_writes += 1
        self.changed = True

    def delete(self, table: Table[Any], key: Key) -> bool:
        where = (table.name, key)
        known = self._young.get(where, _UNKNOWN)
        if known is _UNKNOWN:
            known = self._old.get(where, _UNKNOWN)
        if known is _UNKNOWN:
            known = self._rows.get(table.name, _NOTHING).get(key, _UNKNOWN)
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
            if gathered := self._rows.get(table.name):
                if not self.wrote:
                    self._write()
                self._flush_rows(table.name, gathered)
            writes = self._row_writes
            limit = _PAGES[min(size, len(_PAGES) - 1)]
            family = self._family(table.name)
            if not family:
                return
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
        self._facts.append((number, stream, fact))
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
