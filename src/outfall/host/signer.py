"""The key with which SNS's messages are signed, and the certificate by which others check them.

A key belongs to the data: it is made when the first message is signed and kept in a row, so that what was signed before
a restart can be checked after it. Rule: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import TYPE_CHECKING

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Table, Tx
from outfall.core.signing import Signed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEY_BITS = 2048
CERTIFICATE_LIFE = timedelta(days=3650)


class SigningKey(msgspec.Struct, frozen=True):
    """A private key and its certificate, both as PEM."""

    key: bytes
    certificate: bytes

    @property
    def name(self) -> str:
        """The file name of the certificate."""
        return f"SimpleNotificationService-{md5(self.certificate, usedforsecurity=False).hexdigest()}.pem"


KEYS: Table[SigningKey] = Table("host.signing_keys", SigningKey)
_PLACE = ("sns",)


class RsaSigner:
    """Implements `core.ports.Signer`."""

    def __init__(self) -> None:
        self._loaded: tuple[bytes, RSAPrivateKey] | None = None

    def sign(self, ctx: Context, version: str, text: bytes) -> Signed:
        """The signature of `text`, and the name of the certificate."""
        # Imported when something is signed: the library takes longer to load than all else together.
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        row = ctx.tx.get(KEYS, _PLACE)
        if row is None:
            row = make_key(ctx.wall)
            ctx.tx.put(KEYS, _PLACE, row)
        algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()
        signature = self._load(row.key).sign(text, PKCS1v15(), algorithm)
        return Signed(b64encode(signature).decode(), row.name)

    def _load(self, pem: bytes) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if self._loaded is None or self._loaded[0] != pem:
            key = load_pem_private_key(pem, None)
            self._loaded = (pem, key)  # type: ignore[assignment]
        assert self._loaded is not None
        return self._loaded[1]


def make_key(wall_ms: int) -> SigningKey:
    """A new key with a certificate that it signs itself, good for ten years."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.fromtimestamp(wall_ms // 1000, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + CERTIFICATE_LIFE)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(private, certificate.public_bytes(serialization.Encoding.PEM))


def certificate(tx: Tx, name: str) -> bytes | None:
    """The certificate of that file name, as PEM."""
    row = tx.get(KEYS, _PLACE)
    return row.certificate if row is not None and row.name == name else None
