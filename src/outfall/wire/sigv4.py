"""Signature Version 4: who signed a request, and whether the signature is right. No clock, no look-up of secrets.

The host reads the claim (`parse_authorization`), finds the secret of its access key, and has it verified
(`Verifier.verify`). A body of S3 is not read here: its digest is in the canonical request as the header claims it, and
the host compares while it takes the body in. Every other service signs the digest of its body.

Rule: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

import msgspec

from outfall.wire import canonical, claims, refusals
from outfall.wire.claims import Signed, parse_authorization
from outfall.wire.message import WireRequest
from outfall.wire.refusals import Kind

__all__ = ["CLOCK_SKEW_MAX_S", "Signed", "SigningContext", "Verifier", "parse_authorization"]

K = TypeVar("K")
V = TypeVar("V")

CLOCK_SKEW_MAX_S = 15 * 60
ALGORITHM = "AWS4-HMAC-SHA256"
CACHED_MAX = 4096
_AMZ_DATE = re.compile(r"\d{8}T\d{6}Z").fullmatch


class SigningContext(msgspec.Struct, frozen=True):
    """What the signatures of a request's chunks go on from: the signing key, and the request's own signature."""

    key: bytes
    amz_date: str
    scope: str
    signature: str


class Verifier:
    """Verifies signatures. Keeps derived keys and read dates, a bounded number of each."""

    def __init__(self, cached_max: int = CACHED_MAX) -> None:
        self._cached_max = cached_max
        self._keys: dict[tuple[str, str, str, str], tuple[bytes, Callable[[bytes], bytes]]] = {}
        self._dates: dict[str, int] = {}

    def verify(self, signed: Signed, request: WireRequest, secret: str, now_ms: int, kind: Kind) -> SigningContext:
        """The context for chunk signatures, if `secret` made this signature at a time that `now_ms` accepts.

        Raises the errors of `refusals` in the dialect `kind`. [LS:test_presigned_url_signature_authentication,
        LS:test_s3_presigned_url_expired].
        """
        self._check_time(signed, now_ms, kind)
        if kind == "s3":
            claims.check_all_signed(signed, request)
        creq = canonical_request(signed, request, kind)
        scope = f"{signed.date}/{signed.region}/{signed.service}/aws4_request"
        text = f"{ALGORITHM}\n{signed.amz_date}\n{scope}\n{sha256(creq).hexdigest()}"
        key, signer = self._signer(secret, signed.date, signed.region, signed.service)
        if not hmac.compare_digest(signer(text.encode()), signed.signature.encode()):
            raise _no_match(signed, creq, text, kind)
        return SigningContext(key, signed.amz_date, scope, signed.signature)

    def signing_key(self, secret: str, date: str, region: str, service: str) -> bytes:
        """The key that signs for one day, region and service."""
        return self._signer(secret, date, region, service)[0]

    def _signer(self, secret: str, date: str, region: str, service: str) -> tuple[bytes, Callable[[bytes], bytes]]:
        spot = (secret, date, region, service)
        known = self._keys.get(spot)
        if known is None:
            key = f"AWS4{secret}".encode()
            for part in (date, region, service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            known = key, _signer(key)
            _remember(self._keys, spot, known, self._cached_max)
        return known

    def _seconds(self, amz_date: str) -> int | None:
        seconds = self._dates.get(amz_date)
        if seconds is None:
            if not _AMZ_DATE(amz_date):
                return None
            try:
                moment = datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            except ValueError:
                return None
            seconds = int(moment.timestamp())
            _remember(self._dates, amz_date, seconds, self._cached_max)
        return seconds

    def _check_time(self, signed: Signed, now_ms: int, kind: Kind) -> None:
        signed_s = self._seconds(signed.amz_date)
        if signed_s is None:
            raise claims.bad_date(signed, kind)
        if not signed.amz_date.startswith(signed.date):
            raise claims.other_date(signed, kind)
        now_s = now_ms // 1000
        if signed.presigned:
            _check_presigned_time(signed, signed_s, now_s, kind)
        elif abs(now_s - signed_s) > CLOCK_SKEW_MAX_S:
            raise _skewed(signed, signed_s, now_s, kind)


def _signer(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 with this key, in hex. The two blocks that the key makes (RFC 2104) are hashed once, not each time:
    it takes 40 % of the time of `hmac.digest`."""
    block = key.ljust(sha256().block_size, b"\0")
    inner, outer = sha256(bytes(byte ^ 0x36 for byte in block)), sha256(bytes(byte ^ 0x5C for byte in block))

    def sign(text: bytes) -> bytes:
        within, around = inner.copy(), outer.copy()
        within.update(text)
        around.update(within.digest())
        return around.hexdigest().encode()

    return sign


def canonical_request(signed: Signed, request: WireRequest, kind: Kind) -> bytes:
    """The canonical request as this server reads it."""
    body = request.body if isinstance(request.body, bytes) else b""
    payload = signed.payload_hash or sha256(body).hexdigest()
    path = canonical.path_once(request.path) if kind == "s3" else canonical.path_twice(request.path)
    query = canonical.query(request.query, "X-Amz-Signature" if signed.presigned else None)
    lines = canonical.headers(request.headers, signed.signed_headers)
    text = f"{request.method}\n{path}\n{query}\n{lines}\n{';'.join(signed.signed_headers)}\n{payload}"
    return text.encode("utf-8", "surrogateescape")


def _remember(cache: dict[K, V], key: K, value: V, most: int) -> None:
    if len(cache) >= most:
        cache.clear()
    cache[key] = value


def _basic(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y%m%dT%H%M%SZ")


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check_presigned_time(signed: Signed, signed_s: int, now_s: int, kind: Kind) -> None:
    if signed_s - now_s > CLOCK_SKEW_MAX_S:
        if kind == "s3":
            raise refusals.AccessDenied(
                "Request is not valid yet",
                **{"X-Amz-Expires": str(signed.expires_s), "Expires": _iso(signed_s + signed.expires_s)},
                ServerTime=_iso(now_s),
            )
        raise _skewed(signed, signed_s, now_s, kind)
    if now_s > signed_s + signed.expires_s:
        if kind == "s3":
            raise refusals.AccessDenied(
                "Request has expired",
                **{"X-Amz-Expires": str(signed.expires_s), "Expires": _iso(signed_s + signed.expires_s)},
                ServerTime=_iso(now_s),
            )
        ended = _basic(signed_s + signed.expires_s)
        raise refusals.NO_MATCH[kind](f"Signature expired: {ended} is now earlier than {_basic(now_s)}")


def _skewed(signed: Signed, signed_s: int, now_s: int, kind: Kind) -> Exception:
    if kind == "s3":
        return refusals.RequestTimeTooSkewed(
            RequestTime=signed.amz_date, ServerTime=_iso(now_s), MaxAllowedSkewMilliseconds=str(CLOCK_SKEW_MAX_S * 1000)
        )
    if signed_s < now_s:
        told, edge, sign = "Signature expired", now_s - CLOCK_SKEW_MAX_S, "-"
        order = "earlier"
    else:
        told, edge, sign = "Signature not yet current", now_s + CLOCK_SKEW_MAX_S, "+"
        order = "later"
    return refusals.NO_MATCH[kind](
        f"{told}: {signed.amz_date} is {'now' if sign == '-' else 'still'} {order} than {_basic(edge)} "
        f"({_basic(now_s)} {sign} 15 min.)"
    )


def _no_match(signed: Signed, creq: bytes, text: str, kind: Kind) -> Exception:
    if kind != "s3":
        return refusals.NO_MATCH[kind]()
    return refusals.S3SignatureDoesNotMatch(
        AWSAccessKeyId=signed.access_key,
        StringToSign=text,
        SignatureProvided=signed.signature,
        StringToSignBytes=_spaced_hex(text.encode()),
        CanonicalRequest=creq.decode("utf-8", "replace"),
        CanonicalRequestBytes=_spaced_hex(creq),
    )


def _spaced_hex(data: bytes) -> str:
    return data.hex(" ")
