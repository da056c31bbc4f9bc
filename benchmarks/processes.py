"""What a server's processes take of the machine, read from /proc: memory, CPU time, how many they are."""

from __future__ import annotations

import asyncio
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
WATCH_EVERY_S = 0.1


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def memory_mib(pid: int) -> float:
    """The proportional set size of all processes: shared pages count once."""
    kib = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
    return kib / 1024


def cpu_s(pid: int) -> float:
    """CPU seconds of all processes, their ended children included."""
    ticks = 0
    for one in tree(pid):
        with contextlib.suppress(OSError):
            after_name = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    return ticks / _TICKS


@dataclass
class Watch:
    """The most that a server took while it was watched."""

    pid: int
    memory_mib: float = 0.0
    processes: int = 0

    async def __aenter__(self) -> Watch:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            self.processes = max(self.processes, len(tree(self.pid)))
            self.memory_mib = max(self.memory_mib, memory_mib(self.pid))
            await asyncio.sleep(WATCH_EVERY_S)
