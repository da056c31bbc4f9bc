"""Chance: identifiers from the operating system's generator."""

from __future__ import annotations

import os
import secrets

_DRAWN = 4096
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class SystemIds:
    """Identifiers nobody can guess. Bytes are drawn from the operating system a page at a time, since a call for a few
    costs as much, and none is used twice."""

    def __init__(self) -> None:
        self._drawn = ""
        self._used = 0

    def hex(self, digits: int) -> str:
        """That many lower-case hexadecimal digits."""
        begin = self._used
        end = self._used = begin + digits
        if end > len(self._drawn):
            self._drawn = os.urandom(max(_DRAWN, digits)).hex()
            begin, end = 0, digits
            self._used = end
        return self._drawn[begin:end]

    def uuid(self) -> str:
        """A random UUID: version 4, the variant of RFC 9562."""
        text = self.hex(32)
        variant = _VARIANTS[text[16]]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def text(self, alphabet: str, length: int) -> str:
        """That many characters drawn from `alphabet`."""
        return "".join(secrets.choice(alphabet) for _ in range(length))
