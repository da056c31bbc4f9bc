"""The pytest plugin: the fixture `outfall`, a server in this process, empty at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from outfall.testing.inside import Inside, running


@pytest.fixture(scope="session")
def outfall_server() -> Iterator[Inside]:
    """One server for the whole run; use `outfall`, which empties it."""
    with running() as inside:
        yield inside


@pytest.fixture
def outfall(outfall_server: Inside) -> Inside:
    """A server in memory, on a clock that the test moves."""
    outfall_server.reset()
    return outfall_server
