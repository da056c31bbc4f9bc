"""Reserved concurrency of functions, out of what the account has.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html; texts [LS:TestLambdaReservedConcurrency]
"""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.ports import Tx
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_.errors import InvalidParameterValueException, function_not_found
from outfall.services.lambda_.model import FUNCTIONS, PROVISIONED, FunctionRow
from outfall.services.lambda_.names import FunctionName, parse, unqualified_arn

UNRESERVED_MIN = 100
"""So much has to stay for functions without a reservation."""


def reserved(tx: Tx, account: str, region: str, *, beside: str = "") -> int:
    """What the functions of an account have reserved in a region, leaving out the function `beside`."""
    functions = tx.scan(FUNCTIONS, (account, region))
    return sum(row.reserved_concurrency or 0 for key, row in functions if key[2] != beside)


def provisioned(tx: Tx, name: FunctionName, *, beside: str = "") -> int:
    """What is provisioned for a function's versions and aliases, leaving out the qualifier `beside`."""
    return sum(row.wanted for key, row in tx.scan(PROVISIONED, name.key) if key[3] != beside)


def unreserved_provisioned(tx: Tx, account: str, region: str, *, beside: FunctionName) -> int:
    """What is provisioned for functions without a reservation, leaving out the function and qualifier `beside`."""
    found = tx.scan(PROVISIONED, (account, region))
    total = 0
    for key, row in found:
        function = tx.get(FUNCTIONS, (key[0], key[1], key[2]))
        if key != (*beside.key, beside.qualifier) and function and function.reserved_concurrency is None:
            total += row.wanted
    return total


def _function(call: Call, request: Request) -> tuple[FunctionName, FunctionRow]:
    name = parse(call, request["FunctionName"])
    if name.qualifier:
        raise InvalidParameterValueException(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this "
            "operation. Please specify either a function name or an unqualified function ARN."
        )
    row = call.tx.get(FUNCTIONS, name.key)
    if row is None:
        raise function_not_found(name.qualified)
    return name, row


@operation("PutFunctionConcurrency", action="lambda:PutFunctionConcurrency", resource=unqualified_arn)
def put_function_concurrency(call: Call, request: Request) -> Output:
    """Reserves concurrency; 0 stops a function altogether."""
    name, row = _function(call, request)
    wanted = request["ReservedConcurrentExecutions"]
    others = reserved(call.tx, name.account, name.region, beside=name.name)
    if wanted and call.house.account_concurrency - others - wanted < UNRESERVED_MIN:
        raise InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's "
            f"UnreservedConcurrentExecution below its minimum value of [{UNRESERVED_MIN}]."
        )
    taken = provisioned(call.tx, name)
    if wanted < taken:  # The spaces are AWS's. [rec-155]
        raise InvalidParameterValueException(
            f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
            f"concurrency [{taken}]."
        )
    call.tx.put(FUNCTIONS, name.key, replace(row, reserved_concurrency=wanted))
    return {"ReservedConcurrentExecutions": wanted}


@operation("GetFunctionConcurrency", action="lambda:GetFunctionConcurrency", resource=unqualified_arn)
def get_function_concurrency(call: Call, request: Request) -> Output:
    """What is reserved; empty when nothing is."""
    _, row = _function(call, request)
    return {} if row.reserved_concurrency is None else {"ReservedConcurrentExecutions": row.reserved_concurrency}


@operation("DeleteFunctionConcurrency", action="lambda:DeleteFunctionConcurrency", resource=unqualified_arn)
def delete_function_concurrency(call: Call, request: Request) -> Output:
    """Gives the reservation back."""
    name, row = _function(call, request)
    call.tx.put(FUNCTIONS, name.key, replace(row, reserved_concurrency=None))
    return None


OPERATIONS = (put_function_concurrency, get_function_concurrency, delete_function_concurrency)
