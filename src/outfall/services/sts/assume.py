"""AssumeRole: temporary credentials for a session of a role."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from outfall.authz import Ask, authorize, denial
from outfall.core.ports import RoleFacts
from outfall.core.principal import Principal, role_session
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sts import checks
from outfall.services.sts.errors import AccessDenied, InvalidParameterValue, ValidationError
from outfall.services.sts.policies import session_policy
from outfall.services.sts.sessions import Credentials, Session, caller_session, issue

CHAINED_S_MAX = 3600
SESSION_S = 3600


class Wanted(msgspec.Struct, frozen=True):
    """The session that a request asks for."""

    arn: str
    name: str
    tags: checks.Tags = ()
    transitive: tuple[str, ...] = ()
    source_identity: str = ""


def show(credentials: Credentials) -> dict[str, Any]:
    """Credentials as AWS shows them."""
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret,
        "SessionToken": credentials.token,
        "Expiration": credentials.expires_ms,
    }


# The action is asked in the handler: together with the trust policy of the role, which counts for this action alone and
# without which nobody may, and with the same answer for a role that does not exist.
@operation("AssumeRole", action=None)
def assume_role(call: Call, request: Request) -> Output:
    """Credentials of a role's session. AWS refuses root here; this server, whose users are mostly root, lets root
    assume the roles that trust its account."""
    checks.served_options(request, "SerialNumber", "TokenCode", "ProvidedContexts", "MinimumSessionTokenSize")
    arn, duration_s = checks.role_arn(request), request.get("DurationSeconds") or SESSION_S
    policy, packed = session_policy(call, request, arn.split(":")[4])
    tags = checks.session_tags(request)
    transitive = checks.transitive_keys(request, tags)
    wanted = Wanted(arn, request["RoleSessionName"], tags, transitive, _source_identity(call, request))
    role = _authorised(call, wanted, request.get("ExternalId") or "")
    require_duration(request, role, duration_s)
    if call.principal.kind == "session" and duration_s > CHAINED_S_MAX:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    inherited, inherited_keys = _inherited(call, tags)
    keys = tuple(dict.fromkeys((*inherited_keys, *transitive)))
    principal = session_of(role, wanted, inherited)
    answer = granted(principal, issue(call, principal, duration_s, policy, keys))
    if packed:
        answer["PackedPolicySize"] = packed
    if wanted.source_identity:
        answer["SourceIdentity"] = wanted.source_identity
    return answer


def session_of(role: RoleFacts, wanted: Wanted, inherited: checks.Tags = ()) -> Principal:
    """The principal of a new session of a role."""
    return replace(
        role_session(role.arn, role.role_id, wanted.name),
        tags=_merged(role.tags, inherited, wanted.tags),
        source_identity=wanted.source_identity,
    )


def granted(principal: Principal, credentials: Credentials) -> dict[str, Any]:
    """What all ways to assume a role answer."""
    return {
        "Credentials": show(credentials),
        "AssumedRoleUser": {"AssumedRoleId": principal.unique_id, "Arn": principal.arn},
    }


def session_keys(wanted: Wanted) -> dict[str, str | list[str]]:
    """The condition keys that the session to be brings with it."""
    keys: dict[str, str | list[str]] = {"sts:RoleSessionName": wanted.name}
    if wanted.tags:
        keys["aws:TagKeys"] = [key for key, _ in wanted.tags]
        keys |= {f"aws:RequestTag/{key}": value for key, value in wanted.tags}
    if wanted.transitive:
        keys["sts:TransitiveTagKeys"] = list(wanted.transitive)
    if wanted.source_identity:
        keys["sts:SourceIdentity"] = wanted.source_identity
    return keys


def beside(wanted: Wanted) -> list[str]:
    """The actions that a session takes beside the one that makes it, each to be allowed by the trust policy too."""
    return ["sts:TagSession"] * bool(wanted.tags) + ["sts:SetSourceIdentity"] * bool(wanted.source_identity)


def _source_identity(call: Call, request: Request) -> str:
    """The source identity of the session: the calling session's, once it has one, for good."""
    asked, known = checks.source_identity(request), call.principal.source_identity
    if asked and known and asked != known:
        raise AccessDenied(
            f"User: {call.principal.arn} is not authorized to perform: sts:SetSourceIdentity on resource: "
            f"{request['RoleArn']}"
        )
    return known or asked


def _authorised(call: Call, wanted: Wanted, external_id: str) -> RoleFacts:
    role = call.house.identities.role(call.tx, wanted.arn)
    keys = {"aws:SourceIp": call.source_ip} | session_keys(wanted)
    if external_id:
        keys["sts:ExternalId"] = external_id
    for action in ("sts:AssumeRole", *beside(wanted)):
        trust = role.trust_policy if role is not None else None
        decision = authorize(call, Ask(call.principal, action, wanted.arn, keys, trust or "{}"))
        if role is None or not decision.allowed:
            raise denial(decision, "sts")
    assert role is not None
    return role


def require_duration(request: Request, role: RoleFacts, duration_s: int) -> None:
    """Refuses a session that is longer than the role lets it be."""
    if request.get("DurationSeconds") is not None and duration_s > role.session_s_max:
        raise ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _inherited(call: Call, tags: checks.Tags) -> tuple[checks.Tags, tuple[str, ...]]:
    """Transitive tags of the calling session, which the new one cannot set anew. [LS:test_sts, tag chaining]"""
    session: Session | None = caller_session(call)
    if session is None or not session.transitive_tags:
        return (), ()
    kept = {key.lower() for key in session.transitive_tags}
    if any(key.lower() in kept for key, _ in tags):
        raise InvalidParameterValue(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session."
        )
    return tuple(tag for tag in session.principal.tags if tag[0].lower() in kept), session.transitive_tags


def _merged(*layers: checks.Tags) -> checks.Tags:
    """Tags of which later ones replace earlier ones with the same key."""
    merged: dict[str, tuple[str, str]] = {}
    for layer in layers:
        merged |= {key.lower(): (key, value) for key, value in layer}
    return tuple(merged.values())
