"""Several programs on one PostgreSQL, in one process: what they share and what only one of them does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests import postgres

from outfall.core.invocation import EnvironmentSpec, Logging, Package, Run, Throttled
from outfall.host.clock import ManualClock, SystemClock
from outfall.host.nodes import OWNERS, PLACES, Node
from outfall.host.shared_concurrency import BUNDLE, SharedConcurrency
from outfall.host.time_travel import MOVED_TOPIC, SAVED, SavedTime, open_clock
from outfall.store.errors import StoreUnavailable
from outfall.store.node_facts import NodeFacts
from outfall.store.postgres import PostgresStore
from outfall.store.postgres_members import Members

LEASE_S = 2
"""So long that a living node is seen in time even by a machine that has no time."""
FUNCTION = "arn:aws:lambda:us-east-1:111111111111:function:f"


class Standing:
    """A node on a store, with a heart that can be stopped."""

    def __init__(self, store: PostgresStore) -> None:
        self.store = store
        self.said: list[str] = []
        self.members = Members(store, lambda: NodeFacts(store.node, "http://x", "1"), LEASE_S / 5, self.said.append)
        self.node = Node(store, store.node, self.members, LEASE_S)
        self.concurrency = SharedConcurrency(2 * BUNDLE, store, store.node, self.said.append)

    async def start(self) -> Standing:
        await self.members.start()
        await self.node.start(("lambda/async/",))
        return self

    async def die(self) -> None:
        """Without a farewell."""
        for task in self.members._tasks:
            task.cancel()


@asynccontextmanager
async def nodes(*names: str) -> AsyncIterator[list[Standing]]:
    url = postgres.server().empty()
    made = [await Standing(await PostgresStore.connect(url, name)).start() for name in names]
    for one in made:
        await one.members.reload()
    yield made
    for one in made:
        await one.members.leave()
        await one.store.close()


async def until(true: Callable[[], Awaitable[bool]], timeout_s: float = 60) -> None:
    async with asyncio.timeout(timeout_s):
        while not await true():
            await asyncio.sleep(0.02)


def run_of(reserved: int | None = None) -> Run:
    spec = EnvironmentSpec(
        FUNCTION, "$LATEST", "r", "python3.12", "a.b", Package("", ()), (), (), "role", 128, 512, 3, Logging("/g")
    )
    return Run(environment=spec, request_id="r", invoked_arn=FUNCTION, payload=b"", reserved_concurrency=reserved)


def test_what_a_dead_node_held_is_free_and_what_the_living_hold_is_not() -> None:
    async def play() -> None:
        async with nodes("one", "two") as (one, two):
            queue = "lambda/async/q"
            await one.store.run(lambda tx: [tx.enqueue(queue, b"", now_ms=0, due_ms=0) for _ in range(2)])
            (dead,) = await one.store.run(lambda tx: tx.claim(queue, now_ms=0, lease_ms=10**9))
            (alive,) = await two.store.run(lambda tx: tx.claim(queue, now_ms=0, lease_ms=10**9))
            assert await one.concurrency.enter(run_of(1)) is None
            assert isinstance(await two.concurrency.enter(run_of(1)), Throttled)
            await one.die()
            await until(lambda: two.store.run(lambda tx: tx.next_due(queue) == 0))
            assert await one.store.run(lambda tx: tx.acknowledge(queue, dead.handle)) is False, "settled twice"
            assert await two.store.run(lambda tx: tx.acknowledge(queue, alive.handle)) is True
            assert await two.concurrency.enter(run_of(1)) is None
            assert [node["id"] for node in two.node.listed() or ()] == ["two"]

    asyncio.run(play())


def test_one_node_polls_for_a_mapping_and_another_when_it_is_gone() -> None:
    async def owners(standing: list[Standing], keys: list[tuple[str, ...]]) -> list[list[str]]:
        found = []
        for key in keys:
            owning = [
                one.store.node for one in standing if await one.store.run(lambda tx, o=one, k=key: o.node.owns(tx, k))
            ]
            found.append(owning)
        return found

    async def play() -> None:
        async with nodes("one", "two", "three") as standing:
            keys = [("111111111111", "us-east-1", str(number)) for number in range(30)]
            found = await owners(standing, keys)
            assert all(len(owning) == 1 for owning in found)
            assert len({owning[0] for owning in found}) == 3, "the work is shared out"
            await standing[0].die()
            living = standing[1:]

            async def taken_over() -> bool:
                return all(len(owning) == 1 for owning in await owners(living, keys))

            await until(taken_over)
            left = await living[0].store.run(lambda tx: {row.node for _, row in tx.scan(OWNERS)})
            assert left == {"two", "three"}

    asyncio.run(play())


def test_an_accounts_places_are_given_in_bundles_and_given_back() -> None:
    async def play() -> None:
        async with nodes("one", "two") as (one, two):
            entered = [await one.concurrency.enter(run_of()) for _ in range(BUNDLE + 1)]
            assert entered == [None] * (BUNDLE + 1)
            assert isinstance(await two.concurrency.enter(run_of()), Throttled)
            for _ in entered:
                await one.concurrency.leave(run_of())
            await one.concurrency.tidy()
            assert await two.concurrency.enter(run_of()) is None
            held = await two.store.run(lambda tx: {key[1]: row.count for key, row in tx.scan(PLACES)})
            assert held == {"two": BUNDLE}

    asyncio.run(play())


@pytest.mark.parametrize("reserved", [1, None], ids=["of a function", "of an account"])
def test_places_are_given_back_that_were_taken_and_whose_confirmation_was_lost(reserved: int | None) -> None:
    async def play() -> None:
        async with nodes("one", "two") as (one, two):

            class Losing:
                async def run(self, work: Any, *, durable: bool = True) -> Any:
                    await one.store.run(work, durable=durable)
                    raise StoreUnavailable

            one.concurrency._store = Losing()  # type: ignore[assignment]
            with pytest.raises(StoreUnavailable):
                await one.concurrency.enter(run_of(reserved))
            one.concurrency._store = one.store
            await one.concurrency.tidy()
            assert await two.store.run(lambda tx: list(tx.scan(PLACES))) == []

    asyncio.run(play())


def test_whoever_waits_for_a_place_that_is_given_back_and_whoever_comes_then_do_not_get_it_both() -> None:
    async def play() -> None:
        async with nodes("one") as (one,):
            assert await one.concurrency.enter(run_of(1)) is None
            leaving = asyncio.create_task(one.concurrency.leave(run_of(1)))
            await asyncio.sleep(0)
            entering = [asyncio.create_task(one.concurrency.enter(run_of(1)))]
            leaving.add_done_callback(lambda _: entering.append(asyncio.create_task(one.concurrency.enter(run_of(1)))))
            await leaving
            await asyncio.sleep(0)
            entered = await asyncio.gather(*entering)
            assert len(entered) == 2
            assert entered.count(None) == 1

    asyncio.run(play())


def test_a_manual_clock_is_moved_on_all_nodes() -> None:
    async def play() -> None:
        async with nodes("one", "two") as (one, two):
            clocks = [await open_clock(each.store, "manual", SystemClock()) for each in (one, two)]
            assert clocks[0].now_ms() == clocks[1].now_ms()
            later = clocks[0].now_ms() + 3_600_000

            def move(tx: Any) -> None:
                tx.put(SAVED, ("now",), SavedTime(later))
                tx.wake(MOVED_TOPIC)

            await one.store.run(move)
            for clock in clocks:
                assert isinstance(clock, ManualClock)

                async def moved(clock: ManualClock = clock) -> bool:
                    return clock.now_ms() == later

                await until(moved)

    asyncio.run(play())


def test_a_node_that_leaves_is_not_waited_for() -> None:
    async def play() -> None:
        async with nodes("one", "two") as (one, two):
            queue = "lambda/async/q"
            await one.store.run(lambda tx: tx.enqueue(queue, b"", now_ms=0, due_ms=0))
            await one.store.run(lambda tx: tx.claim(queue, now_ms=0, lease_ms=10**9))
            await one.node.stop()
            assert len(await two.store.run(lambda tx: tx.claim(queue, now_ms=0, lease_ms=1))) == 1
            await two.members.reload()
            assert json.dumps([node["id"] for node in two.node.listed() or ()]) == '["two"]'

    asyncio.run(play())
