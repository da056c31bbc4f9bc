"""The principals that a trust policy names must exist, where this server can know: users and roles of IAM.

Rule: AWS answers MalformedPolicyDocument `Invalid principal in policy: "AWS":"<arn>"`.
"""

from __future__ import annotations

from typing import Any

from outfall.authz.documents import read_json, texts
from outfall.authz.grammar import invalid_principal
from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.services.iam.errors import MalformedPolicyDocument
from outfall.services.iam.model import ROLES, USERS, key


def require_principals(ctx: Context, trust: str) -> None:
    """Refuses a (well-formed) trust policy that names a user or role that does not exist."""
    told: dict[str, Any] = read_json(trust)
    written = told["Statement"]
    for statement in written if isinstance(written, list) else [written]:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            for arn in texts(named.get("AWS", [])) if isinstance(named, dict) else ():
                if not _exists(ctx, arn):
                    raise MalformedPolicyDocument(invalid_principal("AWS", arn))


def _exists(ctx: Context, text: str) -> bool:
    if not text.startswith("arn:"):
        return True
    arn = Arn.parse(text)
    kind, _, rest = arn.resource.partition("/")
    where = key(arn.account, rest.rsplit("/", 1)[-1])
    if kind == "role":
        role = ctx.tx.get(ROLES, where)
        return role is not None and role.arn == text
    if kind == "user":
        user = ctx.tx.get(USERS, where)
        return user is not None and user.arn == text
    return True
