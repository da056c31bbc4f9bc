"""What goes over the wire, as values: one request, one response. Nothing of how they travel."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from outfall.core.body import Body, Content


class WireRequest(msgspec.Struct):
    """A request as it arrived: `path` and `query` still percent-encoded, header names in lower case, repeated headers
    joined by `,`. The body is bytes, or a `Body` that the host took in where the operation streams it."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: bytes | Body = b""


class WireResponse(msgspec.Struct):
    """A response as it will be sent; an iterator is a body that has no end yet."""

    status: int
    headers: list[tuple[str, str]] = msgspec.field(default_factory=list)
    body: bytes | Content | AsyncIterator[bytes] = b""
