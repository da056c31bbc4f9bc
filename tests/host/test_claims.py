"""Claims of a node that lives and knows nothing of them: nobody else would free them for as long as a run may last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from tests import postgres

from outfall.core.ports import Item, Tx
from outfall.flow import drive
from outfall.host import worker
from outfall.host.log import Log
from outfall.host.worker import Worker, Workshop
from outfall.store.errors import StoreUnavailable
from outfall.store.postgres import PostgresStore

QUEUE, CHORES = "lambda/async/q", "chores"


class Flaky:
    """A database that can be away for this node; others still reach it."""

    def __init__(self, store: PostgresStore) -> None:
        self.store = store
        self.exclusive = store.exclusive
        self.subscribe = store.subscribe
        self.away = False

    async def run(self, work: Callable[[Tx], Any], *, durable: bool = True, loose: bool = False) -> Any:
        if self.away:
            raise StoreUnavailable
        return await self.store.run(work, durable=durable, loose=loose)


class House:
    """A worker on a flaky store: `ran` are the events whose runs were begun, `done` the chores."""

    def __init__(self, store: PostgresStore) -> None:
        self.flaky = Flaky(store)
        self.run: Callable[[str], Awaitable[None]] = self._well
        self.ran: list[str] = []
        self.done: list[bytes] = []
        self.chore: Callable[[Item], Awaitable[None]] = self._do
        self.said: list[str] = []
        self.worker = Worker(
            Workshop(
                store=self.flaky,  # type: ignore[arg-type]
                clock=SimpleNamespace(now_ms=lambda: 1000),
                context=lambda tx: SimpleNamespace(tx=tx, now=1000),  # type: ignore[arg-type,return-value]
                run=self._run,
                write_logs=lambda ctx, run, outcome: None,
                chores={CHORES: lambda item: self.chore(item)},
                runs_at_once=8,
                log=Log(self.said.append),
            )
        )

    async def _run(self, run: Any) -> Any:
        self.ran.append(run)
        await self.run(run)

    async def _well(self, run: str) -> None:
        pass

    async def _do(self, item: Item) -> None:
        await self.flaky.run(lambda tx: tx.acknowledge(CHORES, item.handle))
        self.done.append(item.payload)

    async def enqueue(self, queue: str, *payloads: bytes) -> None:
        await self.flaky.store.run(lambda tx: [tx.enqueue(queue, one, now_ms=0, due_ms=0) for one in payloads])

    async def empty(self, queue: str) -> bool:
        return not await self.flaky.store.run(lambda tx: tx.peek(queue))


@pytest.fixture(autouse=True)
def plain_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that are nothing but their payload: begun by a claim, and over after a run."""

    def begin(ctx: Any, queue: str, item: Item) -> Any:
        text = item.payload.decode()
        return SimpleNamespace(queue=queue, handle=item.handle, run=text, event=SimpleNamespace(id=text))

    monkeypatch.setattr(drive, "begin", begin)
    monkeypatch.setattr(drive, "finish", lambda ctx, start, outcome: ctx.tx.acknowledge(start.queue, start.handle))


@pytest.fixture(autouse=True)
def no_look_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens does not happen because a queue was looked at again after a while."""
    monkeypatch.setattr(worker, "POLL_S", 3600.0)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    made = House(await PostgresStore.connect(postgres.server().empty(), "one"))
    yield made
    await made.worker.stop(1)
    await made.flaky.store.close()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await true():
            await asyncio.sleep(0.01)


def test_a_claim_that_could_not_be_given_back_is_freed_once_the_database_is_there() -> None:
    async def play() -> None:
        async with house() as here:

            async def lose_the_database(run: str) -> None:
                here.flaky.away = True
                raise StoreUnavailable  # As the question for concurrency, or for credentials, does.

            here.run = lose_the_database
            await here.enqueue(QUEUE, b"event")
            here.worker._wake(QUEUE)
            await here.worker.settle()
            assert here.ran == ["event"]
            assert not await here.empty(QUEUE)
            here.flaky.away, here.run = False, here._well
            here.worker._wake(QUEUE)
            await until(lambda: here.empty(QUEUE))
            assert here.ran == ["event"] * 2

    asyncio.run(play())


def test_a_claim_that_only_the_database_knows_of_is_found_and_one_that_is_worked_on_is_left() -> None:
    async def play() -> None:
        async with house() as here:
            await here.enqueue(QUEUE, b"unknown", b"known")
            store, going_on = here.flaky.store, asyncio.Event()
            await store.run(lambda tx: tx.claim(QUEUE, now_ms=0, lease_ms=10**9))

            async def wait(run: str) -> None:
                if run == "known":
                    await going_on.wait()

            here.run = wait
            here.worker._wake(QUEUE)
            await until(lambda: _is(lambda: here.ran == ["known"]))
            await here.worker.look()
            await until(lambda: _is(lambda: "unknown" in here.ran))
            going_on.set()
            await until(lambda: here.empty(QUEUE))
            assert here.ran == ["known", "unknown"]

    asyncio.run(play())


def test_chores_that_a_lost_database_interrupted_are_done_when_it_is_there() -> None:
    async def play() -> None:
        async with house() as here:

            async def lose_the_database(item: Item) -> None:
                here.flaky.away = True
                await here._do(item)

            here.chore = lose_the_database
            await here.enqueue(CHORES, b"1", b"2", b"3")
            here.worker._wake(CHORES)
            await until(lambda: _is(lambda: bool(here.said)))
            here.flaky.away, here.chore = False, here._do
            here.worker._wake(CHORES)
            await until(lambda: here.empty(CHORES))
            assert here.done == [b"1", b"2", b"3"]

    asyncio.run(play())


def test_a_chore_that_fails_by_itself_holds_up_no_other() -> None:
    async def play() -> None:
        async with house() as here:

            async def fail_one(item: Item) -> None:
                if item.payload == b"1":
                    raise RuntimeError("broken")
                await here._do(item)

            here.chore = fail_one
            await here.enqueue(CHORES, b"1", b"2", b"3")
            here.worker._wake(CHORES)
            await until(lambda: _is(lambda: len(here.done) == 2))
            await here.worker.settle()
            assert here.done == [b"2", b"3"]
            assert len(here.said) == 1
            assert "broken" in here.said[0]

    asyncio.run(play())


async def _is(true: Callable[[], bool]) -> bool:
    return true()
