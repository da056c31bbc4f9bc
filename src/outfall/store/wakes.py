"""Who is told after a commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

_log = logging.getLogger("outfall.store")


class Wakes:
    """Listeners to topics. An error of a listener is logged and goes no further: the commit has happened."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    def subscribe(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Adds a listener; returns how to remove it."""
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def tell(self, topics: Iterable[str]) -> None:
        """Calls every listener with every topic."""
        for topic in topics:
            for listener in tuple(self._listeners):
                try:
                    listener(topic)
                except Exception:
                    _log.exception("a listener failed at %s", topic)
