"""A running server on a manual clock, in the account that `cases.json` speaks of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from outfall.testing import running

from .house import House


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One server for the tests of a module; they keep apart by their names."""
    with running() as inside:
        yield House(inside)
