"""Long polls: who waits for which topic, and waking them."""

from __future__ import annotations

import asyncio


class Parking:
    """Futures by topic. A parked call is woken by a change of its topic, when the topic's next item falls due, or when
    its own time is over."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def park(self, topic: str) -> asyncio.Future[None]:
        """A future that ends at the next wake-up of `topic`. To be taken within the transaction that found nothing, so
        that no wake-up falls between."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(topic, set()).add(future)
        future.add_done_callback(lambda done: self._leave(topic, done))
        return future

    def _leave(self, topic: str, future: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(topic)
        if waiting is not None:
            waiting.discard(future)
            if not waiting:
                del self._waiting[topic]

    def wake(self, topic: str) -> None:
        """Wakes whoever waits for `topic`."""
        for future in self._waiting.pop(topic, ()):
            if not future.done():
                future.set_result(None)

    def wake_all(self) -> None:
        """Wakes everybody: the clock was moved."""
        for topic in list(self._waiting):
            self.wake(topic)

    async def wait(self, topic: str, future: asyncio.Future[None], timeout_s: float) -> bool:
        """Waits for the wake-up, for at most that long; whether it came."""
        try:
            await asyncio.wait_for(future, max(0.0, timeout_s))
            return True
        except TimeoutError:
            return False
        finally:
            self._leave(topic, future)
