"""Blobs that nothing refers to are removed once they are a day old, whichever store holds them, a few at a time."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from outfall.core.body import GARBAGE_QUEUE, REFERENCES, BlobReferences
from outfall.host import blob_sweep
from outfall.store import blobs as blob_files
from outfall.store.blobs import BlobFiles
from outfall.store.memory import MemoryStore

NOW_S = 2_000_000_000.0
OLD_S, YOUNG_S = NOW_S - 24 * 3600 - 1, NOW_S - 24 * 3600 + 60
DAY_MS = 24 * 3600 * 1000


class At:
    """What the chore needs of a context."""

    def __init__(self, tx: Any, now: int) -> None:
        self.tx, self.now = tx, now


def lay(directory: Path, folder: str, name: str, at_s: float) -> str:
    (directory / folder).mkdir(exist_ok=True)
    path = directory / folder / name
    path.write_bytes(b"x")
    os.utime(path, (at_s, at_s))
    return name


def swept(store: MemoryStore, blobs: Any, now: int = DAY_MS) -> tuple[list[str], int]:
    """What was given to be removed, and how many steps it took."""

    async def run() -> int:
        store.transact(lambda tx: blob_sweep.begin(At(tx, 0)))  # type: ignore[arg-type]
        step = blob_sweep.sweeper(store, lambda tx: At(tx, now), blobs, lambda: NOW_S)  # type: ignore[arg-type, return-value]
        steps = 0
        while items := store.transact(lambda tx: tx.claim(blob_sweep.QUEUE, now_ms=now, lease_ms=9)):
            await step(items[0])
            steps += 1
        return steps

    steps = asyncio.run(run())
    return [item.payload.decode() for item in store.transact(lambda tx: tx.peek(GARBAGE_QUEUE))], steps


def test_orphans_of_more_than_a_day_are_given_to_be_removed_and_nothing_else(tmp_path: Path) -> None:
    blobs, store = BlobFiles(tmp_path), MemoryStore()
    orphan = lay(tmp_path, "ab", "ab" + "0" * 30, OLD_S)
    kept = lay(tmp_path, "cd", "cd" + "0" * 30, OLD_S)
    lay(tmp_path, "ef", "ef" + "0" * 30, YOUNG_S)
    stale, fresh = lay(tmp_path, "incoming", "1" * 32, OLD_S), lay(tmp_path, "incoming", "2" * 32, YOUNG_S)
    store.transact(lambda tx: tx.put(REFERENCES, (kept,), BlobReferences(1)))
    assert swept(store, blobs) == ([orphan], 1)
    assert not (tmp_path / "incoming" / stale).exists()
    assert (tmp_path / "incoming" / fresh).exists()


def test_it_is_done_in_steps_and_again_a_day_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_files, "LOOKED_AT_ONCE", 2)
    blobs, store = BlobFiles(tmp_path), MemoryStore()
    names = sorted(lay(tmp_path, f"a{n}", f"a{n}" + "0" * 30, OLD_S) for n in range(5))
    assert swept(store, blobs) == (names, 3)
    assert store.transact(lambda tx: tx.next_due(blob_sweep.QUEUE)) == 2 * DAY_MS
