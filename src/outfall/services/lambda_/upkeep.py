"""What AWS looks after by itself: when a function's runtime is patched, and whose signature its code needs.

There is one runtime of a kind here, that of the machine, and it changes only with the machine: so a function that asks
for patches at once (Auto) and one that takes them with its own updates (FunctionUpdate) are as they ask to be, and one
that pins a version of the runtime (Manual) is not served.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html
"""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import rows
from outfall.services.lambda_.errors import InvalidParameterValueException
from outfall.services.lambda_.model import VersionRow
from outfall.services.lambda_.names import FunctionName, named, named_arn, parse, unqualified_arn


@operation("PutRuntimeManagementConfig", action="lambda:PutRuntimeManagementConfig", resource=named_arn)
def put_runtime_management_config(call: Call, request: Request) -> Output:
    """Sets Auto or FunctionUpdate for one version. Errors: ResourceNotFound, InvalidParameterValue."""
    name, row = _one_version(call, request)
    if request["UpdateRuntimeOn"] == "Manual":
        raise NotServed("A pinned version of a runtime (UpdateRuntimeOn Manual) is not served by this version.")
    if request.get("RuntimeVersionArn"):
        # AWS's text is not known.
        raise InvalidParameterValueException("RuntimeVersionArn can only be specified when UpdateRuntimeOn is Manual.")
    row = replace(row, update_runtime_on=request["UpdateRuntimeOn"])
    rows.put(call.tx, row)
    return _told(name, row)


@operation("GetRuntimeManagementConfig", action="lambda:GetRuntimeManagementConfig", resource=named_arn)
def get_runtime_management_config(call: Call, request: Request) -> Output:
    """Auto unless it was set."""
    return _told(*_one_version(call, request))


def _one_version(call: Call, request: Request) -> tuple[FunctionName, VersionRow]:
    name = named(call, request)
    if name.qualifier and rows.alias(call.tx, name, name.qualifier) is not None:
        # "The qualifier can be $LATEST or a version"; AWS's text is not known.
        raise InvalidParameterValueException("The qualifier must be a function version or $LATEST, not an alias.")
    return name, rows.require(call.tx, name)


def _told(name: FunctionName, row: VersionRow) -> Output:
    return {"UpdateRuntimeOn": row.update_runtime_on, "FunctionArn": name.as_named, "RuntimeVersionArn": None}


@operation("GetFunctionCodeSigningConfig", action="lambda:GetFunctionCodeSigningConfig", resource=unqualified_arn)
def get_function_code_signing_config(call: Call, request: Request) -> Output:
    """The function's name alone: no function has a code signing configuration, for none can be made.

    Infrastructure tools ask this of each function that they look after.
    """
    name = parse(call, request["FunctionName"])
    rows.require_function(call.tx, name)
    return {"FunctionName": name.name}


OPERATIONS = (put_runtime_management_config, get_runtime_management_config, get_function_code_signing_config)
