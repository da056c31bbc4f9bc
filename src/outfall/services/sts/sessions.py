"""Temporary credentials: issued here, found by authentication, swept when they have been void for a day."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.ports import RoleFacts, Table, Tx
from outfall.core.principal import Principal, role_session
from outfall.core.service import Call

KEY_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SECRET_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
KEPT_MS = 24 * 3600 * 1000
"""How long an expired session is remembered, so that its user is told that it expired."""
SWEPT_AT_ONCE = 8
"""How many void sessions each new one removes at most: the table stays bounded, and no call pays for all of them."""


class Session(msgspec.Struct, frozen=True):
    """A session as it is stored. `transitive_tags` are the keys of the tags that roles assumed from it inherit."""

    access_key_id: str
    secret: str
    token: str
    expires_ms: int
    principal: Principal
    transitive_tags: tuple[str, ...] = ()


class Credentials(msgspec.Struct, frozen=True):
    """What is handed out."""

    access_key_id: str
    secret: str
    token: str
    expires_ms: int


class Expiry(msgspec.Struct, frozen=True):
    """An entry of the index by expiry."""

    access_key_id: str


SESSIONS = Table("sts.sessions", Session)
"""Key: (access key id)."""
EXPIRIES = Table("sts.expiries", Expiry)
"""Key: (expiry in 15 digits, access key id)."""


def issue(
    ctx: Context,
    principal: Principal,
    duration_s: int,
    session_policy: str | None = None,
    transitive_tags: tuple[str, ...] = (),
) -> Credentials:
    """Credentials under which `principal` acts for that long, limited by the session policy on top of its own."""
    principal = replace(principal, issued_ms=ctx.now)
    if session_policy is not None:
        principal = replace(principal, session_policies=(*principal.session_policies, session_policy))
    expires_ms = (ctx.now // 1000 + duration_s) * 1000
    made = Session(
        "ASIA" + ctx.ids.text(KEY_ALPHABET, 16),
        ctx.ids.text(SECRET_ALPHABET, 40),
        "IQoJb3JpZ2luX2Vj" + ctx.ids.text(SECRET_ALPHABET, 240),
        expires_ms,
        principal,
        transitive_tags,
    )
    _sweep(ctx)
    ctx.tx.put(SESSIONS, (made.access_key_id,), made)
    ctx.tx.put(EXPIRIES, (_digits(expires_ms), made.access_key_id), Expiry(made.access_key_id))
    return Credentials(made.access_key_id, made.secret, made.token, expires_ms)


def issue_for_role(
    ctx: Context, role: RoleFacts, session_name: str, duration_s: int, function_arn: str = ""
) -> Credentials:
    """Credentials of a role's session, as Lambda gives the execution environment of the function with that ARN."""
    principal = replace(role_session(role.arn, role.role_id, session_name), tags=role.tags, function_arn=function_arn)
    return issue(ctx, principal, duration_s)


def find_session(tx: Tx, access_key_id: str) -> Session | None:
    """The session with that key, expired or not."""
    return tx.get(SESSIONS, (access_key_id,))


def caller_session(call: Call) -> Session | None:
    """The session under whose credentials a call is made; None if they are long-lived ones."""
    credential = call.headers.get("authorization", "").partition("Credential=")[2]
    return find_session(call.tx, credential.partition("/")[0]) if credential else None


def _digits(at_ms: int) -> str:
    return f"{at_ms:015d}"


def _sweep(ctx: Context) -> None:
    void = []
    for key, _ in ctx.tx.scan(EXPIRIES, limit=SWEPT_AT_ONCE):
        if key[0] >= _digits(max(0, ctx.now - KEPT_MS)):
            break
        void.append(key)
    for key in void:
        ctx.tx.delete(EXPIRIES, key)
        ctx.tx.delete(SESSIONS, (key[1],))
