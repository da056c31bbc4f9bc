"""Plays the simulations until so many events have come: `python -m tests.simulation --events 10000 --seed 1`.

Prints seeds, events, crashes and virtual hours; ends with the seed of the first world that does not bear its check.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from outfall.store.memory import MemoryStore

from . import checks, services
from .services import Services
from .test_road import FUNCTIONS
from .world import SETTINGS, T0, World

STEPS = 1_500


def road(seed: int) -> World:
    """Every outcome and every kind of destination."""
    store = MemoryStore()
    world = World(lambda: store, random.Random(seed))
    for name, settings in FUNCTIONS.items():
        world.do(lambda ctx, name=name, settings=settings: ctx.tx.put(SETTINGS, (name,), settings))
    for _ in range(STEPS):
        world.step(list(FUNCTIONS))
    world.drain()
    checks.check(world)
    return world


def between_services(seed: int) -> Services:
    """Topics, rules and event source mappings."""
    store = MemoryStore()
    world = Services(lambda: store, random.Random(seed))
    for _ in range(STEPS):
        world.step()
    world.drain()
    services.check(world)
    return world


def main() -> int:
    """Plays, prints, and answers 1 if a check failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began, seed = time.monotonic(), given.seed
    events = crashes = hours = 0.0
    while events < given.events:
        for play in (road, between_services):
            try:
                world = play(seed)
            except AssertionError as error:
                print(f"seed {seed} of {play.__name__}: {error}")
                return 1
            events += len(world.asked if isinstance(world, Services) else world.accepted)
            crashes += world.crashes
            hours += (world.now - T0) / 3_600_000
        seed += 1
    took_s = time.monotonic() - began
    print(
        f"seeds {given.seed} to {seed - 1}, each in 2 worlds: {events:.0f} events, {crashes:.0f} crashes, "
        f"{hours:.0f} virtual hours, {took_s:.0f} s; nothing lost, nothing settled twice"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
