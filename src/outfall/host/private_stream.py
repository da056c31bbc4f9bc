"""The stream of what happens: every fact of every event's history as it is committed, as server-sent events.

Nothing is queued for a client: each reads the history in the store at its own pace, woken by commits. One that does not
read at all is held back by its socket, and disconnected when that takes too long (`HttpLimits.write_timeout_s`).
Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from outfall.core.ports import Store
from outfall.flow import search, timeline
from outfall.host.exchange import HttpResponse
from outfall.host.private_call import NUMBER_MAX, Answer, Asked, Facade, Refused, whole
from outfall.host.private_events import line_of

STREAMS_MAX = 100
BATCH = 200
HEARTBEAT_S = 15.0
LOOK_S = 1.0
"""Where many nodes write, a fact can be seen a little after it is told of: when older transactions have ended."""
PACE_S = 0.02
"""How long a stream lets facts gather before it reads again."""
HEADERS = [("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-store")]


class Streams:
    """All open streams of a server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: set[asyncio.Event] = set()
        self._closed = False
        self._unsubscribe = store.subscribe(self._wake)
        self._look_s = HEARTBEAT_S if store.exclusive else LOOK_S

    async def open(self, facade: Facade, asked: Asked) -> Answer:
        """A stream from the fact after the one that `Last-Event-ID` or `after` names; with neither, from now on."""
        if self._closed or len(self) >= STREAMS_MAX:
            raise Refused(503, f"{STREAMS_MAX} streams are open, no more can be", (("Retry-After", "1"),))
        told = asked.headers.get("last-event-id", "")
        after = whole("Last-Event-ID", told, 0, NUMBER_MAX) if told else asked.number("after", -1)
        if after < 0:
            after = await self._store.run(search.last_number)
        return HttpResponse(200, list(HEADERS), self._pour(after))

    def __len__(self) -> int:
        """How many are open."""
        return len(self._waiting)

    def close(self) -> None:
        """Ends all streams after what they are about to tell."""
        self._closed = True
        self._unsubscribe()
        for changed in self._waiting:
            changed.set()

    def _wake(self, topic: str) -> None:
        if topic == timeline.TOPIC:
            for changed in self._waiting:
                changed.set()

    async def _pour(self, after: int) -> AsyncIterator[bytes]:
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            yield b"retry: 1000\n\n"
            while not self._closed:
                changed.clear()
                lines = await self._store.run(lambda tx, after=after: tx.feed(after=after, limit=BATCH))  # type: ignore[misc]
                if lines:
                    after = lines[-1][0]
                    yield b"".join([b"id: %d\ndata: %s\n\n" % (line[0], line_of(*line)) for line in lines])
                if len(lines) < BATCH and not await _within(changed, self._look_s):
                    yield b": still here\n\n"
                elif lines:
                    await asyncio.sleep(PACE_S)
        finally:
            self._waiting.discard(changed)


async def _within(changed: asyncio.Event, timeout_s: float) -> bool:
    try:
        await asyncio.wait_for(changed.wait(), timeout_s)
    except TimeoutError:
        return False
    return True
