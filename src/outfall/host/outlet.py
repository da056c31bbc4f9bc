"""The way out of one connection: responses in bytes, held back when the client does not read. No parsing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from outfall.host import heads
from outfall.host.exchange import HttpRequest, HttpResponse

log = logging.getLogger("outfall.http")

WRITE_HIGH = 1024 * 1024
"""Bytes that wait for the client above which a stream is held back."""


class Outlet:
    """Writes responses to one transport."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._writable: asyncio.Future[None] | None = None
        transport.set_write_buffer_limits(high=WRITE_HIGH)

    @property
    def held(self) -> bool:
        """Whether the client has to read before more is written."""
        return self._writable is not None

    def hold(self) -> None:
        """The client does not keep up."""
        self._writable = self._loop.create_future()

    def release(self) -> None:
        """The client has caught up."""
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    async def send(self, request: HttpRequest, response: HttpResponse, common: str, *, keep: bool) -> bool:
        """Writes a response; whether the connection can be kept. `common` are the header lines that all have."""
        body = response.body
        bare = heads.bodiless(request, response)
        if isinstance(body, bytes):
            length = response.length if request.method == "HEAD" and response.length is not None else len(body)
            told = None if response.status in (204, 304) else length
            head = heads.response_head(response, common, length=told, chunked=False, close=not keep)
            self._transport.write(head if bare or not body else head + body)
            if self._writable is not None:
                await self._writable
            return keep
        chunked = response.length is None and not request.http_1_0 and not bare
        keep = keep and (chunked or response.length is not None or bare)
        head = heads.response_head(response, common, length=response.length, chunked=chunked, close=not keep)
        self._transport.write(head)
        try:
            whole = bare or await self._pour(body, response.length, chunked)
        except Exception:
            log.exception("the response to %s %s broke off", request.method, request.path)
            whole = False
        finally:
            close: Any = getattr(body, "aclose", None)
            if close is not None:
                await close()
        if not whole:
            # The head is out already: only a broken connection tells the client that this is not all.
            self._transport.abort()
        return whole and keep

    async def _pour(self, body: AsyncIterator[bytes], length: int | None, chunked: bool) -> bool:
        """Writes a streamed body; whether it came out as long as announced."""
        sent = 0
        async for piece in body:
            if not piece:
                continue
            sent += len(piece)
            if length is not None and sent > length:
                return False
            self._transport.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            if self._writable is not None:
                await self._writable
        if chunked:
            self._transport.write(b"0\r\n\r\n")
        return length is None or sent == length

    def refuse(self, status: int, common: str) -> None:
        """Writes an answer without a body, after which the connection ends."""
        self._transport.write(heads.response_head(HttpResponse(status), common, length=0, chunked=False, close=True))
