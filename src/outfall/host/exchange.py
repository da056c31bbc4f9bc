"""One HTTP exchange as values: the request with its body as it streams in, the response, and the limits. No sockets."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import msgspec

BODY_HIGH = 1024 * 1024
"""A body's bytes in memory above which its socket is not read from."""
BODY_LOW = 256 * 1024


class ConnectionLost(Exception):
    """The client went away, stalled, or sent a malformed body before it was whole. Nothing of the body may be kept."""


class HttpLimits(msgspec.Struct, frozen=True):
    """What a client may take of the server: bytes, connections, and seconds of silence."""

    head_size_max: int = 64 * 1024
    connections_max: int = 4096
    pipelined_max: int = 32
    head_timeout_s: float = 20.0
    idle_timeout_s: float = 120.0
    body_timeout_s: float = 60.0
    write_timeout_s: float = 120.0
    linger_s: float = 2.0
    discard_size_max: int = 256 * 1024
    """How much of a body that nobody read is read and dropped to keep the connection; with more it is closed."""
    linger_size_max: int = 64 * 1024 * 1024


class Source(Protocol):
    """Where a body comes from: what it asks of its connection."""

    def body_wanted(self, body: BodyStream) -> None:
        """The handler waits for the body, perhaps for the first time."""

    def body_full(self, full: bool) -> None:
        """Whether so much waits in memory that no more should come."""


class BodyStream:
    """The bytes of a request body, piece by piece, once. Raises `ConnectionLost` in the place of what did not come."""

    __slots__ = ("_chunks", "_error", "_full", "_source", "_waiter", "complete", "discarding", "received", "waiting")

    def __init__(self, source: Source | None = None) -> None:
        self._source = source
        self._chunks: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._error: ConnectionLost | None = None
        self._full = False
        self.waiting = 0
        self.received = 0
        self.complete = False
        self.discarding = False

    @classmethod
    def of(cls, *chunks: bytes) -> BodyStream:
        """A body that is there already."""
        body = cls()
        for chunk in chunks:
            body.feed(chunk)
        body.end()
        return body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self.read()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def read(self) -> bytes | None:
        """The next piece, or None at the end."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self.complete:
                return None
            if self._source is not None:
                self._source.body_wanted(self)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        chunk = self._chunks.popleft()
        self.waiting -= len(chunk)
        if self._full and self.waiting <= BODY_LOW:
            self._set_full(False)
        return chunk

    def take(self) -> bytes | None:
        """All that is left of the body if it is in memory already, else None; never waits."""
        if not self.complete or self._error is not None:
            return None
        whole = b"".join(self._chunks) if len(self._chunks) != 1 else self._chunks[0]
        self._chunks.clear()
        self.waiting = 0
        if self._full:
            self._set_full(False)
        return whole

    @property
    def failed(self) -> bool:
        """Whether the body did not come whole."""
        return self._error is not None

    @property
    def awaited(self) -> bool:
        """Whether the handler waits for bytes at this moment."""
        return self._waiter is not None

    def feed(self, chunk: bytes) -> None:
        """More bytes came."""
        self.received += len(chunk)
        if self.discarding:
            return
        self._chunks.append(chunk)
        self.waiting += len(chunk)
        if self.waiting > BODY_HIGH and not self._full:
            self._set_full(True)
        self._wake()

    def end(self) -> None:
        """The body is whole."""
        self.complete = True
        self._wake()

    def fail(self, error: ConnectionLost) -> None:
        """The rest will not come."""
        if not self.complete and self._error is None:
            self._error = error
            self._chunks.clear()
            self._wake()

    def discard(self) -> None:
        """Nobody reads what is left."""
        self.discarding = True
        self._chunks.clear()
        self.waiting = 0
        if self._full:
            self._set_full(False)

    def _set_full(self, full: bool) -> None:
        self._full = full
        if self._source is not None:
            self._source.body_full(full)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class HttpRequest(msgspec.Struct):
    """A request: `path` and `query` percent-encoded as they came, header names in lower case, repeated headers joined
    by `,`. `content_length` is None when the body is chunked."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    peer_ip: str
    body: BodyStream
    content_length: int | None
    keep_alive: bool = True
    http_1_0: bool = False


class HttpResponse(msgspec.Struct):
    """A response. `length` is that of a streamed body, or what HEAD tells; None sends a stream in chunks."""

    status: int
    headers: list[tuple[str, str]] = msgspec.field(default_factory=list)
    body: bytes | AsyncIterator[bytes] = b""
    length: int | None = None


Handle = Callable[[HttpRequest], Awaitable[HttpResponse]]
