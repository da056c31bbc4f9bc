"""GetSessionToken and GetFederationToken: temporary credentials of a user itself, or of somebody it vouches for.

Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html
"""

from __future__ import annotations

from typing import Any

from outfall.core.principal import Principal
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.sts import checks
from outfall.services.sts.assume import show
from outfall.services.sts.errors import AccessDenied
from outfall.services.sts.policies import session_policy
from outfall.services.sts.sessions import caller_session, issue

TOKEN_S = 43200
ROOT_TOKEN_S_MAX = 3600
NOTHING = '{"Version":"2012-10-17","Statement":[]}'
"""A federated user without a session policy may only what a policy of a resource grants it by name."""


def _require_long_lived(call: Call) -> None:
    principal = call.principal
    if principal.kind not in ("user", "root") or principal.issued_ms or caller_session(call) is not None:
        raise AccessDenied(f"Cannot call {call.operation} with session credentials")


def _duration_s(call: Call, request: Request) -> int:
    duration_s: int = request.get("DurationSeconds") or TOKEN_S
    return min(duration_s, ROOT_TOKEN_S_MAX) if call.principal.kind == "root" else duration_s


@operation("GetSessionToken", action=None)
def get_session_token(call: Call, request: Request) -> Output:
    """Temporary credentials of the caller itself, a user or root; needs no permission."""
    checks.served_options(request, "SerialNumber", "TokenCode", "MinimumSessionTokenSize")
    _require_long_lived(call)
    duration_s = _duration_s(call, request)
    return {"Credentials": show(issue(call, call.principal, duration_s))}


def _federated_arn(call: Call, request: Request) -> str:
    return f"arn:aws:sts::{call.account}:federated-user/{request['Name']}"


_TAG_SESSION = Permission("sts:TagSession", _federated_arn, when=lambda call, request: bool(request.get("Tags")))


@operation("GetFederationToken", action="sts:GetFederationToken", resource=_federated_arn, also=(_TAG_SESSION,))
def get_federation_token(call: Call, request: Request) -> Output:
    """Credentials of somebody whom the caller names, limited by the caller's own policies and by the session's."""
    checks.served_options(request, "MinimumSessionTokenSize")
    _require_long_lived(call)
    policy, packed = session_policy(call, request, call.account)
    duration_s = _duration_s(call, request)
    principal = Principal(
        "session",
        call.account,
        _federated_arn(call, request),
        f"{call.account}:{request['Name']}",
        tags=checks.session_tags(request),
        issuer_arn=call.principal.arn,
    )
    answer: dict[str, Any] = {
        "Credentials": show(issue(call, principal, duration_s, policy or NOTHING)),
        "FederatedUser": {"FederatedUserId": principal.unique_id, "Arn": principal.arn},
    }
    return answer | ({"PackedPolicySize": packed} if packed else {})
