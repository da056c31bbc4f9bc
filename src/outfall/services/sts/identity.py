"""Who am I: GetCallerIdentity, which needs no permission."""

from __future__ import annotations

from outfall.core.service import Call, Output, Request, operation
from outfall.services.sts.errors import AccessDenied


@operation("GetCallerIdentity", action=None)
def get_caller_identity(call: Call, request: Request) -> Output:
    """Arn, UserId and Account of the caller, in this order. [LS:test_sts]"""
    principal = call.principal
    if principal.kind in ("anonymous", "service"):
        raise AccessDenied
    return {"Arn": principal.arn, "UserId": principal.unique_id, "Account": principal.account}
