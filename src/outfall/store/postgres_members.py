"""What nodes on one database tell one another beside their transactions: that they live, what was woken, the time.

One connection of its own, one statement at a time, each its own transaction. Wakes are gathered for a moment and told
with NOTIFY after the commit that they belong to, not in it: PostgreSQL commits transactions that notify one after the
other. A wake that is lost with its node, or while the connection was, is made up for by polling.

The time is the database's: its distance from this machine's steady clock is measured at start and with each beat, so
that neither a wrong wall clock nor one that is set while we run moves any due time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import asyncpg

from outfall.store import postgres_sql as ask
from outfall.store.errors import StoreUnavailable
from outfall.store.node_facts import NodeFacts
from outfall.store.postgres import PostgresStore
from outfall.store.postgres_lane import GONE
from outfall.store.postgres_session import Connection

GATHER_S = 0.005
NOTIFY_SIZE_MAX = 7000
FOLD_FROM = 50
PURGE_STEP = 2000
TRIP_S_MAX = 0.25
"""A measurement of the database's clock that took longer than that is worth nothing."""
FAILED = (*GONE, asyncpg.PostgresError)


class Members:
    """This process among the nodes. `beaten` is called after each beat."""

    def __init__(
        self, store: PostgresStore, facts: Callable[[], NodeFacts], beat_s: float, log: Callable[[str], None]
    ) -> None:
        self._store = store
        self._facts = facts
        self._beat_s = beat_s
        self._log = log
        self._connection: Connection | None = None
        self._channel = ""
        self._topics: dict[str, None] = {}
        self._woken = asyncio.Event()
        self._offset_ms = 0.0
        self._last_ms = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._one = asyncio.Lock()
        self._complained = False
        self._beaten_s = 0.0
        self.nodes: tuple[NodeFacts, ...] = ()
        self.steady_since_s = time.monotonic()
        """Since when every beat has succeeded."""
        self.beaten: Callable[[], Awaitable[None]] | None = None

    async def start(self) -> None:
        """Connects, and measures the clock. Raises `StoreUnavailable`."""
        try:
            await self._connect()
            for _ in range(4):
                await self._measure()
        except FAILED as error:
            raise StoreUnavailable from error
        self._store.told = self._tell

    async def join(self) -> None:
        """Becomes a node that others see."""
        await self._beat()
        self._tasks = [asyncio.create_task(self._tell_others()), asyncio.create_task(self._live())]

    async def leave(self) -> None:
        """Is a node no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(*FAILED):
            await self._ask(ask.LEAVE, self._store.node)
        if self._connection is not None and not self._connection.is_closed():
            self._connection.terminate()

    def now_ms(self) -> int:
        """The database's time; it never goes back."""
        self._last_ms = max(self._last_ms, int(time.monotonic() * 1000 + self._offset_ms))
        return self._last_ms

    async def remove(self, node: NodeFacts) -> bool:
        """Strikes a node off that has not been seen since; False if it has, or another node was quicker."""
        struck = bool(await self._ask(ask.STRIKE, node.id, node.seen_ms))
        if struck:
            silent_s = (self.now_ms() - node.seen_ms) / 1000
            self._log(f"the node at {node.endpoint} has told nothing for {silent_s:.1f} s and is taken for dead")
        return struck

    async def reload(self) -> None:
        """Reads who is there."""
        self.nodes = tuple(NodeFacts(*row) for row in await self._ask(ask.NODES))

    async def _ask(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        async with self._one:
            if self._connection is None or self._connection.is_closed():
                await self._connect()
            assert self._connection is not None
            found: list[asyncpg.Record] = await self._connection.fetch(statement, *arguments, timeout=10)
            return found

    async def _connect(self) -> None:
        connection = await self._store.connection(isolation="read committed")
        self._channel = f"outfall_{await connection.fetchval('SELECT current_schema()')}"[:63]
        with contextlib.suppress(asyncpg.FeatureNotSupportedError, asyncpg.PostgresSyntaxError):
            await connection.add_listener(self._channel, self._heard)
        self._connection = connection

    async def _measure(self) -> None:
        before = time.monotonic()
        found = await self._ask(ask.NOW)
        self._set(found[0][0], before, time.monotonic())

    def _set(self, told_ms: int, before_s: float, after_s: float) -> None:
        if after_s - before_s <= TRIP_S_MAX or not self._offset_ms:
            self._offset_ms = told_ms - (before_s + after_s) * 500

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            try:
                await self._beat()
                if self._complained:
                    self._log("the database answers again")
                    self._complained = False
                for row in await self._ask(ask.COUNTED_OFTEN, FOLD_FROM):
                    await self._ask(ask.FOLD, row[0])
                await self._purge(time.monotonic() + self._beat_s / 2)
                if self.beaten is not None:
                    await self.beaten()
            except (*FAILED, StoreUnavailable) as error:
                self.steady_since_s = time.monotonic()
                if not self._complained:
                    self._log(f"the database does not answer: {error!r}")
                    self._complained = True
            except Exception as error:  # a node that stops beating is taken for dead
                self._log(f"looking after the nodes failed, and is tried again: {error!r}")

    async def _purge(self, until_s: float) -> None:
        """Goes on with removing what purges of long queues left to be removed, a few at a time: all nodes share it."""
        for queue, through in await self._ask(ask.PURGES):
            gone = PURGE_STEP
            while gone and time.monotonic() < until_s:
                gone = (await self._ask(ask.PURGE_SOME, queue, through, PURGE_STEP))[0][0]
            if not gone:
                await self._ask(ask.PURGED, queue, through)

    async def _beat(self) -> None:
        facts, before = self._facts(), time.monotonic()
        if before - self.steady_since_s > 0 and self._tasks and before - self._beaten_s > 3 * self._beat_s:
            self.steady_since_s = before  # This process was stopped for a while: it knows nothing of the others.
        found = await self._ask(ask.BEAT, facts.id, facts.endpoint, facts.running)
        if not found:
            if self._tasks:
                silent_s = before - self._beaten_s
                self._log(f"other nodes took this one for dead: it had told nothing for {silent_s:.1f} s")
            found = await self._ask(ask.JOIN, facts.id, facts.endpoint, facts.version, facts.running)
        self._beaten_s = time.monotonic()
        self._set(found[0][0], before, self._beaten_s)
        await self.reload()

    def _tell(self, topics: list[str]) -> None:
        self._topics.update(dict.fromkeys(topics))
        self._woken.set()

    async def _tell_others(self) -> None:
        while True:
            await self._woken.wait()
            await asyncio.sleep(GATHER_S)
            self._woken.clear()
            topics, self._topics = list(self._topics), {}
            if len(self.nodes) < 2:
                continue
            with contextlib.suppress(*FAILED):
                for payload in _payloads(self._store.node, topics):
                    await self._ask(ask.NOTIFY, self._channel, payload)

    def _heard(self, connection: Connection, process: int, channel: str, payload: str) -> None:
        teller, *topics = payload.split("\n")
        if teller != self._store.node:
            self._store.crew().tell(topics)


def _payloads(teller: str, topics: list[str]) -> list[str]:
    """Topics in messages that are not longer than the database takes."""
    payloads, payload = [], teller
    for topic in topics:
        if len((payload + topic).encode()) > NOTIFY_SIZE_MAX:
            payloads.append(payload)
            payload = teller
        payload += "\n" + topic
    return [*payloads, payload] if payload != teller else payloads
