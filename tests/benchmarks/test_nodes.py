"""The benchmark of many nodes runs: every figure comes out, for each configuration. Nothing is timed."""

from __future__ import annotations

import asyncio

from benchmarks.nodes import KINDS, Size, measure
from benchmarks.nodes_table import HEADS, table


def test_a_short_run_tells_rates_and_where_the_time_went() -> None:
    names = ("embedded", "2 nodes")
    found = asyncio.run(measure(Size(seconds=0.3, uploads=5, rounds=1), names))
    assert set(found) == {(kind, name) for kind in KINDS for name in names}
    for (_, name), measured in found.items():
        assert measured.count > 0
        assert name == "embedded" or measured.wal > 0
    told = table(found, names)
    lines = [line for line in told.splitlines() if line.startswith("| ")]
    assert len(lines) == 1 + len(found)
    assert all(line.count(" | ") == len(HEADS) - 1 for line in lines)
