"""The services on the road under seeded simulation: a topic and its subscriptions, a bus with rules and targets, queues
and their event source mappings, with crashes between any two steps. Nothing is lost, nothing is worked off twice.

On request for longer: `python -m tests.simulation --events 10000`.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from outfall.services.events import deliver

from .services import Services, check
from .test_road import memory, sqlite


def play(open_store: Any, seed: int, steps: int) -> Services:
    world = Services(open_store, random.Random(seed))
    for _ in range(steps):
        world.step()
    world.drain()
    return world


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_between_services(tmp_path: Path, seed: int) -> None:
    world = play(memory(tmp_path), seed, 500)
    assert len(world.asked) > 40
    assert world.crashes > 20
    check(world)


def test_nothing_is_lost_between_services_on_disk(tmp_path: Path) -> None:
    world = play(sqlite(tmp_path), 100, 300)
    assert world.crashes > 10
    check(world)


def test_the_check_notices_what_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead letters that go nowhere."""
    monkeypatch.setattr(deliver, "_dead_letter", lambda *told: None)
    world = play(memory(tmp_path), 1, 500)
    with pytest.raises(AssertionError, match="at flaky: 0"):
        check(world)
