"""Servers for tests that drive the real thing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outfall.testing.inside import Inside, running

from .s3kit import S3
from .server import Server

OWN_KEY = "LKIAOWNKEY:own/secret"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of a module; they keep apart by their names."""
    running = Server(tmp_path_factory.mktemp("server"), "--time-scale", "0", "--root-key", OWN_KEY).start()
    yield running
    running.stop()


@pytest.fixture
def goes_on(server: Server) -> Iterator[None]:
    """After each test the server still answers, and nothing went wrong inside."""
    before = len(server.log())
    yield
    server.client("sts").get_caller_identity()
    said = server.log()[before:]
    assert "Traceback" not in said
    assert " failed: " not in said


@pytest.fixture(scope="module")
def inside() -> Iterator[Inside]:
    """A server in this process on a clock that tests move, for the tests of a module."""
    with running(environments="process") as server:
        yield server


@pytest.fixture
def s3(inside: Inside, request: pytest.FixtureRequest) -> S3:
    """S3 on that server, with a bucket of the test's own."""
    made = S3(inside, "b-" + hashlib.md5(request.node.name.encode()).hexdigest()[:16])
    made.api.create_bucket(Bucket=made.bucket)
    return made


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
