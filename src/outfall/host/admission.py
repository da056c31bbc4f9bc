"""Whether a request is who it says it is: its key is known, its signature is right, its token is good."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable

import msgspec

from outfall.core.ports import Clock, Tx
from outfall.core.principal import ANONYMOUS, Principal
from outfall.host.callers import Caller, Callers
from outfall.host.config import DEFAULT_REGION
from outfall.wire import claims, refusals, sigv2
from outfall.wire.message import WireRequest
from outfall.wire.refusals import Kind
from outfall.wire.sigv4 import Signed, SigningContext, Verifier, parse_authorization

_REGION = re.compile(r"[a-z]+(-[a-z]+)+-\d+")


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
            return sigv2.claim(request) or _for_a_region(parse_authorization(request, kind))
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
        caller = self.find(tx, signed.access_key, kind)
        signing = None
        if signed.version == 2:
            sigv2.verify(signed, request, caller.secret, clock.wall_ms())
        else:
            signing = self._verifier.verify(signed, request, caller.secret, clock.wall_ms(), kind)
        check_token(caller, signed.session_token, kind, clock)
        if signed.service == "iam" and caller.token and not caller.principal.role_arn:
            # Sessions of users and federated users cannot call IAM: nobody has a device (MFA) here that would let them.
            # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
            raise refusals.unknown_key(kind, signed.access_key)
        if kind == "s3" and signed.presigned:
            request.headers = claims.headers_in_url(request) | request.headers
        region = signed.region or DEFAULT_REGION
        self._callers.note_use(tx, signed.access_key, caller.principal, signed.service, region, clock.now_ms())
        return Admitted(caller.principal, region, signing)

    def find(self, tx: Tx, access_key: str, kind: Kind) -> Caller:
        """The owner of an access key; raises the error for one that nobody has."""
        caller = self._callers.find(tx, access_key)
        if caller is None:
            self._log(f"refused: unknown access key {access_key}; known: {self._callers.names()}")
            raise refusals.unknown_key(kind, access_key)
        return caller


def check_token(caller: Caller, given: str, kind: Kind, clock: Clock) -> None:
    """Raises the errors for a session whose token is not this one, or has expired."""
    if caller.token and not hmac.compare_digest(caller.token.encode(), given.encode("utf-8", "surrogateescape")):
        raise refusals.bad_token(kind, given)
    if caller.expires_ms is not None and clock.now_ms() >= caller.expires_ms:
        raise refusals.expired_token(kind, given)


def _for_a_region(signed: Signed | None) -> Signed | None:
    """The claim as it is, unless it is for a region that cannot be one: s3cmd signs for `US`, and asks again."""
    if signed is not None and not _REGION.fullmatch(signed.region):
        raise refusals.no_region(signed.region, DEFAULT_REGION)
    return signed
