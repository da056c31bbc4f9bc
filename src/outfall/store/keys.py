"""Keys as bytes whose order is the order of the keys: tuples of texts, compared component by component by code point.

A component is its UTF-8 (whose byte order is the order of code points) followed by 00. So that 00 ends a component and
nothing else, 00 and 01 inside one are written 01 01 and 01 02. FF occurs in no key: it ends ranges.
"""

from __future__ import annotations

from outfall.core.ports import Key

_END = "\0"
_ESCAPE = "\1"
_AFTER = b"\xff"
_ERRORS = "surrogatepass"


def _escaped(text: str) -> str:
    return text.replace(_ESCAPE, "\1\2").replace(_END, "\1\1")


def _plain(text: str) -> str:
    return text.replace("\1\1", _END).replace("\1\2", _ESCAPE) if _ESCAPE in text else text


def encode(key: Key) -> bytes:
    """The bytes of a key; those of `key[:n]` are a prefix of them."""
    text = _END.join((*key, ""))
    if _ESCAPE in text or text.count(_END) != len(key):
        text = "".join(_escaped(part) + _END for part in key)
    return text.encode("utf-8", _ERRORS)


def decode(data: bytes) -> Key:
    """The key that `encode` wrote."""
    parts = data.decode("utf-8", _ERRORS).split(_END)
    parts.pop()
    return tuple(map(_plain, parts)) if _ESCAPE.encode() in data else tuple(parts)


def bounds(prefix: Key, start: Key, starts_with: str, reverse: bool) -> tuple[bytes, bytes]:
    """The range of a scan (see `Tx.scan`): the first bytes that belong to it and the first that do not any more."""
    low = encode(prefix) + _escaped(starts_with).encode("utf-8", _ERRORS)
    high = low + _AFTER
    if start and reverse:
        high = min(high, encode(prefix + start) + _END.encode())
    elif start:
        low = max(low, encode(prefix + start))
    return low, high
