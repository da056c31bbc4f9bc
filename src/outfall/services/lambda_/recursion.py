"""Whether a function may call itself in a loop: the setting. The counting of hops is the road's.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html; [LS:TestLambdaRecursion]
"""

from __future__ import annotations

from msgspec.structs import replace

from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import rows
from outfall.services.lambda_.model import FUNCTIONS
from outfall.services.lambda_.names import parse, unqualified_arn


@operation("PutFunctionRecursionConfig", action="lambda:PutFunctionRecursionConfig", resource=unqualified_arn)
def put_function_recursion_config(call: Call, request: Request) -> Output:
    """Sets Allow or Terminate."""
    name = parse(call, request["FunctionName"])
    row = rows.require_function(call.tx, name)
    call.tx.put(FUNCTIONS, name.key, replace(row, recursive_loop=request["RecursiveLoop"]))
    return {"RecursiveLoop": request["RecursiveLoop"]}


@operation("GetFunctionRecursionConfig", action="lambda:GetFunctionRecursionConfig", resource=unqualified_arn)
def get_function_recursion_config(call: Call, request: Request) -> Output:
    """Terminate unless it was set."""
    name = parse(call, request["FunctionName"])
    return {"RecursiveLoop": rows.require_function(call.tx, name).recursive_loop}


OPERATIONS = (put_function_recursion_config, get_function_recursion_config)
