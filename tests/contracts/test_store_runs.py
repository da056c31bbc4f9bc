"""Running works in an event loop: many at once, errors, wake-ups, clearing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from outfall.core.ports import Table


@dataclass(frozen=True, slots=True)
class Number:
    value: int


NUMBERS = Table("test.numbers", Number)


def count_up(tx: Any, name: str = "n") -> int:
    known = tx.get(NUMBERS, (name,))
    value = known.value + 1 if known else 1
    tx.put(NUMBERS, (name,), Number(value))
    return value


@pytest.mark.parametrize("durable", [True, False])
def test_works_that_run_at_once_see_each_other(store: Any, durable: bool) -> None:
    async def many() -> list[int]:
        return await asyncio.gather(*(store.run(count_up, durable=durable) for _ in range(100)))

    assert asyncio.run(many()) == list(range(1, 101))


def test_an_error_reaches_its_caller_alone(store: Any) -> None:
    def fail(tx: Any) -> int:
        count_up(tx)
        raise KeyError("mine")

    async def many() -> list[Any]:
        works = [count_up, fail, count_up, fail, fail, count_up]
        return await asyncio.gather(*map(store.run, works), return_exceptions=True)

    assert [str(result) for result in asyncio.run(many())] == ["1", "'mine'", "2", "'mine'", "'mine'", "3"]
    assert store.transact(count_up) == 4


def test_a_work_that_fails_among_others_leaves_nothing(store: Any) -> None:
    def add(tx: Any, name: str, fails: bool) -> None:
        tx.put(NUMBERS, (name,), Number(1))
        tx.enqueue("q", name.encode(), now_ms=0, due_ms=0)
        tx.append("s", name.encode())
        if fails:
            raise KeyError

    async def many() -> None:
        works = [("a", False), ("b", True), ("c", False), ("d", True)]
        runs = [store.run(lambda tx, work=work: add(tx, *work)) for work in works]
        await asyncio.gather(*runs, return_exceptions=True)

    asyncio.run(many())
    kept = store.transact(lambda tx: ([key[0] for key, _ in tx.scan(NUMBERS)], tx.peek("q"), tx.history("s")))
    assert kept[0] == ["a", "c"]
    assert [item.payload for item in kept[1]] == [fact for _, fact in kept[2]] == [b"a", b"c"]


def test_what_is_cancelled_harms_no_other(store: Any) -> None:
    async def many() -> int:
        tasks = [asyncio.ensure_future(store.run(count_up)) for _ in range(5)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[1:] == [2, 3, 4, 5]
        return await store.run(count_up)

    assert asyncio.run(many()) == 6


def test_a_commit_wakes_each_topic_once_and_a_failed_work_none(store: Any) -> None:
    woken: list[str] = []

    def work(tx: Any) -> None:
        tx.enqueue("q", b"", now_ms=0, due_ms=0)
        tx.enqueue("q", b"", now_ms=0, due_ms=0)
        tx.wake("topic")

    def fail(tx: Any) -> None:
        tx.wake("failed")
        tx.enqueue("failed", b"", now_ms=0, due_ms=0)
        raise KeyError

    async def both() -> None:
        stop = store.subscribe(woken.append)
        await asyncio.gather(store.run(fail), store.run(work), return_exceptions=True)
        await asyncio.sleep(0)
        stop()
        await store.run(work)
        await asyncio.sleep(0)

    asyncio.run(both())
    assert woken == ["q", "topic"]


def test_a_work_that_only_wakes_wakes(store: Any) -> None:
    woken: list[str] = []

    async def run() -> None:
        store.subscribe(woken.append)
        await store.run(lambda tx: tx.wake("topic"))
        await asyncio.sleep(0)

    asyncio.run(run())
    assert woken == ["topic"]


def claimed(tx: Any, group: str | None = None) -> Any:
    tx.enqueue("q", b"", now_ms=0, due_ms=50, group=group)
    return tx.claim("q", now_ms=50, lease_ms=30)[0]


@pytest.mark.parametrize(
    ("change", "wakes"),
    [
        (lambda tx, item: tx.release("q", item.handle, due_ms=99), True),
        (lambda tx, item: tx.extend("q", item.handle, 60), True),
        (lambda tx, item: tx.extend("q", item.handle, 90), False),
        (lambda tx, item: tx.acknowledge("q", item.handle), False),
        (lambda tx, item: tx.free(""), True),
    ],
)
def test_what_may_make_an_item_claimable_sooner_wakes_its_queue(store: Any, change: Any, wakes: bool) -> None:
    woken: list[str] = []
    item = store.transact(claimed)
    store.subscribe(woken.append)
    store.transact(lambda tx: change(tx, item))
    assert woken == ["q"] * wakes


def test_the_end_of_a_claim_wakes_the_rest_of_its_group(store: Any) -> None:
    woken: list[str] = []
    item = store.transact(lambda tx: claimed(tx, "g"))
    store.subscribe(woken.append)
    store.transact(lambda tx: tx.acknowledge("q", item.handle))
    assert woken == ["q"]


def test_rescheduling_wakes_when_it_is_sooner(store: Any) -> None:
    woken: list[str] = []
    number = store.transact(lambda tx: tx.enqueue("q", b"", now_ms=0, due_ms=50))
    store.subscribe(woken.append)
    store.transact(lambda tx: tx.reschedule("q", number, due_ms=60))
    assert woken == []
    store.transact(lambda tx: tx.reschedule("q", number, due_ms=40))
    assert woken == ["q"]


def test_a_listener_that_fails_stops_neither_the_commit_nor_the_others(store: Any) -> None:
    woken: list[str] = []

    def broken(topic: str) -> None:
        raise RuntimeError(topic)

    async def run() -> int:
        store.subscribe(broken)
        store.subscribe(woken.append)
        await store.run(lambda tx: tx.wake("topic"))
        await asyncio.sleep(0)
        return await store.run(count_up)

    assert asyncio.run(run()) == 1
    assert woken == ["topic"]


def test_a_store_may_be_closed_twice(store: Any) -> None:
    async def close() -> None:
        await store.run(count_up)
        await store.close()
        await store.close()

    asyncio.run(close())


def test_clearing_removes_everything_but_the_memory_of_numbers(store: Any) -> None:
    def fill(tx: Any) -> tuple[int, int]:
        count_up(tx)
        return tx.enqueue("q", b"", now_ms=0, due_ms=0), tx.append("s", b"")

    before = store.transact(fill)
    asyncio.run(store.clear())
    seen = store.transact(lambda tx: (tx.get(NUMBERS, ("n",)), list(tx.scan(NUMBERS)), tx.peek("q"), tx.feed()))
    assert seen == (None, [], [], [])
    assert store.transact(lambda tx: tx.counts("q", 0).ready) == 0
    after = store.transact(fill)
    assert after > before
    assert after[1] > before[1]
