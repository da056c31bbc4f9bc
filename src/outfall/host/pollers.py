"""The pollers: one for each event source mapping that is enabled, begun and ended as mappings come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from outfall.core.ports import Key, Tx
from outfall.flow.polling import story
from outfall.host.poller import Poller, Station
from outfall.services.lambda_ import mappings
from outfall.services.lambda_.mapping_model import MappingRow

AGAIN_S = 1.0
"""After the store could not tell which mappings there are."""
LOOK_S = 5.0
"""Other nodes tell that mappings changed, but what they tell may be lost."""


class Pollers:
    """Follows the rows of event source mappings."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._pollers: dict[Key, Poller] = {}
        self._review: asyncio.Task[None] | None = None
        self._next: asyncio.TimerHandle | None = None
        self._again = False
        self._following = False
        self._rested = asyncio.Event()
        self._stopping = False
        self._unsubscribe: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Takes up every mapping that is enabled, and closes the batches that an earlier process was at work on."""
        station = self._station
        all_dead = station.store.exclusive
        await station.store.run(lambda tx: story.adopt(station.context(tx), all_dead=all_dead))
        self._unsubscribe = self._station.store.subscribe(self._wake)
        self._wake(mappings.CHANGED_TOPIC)

    async def stop(self, drain_s: float) -> None:
        """Takes nothing more and lets what runs end, for at most `drain_s`; what is cut off reappears in its queue."""
        self._stopping = True
        self._unsubscribe()
        if self._next is not None:
            self._next.cancel()
        if self._review is not None:
            self._review.cancel()
            await asyncio.gather(self._review, return_exceptions=True)
        await asyncio.gather(*(poller.stop(drain_s) for poller in self._pollers.values()))

    def look_again(self) -> None:
        """Has every queue looked into: the clock was moved."""
        for poller in self._pollers.values():
            poller.nudge()

    @property
    def busy(self) -> bool:
        """Whether a batch runs, or a queue is looked into or about to be."""
        return self._following or any(poller.busy for poller in self._pollers.values())

    async def settle(self) -> None:
        """Returns once nothing runs and every queue has been looked into."""
        while self.busy:
            self._rested.clear()
            await self._rested.wait()

    @property
    def waiting(self) -> list[tuple[int, str]]:
        """Who waits, and for which time on the clock of record: for a message that falls due or reappears, the end of a
        batch's window, the next try of a throttled batch."""
        return [(due_ms, one.name) for one in self._pollers.values() if (due_ms := one.next_ms) is not None]

    def _wake(self, topic: str) -> None:
        if topic != mappings.CHANGED_TOPIC:
            for poller in self._pollers.values():
                if poller.topic == topic:
                    poller.nudge()
            return
        self._again = True
        if not self._stopping and not self._following:
            self._following = True
            self._review = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        """Begins what is not polled yet. A poller that is not needed any more finds that out when it is nudged."""
        try:
            while self._again:
                self._again = False
                rows = await self._station.store.run(self._mine, durable=False)
                self.look_again()
                for row in rows:
                    if row.key not in self._pollers:
                        self._pollers[row.key] = Poller(self._station, row.key, self._rested.set, self._ended)
            if not self._station.store.exclusive:
                self._look_in(LOOK_S)
        except Exception as error:  # nobody would poll for what is new, or was another node's until it died
            self._station.log.failed("looking for event source mappings failed, and is tried again", error)
            self._look_in(AGAIN_S)
        finally:
            self._following = False
            self._rested.set()

    def _look_in(self, seconds: float) -> None:
        if self._next is not None:
            self._next.cancel()
        if not self._stopping:
            self._next = asyncio.get_running_loop().call_later(seconds, self._wake, mappings.CHANGED_TOPIC)

    def _mine(self, tx: Tx) -> list[MappingRow]:
        return [row for row in mappings.to_poll(tx) if self._station.owns(tx, row.key)]

    def _ended(self, key: Key) -> None:
        self._pollers.pop(key, None)
        self._rested.set()
        if not self._stopping:
            self._wake(mappings.CHANGED_TOPIC)
