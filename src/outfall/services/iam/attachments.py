"""Attaching managed policies to roles, users and groups: the same three operations for each, and boundaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from outfall.core.service import Call, Operation, Output, Request, operation
from outfall.services.iam import managed
from outfall.services.iam.checks import policy_arn
from outfall.services.iam.errors import LimitExceeded, NoSuchEntity
from outfall.services.iam.handlers import Keys, require_own, save
from outfall.services.iam.inline import GROUP, ROLE, USER, Kind
from outfall.services.iam.paging import page

ATTACHED_MAX = 10
"""Managed policies per role, user or group. [DOC:reference_iam-quotas]"""


def _with(keys: Keys, name: str, member: str) -> Keys:
    """The keys of the holder, and one more that the request tells."""

    def both(call: Call, request: Request) -> Mapping[str, Any]:
        return {**keys(call, request), name: str(request.get(member) or "")}

    return both


def _policy_key(kind: Kind[Any]) -> Keys:
    return _with(kind.keys, "iam:PolicyARN", "PolicyArn")


def _attach(kind: Kind[Any]) -> Operation:
    name = f"Attach{kind.word}Policy"

    def attach(call: Call, request: Request) -> Output:
        policy_arn(request.get("PolicyArn") or "")
        holder = kind.find(call, request[kind.member])
        require_own(holder)
        arn = managed.require_attachable(call, request["PolicyArn"]).arn
        if arn in holder.attached:
            return None
        if len(holder.attached) >= ATTACHED_MAX:
            raise LimitExceeded(f"Cannot exceed quota for PoliciesPer{kind.word}: {ATTACHED_MAX}")
        save(call, kind.table, replace(holder, attached=(*holder.attached, arn)))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=_policy_key(kind))(attach)


def _detach(kind: Kind[Any]) -> Operation:
    name = f"Detach{kind.word}Policy"

    def detach(call: Call, request: Request) -> Output:
        arn = request.get("PolicyArn") or ""
        policy_arn(arn)
        holder = kind.find(call, request[kind.member])
        require_own(holder)
        if arn not in holder.attached:
            raise NoSuchEntity(f"Policy {arn} was not found.")
        save(call, kind.table, replace(holder, attached=tuple(one for one in holder.attached if one != arn)))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=_policy_key(kind))(detach)


def _list(kind: Kind[Any]) -> Operation:
    name = f"ListAttached{kind.word}Policies"

    def list_attached(call: Call, request: Request) -> Output:
        holder = kind.find(call, request[kind.member])
        prefix = request.get("PathPrefix") or "/"
        found = (managed.find(call.tx, arn) for arn in sorted(holder.attached))
        rows = ((policy.arn, policy) for policy in found if policy is not None and policy.path.startswith(prefix))
        return page(
            request, "AttachedPolicies", rows, lambda policy: {"PolicyName": policy.name, "PolicyArn": policy.arn}
        )

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=kind.keys)(list_attached)


def _bound(kind: Kind[Any]) -> Operation:
    name = f"Put{kind.word}PermissionsBoundary"

    def put_boundary(call: Call, request: Request) -> Output:
        holder = kind.find(call, request[kind.member])
        require_own(holder)
        boundary = managed.require_boundary(call, request["PermissionsBoundary"])
        save(call, kind.table, replace(holder, boundary=boundary))
        return None

    keys = _with(kind.keys, "iam:PermissionsBoundary", "PermissionsBoundary")
    return operation(name, action=f"iam:{name}", resource=kind.resource, context=keys)(put_boundary)


def _unbound(kind: Kind[Any]) -> Operation:
    name = f"Delete{kind.word}PermissionsBoundary"

    def delete_boundary(call: Call, request: Request) -> Output:
        holder = kind.find(call, request[kind.member])
        require_own(holder)
        if not holder.boundary:
            raise NoSuchEntity(f"The {holder.kind} with name {holder.name} has no permissions boundary.")
        save(call, kind.table, replace(holder, boundary=""))
        return None

    return operation(name, action=f"iam:{name}", resource=kind.resource, context=kind.keys)(delete_boundary)


ATTACHMENT_OPERATIONS = (
    *(make(kind) for kind in (ROLE, USER, GROUP) for make in (_attach, _detach, _list)),
    *(make(kind) for kind in (ROLE, USER) for make in (_bound, _unbound)),
)
