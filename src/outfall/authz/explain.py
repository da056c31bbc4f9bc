"""Why a request was refused, in AWS's words, and the statement that would allow it.

The sentences are those of https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; how each
service spells them is in `denied.py`.
"""

from __future__ import annotations

import re

import msgspec

from outfall.core.principal import Principal

IDENTITY = "identity-based policy"
RESOURCE = "resource-based policy"
BOUNDARY = "permissions boundary"
SESSION = "session policy"
SERVICE_CONTROL = "service control policy"
RESOURCE_CONTROL = "resource control policy"

_NAMED = (IDENTITY, BOUNDARY, SERVICE_CONTROL, RESOURCE_CONTROL)
"""Kinds of policies that AWS names when they deny, if they have an ARN. [twenty logs of 2026, of IAM, S3, SQS, Logs,
DynamoDB, EC2 and Bedrock]"""


def not_allowed(kind: str, action: str) -> str:
    """The suffix of an implicit denial: no policy of this kind allows the action."""
    return f"because no {kind} allows the {action} action"


def explicitly_denied(kind: str, policy: str = "") -> str:
    """The suffix of an explicit denial by a policy, which is named where AWS names it."""
    named = f": {policy}" if kind in _NAMED and policy.startswith("arn:") else ""
    return f"with an explicit deny in {'an' if kind[0] in 'aeiou' else 'a'} {kind}{named}"


def identity_statement(action: str, resource: str) -> str:
    """The statement to add to an identity policy, a boundary or a session policy, as JSON ready to paste."""
    return _json({"Effect": "Allow", "Action": action, "Resource": literal(resource)})


def literal(resource: str) -> str:
    """A resource as a policy has to spell it so that it means this one alone: the key of an S3 object may hold what
    is a pattern in a policy. A star in any other ARN stands for all there are."""
    if not resource.startswith("arn:aws:s3:::"):
        return resource
    return re.sub(r"[*?]|\$(?=\{)", lambda found: f"${{{found[0]}}}", resource)


def resource_statement(principal: Principal, action: str, resource: str, source_arn: str, source_account: str) -> str:
    """The statement to add to the policy of the resource, as JSON ready to paste; a trust policy has no Resource."""
    told: dict[str, object] = {"Effect": "Allow", "Principal": _principal(principal), "Action": action}
    if not action.startswith("sts:"):
        told["Resource"] = literal(resource)
    condition: dict[str, object] = {}
    if source_arn:
        condition["ArnLike"] = {"aws:SourceArn": source_arn}
    if source_account:
        condition["StringEquals"] = {"aws:SourceAccount": source_account}
    if condition:
        told["Condition"] = condition
    return _json(told)


def _principal(principal: Principal) -> object:
    if principal.kind == "service":
        return {"Service": principal.service}
    if principal.kind == "federated":
        return {"Federated": principal.service}
    return "*" if principal.kind == "anonymous" else {"AWS": principal.policy_arn}


def _json(told: dict[str, object]) -> str:
    return msgspec.json.encode(told).decode()
