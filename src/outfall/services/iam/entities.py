"""Who uses a policy: ListEntitiesForPolicy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from outfall.core.service import Call, Output, Request, operation
from outfall.services.iam import managed
from outfall.services.iam.model import Holder
from outfall.services.iam.paging import page
from outfall.services.iam.policies import policy_resource

_LISTS = {"group": "PolicyGroups", "user": "PolicyUsers", "role": "PolicyRoles"}


@operation("ListEntitiesForPolicy", action="iam:ListEntitiesForPolicy", resource=policy_resource)
def list_entities_for_policy(call: Call, request: Request) -> Output:
    """Groups, users and roles that the policy is attached to, or whose boundary it is."""
    policy = managed.require(call, request.get("PolicyArn") or "")
    found = page(request, "", _users_of(call, request, policy.arn), lambda holder: holder)
    holders: list[Holder] = found.pop("")
    answer: dict[str, Any] = {
        name: [{f"{kind.title()}Name": one.name, f"{kind.title()}Id": one.id} for one in holders if one.kind == kind]
        for kind, name in _LISTS.items()
    }
    return answer | found


def _users_of(call: Call, request: Request, arn: str) -> Iterator[tuple[str, Holder]]:
    usage, kind = request.get("PolicyUsageFilter"), (request.get("EntityFilter") or "").lower()
    rows = {f"{holder.kind}/{holder.name.lower()}": holder for holder in managed.holders(call)}
    for name, holder in sorted(rows.items()):
        if (kind and holder.kind != kind) or not holder.path.startswith(request.get("PathPrefix") or "/"):
            continue
        attached = arn in holder.attached and usage != "PermissionsBoundary"
        bounding = holder.boundary == arn and usage != "PermissionsPolicy"
        if attached or bounding:
            yield name, holder


ENTITY_OPERATIONS = (list_entities_for_policy,)
