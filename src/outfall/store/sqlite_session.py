"""What all parts of a SQLite transaction share: the connection, beginning and undoing one work, and the numbers.

Many works share one SQLite transaction (see sqlite.py). Most of what they write is gathered in memory, where a work can
be undone for nothing, a row that many works write is written once, and statements run many rows at a time; it goes into
the database at the commit, or when somebody asks the database what it would change (`flush`). A work that has to write
into the database itself begins the transaction, or sets a savepoint; others need neither, since nobody else writes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, MutableMapping
from typing import Any

from outfall.store.errors import StoreFull

NONE = object()
"""In the place of what was not there."""
_RESERVE = 4096


class Journal:
    """What was in memory before a work changed it."""

    def __init__(self) -> None:
        self._notes: list[tuple[Any, Any, Any]] = []
        self.note = self._notes.append

    def set(self, held: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        """Changes a mapping for as long as the work is not undone."""
        self.note((held, key, held.get(key, NONE)))
        held[key] = value

    def rollback(self) -> None:
        """Takes back all changes."""
        for held, key, old in reversed(self._notes):
            if old is NONE:
                held.pop(key, None)
            else:
                held[key] = old
        self._notes.clear()

    def keep(self) -> None:
        """Forgets what was before."""
        if self._notes:
            self._notes.clear()


class Numbers:
    """Numbers that only grow, also over restarts and after what they named is gone. `meta` holds a number that none
    given so far reaches; it moves in steps, so that most numbers cost no write."""

    def __init__(self, name: str, connection: sqlite3.Connection, journal: Journal) -> None:
        self._name = name
        self._connection = connection
        self._journal = journal
        self.reload()

    def reload(self) -> None:
        """Begins after all numbers that can have been given."""
        found = self._connection.execute("SELECT value FROM meta WHERE name = ?", (self._name,)).fetchone()
        self.last: int = found[0] if found else 0
        """The last number that was given."""
        self.kept = self.last
        """The last that was given before the work that is under way."""
        self._reserved = [self.last]

    def take(self) -> int:
        """The next number."""
        self.last += 1
        return self.last

    def flush(self) -> None:
        """Makes sure that no number that was given is given again."""
        if self.last > self._reserved[0]:
            reserved = self.last + _RESERVE
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (self._name, reserved))
            self._journal.note((self._reserved, 0, self._reserved[0]))
            self._reserved[0] = reserved


class Session:
    """One work after the other on a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._execute = connection.execute
        self._journal = Journal()
        self._item_numbers = Numbers("item", connection, self._journal)
        self._fact_numbers = Numbers("fact", connection, self._journal)
        self._facts: list[tuple[int, str, bytes]] = []  # gathered: number, stream, fact
        self._items: list[tuple[str, int, int, int, bytes]] = []  # gathered: queue, number, due, enqueued, payload
        self._facts_kept = self._items_kept = 0  # how many of them are of works that have ended
        self._saved = False
        self.topics: dict[str, None] = {}
        self.wrote = False
        """Whether the work that is under way wrote into the database itself."""
        self.changed = False
        """Whether it changed anything."""
        self.lost = False
        """Whether the works before it were lost with it: a full disk can end the whole transaction."""
        self.gathered = 0
        """About how many bytes are gathered."""

    def _write(self) -> None:
        """To be called before a work first writes into the database."""
        self._saved = self._db.in_transaction
        self._execute("SAVEPOINT work" if self._saved else "BEGIN IMMEDIATE")
        self.wrote = self.changed = True

    def flush(self) -> None:
        """Puts what was gathered into the database: in the work that is under way, or between two."""
        if not self._db.in_transaction:
            self._execute("BEGIN IMMEDIATE")
        self._item_numbers.flush()
        self._fact_numbers.flush()
        self._flush()
        self.gathered = 0
        if not self.wrote:
            self._journal.keep()
            self._facts_kept = self._items_kept = 0

    def spill(self) -> None:
        """Puts what was gathered into the database as part of the work that is under way."""
        if not self.wrote:
            self._write()
        self.flush()

    def _flush(self) -> None:
        """What the parts have gathered; what a part empties it notes in the journal, if a work is under way."""

    def keep(self) -> None:
        """Ends a work: what it did becomes part of the open transaction."""
        if self.wrote:
            if not self._db.in_transaction:
                # SQLite ended it when an error (a full disk) came up, which the work has swallowed.
                raise StoreFull
            if self._saved:
                self._execute("RELEASE work")
            self.wrote = False
        self._journal.keep()
        items, facts = self._item_numbers, self._fact_numbers
        items.kept, facts.kept = items.last, facts.last
        self._facts_kept, self._items_kept = len(self._facts), len(self._items)

    def undo(self) -> None:
        """Ends a work of which nothing is kept. SQLite's transaction is over if it held nothing else."""
        self.topics.clear()
        self._journal.rollback()
        items, facts = self._item_numbers, self._fact_numbers
        items.last, facts.last = items.kept, facts.kept
        del self._facts[self._facts_kept :], self._items[self._items_kept :]
        self.changed = False
        if not self.wrote:
            return
        self.wrote = False
        if not self._db.in_transaction:
            self.lost = self._saved
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
        self.wrote = self.changed = self.lost = False
        self.gathered = self._facts_kept = self._items_kept = 0
        self._facts.clear()
        self._items.clear()
        self._item_numbers.reload()
        self._fact_numbers.reload()

    def wake(self, topic: str) -> None:
        """After the commit, tells subscribers that something changed at `topic`."""
        self.topics[topic] = None

    def after(self, act: Callable[[], None]) -> None:
        """At once: no work is run twice here."""
        act()
