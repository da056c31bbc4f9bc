"""The stream of facts, without a socket: what it says in silence, how many there may be, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from outfall.core.ports import Tx
from outfall.flow import timeline
from outfall.host import http, private_stream
from outfall.host.http import HttpLimits, HttpRequest, HttpResponse, HttpServer
from outfall.host.private_call import Asked, Facade, Refused
from outfall.host.private_stream import Streams
from outfall.store.memory import MemoryStore

FACADE = cast(Facade, None)
Pieces = AsyncIterator[bytes]


async def opened(streams: Streams, **headers: str) -> Any:
    """A stream that has begun."""
    answer: Any = await streams.open(FACADE, Asked({}, {}, headers))
    assert await anext(answer.body) == b"retry: 1000\n\n"
    return answer.body


def tell(tx: Tx) -> None:
    tx.append("event/e", b'{"fact":"Settled"}')
    tx.wake(timeline.TOPIC)


def test_a_commit_wakes_the_stream() -> None:
    async def main() -> bytes:
        store = MemoryStore()
        stream = await opened(Streams(store))
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        await store.run(tell)
        return await asyncio.wait_for(waiting, 60)

    assert asyncio.run(main()) == b'id: 1\ndata: {"number":1,"event":"e","fact":"Settled"}\n\n'


def test_it_says_in_silence_that_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_stream, "HEARTBEAT_S", 0.001)

    async def main() -> bytes:
        return await anext(await opened(Streams(MemoryStore())))

    assert asyncio.run(main()) == b": still here\n\n"


def test_more_than_a_batch_comes_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_stream, "BATCH", 2)

    async def main() -> list[int]:
        store = MemoryStore()
        for _ in range(5):
            await store.run(tell)
        stream = await opened(Streams(store), **{"last-event-id": "0"})
        return [(await anext(stream)).count(b"id: ") for _ in range(3)]

    assert asyncio.run(main()) == [2, 2, 1]


def test_there_are_not_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_stream, "STREAMS_MAX", 2)

    async def main() -> None:
        streams = Streams(MemoryStore())
        first, _ = await opened(streams), await opened(streams)
        with pytest.raises(Refused) as caught:
            await opened(streams)
        assert caught.value.status == 503
        await first.aclose()
        await opened(streams)

    asyncio.run(main())


def test_the_end_of_the_server_ends_it() -> None:
    async def main() -> None:
        streams = Streams(MemoryStore())
        stream = await opened(streams)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        streams.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 60)
        with pytest.raises(Refused):
            await opened(streams)

    asyncio.run(main())


def test_a_client_that_does_not_read_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TICK_S", 0.05)

    async def main() -> int:
        store = MemoryStore()
        streams = Streams(store)
        reading: list[Pieces] = []

        async def handle(request: HttpRequest) -> HttpResponse:
            answer = await streams.open(FACADE, Asked({}, {"after": "0"}, {}))
            assert isinstance(answer, HttpResponse)
            reading.append(cast(Pieces, answer.body))
            return answer

        large = b'{"fact":"Undelivered","body":"%s"}' % (b"x" * 256 * 1024)
        await store.run(lambda tx: [tx.append("event/e", large) for _ in range(100)])
        server = HttpServer()
        limits = HttpLimits(write_timeout_s=0.1)
        port = await server.start("127.0.0.1", 0, handle, limits=limits)
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        while not reading or server.connections or len(streams):
            await asyncio.sleep(0.01)
        writer.close()
        await server.close()
        return len(reading)

    assert asyncio.run(asyncio.wait_for(main(), 60)) == 1
