"""The engine that keeps everything in PostgreSQL, where many processes work on it at once.

asyncpg was chosen by measurement (PostgreSQL 15 on a local socket, Python 3.11, uvloop; a transaction is BEGIN, one
SELECT, 20 rows written in one statement, COMMIT):

    asyncpg in a greenlet            90 us a SELECT     0.65 ms a transaction
    psycopg 3, asynchronous         109 us              1.08 ms (0.89 ms in pipeline mode)
    psycopg 3, in the only thread    94 us
    psycopg 3, in a thread beside a busy event loop   10,980 us

The last line is why there are no threads here: see postgres_session.py. Works run in the event loop's thread, as with
the other engines, and lose it only while they wait for the database.

Transactions are PostgreSQL's SERIALIZABLE and are run again when they lose against another, but for those that said to
need less: see postgres_lane.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from outfall.core.ports import Tx
from outfall.store import postgres_schema
from outfall.store import postgres_sql as ask
from outfall.store.errors import StoreError, StoreUnavailable
from outfall.store.postgres_lane import GONE, Job, Lane
from outfall.store.postgres_session import Connection, Strict
from outfall.store.values import Values
from outfall.store.wakes import Wakes

T = TypeVar("T")

LANES = 2
LOOSE_LANES = 2
TOGETHER_MAX = 128
"""Works of one batch."""
CONNECT_S_MAX = 5.0
ANSWER_S_MAX = 20.0
"""A database that is cut off closes no connection: what it does not answer by then it never will."""
RECENT_MAX = 4096

SETTINGS = {
    # Row by row through an index, however small a table is: a transaction that read a table as a whole would be in
    # conflict with each that writes to it.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "jit": "off",
    "idle_in_transaction_session_timeout": "5s",
    "client_min_messages": "error",
}


class Line:
    """Lanes of one kind, and the works that wait for one."""

    def __init__(self, lanes: list[Lane]) -> None:
        self.lanes = lanes
        self.idle = list(lanes)
        self.waiting: deque[Job] = deque()
        self.scheduled = False


class Crew:
    """The lanes of one event loop, and the works that wait for one."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        strict: list[Lane],
        loose: list[Lane],
        wakes: Wakes,
        told: Callable[[list[str]], None],
    ) -> None:
        self._loop = loop
        self._strict, self._loose = Line(strict), Line(loose)
        self._wakes = wakes
        self._told = told
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: dict[object, dict[str, None]] = {}

    def add(self, job: Job) -> None:
        """Has a work run with the next batch."""
        line = self._loose if job.loose else self._strict
        line.waiting.append(job)
        self._schedule(line)

    def _schedule(self, line: Line) -> None:
        if not line.scheduled and line.idle and line.waiting:
            line.scheduled = True
            self._loop.call_soon(self._dispatch, line)

    def _dispatch(self, line: Line) -> None:
        line.scheduled = False
        while line.idle and line.waiting:
            # Also those for whose result nobody waits any more: whether a work is done is not left to chance.
            jobs = [line.waiting.popleft() for _ in range(min(TOGETHER_MAX, len(line.waiting)))]
            task = self._loop.create_task(self._batch(line, line.idle.pop(), jobs))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _batch(self, line: Line, lane: Lane, jobs: list[Job]) -> None:
        told: dict[str, None] = {}
        self._running[lane] = told
        size = len(jobs)
        try:
            topics, outcomes, size = await lane.run(jobs)
            line.waiting.extendleft(reversed(jobs[size:]))
        except Exception as failure:
            topics, outcomes = [], [(None, failure)] * len(jobs)
        finally:
            del self._running[lane]
            line.idle.append(lane)
        self.tell(topics)
        if topics:
            self._told(topics)
        # What was told while the batch ran, it may not have seen, and who then began to wait was not told.
        self._wakes.tell(topic for topic in told if topic not in topics)
        for job, (result, error) in zip(jobs, outcomes, strict=False):
            self._answer(job, result, error)
        self._schedule(line)

    def _answer(self, job: Job, result: object, error: BaseException | None) -> None:
        if isinstance(error, Strict):
            job.loose = False
            self.add(job)
        elif job.done.done():
            return
        elif error is None:
            job.done.set_result(result)
        else:
            job.done.set_exception(error)

    def tell(self, topics: list[str]) -> None:
        """Tells listeners, and again those who begin to wait in a batch that is under way."""
        for told in self._running.values():
            if len(told) < RECENT_MAX:
                told.update(dict.fromkeys(topics))
        self._wakes.tell(topics)

    @property
    def retries(self) -> int:
        """How often batches lost against other transactions."""
        return sum(lane.retries for line in (self._strict, self._loose) for lane in line.lanes)

    async def close(self) -> None:
        """Lets what runs end, and lets go."""
        lines = (self._strict, self._loose)
        while self._tasks or any(line.waiting for line in lines):
            for line in lines:
                self._schedule(line)
            await asyncio.sleep(0.001)
        for line in lines:
            for lane in line.lanes:
                await lane.close()


class PostgresStore:
    """Everything in one schema of a database. `node` is written to what this process claims."""

    exclusive = False

    def __init__(self, url: str, node: str, lanes: int) -> None:
        self._url = url
        self.node = node
        self._lanes = lanes
        self._values = Values()
        self._wakes = Wakes()
        self._crews: dict[asyncio.AbstractEventLoop, Crew] = {}
        self._own: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self.told: Callable[[list[str]], None] = lambda topics: None
        """Is told what commits of this process woke: who tells other nodes."""

    @classmethod
    async def connect(cls, url: str, node: str = "", lanes: int = LANES) -> PostgresStore:
        """Opens a database, and makes the tables if there are none. Raises `StoreIsNewer` and `StoreUnreadable`."""
        store = cls(url, node, lanes)
        try:
            connection = await store.connection()
            try:
                await postgres_schema.prepare(connection)
            finally:
                await connection.close()
        except (*GONE, asyncpg.PostgresError, ValueError) as error:
            raise StoreUnavailable(f"The database cannot be used: {str(error) or type(error).__name__}.") from error
        return store

    @classmethod
    def open(cls, url: str, node: str = "", lanes: int = LANES) -> PostgresStore:
        """As `connect`, outside of an event loop: for tests and tools."""
        loop = asyncio.new_event_loop()
        store = loop.run_until_complete(cls.connect(url, node, lanes))
        store._own = loop
        return store

    async def connection(self, isolation: str = "serializable") -> Connection:
        """A connection of its own, with the settings of all."""
        settings = SETTINGS | {
            "application_name": f"outfall {self.node}"[:60],
            "default_transaction_isolation": isolation,
        }
        return await asyncpg.connect(
            self._url,
            timeout=CONNECT_S_MAX,
            command_timeout=ANSWER_S_MAX,
            server_settings=settings,
            statement_cache_size=200,
        )

    def crew(self) -> Crew:
        """The lanes of the loop that runs. A connection belongs to the loop in which it was made."""
        loop = asyncio.get_running_loop()
        crew = self._crews.get(loop)
        if crew is None:
            self._crews = {known: crew for known, crew in self._crews.items() if not known.is_closed()}
            strict = [self._lane(loose=False) for _ in range(self._lanes)]
            loose = [self._lane(loose=True) for _ in range(LOOSE_LANES)]
            crew = self._crews[loop] = Crew(loop, strict, loose, self._wakes, lambda topics: self.told(topics))
        return crew

    def _lane(self, *, loose: bool) -> Lane:
        return Lane(self.connection, self._values, self.node, loose=loose)

    async def run(self, work: Callable[[Tx], T], *, durable: bool = True, loose: bool = False) -> T:
        """Runs `work` in a transaction, again if it loses against another. Raises what it raises, `StoreUnavailable`
        when the database does not answer (it may have kept the work all the same), or `StoreBusy`."""
        if self._closed:
            raise StoreError("The store is closed.")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.crew().add(Job(work, durable, loose, done))
        return await done

    def transact(self, work: Callable[[Tx], T]) -> T:
        """Runs `work` in a transaction, outside of an event loop."""
        return self._here(lambda: self.run(work))

    def _here(self, act: Callable[[], Awaitable[T]]) -> T:
        if self._own is None:
            self._own = asyncio.new_event_loop()

        async def acting() -> T:
            return await act()

        return self._own.run_until_complete(acting())

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Calls `listener(topic)` in the event loop after each commit that woke a topic, here or on another node."""
        return self._wakes.subscribe(listener)

    async def clear(self) -> None:
        """Removes everything but nodes; numbers go on growing."""
        connection = await self.connection()
        try:
            await connection.execute(ask.CLEAR)
        finally:
            await connection.close()

    async def close(self) -> None:
        """Lets what runs end, and lets go."""
        self._closed = True
        crew = self._crews.pop(asyncio.get_running_loop(), None)
        if crew is not None:
            await crew.close()

    def shut(self) -> None:
        """Lets go, outside of an event loop."""
        if self._own is not None:
            self._here(self.close)
            self._own.close()
            self._own = None
