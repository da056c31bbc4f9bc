"""Chance: identifiers from the operating system's generator."""

from __future__ import annotations

import os
import secrets
import uuid


class SystemIds:
    """Identifiers nobody can guess."""

    def uuid(self) -> str:
        """A random UUID."""
        return str(uuid.UUID(bytes=os.urandom(16), version=4))

    def hex(self, digits: int) -> str:
        """That many lower-case hexadecimal digits."""
        return os.urandom((digits + 1) // 2).hex()[:digits]

    def text(self, alphabet: str, length: int) -> str:
        """That many characters drawn from `alphabet`."""
        return "".join(secrets.choice(alphabet) for _ in range(length))
