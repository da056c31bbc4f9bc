"""Digests of a body as it streams by: MD5 always, and the checksums of S3 that were asked for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

SIZES = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "MD5": 16,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
"""Bytes of each checksum, by AWS's name for it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""


Cyclic = Callable[[bytes, int], int]


class Checksum(Protocol):
    """A running checksum."""

    def update(self, data: bytes, /) -> None:
        """More bytes."""

    def digest(self) -> bytes:
        """The checksum of all bytes so far, most significant byte first."""


class _Cyclic:
    """A cyclic redundancy check by a function of (data, previous)."""

    __slots__ = ("_function", "_size", "_value")

    def __init__(self, function: Cyclic, size: int) -> None:
        self._function = function
        self._size = size
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


XXHASHES = {"XXHASH64": "new_xxhash64", "XXHASH3": "new_xxhash3_64", "XXHASH128": "new_xxhash3_128"}


class _Finalized:
    """A hash of the AWS CRT, whose digest can be asked for once."""

    __slots__ = ("_digest", "_hash")

    def __init__(self, running: Any) -> None:
        self._hash = running
        self._digest: bytes | None = None

    def update(self, data: bytes, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        if self._digest is None:
            self._digest = self._hash.finalize()
        return self._digest


def checksum(name: str) -> Checksum:
    """A new checksum by AWS's name. Raises `KeyError` for others. The large libraries are loaded when first needed."""
    if name == "SHA256":
        return hashlib.sha256()
    if name == "SHA1":
        return hashlib.sha1(usedforsecurity=False)
    if name in ("SHA512", "MD5"):
        return hashlib.new(name.lower(), usedforsecurity=False)
    if name in XXHASHES:
        from awscrt.checksums import XXHash

        return _Finalized(getattr(XXHash, XXHASHES[name])())
    return _Cyclic(_cyclic(name), SIZES[name])


def _cyclic(name: str) -> Cyclic:
    if name == "CRC32":
        from zlib_ng import zlib_ng

        return cast(Cyclic, zlib_ng.crc32)
    if name not in SIZES:
        raise KeyError(name)
    from awscrt import checksums

    return cast(Cyclic, checksums.crc32c if name == "CRC32C" else checksums.crc64nvme)


class Digests:
    """MD5 and the named checksums of one body; SHA-256 also in hex where `sha256` asks for it."""

    def __init__(self, names: Iterable[str] = (), *, sha256: bool = False) -> None:
        self.size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._named = {name: checksum(name) for name in dict.fromkeys(names)}
        self._sha256 = self._named.get("SHA256") or (hashlib.sha256() if sha256 else None)
        self._others = tuple(self._named.values())
        if self._sha256 is not None and "SHA256" not in self._named:
            self._others += (self._sha256,)

    def update(self, data: bytes) -> None:
        """More bytes. Large pieces are hashed without holding the interpreter."""
        self.update_md5(data)
        self.update_others(data)

    def update_md5(self, data: bytes) -> None:
        """More bytes, for MD5 alone: the slowest, which may run beside the others."""
        self._md5.update(data)

    def update_others(self, data: bytes) -> None:
        """More bytes, for all but MD5."""
        self.size += len(data)
        for one in self._others:
            one.update(data)

    def md5(self) -> str:
        """MD5 in lower-case hex."""
        return self._md5.hexdigest()

    def sha256(self) -> str:
        """SHA-256 in lower-case hex. Raises `KeyError` if it was not asked for."""
        if self._sha256 is None:
            raise KeyError("SHA256")
        return self._sha256.digest().hex()

    def checksums(self) -> tuple[tuple[str, str], ...]:
        """Base64 by AWS's name, in the order in which they were asked for."""
        return tuple((name, base64.b64encode(one.digest()).decode()) for name, one in self._named.items())
