"""The policy simulators, and the condition keys that policies ask for.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
Each action on each resource has a result of its own, and in it a `ResourceSpecificResults` of that one resource.
"""

from __future__ import annotations

from typing import Any

from outfall.authz.grammar import identity_problem, resource_problem
from outfall.authz.keys import GLOBAL_KEYS, request_keys
from outfall.authz.positions import context_keys
from outfall.authz.sides import Sides
from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.organization import Level
from outfall.core.ports import NamedPolicy
from outfall.core.principal import Principal
from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam.errors import InvalidInput, NoSuchEntity
from outfall.services.iam.exclusions import Exclusions
from outfall.services.iam.identities import IamIdentities, policies_of_group, principal_at
from outfall.services.iam.paging import page
from outfall.services.iam.simulation import Simulation, results

Policies = tuple[NamedPolicy, ...]


def _source(call: Call, request: Request) -> str:
    return str(request.get("PolicySourceArn") or "")


@operation("SimulatePrincipalPolicy", action="iam:SimulatePrincipalPolicy", resource=_source)
def simulate_principal_policy(call: Call, request: Request) -> Output:
    """What the policies of a user, group or role, and those given beside them, say about actions on resources."""
    principal, policies, limits = _holder(call, request["PolicySourceArn"])
    excluded = Exclusions(request)
    policies = excluded.kept(policies) + _given(request, "PolicyInputList")
    limits = () if excluded.boundary else limits
    return _answer(call, request, principal, policies, limits, bound=not excluded.service_control)


@operation("SimulateCustomPolicy", action="iam:SimulateCustomPolicy")
def simulate_custom_policy(call: Call, request: Request) -> Output:
    """What the given policies say about actions on resources."""
    return _answer(call, request, _nobody(call), _given(request, "PolicyInputList"), ())


def _nobody(ctx: Context) -> Principal:
    """A principal of the account of whom nothing is known."""
    return Principal("user", ctx.account, "", "")


def _holder(call: Call, arn: str) -> tuple[Principal, Policies, Policies]:
    """Who is simulated, the policies and the boundary; `NoSuchEntity` if there is no such user, group or role."""
    principal = principal_at(call, arn)
    if principal is None:
        policies = policies_of_group(call, arn)
        if policies is None:
            raise NoSuchEntity(f"The entity {arn} cannot be found.")
        return _nobody(call), policies, ()
    identities = IamIdentities()
    boundary = identities.boundary(call.tx, principal)
    return principal, identities.identity_policies(call.tx, principal), (boundary,) if boundary else ()


def _given(request: Request, member: str) -> Policies:
    documents = request.get(member) or []
    for document in documents:
        problem = identity_problem(document)
        if problem is not None:
            raise InvalidInput(problem)
    return tuple(NamedPolicy(f"{member}.{at}", document) for at, document in enumerate(documents, 1))


def _answer(
    call: Call, request: Request, principal: Principal, policies: Policies, limits: Policies, *, bound: bool = True
) -> dict[str, Any]:
    """The results under these policies, this boundary and, if it is `bound`, those of the organisation."""
    if request.get("ResourceHandlingOption"):
        # It is about EC2's resources: without it a simulation would answer something else.
        raise NotServed("ResourceHandlingOption is not served by this version of Outfall.")
    principal = _caller(call, request) or principal
    sides = Sides(
        policies,
        _given(request, "PermissionsBoundaryPolicyInputList") or limits,
        (),
        _resource_policy(request),
        _levels(call, request, principal) if bound else (),
    )
    keys = {str(one.get("ContextKeyName")): _value(one) for one in request.get("ContextEntries") or []}
    ctx = Context(call.tx, call.now, call.wall, call.ids, call.account, call.region, call.house)
    known = request_keys(ctx, principal, keys)
    given = frozenset(key.lower() for key in keys) | {key for key in GLOBAL_KEYS if known(key) is not None}
    owner = str(request.get("ResourceOwner") or "").split(":")
    simulation = Simulation(principal, sides, keys, owner[4] if len(owner) == 6 else principal.account, given)
    rows = results(ctx, simulation, request["ActionNames"], request.get("ResourceArns") or ["*"])
    return page(request, "EvaluationResults", ((f"{at:06}", row) for at, row in enumerate(rows)), lambda row: row)


def _caller(call: Call, request: Request) -> Principal | None:
    arn = request.get("CallerArn")
    if not arn:
        return None
    found = principal_at(call, arn)
    if found is not None:
        return found
    parts = arn.split(":", 5)
    if len(parts) != 6 or not parts[5].startswith("user/"):
        raise InvalidInput(f"Invalid ARN:  {arn}" if len(parts) != 6 else f"The caller {arn} is not a user or role.")
    # A caller of the simulation alone: it need not exist.
    return Principal("user", parts[4], arn, "", user_name=arn.rsplit("/", 1)[-1])


def _resource_policy(request: Request) -> str | None:
    document = request.get("ResourcePolicy")
    if document is None:
        return None
    problem = resource_problem(document)
    if problem is not None:
        raise InvalidInput(problem)
    return str(document)


def _levels(call: Call, request: Request, principal: Principal) -> tuple[Level, ...]:
    """The organisation's levels: those given, from the root down, else those that this server was told of."""
    given = request.get("OrderedOrganizationPolicyInputList")
    if given:
        return tuple(Level(frozenset(), _given(one, "ServiceControlPolicyInputList")) for one in given)
    organization = call.house.organization
    return organization.levels_of(principal.account) if organization is not None else ()


def _value(entry: dict[str, Any]) -> str | list[str]:
    values = [str(value) for value in entry.get("ContextKeyValues") or []]
    if str(entry.get("ContextKeyType") or "").endswith("List"):
        return values
    return values[0] if values else ""


@operation("GetContextKeysForPrincipalPolicy", action="iam:GetContextKeysForPrincipalPolicy", resource=_source)
def get_context_keys_for_principal_policy(call: Call, request: Request) -> Output:
    """The condition keys that the policies of a user, group or role ask for, and those given beside them."""
    _, policies, _ = _holder(call, request["PolicySourceArn"])
    return _keys(policies + _given(request, "PolicyInputList"))


@operation("GetContextKeysForCustomPolicy", action="iam:GetContextKeysForCustomPolicy")
def get_context_keys_for_custom_policy(call: Call, request: Request) -> Output:
    """The condition keys that the given policies ask for."""
    return _keys(_given(request, "PolicyInputList"))


def _keys(policies: Policies) -> dict[str, Any]:
    found: dict[str, str] = {}
    for policy in policies:
        for key in context_keys(policy.document):
            found.setdefault(key.lower(), key)
    return {"ContextKeyNames": list(found.values())}


SIMULATE_OPERATIONS = (
    simulate_principal_policy,
    simulate_custom_policy,
    get_context_keys_for_principal_policy,
    get_context_keys_for_custom_policy,
)
