"""The execution role: whether Lambda may assume it, and what it may do.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from outfall.authz import identity_decision, service_may_assume
from outfall.core.context import Context
from outfall.core.principal import Principal
from outfall.core.service import Call, Permission, Request
from outfall.services.lambda_.errors import InvalidParameterValueException

LAMBDA = "lambda.amazonaws.com"


def require_assumable(ctx: Context, role: str) -> None:
    """Raises unless the role exists and trusts Lambda [SD:event_invocation]."""
    if not service_may_assume(ctx, role, LAMBDA):
        raise InvalidParameterValueException("The role defined for the function cannot be assumed by Lambda.")


def may(ctx: Context, principal: Principal, action: str, resource: str) -> bool:
    """Whether the policies of the role itself allow this, as Lambda tests it when a target is configured."""
    return identity_decision(ctx, principal, action, resource, acts=False).allowed


def _passed_role(call: Call, request: Request) -> str:
    return str(request["Role"])


def _passed_to(call: Call, request: Request) -> Mapping[str, Any]:
    return {"iam:PassedToService": LAMBDA}


def _has_role(call: Call, request: Request) -> bool:
    return bool(request.get("Role"))


PASS_ROLE = Permission("iam:PassRole", _passed_role, context=_passed_to, when=_has_role)
"""Who gives a role to a function must be allowed to pass it."""
