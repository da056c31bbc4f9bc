"""Answers that go on (`core.effects.Stream`): events in the encoding of event streams, until their client is gone.

A client waits in real time, whatever the clock of record does. One that does not read is held back by its socket, and
disconnected when that takes too long (`HttpLimits.write_timeout_s`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec

from outfall.core.effects import Stream
from outfall.core.errors import AwsError
from outfall.core.service import Call
from outfall.wire import eventstream
from outfall.wire.message import WireResponse

OPEN_MAX = 100
INTERVAL_S = 1.0
RESPONSE_TYPE = "application/x-amz-json-1.1"

Resume = Callable[[Callable[[Call], Any]], Awaitable[Any]]
"""Goes on with the call in a new transaction."""


class LimitExceededException(AwsError):
    """You have reached the maximum number of Live Tail sessions."""


class Lives:
    """All answers that go on."""

    def __init__(self) -> None:
        self._open = 0
        self._closed = asyncio.Event()

    async def answer(self, request_id: str, stream: Stream, resume: Resume) -> WireResponse:
        """The response whose body goes on; raises when there are as many as may be."""
        if self._open >= OPEN_MAX:
            await resume(stream.end)
            raise LimitExceededException()
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", eventstream.CONTENT_TYPE)]
        return WireResponse(200, headers, self._pour(stream, resume))

    def close(self) -> None:
        """Ends all of them."""
        self._closed.set()

    async def _pour(self, stream: Stream, resume: Resume) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            # Clients of JSON protocols expect an answer to the request before the first event.
            yield eventstream.event("initial-response", b"{}", RESPONSE_TYPE) + _encoded(stream.first)
            while not self._closed.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), INTERVAL_S)
                events = await resume(stream.step)
                if events is None:
                    yield eventstream.exception("SessionTimeoutException", b'{"message":"The session has timed out."}')
                    return
                yield _encoded(events)
        finally:
            self._open -= 1
            await resume(stream.end)


def _encoded(events: tuple[Any, ...]) -> bytes:
    return b"".join(eventstream.event(one.name, msgspec.json.encode(one.members)) for one in events)
