"""The Runtime API, spoken to over a plain socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from outfall.sandbox.payloads import RESPONSE_SIZE_MAX, too_large
from outfall.sandbox.runtime_api import Answer, RuntimeApi

Talk = Callable[[bytes], Awaitable[bytes]]
ROOT = "/2018-06-01/runtime/invocation"


def post(path: str, body: bytes = b"", headers: str = "") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def with_invocation(talk_about: Callable[[Talk, list[Answer]], Awaitable[None]]) -> None:
    """Opens an API, hands out invocation `R`, then lets `talk_about` send requests on the same connection."""

    async def scenario() -> None:
        answers: list[Answer] = []
        waiting = asyncio.Event()
        api = RuntimeApi(waiting.set, answers.append)
        await api.open()
        host, port = api.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))

        async def receive() -> bytes:
            head = await reader.readuntil(b"\r\n\r\n")
            sizes = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
            return head + (await reader.readexactly(int(sizes[0])) if sizes else b"")

        async def talk(request: bytes) -> bytes:
            writer.write(request)
            return await receive()

        writer.write(f"GET {ROOT}/next HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await waiting.wait()
        assert api.is_waiting
        headers = {"Lambda-Runtime-Deadline-Ms": "5", "Lambda-Runtime-Trace-Id": "Root=1", "Lambda-Runtime-Unset": ""}
        api.hand_out("R", headers, b'{"a":1}')
        handed = await receive()
        assert handed.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        assert b"\r\nLambda-Runtime-Aws-Request-Id: R\r\n" in handed
        assert b"\r\nLambda-Runtime-Deadline-Ms: 5\r\nLambda-Runtime-Trace-Id: Root=1\r\n" in handed
        assert b"Unset" not in handed
        assert handed.endswith(b'\r\n\r\n{"a":1}')
        await talk_about(talk, answers)
        writer.close()
        api.close()

    asyncio.run(scenario())


def test_a_response_is_accepted_once() -> None:
    async def about(talk: Talk, answers: list[Answer]) -> None:
        accepted = await talk(post(f"{ROOT}/R/response", b"[1]"))
        assert accepted.startswith(b"HTTP/1.1 202 Accepted\r\n")
        assert accepted.endswith(b'{"status":"OK"}\n')
        again = await talk(post(f"{ROOT}/R/response", b"[2]"))
        assert again.startswith(b"HTTP/1.1 400 ")
        assert answers == [Answer("response", b"[1]")]

    with_invocation(about)


def test_an_error_has_its_type_in_a_header() -> None:
    async def about(talk: Talk, answers: list[Answer]) -> None:
        await talk(post(f"{ROOT}/R/error", b"{}", "Lambda-Runtime-Function-Error-Type: Runtime.Mine\r\n"))
        assert answers == [Answer("error", b"{}", "Runtime.Mine")]

    with_invocation(about)


def test_a_response_of_six_megabytes_is_the_most() -> None:
    async def about(talk: Talk, answers: list[Answer]) -> None:
        refused = await talk(post(f"{ROOT}/R/response", b"x" * (RESPONSE_SIZE_MAX + 1)))
        assert refused.startswith(b"HTTP/1.1 413 ")
        assert answers == [Answer("error", too_large(), "Function.ResponseSizeTooLarge")]

    with_invocation(about)


def test_a_body_announced_with_expect_is_asked_for() -> None:
    async def about(talk: Talk, answers: list[Answer]) -> None:
        head, _, _ = post(f"{ROOT}/R/response", b"[1]", "Expect: 100-continue\r\n").rpartition(b"[1]")
        assert await talk(head) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert (await talk(b"[1]")).startswith(b"HTTP/1.1 202 ")
        assert answers == [Answer("response", b"[1]")]

    with_invocation(about)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (post(f"{ROOT}/OTHER/response", b"1"), b"400"),
        (post(f"{ROOT}/R/nonsense", b"1"), b"404"),
        (b"GET /2018-06-01/other HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
    ],
)
def test_what_does_not_belong_is_refused_and_changes_nothing(request_bytes: bytes, status: bytes) -> None:
    async def about(talk: Talk, answers: list[Answer]) -> None:
        assert (await talk(request_bytes)).split()[1] == status
        assert answers == []
        assert (await talk(post(f"{ROOT}/R/response", b"1"))).split()[1] == b"202"

    with_invocation(about)
