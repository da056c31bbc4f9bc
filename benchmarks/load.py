"""The load: requests signed ahead of time, sent over raw keep-alive connections by as many clients as a scenario wants.

The generator runs in the process of the benchmark and the server in its own. It parses no more of an answer than its
status and its length, so that on two cores the server, not the client, is the limit.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

ANSWER_S_MAX = 60.0
READ_SIZE = 4 * 1024 * 1024


class Failed(Exception):
    """An answer that is not a success, or none: there is no figure then, and this is the reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def ok(self) -> Answer:
        """This answer; raises `Failed` if it is an error."""
        if not 200 <= self.status < 300:
            raise Failed(f"answered {self.status}: {self.body[:120].decode('utf-8', 'replace')}")
        return self


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time; made anew where a server ends it after each answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pieces: list[bytes] = []
        self._missing = -1
        self._ending = 0
        self._waiting: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        if self._missing > 0:
            self._missing -= len(data)
            if self._missing > 0:
                return
        whole = b"".join(self._pieces) if len(self._pieces) > 1 else data
        end = whole.find(b"\r\n\r\n")
        if end < 0:
            return
        head = whole[:end].lower()
        at = head.find(b"content-length:")
        if at >= 0:
            length = int(head[at + 15 :].split(b"\r\n", 1)[0])
            self._missing = end + 4 + length - len(whole)
            body = whole[end + 4 :] if self._missing <= 0 else b""
        elif b"chunked" in head:
            self._missing = 0 if whole.endswith(b"0\r\n\r\n") else -1
            body = _unchunked(whole[end + 4 :]) if self._missing == 0 else b""
        else:
            self._missing, body = 0, b""
        if self._missing == 0 and self._waiting is not None and not self._waiting.done():
            self._pieces.clear()
            self._missing = -1
            if b"connection: close" in head:
                self.close()
            self._waiting.set_result(Answer(int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._ending:  # the one before, which we left
            self._ending -= 1
            return
        self._transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Failed("the server closed the connection"))

    async def open(self) -> None:
        """Connects; raises `Failed`."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)
        except OSError as error:
            raise Failed(f"no connection: {error}") from None

    async def ask(self, request: bytes) -> Answer:
        """The answer to a request. Raises `Failed` when the connection ends before it."""
        if self._transport is None:
            await self.open()
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            self._ending += 1


def _unchunked(data: bytes) -> bytes:
    out = []
    while data:
        size, _, rest = data.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        out.append(rest[:length])
        data = rest[length + 2 :]
    return b"".join(out)


async def connect(port: int) -> Connection:
    """A new connection to a server of this machine."""
    connection = Connection(port)
    await connection.open()
    return connection


async def once(port: int, request: bytes, timeout_s: float = ANSWER_S_MAX) -> Answer:
    """The answer to one request on a connection of its own."""
    connection = await connect(port)
    try:
        return await asyncio.wait_for(connection.ask(request), timeout_s)
    except TimeoutError:
        raise Failed(f"no answer within {timeout_s:g} s") from None
    finally:
        connection.close()


def large(port: int, request: bytes) -> tuple[Answer, float]:
    """The answer to a request, and the seconds it took, where either has a body so large that the client would be the
    limit if it kept it: more than the first pieces of it is read and dropped. Blocks: for a thread."""
    with socket.create_connection(("127.0.0.1", port), ANSWER_S_MAX) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began, whole, room = time.perf_counter(), b"", bytearray(READ_SIZE)
        connection.sendall(request)
        while b"\r\n\r\n" not in whole:
            piece = connection.recv(READ_SIZE)
            if not piece:
                raise Failed("the server closed the connection")
            whole += piece
        head, _, body = whole.partition(b"\r\n\r\n")
        found = re.search(rb"content-length: *(\d+)", head.lower())
        missing = int(found[1]) - len(body) if found else 0
        while missing > 0:
            size = connection.recv_into(room)
            if not size:
                raise Failed("the server closed the connection")
            missing -= size
        return Answer(int(head[9:12]), body).ok(), time.perf_counter() - began


Work = Callable[[Connection, int], Awaitable[None]]
"""What a client does over and over; its number is that of the turn."""


@dataclass(frozen=True, slots=True)
class Done:
    """What clients did together."""

    count: int
    seconds: float

    @property
    def per_s(self) -> float:
        """Turns a second."""
        return self.count / self.seconds


async def spread(port: int, clients: int, work: Work, *, count: int | None = None, seconds: float = 60.0) -> Done:
    """`clients` connections doing `work` until `count` turns are begun, or for so many seconds."""
    connections = [await connect(port) for _ in range(clients)]
    turns, done = iter(range(count)) if count is not None else itertools.count(), 0
    began = time.perf_counter()

    async def client(connection: Connection) -> None:
        nonlocal done
        for n in turns:
            await work(connection, n)
            done += 1
            if time.perf_counter() - began > seconds:
                return

    try:
        async with asyncio.timeout(seconds + ANSWER_S_MAX), asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(client(connection))
    except TimeoutError:
        raise Failed(f"not done within {seconds + ANSWER_S_MAX:g} s") from None
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    finally:
        for connection in connections:
            connection.close()
    return Done(done, time.perf_counter() - began)


def sending(requests: list[bytes]) -> Work:
    """Sends one request after the other, from the first again after the last; raises `Failed` at an error."""

    async def work(connection: Connection, n: int) -> None:
        (await connection.ask(requests[n % len(requests)])).ok()

    return work
