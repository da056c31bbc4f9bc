"""Lines for whoever runs the server. What keeps the whole house from working is told once, not by each who meets it."""

from __future__ import annotations

import time
from collections.abc import Callable

from outfall.store.errors import StoreError

OVER_S = 60.0
"""A trouble of the store that nobody has met for so long is over: the next one is told again."""


class Log:
    """Says lines; knows which trouble of the store was met when."""

    def __init__(self, say: Callable[[str], None], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock_s = clock_s
        self._met_s: dict[type[StoreError], float] = {}

    def __call__(self, line: str) -> None:
        """Says a line."""
        self._say(line)

    def failed(self, what: str, error: BaseException) -> None:
        """Says what failed and why, unless the same trouble of the store has been told of and goes on."""
        if not isinstance(error, StoreError):
            self._say(f"{what}: {error!r}")
        elif not self._goes_on(type(error)):
            self._say(f"{what}: {error} (told once while it goes on)")

    def _goes_on(self, trouble: type[StoreError]) -> bool:
        now_s = self._clock_s()
        before_s = self._met_s.get(trouble)
        self._met_s[trouble] = now_s
        return before_s is not None and now_s - before_s < OVER_S
