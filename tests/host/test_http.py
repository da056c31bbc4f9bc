"""HTTP/1.1 over real sockets: what is answered, in which order, and what is refused before anybody sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from outfall.host import http
from outfall.host.http import ConnectionLost, HttpLimits, HttpRequest, HttpResponse, HttpServer

SOON_S = 60
"""What is awaited comes within this time on any machine, or not at all."""


class Site:
    """A server with a handler that a test gives, and what raw clients need to talk to it."""

    def __init__(self, handle: Callable[[HttpRequest], Awaitable[HttpResponse]] | None = None, **limits: float) -> None:
        self.seen: list[HttpRequest] = []
        self.bodies: list[bytes] = []
        self.errors: list[BaseException] = []
        self._handle = handle or self.echo
        self._limits = HttpLimits(**limits)

    async def echo(self, request: HttpRequest) -> HttpResponse:
        body = b"".join([piece async for piece in request.body])
        self.bodies.append(body)
        return HttpResponse(200, [("X-Path", request.path)], body)

    async def handle(self, request: HttpRequest) -> HttpResponse:
        self.seen.append(request)
        try:
            return await self._handle(request)
        except BaseException as error:
            self.errors.append(error)
            raise

    async def __aenter__(self) -> Site:
        self.server = HttpServer()
        self.port = await self.server.start("127.0.0.1", 0, self.handle, limits=self._limits)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.close(0)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, data: bytes) -> bytes:
        """All that comes back until the server closes."""
        reader, writer = await self.open()
        writer.write(data)
        answer = await asyncio.wait_for(reader.read(), SOON_S)
        writer.close()
        return answer


async def response(reader: asyncio.StreamReader, head_only: bool = False) -> tuple[int, dict[str, str], bytes]:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SOON_S)).decode()
    line, *lines = head.split("\r\n")[:-2]
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
    body = b"" if head_only else await reader.readexactly(int(headers.get("content-length", "0")))
    return int(line.split()[1]), headers, body


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not condition():
            await asyncio.sleep(0.005)


def test_keep_alive_answers_one_request_after_the_other():
    async def play():
        async with Site() as site:
            reader, writer = await site.open()
            for number in range(3):
                writer.write(b"POST /%d?a=%%20b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi" % number)
                status, headers, body = await response(reader)
                assert (status, headers["x-path"], body) == (200, f"/{number}", b"hi")
                assert headers["server"] == "Outfall"
                assert headers["date"].endswith(" GMT")
            assert [one.query for one in site.seen] == ["a=%20b"] * 3
            assert site.seen[0].peer_ip == "127.0.0.1"
            writer.close()

    asyncio.run(play())


def test_pipelined_requests_are_answered_in_order_however_long_each_takes():
    async def slow_first(request: HttpRequest) -> HttpResponse:
        if request.path == "/0":
            await asyncio.sleep(0.03)
        return HttpResponse(200, [], request.path.encode())

    async def play():
        async with Site(slow_first) as site:
            reader, writer = await site.open()
            writer.write(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(100)))
            assert [(await response(reader))[2] for _ in range(100)] == [b"/%d" % number for number in range(100)]
            writer.close()

    asyncio.run(play())


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_chunked_body_is_put_together_however_it_is_cut(step):
    async def play():
        async with Site() as site:
            reader, writer = await site.open()
            data = b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            data += b"5\r\nhello\r\n6;e=1\r\n world\r\n0\r\n\r\n"
            for at in range(0, len(data), step):
                writer.write(data[at : at + step])
                await writer.drain()
            assert (await response(reader))[2] == b"hello world"
            assert site.seen[0].content_length is None
            writer.close()

    asyncio.run(play())


HOST = b"Host: x\r\n"


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="CL.TE",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            400,
            id="TE.CL",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400, id="CL.CL"
        ),
        pytest.param(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1, 1\r\n\r\na", 400, id="CL list"),
        pytest.param(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400, id="negative CL"),
        pytest.param(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0x1\r\n\r\na", 400, id="hex CL"),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\na", 400, id="huge CL"
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, id="xchunked"
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
            id="gzip, chunked",
        ),
        pytest.param(
            b"POST / HTTP/1.1\r\n"
            + HOST
            + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
            400,
            id="TE.TE",
        ),
        pytest.param(b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, id="space"),
        pytest.param(
            b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, id="TE in 1.0"
        ),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: 1\r\n folded\r\n\r\n", 400, id="folded line"),
        pytest.param(b"GET / HTTP/1.1\nHost: x\n\n", 400, id="bare LF"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n", 400, id="bare CR"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", 400, id="NUL"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400, id="two hosts"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no host"),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + HOST + b"Authorization: a\r\nAuthorization: b\r\n\r\n", 400, id="two owners"
        ),
        pytest.param(b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505, id="HTTP/2"),
        pytest.param(b"CONNECT x:1 HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="CONNECT"),
        pytest.param(b"GET nonsense HTTP/1.1\r\n" + HOST + b"\r\n", 400, id="target"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="TLS"),
        pytest.param(b"nonsense\r\n\r\n", 400, id="nonsense"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(request_bytes, status):
    async def play():
        async with Site() as site:
            answer = await site.send(request_bytes + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            assert b"Connection: close\r\n" in answer
            assert answer.count(b"HTTP/1.1 ") == 1
            assert site.bodies == []

    asyncio.run(play())


def test_a_bad_request_does_not_take_back_the_answers_before_it():
    async def play():
        async with Site() as site:
            answer = await site.send(b"GET /good HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert answer.count(b"HTTP/1.1 400 ") == 1

    asyncio.run(play())


@pytest.mark.parametrize(
    "junk",
    [b"X: " + b"a" * 10_000_000 + b"\r\n\r\n", b"X: a\r\n" * 100_000, b"X" * 1_000_000],
    ids=["value", "many", "name"],
)
def test_a_head_that_is_too_large_is_refused(junk):
    async def play():
        async with Site() as site:
            answer = await site.send(b"GET / HTTP/1.1\r\nHost: x\r\n" + junk)
            assert answer.startswith(b"HTTP/1.1 431 ")
            assert site.seen == []

    asyncio.run(play())


def test_expect_is_answered_when_the_handler_reads_the_body():
    async def play():
        async with Site() as site:
            reader, writer = await site.open()
            writer.write(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hello")
            assert (await response(reader))[2] == b"hello"
            writer.close()

    asyncio.run(play())


def test_expect_is_answered_with_the_final_status_if_nobody_wants_the_body():
    async def refuse(request: HttpRequest) -> HttpResponse:
        return HttpResponse(403, [], b"no")

    async def play():
        async with Site(refuse) as site:
            answer = await site.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
            assert b"Connection: close\r\n" in answer

    asyncio.run(play())


def test_a_small_body_that_nobody_read_does_not_end_the_connection():
    async def ignore(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], request.path.encode())

    async def play():
        async with Site(ignore) as site:
            reader, writer = await site.open()
            writer.write(b"PUT /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
            assert (await response(reader))[2] == b"/1"
            writer.write(b"helloGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await response(reader))[2] == b"/2"
            writer.close()

    asyncio.run(play())


def test_a_whole_body_that_nobody_read_does_not_stop_the_connection():
    async def late(request):
        while not request.body.complete:
            await asyncio.sleep(0.001)
        return HttpResponse(200)

    async def run():
        async with Site(late) as site:
            reader, writer = await site.open()
            for _ in range(3):
                writer.write(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n" + bytes(600_000))
                assert (await response(reader))[0] == 200
            writer.close()

    asyncio.run(run())


def test_a_large_body_that_nobody_wants_is_refused_readably():
    async def refuse(request: HttpRequest) -> HttpResponse:
        return HttpResponse(403, [], b"no")

    async def play():
        async with Site(refuse) as site:
            answer = await site.send(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n" + b"a" * 8_000_000)
            assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
            assert answer.endswith(b"no")

    asyncio.run(play())


@pytest.mark.parametrize("framing", [b"Content-Length: 10\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel"])
def test_a_truncated_body_never_looks_whole(framing):
    async def play():
        async with Site() as site:
            _, writer = await site.open()
            writer.write(b"PUT / HTTP/1.1\r\nHost: x\r\n" + framing)
            await until(lambda: bool(site.seen))
            writer.close()
            await until(lambda: bool(site.errors))
            assert isinstance(site.errors[0], ConnectionLost)
            assert site.bodies == []

    asyncio.run(play())


def test_a_malformed_chunk_ends_the_request():
    async def play():
        async with Site() as site:
            answer = await site.send(
                b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n"
            )
            assert answer.startswith(b"HTTP/1.1 400 ")
            assert site.bodies == []

    asyncio.run(play())


def test_a_client_that_leaves_cancels_its_parked_handler():
    async def park(request: HttpRequest) -> HttpResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async def play():
        async with Site(park) as site:
            _, writer = await site.open()
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: bool(site.seen))
            writer.close()
            await until(lambda: bool(site.errors))
            assert isinstance(site.errors[0], asyncio.CancelledError)

    asyncio.run(play())


def test_head_tells_the_length_and_sends_no_body():
    async def head(request: HttpRequest) -> HttpResponse:
        return (
            HttpResponse(200, [("ETag", '"a"')], b"", 12345) if request.path == "/1" else HttpResponse(404, [], b"gone")
        )

    async def play():
        async with Site(head) as site:
            reader, writer = await site.open()
            writer.write(b"HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: x\r\n\r\n")
            status, headers, _ = await response(reader, head_only=True)
            assert (status, headers["content-length"]) == (200, "12345")
            status, headers, _ = await response(reader, head_only=True)
            assert (status, headers["content-length"]) == (404, "4")
            writer.close()

    asyncio.run(play())


def test_no_content_has_neither_length_nor_body():
    async def none(request: HttpRequest) -> HttpResponse:
        return HttpResponse(204)

    async def play():
        async with Site(none) as site:
            reader, writer = await site.open()
            writer.write(b"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"ontent-" not in await reader.readuntil(b"\r\n\r\n")
            writer.close()

    asyncio.run(play())


async def pieces(count: int, size: int):
    for _ in range(count):
        yield b"a" * size


@pytest.mark.parametrize("length", [None, 40 * 65536])
def test_a_streamed_response(length):
    async def stream(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], pieces(40, 65536), length)

    async def play():
        async with Site(stream) as site:
            answer = await site.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            head, _, body = answer.partition(b"\r\n\r\n")
            if length is None:
                assert b"Transfer-Encoding: chunked" in head
                assert body == b"10000\r\n%s\r\n" % (b"a" * 65536) * 40 + b"0\r\n\r\n"
            else:
                assert b"Content-Length: %d\r\n" % length in head
                assert body == b"a" * length

    asyncio.run(play())


def test_a_streamed_response_that_falls_short_is_cut_off():
    async def stream(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], pieces(1, 10), 20)

    async def play():
        async with Site(stream) as site:
            reader, writer = await site.open()
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await response(reader)
            writer.close()

    asyncio.run(play())


def test_a_slow_reader_holds_the_stream_back():
    sent = 0

    async def endless():
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"a" * 1_000_000

    async def stream(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [], endless())

    async def play():
        async with Site(stream) as site:
            _, writer = await site.open()
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: sent > 0)
            await asyncio.sleep(0.2)
            assert sent < 50
            writer.transport.abort()
            await until(lambda: bool(site.server.connections) is False)

    asyncio.run(play())


def test_a_slow_handler_holds_the_client_back():
    async def play():
        gate = asyncio.Event()

        async def wait(request: HttpRequest) -> HttpResponse:
            await gate.wait()
            return HttpResponse(200, [], b"%d" % sum([len(piece) async for piece in request.body]))

        async with Site(wait) as site:
            reader, writer = await site.open()
            writer.write(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n" + b"a" * 30_000_000)
            await until(lambda: bool(site.seen))
            await asyncio.sleep(0.1)
            assert site.seen[0].body.waiting < 2_000_000
            gate.set()
            assert (await response(reader))[2] == b"30000000"
            writer.close()

    asyncio.run(play())


def test_a_handler_that_fails_is_a_500_and_the_connection_lives():
    async def fail(request: HttpRequest) -> HttpResponse:
        if request.path == "/fail":
            raise ValueError("a mistake")
        return HttpResponse(200)

    async def play():
        async with Site(fail) as site:
            reader, writer = await site.open()
            writer.write(b"GET /fail HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await response(reader))[0] == 500
            assert (await response(reader))[0] == 200
            writer.close()

    asyncio.run(play())


def test_a_header_value_cannot_begin_another_header():
    async def inject(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, [("X-A", "1\r\nX-Evil: 2")])

    async def play():
        async with Site(inject) as site:
            answer = await site.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b"\r\nX-Evil" not in answer

    asyncio.run(play())


@pytest.mark.parametrize(
    "limits, sent, answered",
    [
        ({"head_timeout_s": 0.5}, b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"HTTP/1.1 408 "),
        ({"head_timeout_s": 0.05}, b"", b""),
        (
            {"body_timeout_s": 0.05},
            b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na",
            b"HTTP/1.1 400 ",
        ),
    ],
    ids=["head", "nothing", "body"],
)
def test_a_client_that_stalls_is_let_go(limits, sent, answered, monkeypatch):
    monkeypatch.setattr(http, "TICK_S", 0.02)

    async def play():
        async with Site(**limits) as site:
            assert (await site.send(sent)).startswith(answered)
            assert site.bodies == []

    asyncio.run(play())


def test_a_head_that_drips_in_gets_no_more_time_with_each_byte():
    async def play():
        async with Site(head_timeout_s=0.5) as site:
            reader, writer = await site.open()
            for byte in b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1000:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.01)
                if reader._buffer:
                    break
            assert (await asyncio.wait_for(reader.read(), SOON_S)).startswith(b"HTTP/1.1 408 ")
            writer.close()

    asyncio.run(play())


def test_more_connections_than_allowed_are_turned_away():
    async def play():
        async with Site(connections_max=2) as site:
            kept = [await site.open() for _ in range(2)]
            await until(lambda: len(site.server.connections) == 2)
            assert (await site.send(b"")).startswith(b"HTTP/1.1 503 ")
            for _, writer in kept:
                writer.close()

    asyncio.run(play())


def test_http_1_0_and_absolute_targets_and_offers_to_upgrade():
    async def play():
        async with Site() as site:
            assert b"Connection: close\r\n" in await site.send(b"GET /old HTTP/1.0\r\n\r\n")
            reader, writer = await site.open()
            writer.write(
                b"GET http://x/a%20b?c HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
                b"GET /next HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nX-A: 2\r\n\r\n"
            )
            await response(reader)
            await response(reader)
            assert [(one.path, one.query) for one in site.seen] == [("/old", ""), ("/a%20b", "c"), ("/next", "")]
            assert site.seen[2].headers["x-a"] == "1,2"
            writer.close()

    asyncio.run(play())


def test_closing_waits_for_the_answers_under_way():
    async def play():
        gate = asyncio.Event()

        async def wait(request: HttpRequest) -> HttpResponse:
            await gate.wait()
            return HttpResponse(200, [], b"done")

        site = Site(wait)
        await site.__aenter__()
        idle, _ = await site.open()
        reader, writer = await site.open()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: bool(site.seen))
        closing = asyncio.create_task(site.server.close(SOON_S))
        assert await asyncio.wait_for(idle.read(), SOON_S) == b""
        gate.set()
        status, headers, body = await response(reader)
        assert (status, headers["connection"], body) == (200, "close", b"done")
        await asyncio.wait_for(closing, SOON_S)

    asyncio.run(play())


def test_a_port_in_use_is_an_error_of_the_system():
    async def play():
        async with Site() as site:
            with pytest.raises(OSError):
                await HttpServer().start("127.0.0.1", site.port, site.handle)

    asyncio.run(play())
