"""The HTTP server: listens, bounds its connections, keeps their time, and ends in an orderly way.

What is HTTP/1.1 here is in `connection`; what requests mean is the handler's business.
"""

from __future__ import annotations

import asyncio
import time

from outfall.host import heads
from outfall.host.connection import Connection
from outfall.host.exchange import BodyStream, ConnectionLost, Handle, HttpLimits, HttpRequest, HttpResponse

__all__ = ["BodyStream", "ConnectionLost", "HttpLimits", "HttpRequest", "HttpResponse", "HttpServer"]

BACKLOG = 1024
TICK_S = 1.0


class HttpServer:
    """Serves HTTP/1.1 on one address."""

    def __init__(self) -> None:
        self.limits = HttpLimits()
        self.common = ""
        self.draining = False
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int, handle: Handle, *, limits: HttpLimits | None = None) -> int:
        """Listens; returns the port, which the system chooses when `port` is 0. Raises `OSError` if it is in use.

        `handle` is called with one request at a time per connection, and is cancelled when its client goes away.
        """
        loop = asyncio.get_running_loop()
        self.handle = handle
        self.limits = limits or self.limits
        self._tick(loop)
        try:
            self._server = await loop.create_server(lambda: Connection(self, loop), host, port, backlog=BACKLOG)
        except OSError:
            self._stop_ticking()
            raise
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self, drain_s: float = 0.0) -> None:
        """Listens no more, waits up to `drain_s` for the answers that are under way, then ends all connections."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        tasks = [one.task for one in self.connections if one.task is not None]
        for one in list(self.connections):
            one.retire()
        until = time.monotonic() + drain_s
        while self.connections and time.monotonic() < until:
            await asyncio.sleep(0.01)
        for one in list(self.connections):
            one.drop()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._stop_ticking()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once a second: the date of the responses, and the connections whose time is over."""
        self.common = f"Server: Outfall\r\nDate: {heads.http_date(time.time())}\r\n"
        now = loop.time()
        for one in [one for one in self.connections if one.deadline <= now]:
            one.expire()
        self._ticking = loop.call_later(min(TICK_S, self.limits.head_timeout_s), self._tick, loop)

    def _stop_ticking(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
