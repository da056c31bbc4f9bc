"""What was acknowledged is there after a kill, whole, and what failed is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from outfall.store import SqliteStore
from tests.contracts.test_store_rows import NOTES

ROOT = Path(__file__).parents[2]


def killed_after(directory: Path, lines: int) -> list[str]:
    """What a process acknowledged before it was killed in the middle of its writes."""
    command = [sys.executable, "-m", "tests.store.acknowledging", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline().strip() for _ in range(lines)]
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]  # a line that was cut off has not been told
    return seen + rest


@pytest.mark.parametrize("lines", [1, 40, 1500])
def test_every_acknowledged_write_survives_a_kill(tmp_path: Path, lines: int) -> None:
    acknowledged = killed_after(tmp_path, lines)
    assert len(acknowledged) >= lines
    store = SqliteStore.open(tmp_path)

    def all_of(tx: Any) -> tuple[list[str], list[str], list[str]]:
        rows = [key[0] for key, _ in tx.scan(NOTES)]
        items = [item.payload.decode() for item in tx.peek("q", limit=10**6)]
        return rows, items, [fact.decode() for _, fact in tx.history("s", limit=10**6)]

    rows, items, facts = store.transact(all_of)
    assert set(acknowledged) <= set(rows)
    assert sorted(rows) == sorted(items) == sorted(facts)
    assert "failed" not in rows
    last = store.transact(lambda tx: tx.peek("q", limit=10**6))[-1].number
    assert store.transact(lambda tx: tx.enqueue("q", b"", now_ms=0, due_ms=0)) > last
    store.shut()
