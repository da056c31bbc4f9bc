"""No question of a hot path reads a whole table, however large it is: the plans that PostgreSQL makes for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from outfall.store import postgres_sql as ask
from outfall.store.postgres import PostgresStore
from tests import postgres

TEXTS, NUMBERS, BYTES = "ARRAY['q1','q2']", "ARRAY[1,2]::bigint[]", "ARRAY['a','b']::bytea[]"

HOT: dict[str, tuple[str, tuple[str, ...]]] = {
    "get": (ask.GET, ("'f'", "'k'")),
    "scan": (ask.SCAN, ("'f'", "'a'", "'z'", "16")),
    "scan back": (ask.SCAN_BACK, ("'f'", "'a'", "'z'", "16")),
    "delete rows": (ask.DELETE, (TEXTS, BYTES)),
    "history": (ask.HISTORY, ("'s5'", "0", "100")),
    "feed": (ask.FEED, ("100", "100")),
    "ready": (ask.READY, ("'q1'", "1000", "10")),
    "oldest": (ask.OLDEST, ("'q1'", "1000", "10", "32")),
    "following": (ask.FOLLOWING, ("'q1'", "'g3'", "5", "10")),
    "item": (ask.ITEM, ("'q1'", "5")),
    "peek": (ask.PEEK, ("'q1'", "5", "10")),
    "change": (
        ask.CHANGE,
        (TEXTS, NUMBERS, NUMBERS, NUMBERS, "ARRAY[1,2]", NUMBERS, "ARRAY[true,true]", TEXTS, BYTES),
    ),
    "remove": (ask.REMOVE, (TEXTS, NUMBERS)),
    "settle": (ask.SETTLE, (TEXTS, "ARRAY['g1','g2']")),
    "counts": (ask.COUNTS, ("'q1'", "100000")),
    "older": (ask.OLDER, ("'q1'", "5")),
    "expire": (ask.EXPIRE, ("'q1'", "5")),
    "next": (ask.NEXT, ("'q1'",)),
    "due": (ask.DUE, ("'q'", "'r'")),
    "free": (ask.FREE, ("'q'", "'r'", "'n1'")),
    "strays": (ask.STRAYS, ("'q1'", "'n1'", NUMBERS, "ARRAY[1,2]")),
    "claims": (ask.CLAIMS, ("'q'", "'r'", "'n1'")),
    "holders": (ask.HOLDERS, ("'q'", "'r'")),
}

FILL = """
INSERT INTO rows SELECT 'f' || n % 20, n::text::bytea, 'v' FROM generate_series(1, 20000) AS n;
INSERT INTO history SELECT n, 's' || n % 500, 'fact' FROM generate_series(1, 20000) AS n;
INSERT INTO work SELECT 'q' || n % 50, n, CASE WHEN n % 3 > 0 THEN n END, n, n, 0, NULL, n % 40 = 0, '',
    CASE WHEN n % 3 = 0 THEN 'g' || n % 900 END, 'payload' FROM generate_series(1, 30000) AS n;
INSERT INTO work_counts SELECT 'q' || n % 50, 1 FROM generate_series(1, 2000) AS n;
ANALYZE;
"""


@pytest.fixture(scope="module")
def filled() -> Iterator[PostgresStore]:
    store = PostgresStore.open(postgres.server().empty())

    async def fill() -> None:
        connection = await store.connection()
        await connection.execute(FILL)
        await connection.close()

    asyncio.run(fill())
    yield store
    store.shut()


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)


def plan_of(store: PostgresStore, statement: str, arguments: tuple[str, ...]) -> list[dict[str, Any]]:
    """The steps of the plan that serves any arguments, as a prepared statement has it in the long run."""

    async def explain() -> str:
        connection = await store.connection()
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE asked AS {statement}")
        told: str = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked({', '.join(arguments)})")
        await connection.close()
        return told

    return list(nodes_of(json.loads(asyncio.run(explain()))[0]["Plan"]))


@pytest.mark.parametrize("name", HOT)
def test_a_hot_question_is_answered_from_an_index(filled: PostgresStore, name: str) -> None:
    steps = plan_of(filled, *HOT[name])
    looked_at = [step for step in steps if step.get("Relation Name", "meta") != "meta" and "Operation" not in step]
    assert looked_at, steps
    for step in looked_at:
        assert step["Node Type"].startswith("Index"), step
        assert "Index Cond" in step, step


def test_a_plan_that_reads_everything_would_be_found(filled: PostgresStore) -> None:
    (step,) = plan_of(filled, "SELECT * FROM work WHERE payload = $1", ("'x'",))
    assert step["Node Type"] == "Seq Scan"


@pytest.mark.parametrize("name", ["ready", "next", "history", "feed", "scan"])
def test_what_is_asked_in_order_is_not_sorted(filled: PostgresStore, name: str) -> None:
    assert not [step for step in plan_of(filled, *HOT[name]) if step["Node Type"] == "Sort"]
