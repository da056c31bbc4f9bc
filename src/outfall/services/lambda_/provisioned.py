"""Provisioned concurrency, as configuration: what is asked for is kept, checked and answered; environments are warm
here as soon as they are used, so nothing is started for it.

https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html; texts [LS:TestLambdaProvisionedConcurrency]
"""

from __future__ import annotations

from typing import Any

from outfall.core.context import Context
from outfall.core.invocation import LATEST
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import paging, render, rows
from outfall.services.lambda_.concurrency import UNRESERVED_MIN, provisioned, reserved, unreserved_provisioned
from outfall.services.lambda_.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
    ResourceConflictException,
    ResourceNotFoundException,
    function_not_found,
)
from outfall.services.lambda_.model import PROVISIONED, ProvisionedRow
from outfall.services.lambda_.names import FunctionName, named, named_arn, parse, unqualified_arn


@operation("PutProvisionedConcurrencyConfig", action="lambda:PutProvisionedConcurrencyConfig", resource=named_arn)
def put_provisioned_concurrency_config(call: Call, request: Request) -> Output:
    """Asks for concurrency for a version or an alias: IN_PROGRESS now, READY when it is looked at."""
    name = named(call, request)
    if name.qualifier == LATEST:
        raise InvalidParameterValueException(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    _require_qualifier(call, name)
    _require_alone(call, name)
    wanted = request["ProvisionedConcurrentExecutions"]
    _require_room(call, name, wanted)
    row = ProvisionedRow(wanted, call.now)
    call.tx.put(PROVISIONED, (*name.key, name.qualifier), row)
    return {
        "RequestedProvisionedConcurrentExecutions": wanted,
        "AllocatedProvisionedConcurrentExecutions": 0,
        "Status": "IN_PROGRESS",
        "LastModified": render.modified(row.modified_ms),
    }


def _require_qualifier(ctx: Context, name: FunctionName) -> None:
    """[rec-055, rec-058, rec-060]"""
    if rows.find(ctx.tx, name) is None:
        if name.qualifier.isdigit():
            raise function_not_found(name.as_named)
        raise ResourceNotFoundException(f"Cannot find alias arn: {name.as_named}")


def _require_alone(ctx: Context, name: FunctionName) -> None:
    """A version has one configuration, its own or that of an alias of it. [rec-062, rec-063]"""
    alias = rows.alias(ctx.tx, name, name.qualifier)
    if alias is not None:
        if ctx.tx.get(PROVISIONED, (*name.key, alias.version)):
            raise ResourceConflictException(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )
        return
    for one in rows.aliases(ctx.tx, name):
        known = ctx.tx.get(PROVISIONED, (*name.key, one.name))
        if known and name.qualifier in (one.version, *(number for number, _ in one.routing)):
            raise ResourceConflictException("Version is pointed by a Provisioned Concurrency alias")


def _require_room(ctx: Context, name: FunctionName, wanted: int) -> None:
    """Out of the function's reservation, or else out of what the account has left. [rec-115, rec-116, rec-156]"""
    function = rows.require_function(ctx.tx, name)
    if function.reserved_concurrency is not None:
        if provisioned(ctx.tx, name, beside=name.qualifier) + wanted > function.reserved_concurrency:
            raise InvalidParameterValueException(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution "
                "for function"
            )
        return
    here = (name.account, name.region)
    left = ctx.house.account_concurrency - reserved(ctx.tx, *here) - unreserved_provisioned(ctx.tx, *here, beside=name)
    if wanted > left:
        raise InvalidParameterValueException(
            f"Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [{left}]."
        )
    if left - wanted < UNRESERVED_MIN:
        raise InvalidParameterValueException(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
            f"minimum value of [{UNRESERVED_MIN}]."
        )


def _published(call: Call, request: Request) -> FunctionName:
    name = named(call, request)
    if name.qualifier == LATEST:
        raise InvalidParameterValueException("The function resource provided must be an alias or a published version.")
    _require_qualifier(call, name)
    return name


def _render(row: ProvisionedRow) -> dict[str, Any]:
    return {
        "RequestedProvisionedConcurrentExecutions": row.wanted,
        "AvailableProvisionedConcurrentExecutions": row.wanted,
        "AllocatedProvisionedConcurrentExecutions": row.wanted,
        "Status": "READY",
        "LastModified": render.modified(row.modified_ms),
    }


@operation("GetProvisionedConcurrencyConfig", action="lambda:GetProvisionedConcurrencyConfig", resource=named_arn)
def get_provisioned_concurrency_config(call: Call, request: Request) -> Output:
    """What a version or alias has."""
    name = _published(call, request)
    row = call.tx.get(PROVISIONED, (*name.key, name.qualifier))
    if row is None:
        raise ProvisionedConcurrencyConfigNotFoundException
    return _render(row)


@operation("DeleteProvisionedConcurrencyConfig", action="lambda:DeleteProvisionedConcurrencyConfig", resource=named_arn)
def delete_provisioned_concurrency_config(call: Call, request: Request) -> Output:
    """Gives it back; what is not there is given back already."""
    name = _published(call, request)
    call.tx.delete(PROVISIONED, (*name.key, name.qualifier))
    return None


@operation(
    "ListProvisionedConcurrencyConfigs", action="lambda:ListProvisionedConcurrencyConfigs", resource=unqualified_arn
)
def list_provisioned_concurrency_configs(call: Call, request: Request) -> Output:
    """All configurations of a function, by qualifier."""
    name = parse(call, request["FunctionName"]).at("")
    rows.require_function(call.tx, name)
    scan = call.tx.scan(PROVISIONED, name.key, start=paging.start_of(request.get("Marker")))
    found = ((key, (key[3], row)) for key, row in scan)
    configs, marker = paging.page(found, name.key, request.get("MaxItems"))
    listed = [{"FunctionArn": name.at(qualifier).as_named, **_render(row)} for qualifier, row in configs]
    return paging.with_marker({"ProvisionedConcurrencyConfigs": listed}, marker)


OPERATIONS = (
    put_provisioned_concurrency_config,
    get_provisioned_concurrency_config,
    delete_provisioned_concurrency_config,
    list_provisioned_concurrency_configs,
)
