"""Chance: identifiers from the operating system's generator."""

from __future__ import annotations

import os
import secrets

_DRAWN = 4096
_VARIANT = "89ab"


class SystemIds:
    """Identifiers nobody can guess. Bytes are drawn from the operating system a page at a time, since a call for a few
    costs as much, and none is used twice."""

    def __init__(self) -> None:
        self._drawn = b""
        self._used = 0

    def _bytes(self, count: int) -> bytes:
        begin, end = self._used, self._used + count
        if end > len(self._drawn):
            self._drawn = os.urandom(max(_DRAWN, count))
            begin, end = 0, count
        self._used = end
        return self._drawn[begin:end]

    def uuid(self) -> str:
        """A random UUID: version 4, the variant of RFC 9562."""
        text = self._bytes(16).hex()
        variant = _VARIANT[int(text[16], 16) & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def hex(self, digits: int) -> str:
        """That many lower-case hexadecimal digits."""
        return self._bytes((digits + 1) // 2).hex()[:digits]

    def text(self, alphabet: str, length: int) -> str:
        """That many characters drawn from `alphabet`."""
        return "".join(secrets.choice(alphabet) for _ in range(length))
