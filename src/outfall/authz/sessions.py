"""As whom AWS acts when it acts for a resource: in a session of the role that the resource was given."""

from __future__ import annotations

from outfall.core.context import Context
from outfall.core.principal import Principal, role_session


def session_of_role(ctx: Context, role_arn: str, name: str) -> Principal:
    """A session of the role with this ARN, under its policies as they are now; of one that is gone, which may nothing.
    `name` is the session's, as a function's is that of the function [LS:test_assume_role]."""
    role = ctx.house.identities.role(ctx.tx, role_arn)
    return role_session(role_arn, role.role_id if role else "", name)
