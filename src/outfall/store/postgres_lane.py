"""One connection to PostgreSQL, and the batches of works that go through it.

Works that wait while a batch is under way share the next one: one BEGIN, one look at what all of them read, one sending
of what all of them wrote, one COMMIT. A batch that lost against another transaction (SQLSTATE 40001, 40P01) is run
again, a little later and smaller, and takes its turn at the turnstile, where those that lost wait for one another, so
that each commits sooner or later. So do the few batches that come next.

Works that are loose (see `Store.run`) have lanes of their own, where transactions are READ COMMITTED: what they claim
and hold is locked row by row, so that many nodes take from one queue at once and none loses. Under SERIALIZABLE two
claims from one queue are in conflict however different their items are, since PostgreSQL takes note of reads by the
page of the index.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from outfall.core.ports import Tx
from outfall.store.errors import StoreBusy, StoreUnavailable
from outfall.store.postgres_claims import Claims
from outfall.store.postgres_session import Connection, Strict, in_greenlet
from outfall.store.values import Values

TRIES_MAX = 40
CAREFUL_FOR = 4
"""After a loss, that many batches take their turn from the start: where nodes contend for the same, to lose is dearer
than to wait."""
BACK_OFF_S = 0.001
BACK_OFF_S_MAX = 0.05

LOST = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError)
"""A unique violation is a number or a row that another transaction inserted at the same time."""

GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    asyncio.TimeoutError,
)


@dataclass(slots=True)
class Job:
    """A work, and who waits for it."""

    work: Callable[[Tx], Any]
    durable: bool
    loose: bool
    done: asyncio.Future[Any]


Outcome = tuple[Any, BaseException | None]


class Lane:
    """Runs batches, one at a time."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], values: Values, holder: str, *, loose: bool
    ) -> None:
        self._connect = connect
        self._loose = loose
        self._values = values
        self._holder = holder
        self._connection: Connection | None = None
        self._careful = 0
        self.retries = 0
        """How often a batch lost."""

    async def run(self, jobs: list[Job]) -> tuple[list[str], list[Outcome], int]:
        """Topics to wake, an outcome for each of the first jobs, and how many of them: the rest is to be run again.

        Raises `StoreUnavailable` and `StoreBusy`.
        """
        size, fresh = len(jobs), self._connection is None
        for tries in range(TRIES_MAX):
            careful, self._careful = self._careful > 0, max(0, self._careful - 1)
            connection = await self._ready()
            durable = any(job.durable for job in jobs[:size])
            tx = Claims(connection, self._values, self._holder, durable=durable, expected=size, loose=self._loose)
            played = False
            try:
                outcomes = await in_greenlet(lambda tx=tx, size=size, careful=careful: _play(tx, jobs[:size], careful))  # type: ignore[misc]
                played = True
                await tx.commit()
                for act in tx.acts:
                    act()
                return list(tx.topics), outcomes, size
            except LOST:
                await tx.rollback()
                self.retries += 1
                self._careful = 0 if self._loose else CAREFUL_FOR
                size = max(1, size // 2) if tries else size
                if tries:
                    await asyncio.sleep(random.random() * min(BACK_OFF_S * 2**tries, BACK_OFF_S_MAX))
            except GONE as error:
                await self._drop()
                if fresh or played:
                    raise StoreUnavailable from error
                fresh = True  # It broke while it was idle, or halfway: nothing is committed, and a new one may do.
            except BaseException:
                await self._drop()
                raise
        raise StoreBusy

    async def _ready(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            try:
                self._connection = await self._connect()
            except (*GONE, asyncpg.PostgresError) as error:
                raise StoreUnavailable from error
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    async def close(self) -> None:
        """Lets go."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=2)
            except (*GONE, asyncpg.PostgresError):
                connection.terminate()


def _play(tx: Claims, jobs: list[Job], careful: bool) -> list[Outcome]:
    """Runs the works of a batch one after the other; an error of one is its own."""
    if careful:
        tx.turnstile()
    outcomes: list[Outcome] = []
    for job in jobs:
        try:
            result = job.work(tx)
            if tx.strict:  # It swallowed what told it so.
                raise Strict
            tx.keep()
        except BaseException as error:
            strict = tx.strict
            tx.undo()
            outcomes.append((None, Strict() if strict else error))
        else:
            outcomes.append((result, None))
    tx.finish()
    return outcomes
