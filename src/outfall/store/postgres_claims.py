"""Claims on work queues in PostgreSQL by who made them: where many nodes work on one database, each knows what the
others hold, frees what the dead held, and finds claims of its own that it never heard of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from outfall.store import postgres_sql as ask
from outfall.store.handles import handle_of, parse_handle
from outfall.store.postgres_queues import Queues


class Claims(Queues):
    """The transaction of a node among others."""

    def free(self, prefix: str) -> int:
        return self.free_of("", prefix)

    def free_of(self, holder: str, prefix: str) -> int:
        """As `free`, for what one holder has claimed; of all with an empty one."""
        return self._freed(self._directly(ask.FREE, prefix, prefix + ask.LATER_NAMES, holder))

    def free_strays(self, queue: str, handles: Collection[str]) -> int:
        """Frees what this holder has claimed from a queue and does not know of: all but the claims `handles`."""
        known = [parsed for handle in handles if (parsed := parse_handle(handle))]
        numbers, receives = [number for number, _ in known], [count for _, count in known]
        return self._freed(self._directly(ask.STRAYS, queue, self._holder, numbers, receives))

    def _freed(self, freed: list[Any]) -> int:
        self._mine_groups.update({(queue, group): None for queue, group in freed if group is not None})
        for queue in sorted({row[0] for row in freed}):
            self.wake(queue)
        return len(freed)

    def claims(self, prefix: str) -> list[tuple[str, str]]:
        """Queue and handle of each claim of this holder on the queues whose name begins so."""
        self._look()
        found = self.ask(ask.CLAIMS, prefix, prefix + ask.LATER_NAMES, self._holder)
        return [(queue, handle_of(number, receives)) for queue, number, receives in found]

    def holders(self, prefix: str) -> list[str]:
        """Who has claims on the queues whose name begins so."""
        self._look()
        return [row[0] for row in self.ask(ask.HOLDERS, prefix, prefix + ask.LATER_NAMES)]
