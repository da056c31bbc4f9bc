"""Clocks of record: the system's, and one that moves on request alone.

Signatures are always judged by the wall, since clients sign with it; everything else obeys the clock of record.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class SystemClock:
    """Wall time, which is also the clock of record."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def wall_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000


class SharedClock:
    """The clock of a store on which many nodes work: none of them is early or late by its own."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        """Milliseconds since the epoch, on the store's clock."""
        self.wall_ms = now_ms
        """The same: signatures too are judged alike by all nodes."""


class ManualClock:
    """A clock that stands still until it is moved; it never goes back."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._listeners: list[Callable[[], None]] = []

    def now_ms(self) -> int:
        """Milliseconds since the epoch, on this clock."""
        return self._now_ms

    def wall_ms(self) -> int:
        """Milliseconds since the epoch, on the wall."""
        return time.time_ns() // 1_000_000

    def move_to(self, now_ms: int) -> None:
        """Moves the clock, and tells those who wait for a time."""
        self._now_ms = max(self._now_ms, now_ms)
        for listener in self._listeners:
            listener()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Calls `listener` after each move."""
        self._listeners.append(listener)


AnyClock = SystemClock | SharedClock | ManualClock
