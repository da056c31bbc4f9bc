"""Asynchronous settings: retries, event age and destinations of exactly one qualifier.

Order of checks and texts: [LS:TestLambdaEventInvokeConfig]; raw bodies [SD].
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import destinations, paging, rows
from outfall.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from outfall.services.lambda_.model import EVENT_INVOKE_CONFIGS, EventInvokeConfigRow, VersionRow
from outfall.services.lambda_.names import FunctionName, named, named_arn, parse, unqualified_arn

SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


def config(ctx: Context, name: FunctionName) -> EventInvokeConfigRow | None:
    """The settings of exactly this qualifier; nothing is inherited [SDdoc]."""
    return ctx.tx.get(EVENT_INVOKE_CONFIGS, _key(name))


def _key(name: FunctionName) -> tuple[str, ...]:
    return (*name.key, name.qualifier_or_latest)


def _require(call: Call, name: FunctionName) -> EventInvokeConfigRow:
    row = config(call, name)
    if row is None:
        raise ResourceNotFoundException(f"The function {name.qualified} doesn't have an EventInvokeConfig")
    return row


def _render(name: FunctionName, row: EventInvokeConfigRow) -> dict[str, Any]:
    output: dict[str, Any] = {
        "DestinationConfig": {"OnFailure": _destination(row.on_failure), "OnSuccess": _destination(row.on_success)},
        "FunctionArn": name.qualified,
        "LastModified": row.modified_ms,
    }
    if row.event_age_s_max is not None:
        output["MaximumEventAgeInSeconds"] = row.event_age_s_max
    if row.retries_max is not None:
        output["MaximumRetryAttempts"] = row.retries_max
    return output


def _destination(arn: str) -> dict[str, str]:
    return {"Destination": arn} if arn else {}


@operation("PutFunctionEventInvokeConfig", action="lambda:PutFunctionEventInvokeConfig", resource=named_arn)
def put_function_event_invoke_config(call: Call, request: Request) -> Output:
    """Replaces the settings: what is left out is gone."""
    name, version = _subject(call, request)
    return _save(call, name, version, EventInvokeConfigRow(call.now), request)


@operation("UpdateFunctionEventInvokeConfig", action="lambda:UpdateFunctionEventInvokeConfig", resource=named_arn)
def update_function_event_invoke_config(call: Call, request: Request) -> Output:
    """Changes the settings: what is left out stays, an empty Destination removes it."""
    name, version = _subject(call, request)
    return _save(call, name, version, replace(_require(call, name), modified_ms=call.now), request)


def _subject(call: Call, request: Request) -> tuple[FunctionName, VersionRow]:
    name = named(call, request)
    if all(request.get(setting) is None for setting in SETTINGS):
        raise InvalidParameterValueException("You must specify at least one of error handling or destination setting.")
    version = rows.find(call.tx, name)
    if version is None:
        raise ResourceNotFoundException("The function doesn't exist.")
    return name, version


def _save(call: Call, name: FunctionName, version: VersionRow, row: EventInvokeConfigRow, request: Request) -> Output:
    given = {kind: _given(request, kind) for kind in ("OnSuccess", "OnFailure")}
    for kind, destination in given.items():
        if destination:
            destinations.require_destination(call, name, version, kind, destination)
    retries, age = request.get("MaximumRetryAttempts"), request.get("MaximumEventAgeInSeconds")
    changed = replace(
        row,
        retries_max=row.retries_max if retries is None else retries,
        event_age_s_max=row.event_age_s_max if age is None else age,
        on_success=row.on_success if given["OnSuccess"] is None else given["OnSuccess"],
        on_failure=row.on_failure if given["OnFailure"] is None else given["OnFailure"],
    )
    call.tx.put(EVENT_INVOKE_CONFIGS, _key(name), changed)
    return _render(name, changed)


def _given(request: Request, kind: str) -> str | None:
    """The destination that the request names; None if it says nothing, empty if it removes it [SDdoc]."""
    destination: str | None = ((request.get("DestinationConfig") or {}).get(kind) or {}).get("Destination")
    return destination


@operation("GetFunctionEventInvokeConfig", action="lambda:GetFunctionEventInvokeConfig", resource=named_arn)
def get_function_event_invoke_config(call: Call, request: Request) -> Output:
    """The settings of one qualifier."""
    name = named(call, request)
    return _render(name, _require(call, name))


@operation("DeleteFunctionEventInvokeConfig", action="lambda:DeleteFunctionEventInvokeConfig", resource=named_arn)
def delete_function_event_invoke_config(call: Call, request: Request) -> Output:
    """Back to AWS's defaults."""
    name = named(call, request)
    _require(call, name)
    call.tx.delete(EVENT_INVOKE_CONFIGS, _key(name))
    return None


@operation("ListFunctionEventInvokeConfigs", action="lambda:ListFunctionEventInvokeConfigs", resource=unqualified_arn)
def list_function_event_invoke_configs(call: Call, request: Request) -> Output:
    """The settings of all qualifiers of a function."""
    name = parse(call, request["FunctionName"])
    if rows.version(call.tx, name) is None:
        raise ResourceNotFoundException("The function doesn't exist.")
    scan = call.tx.scan(EVENT_INVOKE_CONFIGS, name.key, start=paging.start_of(request.get("Marker")))
    found = ((key, (key[-1], row)) for key, row in scan)
    configs, marker = paging.page(found, name.key, request.get("MaxItems"))
    listed = [_render(name.at(qualifier), row) for qualifier, row in configs]
    return paging.with_marker({"FunctionEventInvokeConfigs": listed}, marker)


OPERATIONS = (
    put_function_event_invoke_config,
    update_function_event_invoke_config,
    get_function_event_invoke_config,
    delete_function_event_invoke_config,
    list_function_event_invoke_configs,
)
