"""What the PostgreSQL engine promises beside the contract: many processes at once, and a database that goes away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from outfall.store import StoreIsNewer, StoreUnreadable, postgres_members, postgres_queues, postgres_schema
from outfall.store.errors import StoreUnavailable
from outfall.store.node_facts import NodeFacts
from outfall.store.postgres import PostgresStore
from outfall.store.postgres_members import Members
from tests import postgres
from tests.contracts.test_store_rows import NOTES, Note

LIMIT_S = 60
CLOCK_MS = 1000
"""A busy machine measures the clock of a database to that."""


@pytest.fixture
def url() -> str:
    return postgres.server().empty()


@pytest.fixture
def pair(url: str) -> Iterator[tuple[Any, Any]]:
    """Two nodes on the same data."""
    one, two = PostgresStore.open(url, "one"), PostgresStore.open(url, "two")
    yield one, two
    one.shut()
    two.shut()


def count_up(tx: Any) -> int:
    row = tx.get(NOTES, ("n",))
    value = int(row.text) + 1 if row else 1
    tx.put(NOTES, ("n",), Note(str(value)))
    return value


def test_two_nodes_that_change_the_same_row_lose_no_change(url: str) -> None:
    async def both() -> list[int]:
        stores = [await PostgresStore.connect(url, name, lanes=3) for name in ("one", "two")]

        async def many(store: PostgresStore) -> list[int]:
            found = []
            for _ in range(25):
                found += await asyncio.gather(store.run(count_up), store.run(count_up))
            return found

        found = await asyncio.gather(*map(many, stores))
        for store in stores:
            await store.close()
        return found[0] + found[1]

    assert sorted(asyncio.run(both())) == list(range(1, 101))


def test_what_two_read_and_each_changed_in_part_is_decided_one_after_the_other(url: str) -> None:
    """Write skew: each may delete one of two rows as long as the other is there."""

    async def both() -> list[bool]:
        one, two = [await PostgresStore.connect(url, name, lanes=1) for name in ("one", "two")]
        await one.run(lambda tx: [tx.put(NOTES, (name,), Note(name)) for name in "ab"])

        def leave(tx: Any, name: str) -> bool:
            both_there = len(list(tx.scan(NOTES))) == 2
            return both_there and tx.delete(NOTES, (name,))

        found = await asyncio.gather(one.run(lambda tx: leave(tx, "a")), two.run(lambda tx: leave(tx, "b")))
        assert len(await one.run(lambda tx: list(tx.scan(NOTES)))) == 1
        for store in (one, two):
            await store.close()
        return found

    assert sorted(asyncio.run(both())) == [False, True]


def test_two_nodes_that_claim_at_once_get_different_items(url: str) -> None:
    async def both() -> list[int]:
        stores = [await PostgresStore.connect(url, name) for name in ("one", "two")]
        await stores[0].run(lambda tx: [tx.enqueue("q", b"", now_ms=0, due_ms=0) for _ in range(60)])

        async def drain(store: PostgresStore) -> list[int]:
            numbers: list[int] = []
            while found := await store.run(lambda tx: tx.claim("q", now_ms=0, lease_ms=50, limit=4)):
                numbers += [item.number for item in found]
            return numbers

        found = await asyncio.gather(*map(drain, stores))
        for store in stores:
            await store.close()
        return found[0] + found[1]

    numbers = asyncio.run(both())
    assert len(numbers) == len(set(numbers)) == 60


def test_a_reader_of_the_feed_misses_no_fact_that_commits_later_with_a_lower_number(url: str) -> None:
    async def play() -> None:
        store = await PostgresStore.connect(url)
        slow = await store.connection()
        await slow.execute("SET idle_in_transaction_session_timeout = 0; BEGIN")
        number = await slow.fetchval("SELECT pg_current_xact_id()::text::bigint << 16")
        later = await store.run(lambda tx: tx.append("quick", b"2"))
        assert later > number
        assert await store.run(lambda tx: tx.feed()) == [], "a reader would go on after it"
        assert await store.run(lambda tx: tx.history("quick")) == [(later, b"2")]
        await slow.execute("INSERT INTO history VALUES($1, 'slow', '1')", number)
        await slow.execute("COMMIT")
        assert await store.run(lambda tx: tx.feed()) == [(number, "slow", b"1"), (later, "quick", b"2")]
        await slow.close()
        await store.close()

    asyncio.run(play())


def test_facts_go_on_growing_in_a_database_that_was_restored(url: str) -> None:
    store = PostgresStore.open(url)
    last = store.transact(lambda tx: tx.append("s", b""))
    asyncio.run(_execute(store, f"UPDATE history SET number = {last} + (1::bigint << 45)"))
    store.shut()
    again = PostgresStore.open(url)
    assert again.transact(lambda tx: tx.append("s", b"")) > last + (1 << 45)
    assert len(again.transact(lambda tx: tx.feed())) == 2
    again.shut()


async def _execute(store: PostgresStore, statement: str) -> None:
    connection = await store.connection()
    await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        pytest.param("UPDATE meta SET value = 99 WHERE name = 'schema'", StoreIsNewer, id="of a newer version"),
        pytest.param("DELETE FROM meta WHERE name = 'schema'", StoreUnreadable, id="of somebody else"),
    ],
)
def test_tables_that_are_not_of_this_version_are_left_alone(url: str, changed: str, refusal: type[Exception]) -> None:
    store = PostgresStore.open(url)
    asyncio.run(_execute(store, changed))
    store.shut()
    with pytest.raises(refusal):
        PostgresStore.open(url)


def test_many_nodes_may_make_the_tables_at_once(url: str) -> None:
    async def start() -> None:
        for store in await asyncio.gather(*(PostgresStore.connect(url, str(number)) for number in range(5))):
            await store.close()

    asyncio.run(start())


def test_a_database_that_is_not_there_is_said_in_one_line() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        PostgresStore.open("postgresql://outfall@/postgres?host=/nowhere")


def test_claims_of_a_dead_node_are_freed_and_those_of_others_are_not(pair: tuple[Any, Any]) -> None:
    one, two = pair
    one.transact(lambda tx: [tx.enqueue(f"lambda/{n % 2}", b"", now_ms=0, due_ms=0) for n in range(4)])
    (mine,) = one.transact(lambda tx: tx.claim("lambda/0", now_ms=0, lease_ms=900))
    (others,) = two.transact(lambda tx: tx.claim("lambda/1", now_ms=0, lease_ms=900))
    assert set(two.transact(lambda tx: tx.holders("lambda/"))) == {"one", "two"}
    assert two.transact(lambda tx: tx.free_of("one", "lambda/")) == 1
    assert one.transact(lambda tx: tx.acknowledge("lambda/0", mine.handle)) is False
    assert two.transact(lambda tx: tx.acknowledge("lambda/1", others.handle)) is True


def test_claims_that_nobody_knows_of_are_freed(pair: tuple[Any, Any]) -> None:
    one, _ = pair
    one.transact(lambda tx: [tx.enqueue("q", b"", now_ms=0, due_ms=0) for _ in range(3)])
    known, *_ = one.transact(lambda tx: tx.claim("q", now_ms=0, lease_ms=900, limit=3))
    assert one.transact(lambda tx: tx.free_strays("q", [known.handle])) == 2
    assert len(one.transact(lambda tx: tx.claim("q", now_ms=0, lease_ms=900, limit=3))) == 2


def test_a_claim_that_one_knows_of_is_not_a_later_one_of_the_same_item(pair: tuple[Any, Any]) -> None:
    one, two = pair
    one.transact(lambda tx: tx.enqueue("q", b"", now_ms=0, due_ms=0))
    (void,) = one.transact(lambda tx: tx.claim("q", now_ms=0, lease_ms=900))
    two.transact(lambda tx: tx.free_of("one", "q"))
    (unknown,) = one.transact(lambda tx: tx.claim("q", now_ms=0, lease_ms=900))
    assert one.transact(lambda tx: tx.claims("q")) == [("q", unknown.handle)]
    assert two.transact(lambda tx: tx.claims("q")) == []
    assert one.transact(lambda tx: tx.free_strays("q", [void.handle])) == 1
    assert one.transact(lambda tx: tx.claims("q")) == []


def test_a_connection_that_broke_is_made_again(url: str) -> None:
    store = PostgresStore.open(url, lanes=1)
    assert store.transact(count_up) == 1
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'outfall cut'"
    cutter, cut_store = PostgresStore.open(url, "cutter"), PostgresStore.open(url, "cut", lanes=1)
    cut_store.transact(count_up)
    asyncio.run(_execute(cutter, cut))
    assert cut_store.transact(count_up) == 3
    for opened in (store, cutter, cut_store):
        opened.shut()


def members_of(store: PostgresStore, said: list[str]) -> Members:
    return Members(store, lambda: NodeFacts(store.node, f"http://{store.node}", "1"), 0.05, said.append)


def test_nodes_see_one_another_and_wake_one_another(url: str) -> None:
    async def play() -> None:
        said: list[str] = []
        stores = [await PostgresStore.connect(url, name) for name in ("one", "two")]
        members = [members_of(store, said) for store in stores]
        for member in members:
            await member.start()
            await member.join()
        await members[0].reload()
        assert [node.id for node in members[0].nodes] == ["one", "two"]
        woken: asyncio.Queue[str] = asyncio.Queue()
        stores[1].subscribe(woken.put_nowait)
        await stores[0].run(lambda tx: tx.wake("topic"))
        assert await asyncio.wait_for(woken.get(), LIMIT_S) == "topic"
        before, other, after = (member.now_ms() for member in (*members, members[0]))
        assert before - CLOCK_MS <= other <= after + CLOCK_MS
        last_seen_before = replace(members[1].nodes[0], seen_ms=members[1].nodes[0].started_ms - 1)
        assert not await members[1].remove(last_seen_before), "it has told that it lives since"
        for member, store in zip(members, stores, strict=True):
            await member.leave()
            await store.close()
        assert said == []

    asyncio.run(play())


def test_the_clock_is_the_databases_and_never_goes_back(url: str) -> None:
    async def play() -> None:
        store = await PostgresStore.connect(url, "one")
        member = members_of(store, [])
        await member.start()
        before = member.now_ms()
        told = await _fetch(store, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        assert before - CLOCK_MS <= told <= member.now_ms() + CLOCK_MS
        before = member.now_ms()
        member._set(before - 60_000, 0.0, 0.0)  # The database's clock was set back.
        assert member.now_ms() >= before
        await member.leave()
        await store.close()

    asyncio.run(play())


async def _fetch(store: PostgresStore, statement: str) -> Any:
    connection = await store.connection()
    found = await connection.fetchval(statement)
    await connection.close()
    return found


def test_who_begins_to_wait_in_a_transaction_is_told_what_came_meanwhile(url: str) -> None:
    """A wake-up that arrives while a transaction is under way is told again after it: it may have seen nothing yet."""

    async def play() -> None:
        store = await PostgresStore.connect(url, lanes=1)
        woken: list[str] = []

        def look(tx: Any) -> None:
            assert tx.claim("q", now_ms=0, lease_ms=1) == []
            store.crew().tell(["q"])  # Another node has committed and told of it.
            store.subscribe(woken.append)

        await store.run(look)
        assert woken == ["q"]
        await store.close()

    asyncio.run(play())


def test_counts_are_put_together_and_stay_exact(url: str) -> None:
    async def play() -> None:
        store = await PostgresStore.connect(url)
        member = members_of(store, [])
        await member.start()
        for _ in range(60):
            await store.run(lambda tx: tx.enqueue("q", b"", now_ms=0, due_ms=0))
        await member.join()
        await asyncio.wait_for(_until(lambda: _fetch(store, "SELECT count(*) FROM work_counts")), LIMIT_S)
        assert (await store.run(lambda tx: tx.counts("q", 1))).ready == 60
        await member.leave()
        await store.close()

    async def _until(count: Any) -> None:
        while await count() > 1:
            await asyncio.sleep(0.02)

    asyncio.run(play())


def test_what_a_work_does_beside_its_transaction_is_done_once_however_often_it_runs(url: str) -> None:
    async def play() -> tuple[int, int]:
        store = await PostgresStore.connect(url)
        ran, done = [], []

        def work(tx: Any) -> None:
            ran.append(1)
            tx.after(lambda: done.append(1))
            if len(ran) == 1:
                tx.ask("SELECT outfall_lost()")

        await _execute(store, LOSE)
        await store.run(work)
        await store.close()
        return len(ran), len(done)

    assert asyncio.run(play()) == (2, 1)


LOSE = """CREATE FUNCTION outfall_lost() RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$"""


@pytest.mark.parametrize("among", [0, 128])
def test_nodes_that_claim_from_one_queue_at_once_do_not_lose_against_one_another(url: str, among: int) -> None:
    """Each gets items of its own, also while others commit the claims that its own look began with."""

    def claim(tx: Any) -> list[Any]:
        items: list[Any] = tx.claim("q", now_ms=1, lease_ms=1000, limit=5, among=among)
        return items

    async def both() -> tuple[list[int], int]:
        stores = [await PostgresStore.connect(url, name) for name in ("one", "two", "three")]
        await stores[0].run(lambda tx: [tx.enqueue("q", b"x", now_ms=0, due_ms=0) for _ in range(1000)])

        async def many(store: PostgresStore) -> list[int]:
            found = []
            while items := await store.run(claim, loose=True):
                found += [item.number for item in items]
            return found

        found = await asyncio.gather(*(many(store) for store in stores for _ in range(2)))
        # Others may have held what was left for one who found nothing: then they have claimed it.
        retries = sum(store.crew().retries for store in stores)
        for store in stores:
            await store.close()
        return [number for one in found for number in one], retries

    claimed, retries = asyncio.run(both())
    assert len(claimed) == len(set(claimed)) == 1000
    assert retries == 0


@pytest.mark.parametrize(
    ("act", "left"),
    [
        pytest.param(count_up, 1, id="writes a row"),
        pytest.param(lambda tx: tx.enqueue("q", b"x", now_ms=0, due_ms=0, group="g"), 2, id="enqueues to a group"),
        pytest.param(lambda tx: len(tx.claim("grouped", now_ms=1, lease_ms=9)), 1, id="claims of a group"),
        pytest.param(lambda tx: tx.purge("q"), 0, id="purges"),
        pytest.param(lambda tx: tx.forget("stream"), 1, id="forgets"),
    ],
)
def test_a_loose_work_that_needs_order_is_run_in_order(url: str, act: Any, left: int) -> None:
    isolations: list[str] = []

    def work(tx: Any) -> Any:
        tx.enqueue("q", b"once", now_ms=0, due_ms=0)
        isolations.append(tx.ask("SHOW transaction_isolation")[0][0])
        try:
            return act(tx)
        except Exception:  # as a handler might
            return "swallowed"

    async def run() -> tuple[Any, int, int]:
        store = await PostgresStore.connect(url)
        await store.run(lambda tx: tx.enqueue("grouped", b"", now_ms=0, due_ms=0, group="g"))
        neighbour = store.run(lambda tx: tx.enqueue("beside", b"", now_ms=0, due_ms=0), loose=True)
        result, _ = await asyncio.gather(store.run(work, loose=True), neighbour)
        found = await store.run(lambda tx: (len(tx.peek("q")), len(tx.peek("beside"))))
        await store.close()
        return result, *found

    result, *found = asyncio.run(run())
    assert isolations == ["read committed", "serializable"]
    assert result != "swallowed"
    assert found == [left, 1]


def test_what_a_purge_of_a_long_queue_leaves_is_removed_in_steps(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_queues, "PURGED_AT_ONCE", 10)
    monkeypatch.setattr(postgres_members, "PURGE_STEP", 4)

    async def play() -> None:
        store = await PostgresStore.connect(url, "one")
        member = members_of(store, [])

        def send(tx: Any, count: int) -> None:
            for _ in range(count):
                tx.enqueue("q", b"", now_ms=0, due_ms=0)

        await store.run(lambda tx: send(tx, 25))
        await store.run(lambda tx: tx.claim("q", now_ms=1, lease_ms=10**6, limit=3))
        with pytest.raises(ZeroDivisionError):
            await store.run(lambda tx: tx.purge("q") / 0)
        await member.start()
        await member._purge(time.monotonic() + LIMIT_S)
        assert (await store.run(lambda tx: tx.counts("q", 1))).ready == 22
        assert await store.run(lambda tx: tx.purge("q")) == 25
        await store.run(lambda tx: send(tx, 2))
        await member._purge(time.monotonic() + LIMIT_S)
        assert len(await store.run(lambda tx: tx.peek("q"))) == 2
        assert (await store.run(lambda tx: tx.counts("q", 1))).ready == 2
        assert await _fetch(store, "SELECT count(*) FROM meta WHERE starts_with(name, 'purge ')") == 0
        await member.leave()
        await store.close()

    asyncio.run(play())


def test_a_newer_node_brings_the_tables_up_to_date_while_an_older_one_works(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = PostgresStore.open(url, "older")
    older.transact(count_up)
    held = older.transact(lambda tx: tx.enqueue("q", b"kept", now_ms=0, due_ms=0))
    added = {1: ("ALTER TABLE nodes ADD COLUMN zone TEXT NOT NULL DEFAULT ''", "CREATE TABLE later(name TEXT)")}
    with monkeypatch.context() as newer_program:
        newer_program.setattr(postgres_schema, "VERSION", 2)
        newer_program.setattr(postgres_schema, "MIGRATIONS", added)
        newer = PostgresStore.open(url, "newer")
        PostgresStore.open(url, "another").shut()  # It finds the work done.
    assert asyncio.run(_fetch(newer, "SELECT value FROM meta WHERE name = 'schema'")) == 2
    assert asyncio.run(_fetch(newer, "SELECT count(*) FROM later")) == 0
    assert older.transact(count_up) == 2
    assert newer.transact(count_up) == 3
    assert [item.number for item in older.transact(lambda tx: tx.claim("q", now_ms=1, lease_ms=9))] == [held]

    async def live() -> None:
        member = members_of(older, [])
        await member.start()
        await member.join()
        assert [node.id for node in member.nodes] == ["older"]
        await member.leave()

    asyncio.run(live())
    with pytest.raises(StoreIsNewer):  # An older program that starts now.
        PostgresStore.open(url, "older, again")
    older.shut()
    newer.shut()
