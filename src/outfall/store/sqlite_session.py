"""What all parts of a SQLite transaction share: the connection, beginning and undoing one work, and the numbers.

Many works share one SQLite transaction (see sqlite.py). The first work that writes begins it, each later one that
writes sets a savepoint; works that only read need neither, since nobody else writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import MutableMapping
from typing import Any

from outfall.store.errors import StoreFull

_NONE = object()
_RESERVE = 4096


class Journal:
    """What caches held before a work changed them."""

    def __init__(self) -> None:
        self._notes: list[tuple[MutableMapping[Any, Any], Any, Any]] = []

    def set(self, cache: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        """Changes a cache for as long as the work is not undone."""
        self._notes.append((cache, key, cache.get(key, _NONE)))
        cache[key] = value

    def rollback(self) -> None:
        """Takes back all changes."""
        for cache, key, old in reversed(self._notes):
            if old is _NONE:
                cache.pop(key, None)
            else:
                cache[key] = old
        self._notes.clear()

    def keep(self) -> None:
        """Forgets what was before."""
        self._notes.clear()


class Numbers:
    """Numbers that only grow, also over restarts and after what they named is gone. `meta` holds a number that none
    given so far reaches; it moves in steps, so that most numbers cost no write."""

    def __init__(self, name: str, connection: sqlite3.Connection) -> None:
        self._name = name
        self._connection = connection
        self.reload()

    def reload(self) -> None:
        """Begins after all numbers that can have been given."""
        found = self._connection.execute("SELECT value FROM meta WHERE name = ?", (self._name,)).fetchone()
        self.state = (found[0], found[0]) if found else (0, 0)

    def take(self) -> int:
        """The next number; to be called in a transaction."""
        last, reserved = self.state
        if last >= reserved:
            reserved = last + _RESERVE
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (self._name, reserved))
        self.state = (last + 1, reserved)
        return last + 1


class Session:
    """One work after the other on a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._execute = connection.execute
        self._journal = Journal()
        self._item_numbers = Numbers("item", connection)
        self._fact_numbers = Numbers("fact", connection)
        self._saved = False
        self._numbers_before = self._item_numbers.state, self._fact_numbers.state
        self.topics: dict[str, None] = {}
        self.wrote = False

    def _write(self) -> None:
        """To be called before the first write of a work."""
        self._saved = self._db.in_transaction
        self._execute("SAVEPOINT work" if self._saved else "BEGIN IMMEDIATE")
        self._numbers_before = self._item_numbers.state, self._fact_numbers.state
        self.wrote = True

    def keep(self) -> None:
        """Ends a work: what it did becomes part of the open transaction."""
        if self.wrote:
            if not self._db.in_transaction:
                # SQLite ended it when an error (a full disk) came up, which the work has swallowed.
                raise StoreFull
            if self._saved:
                self._execute("RELEASE work")
            self._journal.keep()
            self.wrote = False

    def undo(self) -> None:
        """Ends a work of which nothing is kept. The transaction is over if it held nothing else."""
        self.topics.clear()
        self._journal.rollback()
        if not self.wrote:
            return
        self.wrote = False
        self._item_numbers.state, self._fact_numbers.state = self._numbers_before
        if not self._db.in_transaction:
            return
        if self._saved:
            self._execute("ROLLBACK TO work")
            self._execute("RELEASE work")
        else:
            self._execute("ROLLBACK")

    def reset(self) -> None:
        """After a transaction that was not committed: believes nothing that it learnt."""
        self.topics.clear()
        self._journal.keep()
        self.wrote = False
        self._item_numbers.reload()
        self._fact_numbers.reload()

    def wake(self, topic: str) -> None:
        """After the commit, tells subscribers that something changed at `topic`."""
        self.topics[topic] = None
