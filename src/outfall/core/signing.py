"""The port by which messages are signed, so that their receivers can tell whom they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from outfall.core.context import Context


class Signed(msgspec.Struct, frozen=True):
    """A signature in base64, and the file name of the certificate that it can be checked with."""

    signature: str
    certificate: str


class Signer(Protocol):
    """Signs as SNS does."""

    def sign(self, ctx: Context, version: str, text: bytes) -> Signed:
        """The signature of `text`: RSA with SHA-1 (version `1`) or SHA-256 (`2`). The key is a row of the store."""
