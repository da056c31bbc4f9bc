"""AssumeRole and GetSessionToken: temporary credentials for a role's session, or for the caller itself."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.authz import Ask, authorize, denial
from outfall.core.ports import RoleFacts
from outfall.core.principal import Principal, role_session
from outfall.core.service import Call, Output, Request, operation
from outfall.services.sts import checks
from outfall.services.sts.errors import AccessDenied, InvalidParameterValue, ValidationError
from outfall.services.sts.sessions import Credentials, Session, find_session, issue

CHAINED_S_MAX = 3600
SESSION_S_MAX = 43200
TOKEN_S_MAX = 129600
TOKEN_S = 43200
ROOT_TOKEN_S_MAX = 3600


def _show(credentials: Credentials) -> dict[str, Any]:
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
    arn, name = checks.role_arn(request), checks.session_name(request)
    duration_s = checks.duration_s(request, most=SESSION_S_MAX, default=3600)
    policy, tags = checks.session_policy(request), checks.session_tags(request)
    transitive = checks.transitive_keys(request, tags)
    checks.served_options(request, "PolicyArns", "SerialNumber", "TokenCode", "SourceIdentity", "ProvidedContexts")
    role = _authorised(call, request, arn, name, tags, transitive)
    _require_duration(call, request, role, duration_s)
    inherited, inherited_keys = _inherited(call, tags)
    principal = replace(
        role_session(role.arn, role.role_id, name),
        tags=_merged(role.tags, inherited, tags),
    )
    credentials = issue(call, principal, duration_s, policy, tuple(dict.fromkeys((*inherited_keys, *transitive))))
    answer: dict[str, Any] = {
        "Credentials": _show(credentials),
        "AssumedRoleUser": {"AssumedRoleId": principal.unique_id, "Arn": principal.arn},
    }
    if policy is not None:
        answer["PackedPolicySize"] = max(1, len(policy) * 100 // checks.POLICY_SIZE_MAX)
    return answer


def _authorised(
    call: Call, request: Request, arn: str, name: str, tags: checks.Tags, transitive: tuple[str, ...]
) -> RoleFacts:
    role = call.house.identities.role(call.tx, arn)
    keys: dict[str, str | list[str]] = {"sts:RoleSessionName": name, "aws:SourceIp": call.source_ip}
    if request.get("ExternalId"):
        keys["sts:ExternalId"] = request["ExternalId"]
    if tags:
        keys["aws:TagKeys"] = [key for key, _ in tags]
        keys |= {f"aws:RequestTag/{key}": value for key, value in tags}
    if transitive:
        keys["sts:TransitiveTagKeys"] = list(transitive)
    # Passing tags is an action of its own, which the trust policy must allow too.
    for action in ("sts:AssumeRole", "sts:TagSession") if tags else ("sts:AssumeRole",):
        trust = role.trust_policy if role is not None else None
        decision = authorize(call, Ask(call.principal, action, arn, keys, trust or "{}"))
        if role is None or not decision.allowed:
            raise denial(decision, "sts")
    assert role is not None
    return role


def _require_duration(call: Call, request: Request, role: RoleFacts, duration_s: int) -> None:
    if call.principal.kind == "session" and duration_s > CHAINED_S_MAX:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    if request.get("DurationSeconds") is not None and duration_s > role.session_s_max:
        raise ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def _caller_session(call: Call) -> Session | None:
    """The session under whose credentials the call is made."""
    credential = call.headers.get("authorization", "").partition("Credential=")[2]
    return find_session(call.tx, credential.partition("/")[0]) if credential else None


def _inherited(call: Call, tags: checks.Tags) -> tuple[checks.Tags, tuple[str, ...]]:
    """Transitive tags of the calling session, which the new one cannot set anew. [LS:test_sts, tag chaining]"""
    session = _caller_session(call)
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


@operation("GetSessionToken", action=None)
def get_session_token(call: Call, request: Request) -> Output:
    """Temporary credentials of the caller itself, a user or root; needs no permission."""
    checks.served_options(request, "SerialNumber", "TokenCode")
    principal: Principal = call.principal
    if principal.kind not in ("user", "root") or _caller_session(call) is not None:
        raise AccessDenied("Cannot call GetSessionToken with session credentials")
    duration_s = checks.duration_s(request, most=TOKEN_S_MAX, default=TOKEN_S)
    if principal.kind == "root":
        duration_s = min(duration_s, ROOT_TOKEN_S_MAX)
    return {"Credentials": _show(issue(call, principal, duration_s))}
