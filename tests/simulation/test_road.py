"""The road under seeded simulation: crashes between any two steps, duplicated claims, expired leases, a clock that
jumps. Nothing accepted is lost, nothing is settled twice, nobody is tried too often, every target gets its own."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outfall.store.memory import MemoryStore
from outfall.store.postgres import PostgresStore
from outfall.store.sqlite import SqliteStore
from tests.postgres import server

from .checks import check
from .world import ACCOUNT, REGION, SETTINGS, Settings, World


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


Q = arn("sqs", "")
FUNCTIONS = {
    "plain": Settings(on_success=Q + "ok", on_failure=Q + "ko"),
    "letters": Settings(retries=1, dead_letter=Q + "letters"),
    "both": Settings(retries=0, on_failure=Q + "both-ko", dead_letter=Q + "both-letters"),
    "young": Settings(age_s=90, on_failure=Q + "young-ko"),
    "zero": Settings(reserved=0, on_failure=Q + "zero-ko", dead_letter=Q + "zero-letters"),
    "nobody": Settings(),
    "topics": Settings(on_success=arn("sns", "ok"), on_failure=arn("sns", "ko"), dead_letter=arn("sns", "letters")),
    "buses": Settings(on_success=arn("events", "event-bus/ok"), on_failure=arn("events", "event-bus/ko")),
    "functions": Settings(on_success=arn("lambda", "function:ok"), on_failure=arn("lambda", "function:ko")),
    "bucket": Settings(retries=0, on_failure="arn:aws:s3:::failures"),
}


def memory(tmp_path: Path) -> Callable[[], Any]:
    store = MemoryStore()
    return lambda: store


def sqlite(tmp_path: Path) -> Callable[[], Any]:
    opened: list[SqliteStore] = []

    def reopen() -> SqliteStore:
        for store in opened:
            store.shut()
        opened[:] = [SqliteStore.open(tmp_path / "data")]
        return opened[0]

    return reopen


def postgres(tmp_path: Path) -> Callable[[], Any]:
    """Another node takes over, under the name of the one that died."""
    url = server().empty()
    opened: list[PostgresStore] = []

    def reopen() -> PostgresStore:
        for store in opened:
            store.shut()
        opened[:] = [PostgresStore.open(url)]
        return opened[0]

    return reopen


def play(open_store: Callable[[], Any], seed: int, steps: int) -> World:
    world = World(open_store, random.Random(seed))
    for name, settings in FUNCTIONS.items():
        world.do(lambda ctx, name=name, settings=settings: ctx.tx.put(SETTINGS, (name,), settings))
    for _ in range(steps):
        world.step(list(FUNCTIONS))
    world.drain()
    return world


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_in_memory(tmp_path: Path, seed: int) -> None:
    world = play(memory(tmp_path), seed, 700)
    assert len(world.accepted) > 50
    assert world.crashes > 5
    check(world)


@pytest.mark.parametrize("seed", range(100, 104))
def test_nothing_is_lost_on_disk(tmp_path: Path, seed: int) -> None:
    world = play(sqlite(tmp_path), seed, 400)
    assert world.crashes > 3
    check(world)


@pytest.mark.parametrize("seed", range(200, 202))
def test_nothing_is_lost_in_a_database(tmp_path: Path, seed: int) -> None:
    world = play(postgres(tmp_path), seed, 250)
    assert world.crashes > 1
    check(world)
    world.store.shut()


def test_a_function_that_is_deleted_still_gets_the_records_of_what_was_queued(tmp_path: Path) -> None:
    world = World(memory(tmp_path), random.Random(1))
    world.do(lambda ctx: ctx.tx.put(SETTINGS, ("plain",), FUNCTIONS["plain"]))
    world.accept("plain")
    gone = Settings(on_success=Q + "ok", on_failure=Q + "ko", gone=True)
    world.do(lambda ctx: ctx.tx.put(SETTINGS, ("plain",), gone))
    world.drain()
    check(world)
