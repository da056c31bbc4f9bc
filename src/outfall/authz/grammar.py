"""What AWS refuses when a policy document is stored: one function per kind of policy, each answering with the text of
the first thing that is wrong, or None.

Texts are AWS's own: [LS:test_create_role_with_malformed_assume_role_policy_document] and published error reports; the
rules are those of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from outfall.authz.conditions import is_operator
from outfall.authz.documents import read_json, texts

SYNTAX = "Syntax errors in policy."
NOT_JSON = "This policy contains invalid Json"
NO_VENDOR = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
VERSIONS = ("2012-10-17", "2008-10-17")

_DOCUMENT = {"Version", "Id", "Statement"}
_STATEMENT = {
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Condition",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
}
_SID = re.compile(r"[0-9A-Za-z]*", re.ASCII)
_VENDOR = re.compile(r"[A-Za-z0-9-]+", re.ASCII)
_PRINCIPAL_KINDS = {"AWS", "Service", "Federated", "CanonicalUser"}
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_PRINCIPAL_ARN = re.compile(
    r"arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role|federated-user)/.+)", re.ASCII
)


def identity_problem(document: str) -> str | None:
    """What is wrong with an identity policy, a session policy or a boundary."""
    told = read_json(document)
    if not isinstance(told, dict):
        return SYNTAX
    return next(_identity_problems(told), None)


def _identity_problems(told: dict[str, Any]) -> Iterator[str]:
    yield from _shape_problems(told)
    if told.get("Version", "2008-10-17") != "2012-10-17":
        yield "Policy document must be version 2012-10-17 or greater."
    seen: set[str] = set()
    for statement in _statements(told):
        if "Principal" in statement or "NotPrincipal" in statement:
            yield "Policy document should not specify a principal."
        yield from _sid_problems(statement, seen)
        yield from _action_problems(statement)
        yield from _resource_problems(statement)
        yield from _condition_problems(statement)


def resource_problem(document: str) -> str | None:
    """What is wrong with a resource policy that is given to a simulator. What services store they check themselves."""
    told = read_json(document)
    if not isinstance(told, dict):
        return SYNTAX
    return next(_resource_policy_problems(told), None)


def _resource_policy_problems(told: dict[str, Any]) -> Iterator[str]:
    yield from _shape_problems(told)
    if told.get("Version", "2008-10-17") not in VERSIONS:
        yield SYNTAX
    for statement in _statements(told):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            yield "Missing required field Principal"
        yield from _action_problems(statement)
        yield from _principal_problems(statement)
        yield from _condition_problems(statement)


def organization_problem(document: str, *, resource: bool) -> str | None:
    """What is wrong with a service control policy, or with a resource control policy: that one names principals, and
    only denies. https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html"""
    told = read_json(document)
    if not isinstance(told, dict):
        return SYNTAX
    return next(_resource_control_problems(told) if resource else _identity_problems(told), None)


def _resource_control_problems(told: dict[str, Any]) -> Iterator[str]:
    yield from _shape_problems(told)
    if told.get("Version") != "2012-10-17":
        yield "Policy document must be version 2012-10-17 or greater."
    for statement in _statements(told):
        if statement.get("Principal") not in ("*", {"AWS": "*"}) or "NotPrincipal" in statement:
            yield 'A resource control policy has "Principal": "*".'
        if statement.get("Effect") == "Allow":
            yield "A resource control policy can only deny."
        yield from _action_problems(statement)
        yield from _resource_problems(statement)
        yield from _condition_problems(statement)


def trust_problem(document: str) -> str | None:
    """What is wrong with a role's trust policy."""
    told = read_json(document)
    if not isinstance(told, dict):
        return NOT_JSON
    return next(_trust_problems(told), None)


def _trust_problems(told: dict[str, Any]) -> Iterator[str]:
    yield from _shape_problems(told)
    if told.get("Version", "2008-10-17") not in VERSIONS:
        yield SYNTAX
    seen: set[str] = set()
    for statement in _statements(told):
        for name in ("Resource", "NotResource"):
            if name in statement:
                yield f"Has prohibited field {name}"
        if "Principal" not in statement and "NotPrincipal" not in statement:
            yield "Missing required field Principal"
        yield from _sid_problems(statement, seen)
        yield from _action_problems(statement)
        if any(not action.lower().startswith("sts:") for action in texts(statement.get("Action", []))):
            yield "AssumeRole policy may only specify STS AssumeRole actions."
        yield from _principal_problems(statement)
        yield from _condition_problems(statement)


def _statements(told: dict[str, Any]) -> list[dict[str, Any]]:
    written = told.get("Statement")
    return written if isinstance(written, list) else [written] if isinstance(written, dict) else []


def _shape_problems(told: dict[str, Any]) -> Iterator[str]:
    if not _DOCUMENT.issuperset(told) or "Statement" not in told:
        yield SYNTAX
    written = told.get("Statement")
    listed: list[Any] = written if isinstance(written, list) else [written]
    if not listed or not all(isinstance(one, dict) for one in listed):
        yield SYNTAX
        return
    for statement in listed:
        if not _STATEMENT.issuperset(statement) or statement.get("Effect") not in ("Allow", "Deny"):
            yield SYNTAX
        for name in ("Action", "NotAction", "Resource", "NotResource"):
            if name in statement and not _is_texts(statement[name]):
                yield SYNTAX
        if {"Action", "NotAction"} <= statement.keys() or {"Resource", "NotResource"} <= statement.keys():
            yield SYNTAX


def _is_texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


def _sid_problems(statement: dict[str, Any], seen: set[str]) -> Iterator[str]:
    if "Sid" not in statement:
        return
    sid = statement["Sid"]
    if not isinstance(sid, str):
        yield SYNTAX
        return
    if not _SID.fullmatch(sid):
        yield (
            "Statement IDs (SID) must be alpha-numeric. "
            "Check that your input satisfies the regular expression [0-9A-Za-z]*"
        )
    if sid and sid in seen:
        yield "Statement IDs (SID) in a single policy must be unique."
    seen.add(sid)


def _action_problems(statement: dict[str, Any]) -> Iterator[str]:
    actions = texts(statement.get("Action", statement.get("NotAction", [])))
    if not actions:
        yield "Policy statement must contain actions."
    for action in actions:
        vendor, colon, name = action.partition(":")
        if action == "*":
            continue
        if not colon:
            yield NO_VENDOR
        elif not _VENDOR.fullmatch(vendor):
            yield f"Vendor {vendor} is not valid"
        elif ":" in name:
            yield "Actions/Condition can contain only one colon."


def _resource_problems(statement: dict[str, Any]) -> Iterator[str]:
    resources = texts(statement.get("Resource", statement.get("NotResource", [])))
    if not resources:
        yield "Policy statement must contain resources."
    for resource in resources:
        if not resource.strip("*") and resource:
            continue
        parts = resource.split(":", 5)
        if parts[0] != "arn":
            yield f'Resource {resource} must be in ARN format or "*".'
        elif len(parts) < 6 or not parts[2]:
            yield "The policy failed legacy parsing"
        elif not parts[1].startswith("aws") and parts[1] != "*":
            yield f'Partition "{parts[1]}" is not valid for resource "{resource}".'


def _condition_problems(statement: dict[str, Any]) -> Iterator[str]:
    block = statement.get("Condition", {})
    if not isinstance(block, dict):
        yield SYNTAX
        return
    for name, keys in block.items():
        if not is_operator(name):
            yield f"Invalid Condition type : {name}."
        if not isinstance(keys, dict):
            yield SYNTAX
            continue
        for key in keys:
            if ":" not in key:
                yield f"Condition key {key} must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."


def _principal_problems(statement: dict[str, Any]) -> Iterator[str]:
    value = statement.get("Principal", statement.get("NotPrincipal"))
    if value == "*":
        return
    if not isinstance(value, dict) or not value:
        yield SYNTAX
        return
    for kind, names in value.items():
        if kind not in _PRINCIPAL_KINDS:
            yield f'Invalid principal in policy: "{kind}"'
        elif not _is_texts(names):
            yield SYNTAX
        else:
            for name in texts(names):
                if not _is_principal(kind, name):
                    yield invalid_principal(kind, name)


def invalid_principal(kind: str, name: str) -> str:
    """AWS's text for a principal that does not exist or cannot."""
    return f'Invalid principal in policy: "{kind.upper()}":"{name}"'


def _is_principal(kind: str, name: str) -> bool:
    if kind == "AWS":
        known_id = re.fullmatch(r"A(IDA|ROA)[A-Z0-9]{17}", name)
        return bool(name == "*" or _ACCOUNT.fullmatch(name) or _PRINCIPAL_ARN.fullmatch(name) or known_id)
    if kind == "Service":
        return re.fullmatch(r"[a-z0-9.-]+\.(amazonaws\.com|amazon\.com|internal|aws)(\.cn)?", name) is not None
    return bool(name)
