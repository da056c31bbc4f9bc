"""What one environment's processes use of its memory, and whether one of them was ended for using too much."""

from __future__ import annotations

import time

from outfall.sandbox.memory import Cgroup, peak_mb, resident_mb

_QUICK_MS = 5.0
"""After shorter invocations the memory held now is looked at, not the peak, which takes the kernel longer to tell."""
_SEEN_S = 0.05
"""And not more often than that: a look costs a tenth of a short invocation."""


class MemoryUse:
    """Looks at an environment's processes; without a `cgroup`, that is also how their limit is kept."""

    def __init__(self, limit_mb: int, cgroup: Cgroup | None = None) -> None:
        self.cgroup = cgroup
        self._limit_mb = limit_mb
        self._found_over = False
        self._kills_known = 0
        self._seen_mb = 0
        self._seen_s = 0.0

    def process_begins(self) -> None:
        """A new process: what the last one was found to hold counts no more."""
        self._found_over = False

    def join_descriptor(self) -> int:
        """A descriptor by which a process joins the cgroup, -1 if there is none; the caller closes it."""
        return self.cgroup.join_descriptor() if self.cgroup else -1

    def is_over(self, pid: int) -> bool:
        """Whether a process holds more than it may, and is to be ended for it."""
        self._found_over = resident_mb(pid) > self._limit_mb
        return self._found_over

    def ran_out(self) -> bool:
        """Whether the process that ended just now was ended for its memory, by the kernel or by us."""
        kills = self.cgroup.kills() if self.cgroup else 0
        more, self._kills_known = kills > self._kills_known, kills
        return more or self._found_over

    def used_mb(self, pid: int | None, ended_mb: int | None, duration_ms: float) -> int:
        """What the report of an invocation tells: of the process `pid`, or of the one that ended with `ended_mb`."""
        if pid is not None and self._seen_mb and duration_ms < _QUICK_MS:
            now_s = time.monotonic()
            if now_s - self._seen_s > _SEEN_S:
                self._seen_mb = max(self._seen_mb, resident_mb(pid))
                self._seen_s = now_s
        elif pid is not None:
            self._seen_mb = peak_mb(pid)
        elif ended_mb is not None:
            self._seen_mb = ended_mb
        return min(self._seen_mb, self._limit_mb)
