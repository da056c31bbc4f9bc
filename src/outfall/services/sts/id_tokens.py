"""Tokens of identity providers: read, and verified against the provider's keys.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html (algorithms and claims).
The texts are those that AWS's users report; STS documents none.
"""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.services.sts.errors import ExpiredIdentityToken, InvalidIdentityToken

ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]
TAGS_CLAIM = "https://aws.amazon.com/tags"
SOURCE_IDENTITY_CLAIM = "https://aws.amazon.com/source_identity"
SKEW_S_MAX = 300
TAGS_MAX = 50
NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  "
    "please reference AssumeRoleWithWebIdentity documentation for requirements"
)


class Token(msgspec.Struct, frozen=True):
    """What a token says. `issuer` has no scheme."""

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    authorized_party: str
    methods: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    transitive: tuple[str, ...]
    source_identity: str

    @property
    def audience(self) -> str:
        """What the condition key `aud` holds: the authorized party, if there is one."""
        return self.authorized_party or self.audiences[0]


def issuer_of(text: str) -> str:
    """Who issued a token, without a scheme, as the token itself says: nothing is verified yet."""
    return _issuer(_claims(text))


def verified(text: str, keys: str, now_ms: int) -> Token:
    """The token, if one of the provider's keys (a JSON Web Key Set) signed it and it is in force."""
    import jwt

    try:
        header = jwt.get_unverified_header(text)
        key = _key(jwt.PyJWKSet.from_json(keys), header.get("kid"))
        claims = jwt.decode(text, key.key, algorithms=ALGORITHMS, options=_SIGNATURE_ALONE)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise InvalidIdentityToken from error
    _check_times(claims, now_ms)
    return _token(claims)


_NOTHING = {f"verify_{name}": False for name in ("signature", "exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
_SIGNATURE_ALONE: Any = _NOTHING | {"verify_signature": True}
"""Times are ours to check, on the clock of record, and so are the claims."""


def _claims(text: str) -> dict[str, Any]:
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(text, options=_NOTHING)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError) as error:
        raise InvalidIdentityToken from error
    return claims


def _key(known: Any, kid: Any) -> Any:
    """The key that a token names; the only one, if it names none."""
    keys = known.keys
    found = [key for key in keys if key.key_id == kid] if kid is not None else keys if len(keys) == 1 else []
    if not found:
        raise InvalidIdentityToken(NO_KEY)
    return found[0]


def _check_times(claims: dict[str, Any], now_ms: int) -> None:
    now_s = now_ms // 1000
    expires, begins = claims.get("exp"), claims.get("nbf", claims.get("iat", 0))
    if not isinstance(expires, int | float) or not isinstance(claims.get("iat"), int | float):
        raise InvalidIdentityToken(f"Missing a required claim: {'iat' if isinstance(expires, int | float) else 'exp'}")
    if now_s >= expires:
        raise ExpiredIdentityToken(
            f"Token expired: current date/time {now_s} must be before the expiration date/time{int(expires)}"
        )
    if not isinstance(begins, int | float) or begins > now_s + SKEW_S_MAX:
        raise InvalidIdentityToken("Token is not yet valid")


def _token(claims: dict[str, Any]) -> Token:
    audience, subject = claims.get("aud"), claims.get("sub")
    audiences = tuple(audience) if isinstance(audience, list) else (audience,)
    for name, values in (("aud", audiences), ("sub", (subject,))):
        if not values or not all(isinstance(value, str) and value for value in values):
            raise InvalidIdentityToken(f"Missing a required claim: {name}")
    party, methods = claims.get("azp"), claims.get("amr")
    tags, transitive = _tags(claims.get(TAGS_CLAIM))
    source = claims.get(SOURCE_IDENTITY_CLAIM)
    return Token(
        _issuer(claims),
        str(subject),
        audiences,
        party if isinstance(party, str) else "",
        tuple(one for one in methods if isinstance(one, str)) if isinstance(methods, list) else (),
        tags,
        transitive,
        source if isinstance(source, str) else "",
    )


def _issuer(claims: dict[str, Any]) -> str:
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise InvalidIdentityToken("Missing a required claim: iss")
    return issuer.removeprefix("https://").rstrip("/")


def _tags(claim: Any) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Session tags: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html"""
    if not isinstance(claim, dict):
        return (), ()
    told, transitive = claim.get("principal_tags"), claim.get("transitive_tag_keys")
    tags = told.items() if isinstance(told, dict) else ()
    read = tuple((key, value[0] if isinstance(value, list) and value else value) for key, value in tags)
    if len(read) > TAGS_MAX or not all(_is_tag(key, value) for key, value in read):
        raise InvalidIdentityToken("The principal tags of the token are not as session tags are")
    keys = tuple(one for one in transitive if isinstance(one, str)) if isinstance(transitive, list) else ()
    return read, keys


def _is_tag(key: str, value: Any) -> bool:
    return 1 <= len(key) <= 128 and isinstance(value, str) and len(value) <= 256
