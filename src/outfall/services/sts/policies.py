"""Session policies: what limits a session beside its role's or user's own policies.

Inline and managed ones count together, as one policy: what any of them allows, the session may.
Rule: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from __future__ import annotations

import json
from typing import Any

from outfall.authz.documents import read_json
from outfall.authz.grammar import identity_problem
from outfall.core.context import Context
from outfall.core.service import Request
from outfall.services.sts.errors import MalformedPolicyDocument, ValidationError, refuse

POLICY_SIZE_MAX = 2048
POLICIES_MAX = 10


def session_policy(ctx: Context, request: Request, account: str) -> tuple[str | None, int]:
    """The session policy that a request makes up, and its packed size in percent; None and 0 if it makes up none.

    `account` owns the managed policies that it names.
    """
    inline: str | None = request.get("Policy")
    arns = [str(one.get("arn") or "") for one in request.get("PolicyArns") or []]
    if inline is not None:
        _check(inline)
    if not arns:
        return inline, 0 if inline is None else max(1, len(inline) * 100 // POLICY_SIZE_MAX)
    if len(arns) > POLICIES_MAX:
        raise refuse(arns, "policyArns", f"must have length less than or equal to {POLICIES_MAX}")
    documents = ([] if inline is None else [inline]) + [_managed(ctx, arn, account) for arn in arns]
    statements = [statement for document in documents for statement in _statements(document)]
    size = len(inline or "") + sum(map(len, arns))
    return json.dumps({"Version": "2012-10-17", "Statement": statements}), max(1, size * 100 // POLICY_SIZE_MAX)


def _check(document: str) -> None:
    if len(document) > POLICY_SIZE_MAX:
        raise refuse(document, "policy", f"must have length less than or equal to {POLICY_SIZE_MAX}")
    problem = identity_problem(document)
    if problem is not None:
        raise MalformedPolicyDocument(problem)


def _managed(ctx: Context, arn: str, account: str) -> str:
    found = ctx.house.identities.managed_policy(ctx.tx, arn)
    if found is None or arn.split(":", 5)[4] not in ("aws", account):
        # No recording has the text of this.
        raise ValidationError(f"Policy {arn} does not exist or is not attachable.")
    return found.document


def _statements(document: str) -> list[Any]:
    told: dict[str, Any] = read_json(document)
    written = told["Statement"]
    return written if isinstance(written, list) else [written]
