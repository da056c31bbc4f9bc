"""Who calls: the access keys that this server knows, and the principal that each stands for."""

from __future__ import annotations

import msgspec

from outfall.core.ports import Tx
from outfall.core.principal import Principal, root_of
from outfall.host.config import ROOT_ACCOUNT
from outfall.services.iam.keys import find_access_key
from outfall.services.iam.last_used import note_use
from outfall.services.sts.sessions import find_session


class Caller(msgspec.Struct, frozen=True):
    """A known key: its secret, and the token that must come with it if it is temporary."""

    secret: str
    principal: Principal
    token: str = ""
    expires_ms: int | None = None


class Callers:
    """Root keys of the configuration and the convention, then the keys made through IAM and STS."""

    def __init__(self, root_keys: tuple[tuple[str, str], ...]) -> None:
        self._root = {key: Caller(secret, root_of(ROOT_ACCOUNT)) for key, secret in (("test", "test"), *root_keys)}

    def find(self, tx: Tx, access_key: str) -> Caller | None:
        """The caller that a key stands for, or None: `test`, twelve digits (root of that account, secret `test`), a
        configured root key, a user's key, a session's key."""
        known = self._root.get(access_key)
        if known is not None:
            return known
        if len(access_key) == 12 and access_key.isascii() and access_key.isdigit():
            return Caller("test", root_of(access_key))
        session = find_session(tx, access_key)
        if session is not None:
            return Caller(session.secret, session.principal, session.token, session.expires_ms)
        key = find_access_key(tx, access_key)
        if key is not None and key.active:
            return Caller(key.secret, key.principal)
        return None

    def note_use(self, tx: Tx, access_key: str, principal: Principal, service: str, region: str, now_ms: int) -> None:
        """Remembers the use of a key that was made through IAM or STS."""
        if principal.kind != "root":
            note_use(tx, access_key, principal, service, region, now_ms)

    def names(self) -> str:
        """What the log says of the keys that would have been known."""
        return (
            ", ".join(sorted(self._root)) + ", any account's twelve digits (secret test), keys made through IAM or STS"
        )
