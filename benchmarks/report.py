"""Figures, and the table that they are told in."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that is measured. `target` is what Outfall should reach."""

    name: str
    unit: str
    better: Literal["more", "less"] = "more"
    target: float | None = None


@dataclass
class Results:
    """What was measured, by figure and server, and why something was not."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, figure: str, server: str, value: float) -> None:
        """One more measurement."""
        self.values.setdefault(figure, {}).setdefault(server, []).append(value)

    def lack(self, figure: str, server: str, reason: str) -> None:
        """Why there is no figure."""
        self.reasons.setdefault((figure, server), " ".join(reason.split()))

    def value(self, figure: str, server: str) -> float | None:
        """The median of the measurements."""
        found = self.values.get(figure, {}).get(server)
        return median(found) if found else None


def _shown(value: float | None) -> str:
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _ratio(figure: Figure, ours: float | None, theirs: Iterable[float | None]) -> str:
    """How many times better ours is than the best of theirs."""
    known = [value for value in theirs if value]
    if not ours or not known:
        return "-"
    times = ours / max(known) if figure.better == "more" else min(known) / ours
    return f"{times:.2g}x" if times < 100 else f"{times:.0f}x"


def _of_target(figure: Figure, ours: float | None) -> str:
    if not ours or not figure.target:
        return "-"
    return f"{(ours / figure.target if figure.better == 'more' else figure.target / ours):.0%}"


def markdown(results: Results, figures: Iterable[Figure], servers: list[str]) -> str:
    """The table, the reasons for what is missing in it, and where it was measured."""
    ours = servers[0]
    heads = ["", "unit", "target", "of target", *servers, f"{ours} : best peer"]
    lines = [
        "# Benchmark",
        "",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, {platform.machine()}. Medians of interleaved rounds in one run; "
        f"a ratio above 1 says that {ours} is better.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
    ]
    for figure in figures:
        values = [results.value(figure.name, server) for server in servers]
        if values == [None] * len(values) and not any(name == figure.name for name, _ in results.reasons):
            continue
        cells = [figure.name, figure.unit, _shown(figure.target), _of_target(figure, values[0])]
        cells += [*map(_shown, values), _ratio(figure, values[0], values[1:])]
        lines.append(f"| {' | '.join(cells)} |")
    reasons: dict[tuple[str, str], list[str]] = {}
    for (name, server), reason in results.reasons.items():
        reasons.setdefault((server, reason), []).append(name)
    if reasons:
        lines += ["", "Not measured:", ""]
        lines += [f"- {server}: {reason} ({'; '.join(names)})" for (server, reason), names in reasons.items()]
    if results.notes:
        lines += ["", *(f"- {note}" for note in dict.fromkeys(results.notes))]
    return "\n".join(lines) + "\n"
