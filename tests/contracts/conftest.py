"""The engines that every contract is held against. A new engine is one more line in `ENGINES`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from outfall.store import MemoryStore, SqliteStore
from outfall.store.postgres import PostgresStore
from tests import postgres

ENGINES: dict[str, Callable[[Path], Any]] = {
    "memory": lambda directory: MemoryStore(),
    "sqlite": lambda directory: SqliteStore.open(directory / "data"),
    "postgres": lambda directory: PostgresStore.open(postgres.server().empty()),
}


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """An empty store of each engine."""
    opened = ENGINES[request.param](tmp_path)
    yield opened
    opened.shut()
