"""Servers for tests that drive the real thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .server import Server

OWN_KEY = "LKIAOWNKEY:own/secret"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a module; they keep apart by their names."""
    running = Server(tmp_path_factory.mktemp("server"), "--time-scale", "0", "--root-key", OWN_KEY).start()
    yield running
    running.stop()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Servers that a test starts, kills and starts again as it likes."""
    made: list[Server] = []

    def make(*arguments: str) -> Server:
        made.append(Server(tmp_path, *arguments))
        return made[-1]

    yield make
    for one in made:
        one.stop()
