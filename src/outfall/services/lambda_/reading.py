"""Reading functions: GetFunction, GetFunctionConfiguration, ListFunctions and GetAccountSettings."""

from __future__ import annotations

from typing import Any

from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import concurrency, paging, render, rows
from outfall.services.lambda_.code import UNZIPPED_SIZE_MAX, ZIPPED_SIZE_MAX
from outfall.services.lambda_.layer_model import LAYER_VERSIONS
from outfall.services.lambda_.model import FUNCTIONS, VERSIONS, VersionRow
from outfall.services.lambda_.names import named, named_arn

CODE_STORAGE_MAX = 80_530_636_800
"""75 GB. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


@operation("GetFunction", action="lambda:GetFunction", resource=named_arn)
def get_function(call: Call, request: Request) -> Output:
    """The configuration, where the code can be fetched, tags and reserved concurrency."""
    name = named(call, request)
    row = rows.require(call.tx, name)
    function = rows.require_function(call.tx, name)
    location = f"{call.endpoint}/_outfall/code/{row.code_sha256}"
    output: dict[str, Any] = {
        "Configuration": render.configuration(row, name.qualifier),
        "Code": {"RepositoryType": "S3", "Location": location},
    }
    if function.tags:
        output["Tags"] = dict(function.tags)
    if function.reserved_concurrency is not None:
        output["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
    return output


@operation("GetFunctionConfiguration", action="lambda:GetFunctionConfiguration", resource=named_arn)
def get_function_configuration(call: Call, request: Request) -> Output:
    """The configuration of a function, version or alias."""
    name = named(call, request)
    return render.configuration(rows.require(call.tx, name), name.qualifier)


@operation("ListFunctions", action="lambda:ListFunctions")
def list_functions(call: Call, request: Request) -> Output:
    """All functions of the account in the region, by name; with FunctionVersion ALL also their versions."""
    here = (call.account, call.region)
    start = paging.start_of(request.get("Marker"))
    if request.get("MasterRegion"):
        return {"Functions": []}  # Those that Lambda@Edge copied from that region: nothing is copied here.
    versions: list[VersionRow]
    if request.get("FunctionVersion") == "ALL":
        versions, marker = paging.page(call.tx.scan(VERSIONS, here, start=start), here, request.get("MaxItems"))
        listed = [render.listed(row, row.version) for row in versions]
    else:
        found = ((key, key) for key, _ in call.tx.scan(FUNCTIONS, here, start=start))
        keys, marker = paging.page(found, here, request.get("MaxItems"))
        versions = [row for key in keys if (row := call.tx.get(VERSIONS, (*key, "$LATEST")))]
        listed = [render.listed(row) for row in versions]
    return paging.with_marker({"Functions": listed}, marker)


@operation("GetAccountSettings", action="lambda:GetAccountSettings")
def get_account_settings(call: Call, request: Request) -> Output:
    """Limits of the account in the region, and what is used of them."""
    here = (call.account, call.region)
    total = call.house.account_concurrency
    return {
        "AccountLimit": {
            "TotalCodeSize": CODE_STORAGE_MAX,
            "CodeSizeUnzipped": UNZIPPED_SIZE_MAX,
            "CodeSizeZipped": ZIPPED_SIZE_MAX,
            "ConcurrentExecutions": total,
            "UnreservedConcurrentExecutions": total - concurrency.reserved(call.tx, *here),
        },
        "AccountUsage": {
            "TotalCodeSize": sum(row.code_size for _, row in call.tx.scan(VERSIONS, here))
            + sum(row.code_size for _, row in call.tx.scan(LAYER_VERSIONS, here)),
            "FunctionCount": sum(1 for _ in call.tx.scan(FUNCTIONS, here)),
        },
    }


OPERATIONS = (get_function, get_function_configuration, list_functions, get_account_settings)
