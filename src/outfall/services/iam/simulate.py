"""The policy simulators: the evaluation of `authz`, asked without doing anything.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outfall.authz.documents import parse_document
from outfall.authz.evaluate import Asked, denial_at, denial_in, grant_at, grant_in
from outfall.authz.grammar import identity_problem
from outfall.authz.keys import request_keys
from outfall.authz.principals import Reach
from outfall.core.errors import NotServed
from outfall.core.ports import NamedPolicy
from outfall.core.principal import Principal, root_of
from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam.checks import check
from outfall.services.iam.errors import InvalidInput, NoSuchEntity
from outfall.services.iam.identities import IamIdentities, principal_at
from outfall.services.iam.paging import page

Policies = tuple[NamedPolicy, ...]


def _source_resource(call: Call, request: Request) -> str:
    return str(request.get("PolicySourceArn") or "")


@operation("SimulatePrincipalPolicy", action="iam:SimulatePrincipalPolicy", resource=_source_resource)
def simulate_principal_policy(call: Call, request: Request) -> Output:
    """What the policies of a user or role, and those given beside them, say about actions on resources."""
    check(request, "PolicySourceArn", "ActionNames")
    arn = request["PolicySourceArn"]
    principal = principal_at(call, arn)
    if principal is None:
        raise NoSuchEntity(f"The entity {arn} cannot be found.")
    identities = IamIdentities()
    policies = identities.identity_policies(call.tx, principal) + _given(request, "PolicyInputList", "PolicyInputList")
    boundary = identities.boundary(call.tx, principal)
    limits = (boundary,) if boundary else ()
    return _answer(call, request, principal, policies, limits)


@operation("SimulateCustomPolicy", action="iam:SimulateCustomPolicy")
def simulate_custom_policy(call: Call, request: Request) -> Output:
    """What the given policies say about actions on resources."""
    check(request, "PolicyInputList", "ActionNames")
    principal = _caller(call, request) or root_of(call.account)
    return _answer(call, request, principal, _given(request, "PolicyInputList", "PolicyInputList"), ())


def _caller(call: Call, request: Request) -> Principal | None:
    arn = request.get("CallerArn")
    return principal_at(call, arn) if arn else None


def _given(request: Request, member: str, name: str) -> Policies:
    documents = request.get(member) or []
    for document in documents:
        problem = identity_problem(document)
        if problem is not None:
            raise InvalidInput(problem)
    return tuple(NamedPolicy(f"{name}.{at}", document) for at, document in enumerate(documents, 1))


def _answer(call: Call, request: Request, principal: Principal, policies: Policies, limits: Policies) -> dict[str, Any]:
    for option in ("ResourceHandlingOption", "PolicyExclusionList"):
        if request.get(option):
            raise NotServed(f"{option} is not served by this version of Outfall.")
    limits = _given(request, "PermissionsBoundaryPolicyInputList", "PermissionsBoundaryPolicyInputList") or limits
    rows = _results(call, request, _caller(call, request) or principal, policies, limits)
    return page(request, "EvaluationResults", ((f"{at:06}", row) for at, row in enumerate(rows)), lambda row: row)


def _results(
    call: Call, request: Request, principal: Principal, policies: Policies, limits: Policies
) -> Iterator[dict[str, Any]]:
    keys = {str(one.get("ContextKeyName")): _value(one) for one in request.get("ContextEntries") or []}
    lookup = request_keys(call, principal, keys)
    missing = [key for key in sorted(_wanted(policies + limits)) if lookup(key) is None]
    for action in request["ActionNames"]:
        for resource in request.get("ResourceArns") or ["*"]:
            asked = Asked(principal, action.lower(), resource, lookup)
            decision, matched = _decide(asked, policies, limits, request.get("ResourcePolicy"))
            row: dict[str, Any] = {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decision,
                "MatchedStatements": matched,
                "MissingContextValues": missing,
            }
            if limits:
                row["PermissionsBoundaryDecisionDetail"] = {
                    "AllowedByPermissionsBoundary": grant_in(limits, asked) is not None
                }
            yield row


def _value(entry: dict[str, Any]) -> str | list[str]:
    values = [str(value) for value in entry.get("ContextKeyValues") or []]
    if str(entry.get("ContextKeyType") or "").endswith("List"):
        return values
    return values[0] if values else ""


def _wanted(policies: Policies) -> set[str]:
    """Condition keys that the policies ask for."""
    return {
        condition.key
        for policy in policies
        for statement in parse_document(policy.document).statements
        for condition in statement.conditions
    }


def _decide(
    asked: Asked, policies: Policies, limits: Policies, resource_policy: str | None
) -> tuple[str, list[dict[str, str]]]:
    denied = _matching(policies + limits, asked, denial_in)
    if denied or (resource_policy and denial_at(resource_policy, asked)):
        return "explicitDeny", denied
    reach = grant_at(resource_policy, asked)[0] if resource_policy else Reach.NONE
    if reach is Reach.DIRECT:
        return "allowed", [_source("ResourcePolicy", "Resource Policy")]
    granted = _matching(policies, asked, grant_in)
    if not granted and reach < Reach.ROLE:
        return "implicitDeny", []
    if limits and grant_in(limits, asked) is None:
        return "implicitDeny", []
    return "allowed", granted


def _matching(policies: Policies, asked: Asked, ask: Any) -> list[dict[str, str]]:
    return [_source(policy.name, "IAM Policy") for policy in policies if ask((policy,), asked) is not None]


def _source(name: str, kind: str) -> dict[str, str]:
    return {"SourcePolicyId": name, "SourcePolicyType": kind}


SIMULATE_OPERATIONS = (simulate_principal_policy, simulate_custom_policy)
