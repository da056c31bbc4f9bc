"""Whether a request is who it says it is: its key is known, its signature is right, its token is good."""

from __future__ import annotations

import hmac
from collections.abc import Callable

import msgspec

from outfall.core.ports import Clock, Tx
from outfall.core.principal import ANONYMOUS, Principal
from outfall.host.callers import Callers
from outfall.host.config import DEFAULT_REGION
from outfall.wire import claims, refusals, sigv2
from outfall.wire.message import WireRequest
from outfall.wire.refusals import Kind
from outfall.wire.sigv4 import Signed, SigningContext, Verifier, parse_authorization


class Admitted(msgspec.Struct, frozen=True):
    """A request whose signature was verified, or an anonymous one of S3."""

    principal: Principal
    region: str
    signing: SigningContext | None = None


class Admission:
    """Authenticates requests."""

    def __init__(self, callers: Callers, verifier: Verifier, log: Callable[[str], None]) -> None:
        self._callers = callers
        self._verifier = verifier
        self._log = log

    def claim(self, request: WireRequest, kind: Kind, *, unsigned: bool = False) -> Signed | None:
        """The signature that a request claims; an unsigned request passes, as anonymous, for S3 and for operations that
        may be `unsigned`."""
        if kind == "s3":
            return sigv2.claim(request) or parse_authorization(request, kind)
        signed = parse_authorization(request, kind)
        if signed is None and not unsigned:
            raise refusals.unsigned(kind)
        return signed

    def admit(self, tx: Tx, signed: Signed | None, request: WireRequest, kind: Kind, clock: Clock) -> Admitted:
        """The principal behind a claimed signature. Raises AWS's errors; the log says which keys are known.

        A signature's time is the client's, so the wall judges it; a session expires on the clock of record.
        """
        if signed is None:
            return Admitted(ANONYMOUS, DEFAULT_REGION)
        caller = self._callers.find(tx, signed.access_key)
        if caller is None:
            self._log(f"refused: unknown access key {signed.access_key}; known: {self._callers.names()}")
            raise refusals.unknown_key(kind, signed.access_key)
        signing = None
        if signed.version == 2:
            sigv2.verify(signed, request, caller.secret, clock.wall_ms())
        else:
            signing = self._verifier.verify(signed, request, caller.secret, clock.wall_ms(), kind)
        given = signed.session_token
        if caller.token and not hmac.compare_digest(caller.token.encode(), given.encode("utf-8", "surrogateescape")):
            raise refusals.bad_token(kind, given)
        if caller.expires_ms is not None and clock.now_ms() >= caller.expires_ms:
            raise refusals.expired_token(kind, given)
        if kind == "s3" and signed.presigned:
            request.headers = claims.headers_in_url(request) | request.headers
        return Admitted(caller.principal, signed.region or DEFAULT_REGION, signing)
