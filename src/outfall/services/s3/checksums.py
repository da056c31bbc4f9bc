"""Checksums of objects that were uploaded in parts: of the parts' checksums, or of the whole, without reading it.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from functools import reduce
from zlib import crc32

from outfall.services.s3.errors import InvalidRequest
from outfall.services.s3.model import Part

DEFAULT_TYPES = {
    "CRC32": "COMPOSITE",
    "CRC32C": "COMPOSITE",
    "SHA1": "COMPOSITE",
    "SHA256": "COMPOSITE",
    "CRC64NVME": "FULL_OBJECT",
    "SHA512": "COMPOSITE",
    "MD5": "COMPOSITE",
    "XXHASH64": "COMPOSITE",
    "XXHASH3": "COMPOSITE",
    "XXHASH128": "COMPOSITE",
}
"""The algorithms that are served, and the type that an upload has which names none."""

UNSAID = "CRC64NVME"
"""What S3 computes of the whole of an upload that names no algorithm."""

UNKNOWN = (
    "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
    "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
)
ALLOWED_TYPES = {
    "CRC32": ("COMPOSITE", "FULL_OBJECT"),
    "CRC32C": ("COMPOSITE", "FULL_OBJECT"),
    "SHA1": ("COMPOSITE",),
    "SHA256": ("COMPOSITE",),
    "CRC64NVME": ("FULL_OBJECT",),
    "SHA512": ("COMPOSITE",),
    "MD5": ("COMPOSITE",),
    "XXHASH64": ("COMPOSITE",),
    "XXHASH3": ("COMPOSITE",),
    "XXHASH128": ("COMPOSITE",),
}
XXHASHES = ("XXHASH64", "XXHASH3", "XXHASH128")
WIDTHS = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8}


def chosen_type(algorithm: str, kind: str) -> str:
    """The checksum type of an upload. Errors: InvalidRequest for an algorithm or a pair that there is not."""
    if algorithm not in ALLOWED_TYPES:
        raise InvalidRequest(UNKNOWN)
    chosen = kind or DEFAULT_TYPES[algorithm]
    if chosen not in ALLOWED_TYPES[algorithm]:
        raise InvalidRequest(
            f"The {chosen} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    return chosen


def of_upload(algorithm: str, kind: str, parts: Sequence[Part]) -> str:
    """The checksum of an object made of these parts; empty if one of them has none of that algorithm."""
    known = [dict(part.checksums).get(algorithm, "") for part in parts]
    if not all(known):
        return ""
    if kind == "COMPOSITE":
        digests = b"".join(b64decode(one) for one in known)
        return f"{b64encode(_digest(algorithm, digests)).decode()}-{len(parts)}"
    numbers = [int.from_bytes(b64decode(one), "big") for one in known]
    combine = _combine(algorithm)
    whole = reduce(
        lambda left, right: combine(left, right[0], right[1]),
        zip(numbers[1:], (part.size for part in parts[1:]), strict=True),
        numbers[0],
    )
    return b64encode(whole.to_bytes(WIDTHS[algorithm], "big")).decode()


def _digest(algorithm: str, data: bytes) -> bytes:
    if algorithm == "CRC32":
        return crc32(data).to_bytes(4, "big")
    if algorithm == "CRC32C":
        from awscrt.checksums import crc32c  # Here, because importing it takes 50 ms.

        return int(crc32c(data)).to_bytes(4, "big")
    if algorithm in XXHASHES:
        from awscrt.checksums import XXHash

        one_shot = {"XXHASH64": "compute_xxhash64", "XXHASH3": "compute_xxhash3_64"}
        made: bytes = getattr(XXHash, one_shot.get(algorithm, "compute_xxhash3_128"))(data)
        return made
    return hashlib.new(algorithm.lower(), data, usedforsecurity=False).digest()


def _combine(algorithm: str) -> Callable[[int, int, int], int]:
    """The function that makes the CRC of two runs of bytes from theirs and the length of the second."""
    from awscrt import checksums  # Here, because importing it takes 50 ms.

    combiners: dict[str, Callable[[int, int, int], int]] = {
        "CRC32": checksums.combine_crc32,
        "CRC32C": checksums.combine_crc32c,
        "CRC64NVME": checksums.combine_crc64nvme,
    }
    return combiners[algorithm]
