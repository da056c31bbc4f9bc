"""The encoding of event streams, read back by botocore."""

from __future__ import annotations

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer

from outfall.wire.eventstream import event, exception


def read(data: bytes) -> list[tuple[dict[str, str], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(one.headers, one.payload) for one in buffer]


def test_events_one_after_the_other():
    told = read(event("sessionStart", b"{}") + exception("Over", b'{"message":"x"}'))
    assert told == [
        ({":event-type": "sessionStart", ":content-type": "application/json", ":message-type": "event"}, b"{}"),
        (
            {":exception-type": "Over", ":content-type": "application/json", ":message-type": "exception"},
            b'{"message":"x"}',
        ),
    ]


def test_a_changed_byte_is_noticed():
    data = bytearray(event("a", b"hello"))
    data[-6] ^= 1
    with pytest.raises(ChecksumMismatch):
        read(bytes(data))
