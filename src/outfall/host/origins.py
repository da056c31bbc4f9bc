"""Requests of S3 that a page of another site makes: the preflight, and the headers that let the page read an answer.

What a bucket allows is S3's (`services/s3/cors.py`).
"""

from __future__ import annotations

from urllib.parse import unquote

from outfall.core.ports import Tx
from outfall.host.dispatch import Dispatcher
from outfall.host.http import HttpRequest
from outfall.services.s3 import cors
from outfall.wire import hosts
from outfall.wire.answers import request_id_headers
from outfall.wire.message import WireResponse

SIGNED = ("X-Amz-Signature=", "Signature=")


def place(http: HttpRequest) -> tuple[str, str]:
    """Bucket and key that a request names in its host and path; either may be empty."""
    bucket, path = hosts.read(http.headers.get("host", "")).bucket, http.path.lstrip("/")
    if not bucket:
        bucket, _, path = path.partition("/")
    return unquote(bucket), unquote(path, errors="replace")


async def preflight(dispatcher: Dispatcher, http: HttpRequest, request_id: str) -> WireResponse:
    """The answer to OPTIONS. Raises AWS's errors."""
    bucket, key = place(http)
    told = await dispatcher.front.store.run(lambda tx: cors.preflight(tx, bucket, key, http.headers), durable=False)
    return WireResponse(200, request_id_headers("rest-xml", "s3", request_id) + told)


async def headers(dispatcher: Dispatcher, http: HttpRequest) -> list[tuple[str, str]]:
    """What the answer to a request with an Origin gets beside its own headers."""
    bucket, _ = place(http)
    if not bucket:
        return []

    def work(tx: Tx) -> list[tuple[str, str]]:
        return cors.actual(tx, bucket, http.method, http.headers)

    return await dispatcher.front.store.run(work, durable=False)


async def lets(dispatcher: Dispatcher, http: HttpRequest) -> bool:
    """Whether a request that a page of another site makes may go on: it claims nobody's rights, or the bucket's owner
    has said that such pages may ask."""
    form = http.headers.get("content-type", "").lower().startswith("multipart/form-data")
    if "authorization" not in http.headers and not form and not any(one in http.query for one in SIGNED):
        return True
    return bool(await headers(dispatcher, http))
