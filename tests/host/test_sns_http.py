"""Requests to the endpoints of subscribers, and what counts as an answer."""

from __future__ import annotations

import asyncio

import pytest

from outfall.host.sns_http import BROKEN, post
from outfall.services.sns.http import HttpDelivery


def ask(path: str, answer: bytes, credentials: str = "") -> tuple[int, bytes]:
    """The status of an endpoint that answers so, and the request that it got."""
    got = bytearray()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.extend(await reader.readuntil(b"\r\n\r\n"))
        got.extend(await reader.readexactly(4))
        writer.write(answer)
        writer.close()

    async def play() -> int:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            url = f"http://{credentials}127.0.0.1:{port}{path}"
            return await post(HttpDelivery(url, (("x-amz-sns-message-type", "Notification"),), b"body"))

    return asyncio.run(play()), bytes(got)


def test_the_request_bears_headers_and_body() -> None:
    status, got = ask("/a b?c=é", b"HTTP/1.1 204 No Content\r\n\r\n")
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert status == 204
    assert lines[0] == "POST /a%20b?c=%C3%A9 HTTP/1.1"
    assert "x-amz-sns-message-type: Notification" in lines
    assert "Content-Length: 4" in lines
    assert body == b"body"


def test_credentials_in_the_url_become_basic_authentication() -> None:
    _, got = ask("/", b"HTTP/1.1 200 OK\r\n\r\n", "user:p%40ss@")
    assert b"Authorization: Basic dXNlcjpwQHNz\r\n" in got
    assert b"p%40ss" not in got


def test_interim_answers_are_passed_over() -> None:
    assert ask("/", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\n\r\n")[0] == 503


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n", b"H" * 100_000])
def test_what_is_no_answer_is_broken(answer: bytes) -> None:
    with pytest.raises(BROKEN):
        ask("/", answer)
