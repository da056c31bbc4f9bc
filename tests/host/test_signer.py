"""The key of SNS's signatures: made once, kept with the data, checked by its certificate."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.support import make_context

from outfall.core.signing import Signed
from outfall.host.signer import RsaSigner, certificate
from outfall.store.memory import MemoryStore


def sign(store: MemoryStore, signer: RsaSigner, version: str) -> Signed:
    signed: Signed = store.transact(lambda tx: signer.sign(make_context(tx), version, b"text"))
    return signed


@pytest.mark.parametrize("version, digest", [("1", hashes.SHA1()), ("2", hashes.SHA256())])
def test_the_certificate_checks_what_was_signed(version: str, digest: Any) -> None:
    store = MemoryStore()
    signed = sign(store, RsaSigner(), version)
    pem = store.transact(lambda tx: certificate(tx, signed.certificate))
    assert pem is not None
    key = x509.load_pem_x509_certificate(pem).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(base64.b64decode(signed.signature), b"text", padding.PKCS1v15(), digest)


def test_a_restart_signs_with_the_same_key() -> None:
    store = MemoryStore()
    assert sign(store, RsaSigner(), "1") == sign(store, RsaSigner(), "1")


def test_there_is_no_other_certificate() -> None:
    store = MemoryStore()
    sign(store, RsaSigner(), "1")
    assert store.transact(lambda tx: certificate(tx, "SimpleNotificationService-other.pem")) is None
