"""MD5 sums that SQS returns, over bodies and over message attributes.

Rule: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5

from outfall.services.sqs.model import Attribute


def of_body(body: bytes) -> str:
    """Lower-case hex of the body's MD5."""
    return md5(body, usedforsecurity=False).hexdigest()


def of_attributes(attributes: Mapping[str, Attribute]) -> str:
    """Lower-case hex of the MD5 over the attributes, sorted by name: each of name, type and value with its length
    before it in 4 bytes big-endian, and a byte between type and value that says text (1) or binary (2)."""
    total = md5(usedforsecurity=False)
    for name in sorted(attributes):
        one = attributes[name]
        total.update(_sized(name.encode()))
        total.update(_sized(one.type.encode()))
        total.update(b"\x02" + _sized(one.binary) if one.is_binary else b"\x01" + _sized(one.text.encode()))
    return total.hexdigest()


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data
