"""AssumeRoleWithWebIdentity: a role's session for who shows a token of an identity provider.

The keys of a provider come from the server's configuration (`--oidc`): the server does not go and look for them.
Rule: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

from functools import partial
from typing import Any

from outfall.authz import Ask, authorize
from outfall.core.context import Context
from outfall.core.effects import ReadBytes
from outfall.core.ports import RoleFacts
from outfall.core.principal import Principal
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sts import checks, id_tokens
from outfall.services.sts.assume import (
    SESSION_S,
    Wanted,
    beside,
    granted,
    require_duration,
    session_keys,
    session_of,
)
from outfall.services.sts.errors import AccessDenied, IDPCommunicationError, InvalidIdentityToken
from outfall.services.sts.id_tokens import Token
from outfall.services.sts.policies import session_policy
from outfall.services.sts.sessions import issue

ACTION = "sts:AssumeRoleWithWebIdentity"


@operation("AssumeRoleWithWebIdentity", action=None, unsigned=True)
def assume_role_with_web_identity(call: Call, request: Request) -> Output:
    """Reads the token and asks for its provider's keys; nobody signs the request."""
    # Providers of OAuth 2.0 (ProviderId) are Amazon, Facebook and Google with access tokens: not served.
    checks.served_options(request, "ProviderId", "MinimumSessionTokenSize")
    arn, text = checks.role_arn(request), request["WebIdentityToken"]
    issuer = id_tokens.issuer_of(text)
    there = call.at(arn.split(":")[4], call.region)
    if there.house.identities.provider_audiences(call.tx, there.account, issuer) is None:
        raise _unknown(issuer)
    return ReadBytes((), partial(_look, call, text, issuer, call.now), partial(_assume, request=request))


def _unknown(issuer: str) -> InvalidIdentityToken:
    return InvalidIdentityToken(f"No OpenIDConnect provider found in your account for https://{issuer}")


def _look(call: Call, text: str, issuer: str, now_ms: int, _: bytes | None) -> Token:
    """The verified token. This may ask a key server, and takes a moment: it runs outside of any transaction."""
    try:
        keys = call.house.oidc_keys(issuer)
    except OSError:
        raise IDPCommunicationError from None
    if keys is None:
        raise InvalidIdentityToken(id_tokens.NO_KEY)
    return id_tokens.verified(text, keys, now_ms)


def _assume(call: Call, token: Token, *, request: Request) -> dict[str, Any]:
    arn = checks.role_arn(request)
    there = call.at(arn.split(":")[4], call.region)
    audiences = there.house.identities.provider_audiences(call.tx, there.account, token.issuer)
    if audiences is None:
        raise _unknown(token.issuer)
    if not {*token.audiences, token.authorized_party} & set(audiences):
        raise InvalidIdentityToken("Incorrect token audience")
    told = {"Tags": [{"Key": key, "Value": value} for key, value in token.tags], "TransitiveTagKeys": token.transitive}
    tags = checks.session_tags(told)
    wanted = Wanted(arn, request["RoleSessionName"], tags, checks.transitive_keys(told, tags), token.source_identity)
    provider = f"arn:aws:iam::{there.account}:oidc-provider/{token.issuer}"
    role = _authorised(there, wanted, token, provider, call.source_ip)
    duration_s = request.get("DurationSeconds") or SESSION_S
    require_duration(request, role, duration_s)
    policy, packed = session_policy(there, request, there.account)
    principal = session_of(role, wanted)
    told_back = granted(principal, issue(there, principal, duration_s, policy, wanted.transitive))
    answer = {
        "Credentials": told_back["Credentials"],
        "SubjectFromWebIdentityToken": token.subject,
        "AssumedRoleUser": told_back["AssumedRoleUser"],
    }
    if packed:
        answer["PackedPolicySize"] = packed
    answer |= {"Provider": provider, "Audience": token.audience}
    return answer | ({"SourceIdentity": wanted.source_identity} if wanted.source_identity else {})


def _authorised(ctx: Context, wanted: Wanted, token: Token, provider: str, source_ip: str) -> RoleFacts:
    """The role, if its trust policy lets who shows such a token assume it; AWS does not tell why it does not."""
    role = ctx.house.identities.role(ctx.tx, wanted.arn)
    principal = Principal("federated", "", provider, token.subject, service=provider)
    keys = {"aws:SourceIp": source_ip} | session_keys(wanted) | _token_keys(token)
    for action in (ACTION, *beside(wanted)):
        trust = role.trust_policy if role is not None else "{}"
        if role is None or not authorize(ctx, Ask(principal, action, wanted.arn, keys, trust)).allowed:
            raise AccessDenied(f"Not authorized to perform {action}")
    assert role is not None
    return role


def _token_keys(token: Token) -> dict[str, str | list[str]]:
    """Condition keys of a token, named after its issuer.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif"""
    keys: dict[str, str | list[str]] = {
        f"{token.issuer}:aud": token.audience,
        f"{token.issuer}:sub": token.subject,
    }
    if token.authorized_party:
        keys |= {f"{token.issuer}:azp": token.authorized_party, f"{token.issuer}:oaud": list(token.audiences)}
    if token.methods:
        keys[f"{token.issuer}:amr"] = list(token.methods)
    return keys
