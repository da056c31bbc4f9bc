"""What a scenario is, and how one is run on all servers in turns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import quantiles
from uuid import uuid4

from benchmarks import processes
from benchmarks.load import Failed, Work, spread
from benchmarks.peers import Running
from benchmarks.report import Figure, Results

Measured = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done."""

    seconds: float = 1.0
    """Length of one slice of a rate."""
    backlog: int = 1_000_000
    fill_s: float = 20.0
    """How long a peer may take to fill its backlog."""
    uploads: int = 500
    patience_s: float = 20.0
    """How long is waited for records that may never come."""
    samples: int = 30
    """Latencies taken in a round."""
    big: int = 64 * 1024 * 1024
    keys: int = 1_000_000
    """Keys in the large bucket."""
    part: int = 64 * 1024 * 1024
    parts: int = 80
    """Parts of the multipart upload: five gigabytes."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Figures that are measured together. `measure` gives them by name, notes included in `Results`."""

    name: str
    service: str
    figures: tuple[Figure, ...]
    measure: Callable[[Running, Scale, Results], Awaitable[Measured]]
    rounds: int = 3
    limit_s: float = 60.0
    """How long one server may take for one round."""


async def take_turns(scenario: Scenario, servers: list[Running], scale: Scale, results: Results) -> None:
    """Measures all servers, one after the other, as many rounds as the scenario has."""
    failed: set[str] = set()
    for _ in range(scenario.rounds):
        for server in servers:
            name = server.peer.name
            if name in failed:
                continue
            try:
                if scenario.service not in server.peer.services:
                    raise Failed(server.peer.lacks or f"does not serve {scenario.service}")
                async with asyncio.timeout(scenario.limit_s):
                    measured = await scenario.measure(server, scale, results)
                for figure, value in measured.items():
                    results.add(figure, name, value)
            except (Failed, TimeoutError) as error:
                failed.add(name)
                for figure_ in scenario.figures:
                    results.lack(figure_.name, name, str(error) or f"not done within {scenario.limit_s:g} s")


async def rate(
    server: Running, name: str, clients: int, work: Work, scale: Scale, count: int | None = None, of: int = 1
) -> Measured:
    """Turns a second, and the server's CPU time for one; `of` is how many things one turn does."""
    before = processes.cpu_s(server.pid)
    done = await spread(server.port, clients, work, count=count, seconds=scale.seconds)
    cpu_s = processes.cpu_s(server.pid) - before
    return {name: done.per_s * of, f"{name}, CPU": cpu_s * 1e6 / done.count / of}


def rate_figures(name: str, unit: str, target: float | None = None) -> tuple[Figure, Figure]:
    """The two figures of `rate`."""
    return Figure(name, f"{unit}/s", "more", target), Figure(f"{name}, CPU", f"us/{unit}", "less")


def unique(name: str) -> str:
    """A name that nothing else has."""
    return f"{name}-{uuid4().hex[:8]}"


def percentile(values: list[float], percent: int) -> float:
    """A percentile of at least two values."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]
