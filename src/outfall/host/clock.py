"""The system's clock as the clock of record."""

from __future__ import annotations

import time


class SystemClock:
    """Wall time, which is also the clock of record."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def wall_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000
