"""One connection: bytes in, requests to the handler one after the other, responses out in the same order.

What is malformed is refused and the connection closed; the parser (llhttp in its strict mode) and `heads` say what is.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Protocol, cast

import httptools

from outfall.host import heads
from outfall.host.exchange import BodyStream, ConnectionLost, Handle, HttpLimits, HttpRequest, HttpResponse
from outfall.host.outlet import Outlet

log = logging.getLogger("outfall.http")

NEVER = float("inf")
_BODY_FULL, _QUEUE_FULL = 1, 2


class Desk(Protocol):
    """What a connection asks of its server."""

    handle: Handle
    limits: HttpLimits
    common: str
    draining: bool
    connections: set[Connection]


class Connection(asyncio.Protocol):
    """The protocol object of one accepted socket."""

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        self._desk = desk
        self._loop = loop
        self._head = heads.Head(desk.limits.head_size_max)
        self.on_url, self.on_header = self._head.add_url, self._head.add_header
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[HttpRequest | heads.Refused] = deque()
        self._current: HttpRequest | None = None
        self._body: BodyStream | None = None
        self._wanted: asyncio.Future[None] | None = None
        self._paused = 0
        self._continue_due = False
        self._lingering = False
        self._refusing = False
        self._lingered = 0
        self._head_fed = 0
        self._heads = 0
        self.task: asyncio.Task[None] | None = None
        self.lost = False
        self.deadline = NEVER

    # The transport's side.
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._peer_ip = peer[0] if isinstance(peer, tuple) else "127.0.0.1"
        self._outlet = Outlet(self._transport, self._loop)
        limits = self._desk.limits
        self._desk.connections.add(self)
        self.deadline = self._loop.time() + limits.head_timeout_s
        if len(self._desk.connections) > limits.connections_max:
            self._refuse(heads.Refused(503))

    def data_received(self, data: bytes) -> None:
        if self._lingering or self._refusing:
            self._lingered += len(data)
            if self._lingered > self._desk.limits.linger_size_max:
                self._transport.abort()
            return
        heads_before = self._heads
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # No other protocol is spoken here: what follows is the next request.
            self._parser = httptools.HttpRequestParser(self)
            rest = data[upgrade.args[0] :]
            if rest:
                self.data_received(rest)
            return
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, heads.Refused) else heads.Refused(400))
            return
        if not self._head.open:
            self._head_fed = 0
        elif self._heads == heads_before:
            self._head_fed += len(data)
            if self._head_fed > self._desk.limits.head_size_max:
                self._refuse(heads.Refused(431))
        if self._body is not None and not self._paused:
            self.deadline = self._loop.time() + self._desk.limits.body_timeout_s

    def eof_received(self) -> None:
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._desk.connections.discard(self)
        reading = self._current is not None and self._current.body.awaited
        if self._body is not None:
            self._body.fail(ConnectionLost("the client went away before its body was whole"))
        if self.task is not None and not reading:
            self.task.cancel()

    def pause_writing(self) -> None:
        self._outlet.hold()
        self.deadline = self._loop.time() + self._desk.limits.write_timeout_s

    def resume_writing(self) -> None:
        self.deadline = NEVER
        self._outlet.release()

    # The parser's side.
    def on_message_begin(self) -> None:
        self._heads += 1
        self._head.begin()
        if self._current is None:
            self.deadline = self._loop.time() + self._desk.limits.head_timeout_s

    def on_headers_complete(self) -> None:
        self._body = BodyStream(self)
        self._accept(self._head.request(self._parser, self._peer_ip, self._body))

    def on_body(self, chunk: bytes) -> None:
        if self._body is not None:
            self._body.feed(chunk)

    def on_message_complete(self) -> None:
        if self._body is not None:
            self._body.end()
            self._body = None
            self.deadline = NEVER if self._current is not None or self._queue else self._idle_deadline()

    # The body's side.
    def body_wanted(self, body: BodyStream) -> None:
        if self._continue_due and self._current is not None and self._current.body is body and not self.lost:
            self._continue_due = False
            if not body.received:
                self._transport.write(heads.CONTINUE)

    def body_full(self, full: bool) -> None:
        self._pause(_BODY_FULL, full)

    def _pause(self, reason: int, on: bool) -> None:
        before, self._paused = self._paused, self._paused | reason if on else self._paused & ~reason
        if self.lost or bool(before) == bool(self._paused):
            return
        if self._paused:
            self._transport.pause_reading()
            self.deadline = NEVER
        else:
            self._transport.resume_reading()
            if self._body is not None:
                self.deadline = self._loop.time() + self._desk.limits.body_timeout_s

    # The handler's side.
    def _accept(self, item: HttpRequest | heads.Refused) -> None:
        self._queue.append(item)
        if len(self._queue) > self._desk.limits.pipelined_max:
            self._pause(_QUEUE_FULL, True)
        if self.task is None:
            self.task = self._loop.create_task(self._serve())
        elif self._wanted is not None and not self._wanted.done():
            self._wanted.set_result(None)

    def _refuse(self, refused: heads.Refused) -> None:
        """Takes no more; the refusal goes out after the answers to what came before it."""
        if self._refusing:
            return
        self._refusing = True
        if self._body is not None:
            self._body.fail(ConnectionLost("the body is malformed"))
        self._accept(refused)

    async def _serve(self) -> None:
        while not self.lost:
            if not self._queue:
                self._wanted = self._loop.create_future()
                await self._wanted
            item = self._queue.popleft()
            if self._paused & _QUEUE_FULL and not self._queue:
                self._pause(_QUEUE_FULL, False)
            if isinstance(item, heads.Refused):
                self._write_refusal(item)
                return
            self._current = item
            keep = await self._exchange(item)
            self._current = None
            if not keep:
                return
            if self._body is None and not self._queue:
                self.deadline = self._idle_deadline()

    def _idle_deadline(self) -> float:
        limits = self._desk.limits
        return self._loop.time() + (limits.head_timeout_s if self._head.open else limits.idle_timeout_s)

    async def _exchange(self, request: HttpRequest) -> bool:
        """One request and its response; whether the connection lives on."""
        self._continue_due = (
            not request.body.complete
            and not request.http_1_0
            and request.headers.get("expect", "").lower() == "100-continue"
        )
        try:
            response = await self._desk.handle(request)
        except ConnectionLost:
            return self._after_lost_body(request)
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            response = HttpResponse(500)
        if self.lost:
            return False
        if request.body.failed:
            return self._after_lost_body(request)
        unread = not request.body.complete
        keep = request.keep_alive and not self._desk.draining and (not unread or self._may_discard(request))
        if unread or request.body.waiting:  # also what is in memory: it may have paused the socket
            request.body.discard()
        keep = await self._outlet.send(request, response, self._desk.common, keep=keep)
        if not keep:
            self._end(linger=unread)
        return keep

    def _may_discard(self, request: HttpRequest) -> bool:
        if self._continue_due or request.content_length is None:
            return False
        return request.content_length - request.body.received <= self._desk.limits.discard_size_max

    def _after_lost_body(self, request: HttpRequest) -> bool:
        if self.lost:
            return False
        last = self._queue[-1] if self._queue else None
        self._write_refusal(last if isinstance(last, heads.Refused) else heads.Refused(400))
        return False

    # The end.
    def _write_refusal(self, refused: heads.Refused) -> None:
        self._refusing = True
        self._outlet.refuse(refused.status, self._desk.common)
        self._end(linger=True)

    def _end(self, *, linger: bool) -> None:
        """Closes after what was written; with `linger`, what still comes in is dropped for a while, so that the client
        reads the answer before it learns that nobody listens."""
        if self.lost or self._transport.is_closing():
            return
        if not linger or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._lingering = True
        self._transport.write_eof()
        if self._paused:
            self._paused = 0
            self._transport.resume_reading()
        self.deadline = self._loop.time() + self._desk.limits.linger_s

    def expire(self) -> None:
        """The deadline has passed: nobody reads, nobody writes, or nobody comes."""
        self.deadline = NEVER
        if self._lingering or self._outlet.held:
            self._transport.abort()
        elif self._body is not None:
            self._refusing = True
            self._body.fail(ConnectionLost("the client stopped sending its body"))
            if self._current is None:
                self._transport.abort()
        elif self._head.open:
            self._refuse(heads.Refused(408))
        else:
            self._transport.close()

    def retire(self) -> None:
        """The server ends: closes now if nothing is being answered."""
        if self._current is None and not self._queue:
            self._transport.close()

    def drop(self) -> None:
        """Ends at once."""
        self._transport.abort()
        if self.task is not None:
            self.task.cancel()
