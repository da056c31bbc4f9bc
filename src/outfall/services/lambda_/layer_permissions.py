"""The policy of a layer's version: who else may use it.

https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html
Texts: [LS:test_layer_policy_exceptions]
"""

from __future__ import annotations

import json
from typing import Any

from outfall.core.context import Context
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import layers
from outfall.services.lambda_.errors import (
    PreconditionFailedException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from outfall.services.lambda_.layer_model import LAYER_POLICIES, LayerName, LayerPolicyRow, layer_named

_WRONG_REVISION = (
    "The Revision Id provided does not match the latest Revision Id. "
    "Call the GetLayerPolicy API to retrieve the latest Revision Id"
)


def document(row: LayerPolicyRow) -> str:
    """The policy as GetLayerVersionPolicy prints it."""
    statements = ",".join(statement for _, statement in row.statements)
    return f'{{"Version":"2012-10-17","Id":"default","Statement":[{statements}]}}'


def layer_policy(ctx: Context, layer: LayerName, version: int) -> str | None:
    """The policy of a version, for authorisation; None if there is none."""
    row = ctx.tx.get(LAYER_POLICIES, layer.key_of(version))
    return document(row) if row else None


def _require(call: Call, request: Request) -> tuple[LayerName, int, LayerPolicyRow | None]:
    layer, version = layer_named(call, request["LayerName"]), request["VersionNumber"]
    if layers.find(call.tx, layer, version) is None:
        raise ResourceNotFoundException(f"Layer version {layer.version_arn(version)} does not exist.")
    known = call.tx.get(LAYER_POLICIES, layer.key_of(version))
    given = request.get("RevisionId")
    if given and (known is None or given != known.revision):
        raise PreconditionFailedException(_WRONG_REVISION)
    return layer, version, known


@operation("AddLayerVersionPermission", action="lambda:AddLayerVersionPermission", resource=layers.version_arn)
def add_layer_version_permission(call: Call, request: Request) -> Output:
    """Adds a statement to the policy of a version."""
    layer, version, known = _require(call, request)
    statements = known.statements if known else ()
    sid = request["StatementId"]
    if sid in dict(statements):
        raise ResourceConflictException(
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    statement = json.dumps(_statement(layer.version_arn(version), request), separators=(",", ":"))
    row = LayerPolicyRow((*statements, (sid, statement)), call.ids.uuid())
    call.tx.put(LAYER_POLICIES, layer.key_of(version), row)
    return {"Statement": statement, "RevisionId": row.revision}


def _statement(arn: str, request: Request) -> dict[str, Any]:
    who = request["Principal"]
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{who}:root"} if who.isdigit() else "*" if who == "*" else {"AWS": who},
        "Action": request["Action"],
        "Resource": arn,
    }
    if request.get("OrganizationId"):
        statement["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": request["OrganizationId"]}}
    return statement


@operation("RemoveLayerVersionPermission", action="lambda:RemoveLayerVersionPermission", resource=layers.version_arn)
def remove_layer_version_permission(call: Call, request: Request) -> Output:
    """Removes a statement; the policy goes with its last one."""
    layer, version, known = _require(call, request)
    sid = request["StatementId"]
    if known is None:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    if sid not in dict(known.statements):
        raise ResourceNotFoundException(f"Statement {sid} is not found in resource policy.")
    kept = tuple(one for one in known.statements if one[0] != sid)
    if kept:
        call.tx.put(LAYER_POLICIES, layer.key_of(version), LayerPolicyRow(kept, call.ids.uuid()))
    else:
        call.tx.delete(LAYER_POLICIES, layer.key_of(version))
    return None


@operation("GetLayerVersionPolicy", action="lambda:GetLayerVersionPolicy", resource=layers.version_arn)
def get_layer_version_policy(call: Call, request: Request) -> Output:
    """The policy of a version and the revision to guard a change with."""
    _, _, known = _require(call, request)
    if known is None:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    return {"Policy": document(known), "RevisionId": known.revision}


OPERATIONS = (add_layer_version_permission, remove_layer_version_permission, get_layer_version_policy)
