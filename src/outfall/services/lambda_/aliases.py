"""Aliases: a name for a version, or for two of them in a proportion.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html; texts [LS:TestLambdaAlias]
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.invocation import LATEST
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import lifecycle, paging, rows
from outfall.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
    function_not_found,
)
from outfall.services.lambda_.model import ALIASES, AliasRow
from outfall.services.lambda_.names import FunctionName, parse, unqualified_arn


def _named(call: Call, request: Request) -> FunctionName:
    """The alias of a request, as a qualified function."""
    return parse(call, request["FunctionName"]).at(request["Name"])


def _alias_arn(call: Call, request: Request) -> str:
    return _named(call, request).as_named


def _render(name: FunctionName, row: AliasRow) -> dict[str, Any]:
    routing = {"RoutingConfig": {"AdditionalVersionWeights": dict(row.routing)}} if row.routing else {}
    return {
        "AliasArn": name.at(row.name).as_named,
        "Name": row.name,
        "FunctionVersion": row.version,
        "Description": row.description,
        **routing,
        "RevisionId": row.revision,
    }


@operation("CreateAlias", action="lambda:CreateAlias", resource=unqualified_arn)
def create_alias(call: Call, request: Request) -> Output:
    """A new alias for a version."""
    name = _named(call, request)
    version = request["FunctionVersion"]
    routing = _routing(request.get("RoutingConfig")) or ()
    _require_targets(call, name, version, routing)
    if rows.alias(call.tx, name, name.qualifier):
        raise ResourceConflictException(f"Alias already exists: {name.as_named}")
    row = AliasRow(name.qualifier, version, request.get("Description") or "", call.ids.uuid(), routing)
    call.tx.put(ALIASES, (*name.key, row.name), row)
    return _render(name, row)


def _routing(config: dict[str, Any] | None) -> tuple[tuple[str, float], ...] | None:
    """The weights in a request, or None if it says nothing of them."""
    if config is None:
        return None
    weights = config.get("AdditionalVersionWeights")
    if weights is None:
        return ()
    if len(weights) > 1:
        raise InvalidParameterValueException("Number of items in AdditionalVersionWeights cannot be greater than 1")
    return tuple((number, float(weight)) for number, weight in weights.items())


def _require_targets(ctx: Context, name: FunctionName, version: str, routing: tuple[tuple[str, float], ...]) -> None:
    if rows.version(ctx.tx, name) is None:
        raise function_not_found(name.at(version).as_named)
    for number, _ in routing:
        if number == version:
            raise InvalidParameterValueException(
                f"Invalid function version {number}. "
                f"Function version {number} is already included in routing configuration."
            )
        if version == LATEST:
            raise InvalidParameterValueException(
                "$LATEST is not supported for an alias pointing to more than 1 version"
            )
    for number in (version, *(number for number, _ in routing)):
        if rows.version(ctx.tx, name, number) is None:
            raise function_not_found(name.at(number).as_named)


@operation("GetAlias", action="lambda:GetAlias", resource=_alias_arn)
def get_alias(call: Call, request: Request) -> Output:
    """One alias."""
    name = _named(call, request)
    row = rows.alias(call.tx, name, name.qualifier)
    if row is None:
        raise ResourceNotFoundException(f"Cannot find alias arn: {name.as_named}")
    return _render(name, row)


@operation("UpdateAlias", action="lambda:UpdateAlias", resource=_alias_arn)
def update_alias(call: Call, request: Request) -> Output:
    """Moves an alias; what the request leaves out stays."""
    name = _named(call, request)
    row = rows.alias(call.tx, name, name.qualifier)
    if row is None:
        raise ResourceNotFoundException(f"Alias not found: {name.as_named}")
    rows.require_revision(request.get("RevisionId"), row.revision)
    routing = _routing(request.get("RoutingConfig"))
    description = request.get("Description")
    changed = AliasRow(
        row.name,
        request.get("FunctionVersion") or row.version,
        row.description if description is None else description,
        call.ids.uuid(),
        row.routing if routing is None else routing,
    )
    _require_targets(call, name, changed.version, changed.routing)
    call.tx.put(ALIASES, (*name.key, row.name), changed)
    return _render(name, changed)


@operation("DeleteAlias", action="lambda:DeleteAlias", resource=_alias_arn)
def delete_alias(call: Call, request: Request) -> Output:
    """Deletes an alias with its policy and settings; one that is not there is deleted already."""
    name = _named(call, request)
    rows.require_function(call.tx, name)
    if call.tx.delete(ALIASES, (*name.key, name.qualifier)):
        lifecycle.drop_settings(call, name)
    return None


@operation("ListAliases", action="lambda:ListAliases", resource=unqualified_arn)
def list_aliases(call: Call, request: Request) -> Output:
    """All aliases of a function, or those of one of its versions, by name."""
    name = parse(call, request["FunctionName"])
    rows.require_function(call.tx, name)
    version = request.get("FunctionVersion")
    scan = call.tx.scan(ALIASES, name.key, start=paging.start_of(request.get("Marker")))
    found = ((key, row) for key, row in scan if not version or row.version == version)
    aliases, marker = paging.page(found, name.key, request.get("MaxItems"))
    return paging.with_marker({"Aliases": [_render(name, row) for row in aliases]}, marker)


def changed(ctx: Context, row: AliasRow) -> AliasRow:
    """The row with a new RevisionId."""
    return replace(row, revision=ctx.ids.uuid())


OPERATIONS = (create_alias, get_alias, update_alias, delete_alias, list_aliases)
