"""The encoding `application/vnd.amazon.eventstream`: messages of headers and payload, each with its checksums.

Rule: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message; header values are strings, as those of AWS's services are."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", len(head) + len(payload) + 16, len(head))
    started = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return started + struct.pack(">I", zlib.crc32(started))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes((len(key),)) + key + struct.pack(">BH", _STRING, len(text)) + text


def event(kind: str, payload: bytes, content_type: str = "application/json") -> bytes:
    """One event of a service."""
    return message({":event-type": kind, ":content-type": content_type, ":message-type": "event"}, payload)


def exception(kind: str, payload: bytes) -> bytes:
    """An error that ends a stream."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return message(headers, payload)
