"""What an S3 request declares about its body, and whether the body keeps it. No I/O.

Texts and codes: the recordings of S3's checksum tests [LS:test_s3 checksums], and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping

import msgspec

from outfall.host.digests import SIZES, Digests
from outfall.wire import claims
from outfall.wire.chunked import ChunkedDecoder
from outfall.wire.refused_bodies import (
    BadDigest,
    EntityTooLarge,
    IncompleteBody,
    InvalidDigest,
    InvalidRequest,
    MissingContentLength,
    NotImplementedHeader,
    XAmzContentSHA256Mismatch,
)
from outfall.wire.sigv4 import SigningContext

PREFIX = "x-amz-checksum-"
BY_HEADER = {PREFIX + name.lower(): name for name in SIZES}
DEFAULT_CHECKSUM = "CRC64NVME"
"""S3 computes this one when the client names none."""
OBJECT_SIZE_MAX = 5 * 1024**3
"""Largest body of one PutObject or UploadPart."""
DECODED_LENGTH = "x-amz-decoded-content-length"


SPEAKING = frozenset({"content-md5", "x-amz-trailer", "x-amz-sdk-checksum-algorithm", "transfer-encoding", *BY_HEADER})
"""Headers that say something of a body, beside its length and its SHA-256."""
SHA256_OF_NOTHING = hashlib.sha256().hexdigest()


class Declared(msgspec.Struct, frozen=True):
    """What a request says of its body: its length decoded (None: not said), digests to compare with (empty: none), and
    the checksum that comes in the trailer. `lower` is how uploads of parts spell an algorithm in errors."""

    length: int | None = None
    md5: str = ""
    sha256: str = ""
    checksums: Mapping[str, str] = msgspec.field(default_factory=dict)
    trailer: str = ""
    names: tuple[str, ...] = ()
    lower: bool = False

    def digests(self) -> Digests:
        """Running digests for what has to be compared and kept."""
        return Digests(self.names, sha256=bool(self.sha256))


def declare(headers: Mapping[str, str], payload: str = "", *, part: bool = False, default: str = "") -> Declared:
    """What these headers declare. `payload` is the value of x-amz-content-sha256 (or what stands for it), `part` says
    that this is a part of a multipart upload, `default` the checksum to compute when none is named.

    Raises `InvalidDigest`, `InvalidRequest`, `MissingContentLength`, `EntityTooLarge`.
    """
    given = {BY_HEADER[name]: value for name, value in headers.items() if name in BY_HEADER}
    for name, value in given.items():
        if _size(value) != SIZES[name]:
            raise InvalidRequest(f"Value for {PREFIX}{name.lower()} header is invalid.")
    trailer = _trailer(headers)
    if len(given) + bool(trailer) > 1:
        raise InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
    _check_algorithm(headers, bool(given or trailer))
    names = tuple(given) or ((trailer,) if trailer else (default,) if default else ())
    if part and DEFAULT_CHECKSUM not in names:  # The checksum of a whole is put together from those of its parts.
        names += (DEFAULT_CHECKSUM,)
    return Declared(
        _length(headers, payload, needed=bool(default) or part),
        _md5(headers.get("content-md5")),
        payload if len(payload) == 64 else "",
        given,
        trailer,
        names,
        part,
    )


def is_nothing(data: bytes, headers: Mapping[str, str], payload: str) -> bool:
    """Whether a request brings no body and declares just that: nearly all that only read do."""
    return not data and payload in (SHA256_OF_NOTHING, claims.UNSIGNED_PAYLOAD) and SPEAKING.isdisjoint(headers)


def decoder(
    declared: Declared, headers: Mapping[str, str], payload: str, signing: SigningContext | None
) -> ChunkedDecoder | None:
    """The decoder of a body in aws-chunked encoding, None for a plain one."""
    if not payload.startswith("STREAMING-"):
        return None
    assert declared.length is not None
    names = tuple(name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",") if name.strip())
    if payload == claims.STREAMING_UNSIGNED_TRAILER:
        return ChunkedDecoder(declared.length, None, names)
    if signing is None:
        raise InvalidRequest("An unsigned request cannot have signed chunks.")
    return ChunkedDecoder(declared.length, signing, names if payload == claims.STREAMING_SIGNED_TRAILER else ())


def check(declared: Declared, digests: Digests, trailers: Mapping[str, str]) -> None:
    """Compares a whole body with what was declared. Raises `XAmzContentSHA256Mismatch`, `BadDigest`, `InvalidRequest`,
    `IncompleteBody`."""
    if declared.length is not None and digests.size != declared.length:
        raise IncompleteBody()
    if declared.sha256 and digests.sha256() != declared.sha256:
        raise XAmzContentSHA256Mismatch(
            ClientComputedContentSHA256=declared.sha256, S3ComputedContentSHA256=digests.sha256()
        )
    expected = dict(declared.checksums)
    if declared.trailer:
        expected[declared.trailer] = trailers.get(PREFIX + declared.trailer.lower(), "")
        if _size(expected[declared.trailer]) != SIZES[declared.trailer]:
            raise InvalidRequest(f"Value for {PREFIX}{declared.trailer.lower()} trailing header is invalid.")
    computed = dict(digests.checksums()) if expected else {}
    for name, value in expected.items():
        if base64.b64decode(value) != base64.b64decode(computed[name]):
            spelled = name.lower() if declared.lower else name
            raise BadDigest(f"The {spelled} you specified did not match the calculated checksum.")
    if declared.md5 and declared.md5 != digests.md5():
        raise BadDigest(
            ExpectedDigest=declared.md5, CalculatedDigest=base64.b64encode(bytes.fromhex(digests.md5())).decode()
        )


def _size(text: str) -> int:
    try:
        return len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return -1


def _md5(text: str | None) -> str:
    """Content-MD5 in hex; empty where the header is not there."""
    if text is None:
        return ""
    if _size(text) != 16:
        raise InvalidDigest(**{"Content-MD5": text})
    return base64.b64decode(text).hex()


def _trailer(headers: Mapping[str, str]) -> str:
    for name in headers.get("x-amz-trailer", "").lower().split(","):
        if name.strip().startswith(PREFIX):
            if name.strip() not in BY_HEADER:
                raise InvalidRequest("The value specified in the x-amz-trailer header is not supported")
            return BY_HEADER[name.strip()]
    return ""


def _check_algorithm(headers: Mapping[str, str], given: bool) -> None:
    algorithm = headers.get("x-amz-sdk-checksum-algorithm", "")
    if algorithm and algorithm.upper() not in SIZES:
        raise InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if algorithm and not given:
        raise InvalidRequest(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers "
            "were found."
        )


def _length(headers: Mapping[str, str], payload: str, *, needed: bool = False) -> int | None:
    streaming = payload.startswith("STREAMING-")
    text = headers.get(DECODED_LENGTH if streaming else "content-length")
    if text is None:
        if streaming:
            raise MissingContentLength()
        if "transfer-encoding" in headers:
            raise NotImplementedHeader(Header="Transfer-Encoding")
        if needed:
            raise MissingContentLength()
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise MissingContentLength()
    if int(text) > OBJECT_SIZE_MAX:
        raise EntityTooLarge(ProposedSize=text, MaxSizeAllowed=str(OBJECT_SIZE_MAX))
    return int(text)
