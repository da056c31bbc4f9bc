"""Deliveries of SNS to HTTP(S) endpoints: makes the requests that `services/sns/http.py` asks for.

A plain client on asyncio's streams: one POST a connection, of whose answer only the status counts.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable
from urllib.parse import SplitResult, quote, unquote, urlsplit

from outfall.core.context import Context
from outfall.core.ports import Item, Store, Tx
from outfall.services.sns.http import HttpDelivery, http_done, http_request

TIMEOUT_S = 15.0
"""As long as SNS waits for an endpoint. [SNS developer guide, sns-http-https-endpoint-as-subscriber]"""

HEAD_LINES_MAX = 20
BROKEN = (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
_PORTS = {"http": 80, "https": 443}


def courier(
    store: Store, context: Callable[[Tx], Context], log: Callable[[str], None]
) -> Callable[[Item], Awaitable[None]]:
    """The chore that makes one delivery and tells what came of it."""

    async def deliver(item: Item) -> None:
        delivery = await store.run(lambda tx: http_request(context(tx), item), durable=False)
        if delivery is None:
            return
        status: int | None = None
        try:
            status = await asyncio.wait_for(post(delivery), TIMEOUT_S)
        except BROKEN as error:
            log(f"no answer from {delivery.url}, a subscriber of a topic: {error!r}")
        await store.run(lambda tx: http_done(context(tx), item, status))

    return deliver


async def post(delivery: HttpDelivery) -> int:
    """The status that an endpoint answers. Raises one of `BROKEN` when it does not."""
    url = urlsplit(delivery.url)
    secure = url.scheme.lower() == "https"
    tls = await asyncio.to_thread(ssl.create_default_context) if secure else None
    port = url.port or _PORTS[url.scheme.lower()]
    reader, writer = await asyncio.open_connection(url.hostname, port, ssl=tls)
    try:
        writer.write(_head(url, delivery) + delivery.body)
        await writer.drain()
        return await _status(reader)
    finally:
        writer.close()


def _head(url: SplitResult, delivery: HttpDelivery) -> bytes:
    path = quote(url.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(url.query, safe='/%:@!$&()*+,;=~-._?')}" if url.query else ""
    lines = [f"POST {path}{query} HTTP/1.1", f"Host: {url.netloc.rpartition('@')[2]}"]
    if url.username is not None:
        credentials = f"{unquote(url.username)}:{unquote(url.password or '')}"
        lines.append(f"Authorization: Basic {b64encode(credentials.encode()).decode()}")
    lines += [f"{name}: {value}" for name, value in delivery.headers]
    lines += [f"Content-Length: {len(delivery.body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode()


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of an answer; interim answers (1xx) are passed over."""
    while True:
        line = await reader.readuntil(b"\n")
        version, _, rest = line.partition(b" ")
        if not version.startswith(b"HTTP/"):
            raise ValueError(f"no HTTP answer: {line[:40]!r}")
        status = int(rest[:3])
        if not 100 <= status < 200:
            return status
        for _ in range(HEAD_LINES_MAX):
            if (await reader.readuntil(b"\n")).strip() == b"":
                break
