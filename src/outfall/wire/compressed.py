"""Request bodies that a client compressed, as the SDKs do with PutMetricData of more than 10 KiB."""

from __future__ import annotations

import zlib

from outfall.wire.errors import SerializationException

SIZE_MAX = 16 * 1024 * 1024
"""What a body may come to; AWS takes 1 MB of metrics."""

GZIP = 16 + zlib.MAX_WBITS


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body without its `Content-Encoding`; raises `SerializationException` for what is not gzip, or is too much."""
    if "gzip" not in encoding.lower():
        return body
    stream = zlib.decompressobj(GZIP)
    try:
        data = stream.decompress(body, SIZE_MAX)
    except zlib.error:
        raise SerializationException("The body is not gzip.") from None
    if not stream.eof:
        raise SerializationException("The body is cut off, or too large.")
    return data
