"""How figures of nodes are told: rates, as ratios to the embedded engine and to one node, and where the time went."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.nodes import Measured

HEADS = (
    "",
    "configuration",
    "per s",
    "of embedded",
    "of 1 node",
    "CPU of nodes, us each",
    "CPU of PostgreSQL, us each",
    "busy cores: nodes + PostgreSQL",
    "works in one commit",
    "run again",
    "WAL bytes each",
    "connections seen",
)


def table(found: Mapping[tuple[str, str], Measured], names: tuple[str, ...]) -> str:
    """Everything as Markdown."""
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}.",
        "",
        f"| {' | '.join(HEADS)} |",
        f"|{'---|' * len(HEADS)}",
    ]
    for kind in dict.fromkeys(kind for kind, _ in found):
        lines += [_line(kind, name, found) for name in names if (kind, name) in found]
    return "\n".join(lines) + "\n"


def _line(kind: str, name: str, found: Mapping[tuple[str, str], Measured]) -> str:
    one = found[(kind, name)]
    rate, each = one.count / one.seconds, 1e6 / one.count
    cells = [kind, name, f"{rate:,.0f}"]
    for beside in ("embedded", "1 node"):
        other = found.get((kind, beside))
        cells.append(f"{rate * other.seconds / other.count:.2f}" if other else "-")
    cells.append(f"{one.nodes_cpu_s * each:,.0f}")
    if name == "embedded":
        cells += ["-", f"{one.nodes_cpu_s / one.seconds:.2f}", "-", "-", "-", "-"]
        return f"| {' | '.join(cells)} |"
    cells.append(f"{one.database_cpu_s * each:,.0f}")
    cells.append(f"{one.nodes_cpu_s / one.seconds:.2f} + {one.database_cpu_s / one.seconds:.2f}")
    cells.append(f"{one.count / max(one.commits, 1):.1f}")
    cells.append(f"{one.rollbacks / max(one.commits + one.rollbacks, 1):.0%}")
    cells.append(f"{one.wal / one.count:,.0f}")
    total = max(sum(one.waits.values()), 1)
    cells.append(", ".join(f"{what} {seen / total:.0%}" for what, seen in one.waits.most_common(4)))
    return f"| {' | '.join(cells)} |"
