"""What all parts of a PostgreSQL transaction share: asking the database, and what was written but not sent yet.

Works are synchronous and the driver is not: a batch of works runs in a greenlet, which hands each question to the event
loop and is gone on with when the answer is there. No threads: a statement from a thread beside a busy event loop waits
up to 10 ms for the interpreter's lock (measured, against 0.1 ms this way).

Writes stay here until the batch ends or somebody asks the database what they may change. They lie in two layers: those
of works that have ended, and those of the work that runs, which are dropped when it fails. If some of the latter had to
be sent, a savepoint takes them back.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVar

import asyncpg
from greenlet import getcurrent, greenlet

T = TypeVar("T")
Connection: TypeAlias = Any
"""A connection of asyncpg, which has no types."""
MISSING: Any = object()


async def in_greenlet(work: Callable[[], T]) -> T:
    """Runs `work`, and awaits in its stead what it hands out."""
    runs = greenlet(work)
    runs.gr_context = getcurrent().gr_context
    handed: Any = runs.switch()
    while not runs.dead:
        try:
            answer = await handed
        except BaseException as error:
            handed = runs.throw(error)
        else:
            handed = runs.switch(answer)
    result: T = handed
    return result


def awaited(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, waited for from within `in_greenlet`."""
    parent = getcurrent().parent
    assert parent is not None
    result: T = parent.switch(coroutine)
    return result


class Strict(Exception):
    """A work that was said to be loose is not: it is to be run again as all others."""


class Layers:
    """Values by key: what the database has, over it what ended works wrote, over it what the work that runs wrote."""

    def __init__(self) -> None:
        self.read: dict[Any, Any] = {}
        self.kept: dict[Any, Any] = {}
        self.mine: dict[Any, Any] = {}
        self._before: list[tuple[Any, Any]] = []

    def get(self, key: Any) -> Any:
        """The value, or MISSING if it has to be asked for."""
        for layer in (self.mine, self.kept, self.read):
            found = layer.get(key, MISSING)
            if found is not MISSING:
                return found
        return MISSING

    def take(self, *, mine: bool) -> dict[Any, Any]:
        """What is to be sent now."""
        if not mine:
            taken, self.kept = self.kept, {}
        else:
            taken, self.mine = self.mine, {}
            self._before += [(key, self.read.get(key, MISSING)) for key in taken]
        self.read.update(taken)
        return taken

    def keep(self) -> None:
        """The work ended well."""
        if self.mine:
            self.kept.update(self.mine)
            self.mine = {}
        self._before.clear()

    def undo(self) -> None:
        """The work failed, and what was sent of it was taken back."""
        self.mine.clear()
        for key, value in reversed(self._before):
            if value is MISSING:
                self.read.pop(key, None)
            else:
                self.read[key] = value
        self._before.clear()


class Session(ABC):
    """One transaction, in which one work runs after the other."""

    def __init__(self, connection: Connection, *, durable: bool, loose: bool = False) -> None:
        self._connection = connection
        self._begin = (_BEGIN_LOOSE if loose else _BEGIN) + ("" if durable else _LIGHT)
        self._loose = loose
        self.strict = False
        """Whether the work that runs did what a loose transaction must not."""
        self._begun = False
        self._saved = False
        self._mine_topics: dict[str, None] = {}
        self._mine_acts: list[Callable[[], None]] = []
        self.topics: dict[str, None] = {}
        self.acts: list[Callable[[], None]] = []
        """What is to be done after the commit."""
        self.failure: BaseException | None = None
        """What the database refused. A work may have swallowed it, and yet nothing of the transaction is kept."""

    @property
    def begun(self) -> bool:
        """Whether anything was asked of the database."""
        return self._begun

    def ask(self, statement: str, *arguments: Any) -> list[Any]:
        """The rows that a statement answers."""
        if self.failure is not None:
            raise self.failure
        try:
            if not self._begun:
                self._begun = True
                awaited(self._connection.execute(self._begin))
            return awaited(self._connection.fetch(statement, *arguments))
        except BaseException as error:
            self.failure = error
            raise

    def need_order(self) -> None:
        """To be called before what is right only in a transaction as if one ran after the other. Raises `Strict`."""
        if self._loose:
            self.strict = True
            raise Strict

    def turnstile(self) -> None:
        """Waits for its turn among transactions that lost against others, before the first look at the data."""
        self._begun = True
        try:
            awaited(self._connection.execute(_BEGIN + "; LOCK TABLE turnstile IN EXCLUSIVE MODE"))
        except BaseException as error:
            self.failure = error
            raise

    def send(self) -> None:
        """Sends what was written so far; to be called before a question whose answer it may change."""
        self._flush(mine=False)
        if self._has_mine():
            self.save()
            self._flush(mine=True)

    def save(self) -> None:
        """To be called before anything that the work that runs does to the database."""
        if not self._saved:
            self._flush(mine=False)
            self.ask("SAVEPOINT work")
            self._saved = True

    @abstractmethod
    def _has_mine(self) -> bool:
        """Whether the work that runs has written what is not sent yet."""

    @abstractmethod
    def _flush(self, *, mine: bool) -> None:
        """Sends what was written and not sent: by works that have ended, or by the one that runs."""

    def keep(self) -> None:
        """The work ended well."""
        if self.failure is not None:
            raise self.failure
        if self._saved:
            self._saved = False
            self.ask("RELEASE SAVEPOINT work")
        self.topics.update(self._mine_topics)
        self._mine_topics.clear()
        if self._mine_acts:
            self.acts += self._mine_acts
            self._mine_acts.clear()

    def undo(self) -> None:
        """The work failed: nothing of it is kept."""
        if self.failure is not None:
            raise self.failure
        self.strict = False
        self._mine_topics.clear()
        self._mine_acts.clear()
        if self._saved:
            self._saved = False
            self.ask("ROLLBACK TO SAVEPOINT work")
            self.ask("RELEASE SAVEPOINT work")

    def finish(self) -> None:
        """Sends the rest; the transaction can be committed."""
        self._flush(mine=False)

    async def commit(self) -> None:
        """Commits, if there is anything to commit."""
        if self._begun:
            await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        """Ends a transaction that came to nothing; the connection may be gone already."""
        if self._begun and not self._connection.is_closed():
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await self._connection.execute("ROLLBACK")

    def wake(self, topic: str) -> None:
        """After the commit, tells subscribers that something changed at `topic`."""
        self._mine_topics[topic] = None

    def after(self, act: Callable[[], None]) -> None:
        """Does something once the transaction is committed."""
        self._mine_acts.append(act)


_BEGIN = "BEGIN ISOLATION LEVEL SERIALIZABLE"
_BEGIN_LOOSE = "BEGIN ISOLATION LEVEL READ COMMITTED"
_LIGHT = "; SET LOCAL synchronous_commit = off"
