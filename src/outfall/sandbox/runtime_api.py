"""The Lambda Runtime API (2018-06-01): one small HTTP server for each execution environment.

The runtime client in the environment asks for the next invocation (and waits), then posts its response or error.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from typing import Literal, cast

import httptools
import msgspec

from outfall.sandbox.payloads import RESPONSE_SIZE_MAX, too_large

_ROOT = b"/2018-06-01/runtime/"
_UNREAD = frozenset({b"Host", b"User-Agent", b"Accept", b"Content-Type", b"Content-Length", b"Connection"})
"""Headers that runtimes send and nobody reads, as they write them."""
_ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'


class Answer(msgspec.Struct, frozen=True):
    """What the runtime said. `init-error` belongs to no invocation."""

    kind: Literal["response", "error", "init-error"]
    body: bytes = b""
    error_type: str = ""


class RuntimeApi:
    """The state of one environment's API: at most one invocation is handed out at a time.

    `on_waiting` is called when the runtime asks for an invocation and there is none, `on_answer` with what it says.
    """

    def __init__(self, on_waiting: Callable[[], None], on_answer: Callable[[Answer], None]) -> None:
        self.on_waiting = on_waiting
        self.on_answer = on_answer
        self.address = ""
        self._current = b""
        self._waiting: asyncio.Transport | None = None
        self._connections: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listens on a free port of 127.0.0.1; `address` then says where."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{listener.getsockname()[1]}"
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=listener, backlog=8)

    def close(self) -> None:
        """Stops listening and hangs up."""
        if self._server:
            self._server.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Ends the connections of a process that is gone; the next one makes its own."""
        self._waiting, self._current = None, b""
        for transport in list(self._connections):
            transport.abort()

    @property
    def is_waiting(self) -> bool:
        """Whether the runtime waits for an invocation."""
        return self._waiting is not None

    def hand_out(self, request_id: str, headers: Mapping[str, str], payload: bytes) -> None:
        """Answers the waiting `next` call with an invocation. To be called only while `is_waiting`."""
        transport, self._waiting = self._waiting, None
        assert transport is not None
        self._current = request_id.encode()
        lines = [f"{name}: {value}\r\n" for name, value in headers.items() if value]
        head = "".join(lines)
        if head.count("\n") > len(lines) or head.count("\r") > len(lines):
            head = "".join([f"{name}: {_one_line(value)}\r\n" for name, value in headers.items() if value])
        transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %b\r\n%b"
            b"Content-Length: %d\r\n\r\n%b" % (self._current, head.encode(), len(payload), payload)
        )

    def answer_request(self, connection: _Connection, method: bytes, path: bytes, body: bytes, size: int) -> None:
        """One request of the runtime; `size` is what it sent, of which `body` keeps no more than is allowed."""
        transport = connection.transport
        if method == b"GET" and path == _ROOT + b"invocation/next":
            self._waiting, self._current = transport, b""
            self.on_waiting()
        elif method == b"POST" and path == _ROOT + b"init/error":
            transport.write(_ACCEPTED)
            self.on_answer(Answer("init-error", body, connection.error_type))
        elif method == b"POST" and path.startswith(_ROOT + b"invocation/"):
            self._settle(connection, path[len(_ROOT + b"invocation/") :], body, size)
        else:
            _refuse(transport, "404 Not Found", "InvalidRequest", "There is no such path in the Runtime API")

    def _settle(self, connection: _Connection, rest: bytes, body: bytes, size: int) -> None:
        transport = connection.transport
        request_id, _, verb = rest.partition(b"/")
        if verb not in (b"response", b"error"):
            _refuse(transport, "404 Not Found", "InvalidRequest", "There is no such path in the Runtime API")
        elif not self._current or request_id != self._current:
            _refuse(transport, "400 Bad Request", "InvalidRequestID", "Invalid request ID")
        elif size > RESPONSE_SIZE_MAX:
            self._current = b""
            message = f"Exceeded maximum allowed payload size ({RESPONSE_SIZE_MAX} bytes)."
            _refuse(transport, "413 Request Entity Too Large", "RequestEntityTooLarge", message)
            self.on_answer(Answer("error", too_large(), "Function.ResponseSizeTooLarge"))
        else:
            self._current = b""
            kind: Literal["response", "error"] = "response" if verb == b"response" else "error"
            self.on_answer(Answer(kind, body, connection.error_type))
            # Writing wakes the runtime, which takes longer than all else here: the invocation's outcome goes first.
            asyncio.get_running_loop().call_soon(transport.write, _ACCEPTED)

    def opened(self, transport: asyncio.Transport) -> None:
        """A connection of the runtime."""
        self._connections.add(transport)

    def lost(self, transport: asyncio.Transport) -> None:
        """It is gone."""
        self._connections.discard(transport)
        if self._waiting is transport:
            self._waiting = None


def _one_line(value: str) -> str:
    """A header's value; line ends can only be space between the tokens of a client context's JSON."""
    return value.replace("\r", " ").replace("\n", " ")


def _refuse(transport: asyncio.Transport, status: str, error_type: str, message: str) -> None:
    body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    transport.write(head.encode() + body)


class _Connection(asyncio.Protocol):
    """One connection, parsed by httptools, which calls the `on_...` methods."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._api.opened(self.transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._api.lost(self.transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.abort()

    def on_message_begin(self) -> None:
        self._url = b""
        self._chunks: list[bytes] = []
        self._size = 0
        self.error_type = ""
        self._expects = False

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name in _UNREAD:
            return
        lowered = name.lower()
        if lowered == b"lambda-runtime-function-error-type":
            self.error_type = value.decode("latin-1")
        elif lowered == b"expect":
            self._expects = True

    def on_headers_complete(self) -> None:
        if self._expects:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= RESPONSE_SIZE_MAX:
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        chunks, self._chunks = self._chunks, []
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self._api.answer_request(self, self._parser.get_method(), self._url, body, self._size)
