"""Invoke in its three types, and InvokeAsync.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html; recordings [LS:test_lambda], [SD:event_invocation]
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from outfall.core.arn import Arn
from outfall.core.effects import Respond, RunFunction
from outfall.core.errors import NotServed
from outfall.core.invocation import LogLine, Outcome, Run, Throttled
from outfall.core.service import Call, Output, Request, operation
from outfall.flow.accept import accept, entered
from outfall.flow.attempt import loops
from outfall.services.lambda_ import functions, payload
from outfall.services.lambda_.errors import (
    InvalidRequestContentException,
    RecursiveInvocationException,
    ResourceConflictException,
    TooManyRequestsException,
    function_not_found,
)
from outfall.services.lambda_.model import VersionRow
from outfall.services.lambda_.names import FunctionName, named, named_arn

LOG_TAIL_SIZE = 4096
CLIENT_CONTEXT_SIZE_MAX = 3583
NOT_SERVED = ("TenantId", "DurableExecutionName")
"""What only functions with settings that are not served take."""
RUNNABLE = frozenset({"Active", "Inactive"})


@operation("Invoke", action="lambda:InvokeFunction", resource=named_arn)
def invoke(call: Call, request: Request) -> Output:
    """Runs the function and answers with its result (RequestResponse), accepts an event for it (Event, 202), or only
    says whether it could be invoked (DryRun, 204)."""
    for member in NOT_SERVED:
        if request.get(member):
            raise NotServed(f"{member} of an invocation is not served.")
    name = named(call, request)
    kind = request.get("InvocationType") or "RequestResponse"
    row = require_runnable(call, name)
    if kind == "DryRun":
        return {"StatusCode": 204}
    if kind == "Event":
        return _event(call, name, request)
    return _synchronous(call, name, row, request)


def require_runnable(call: Call, name: FunctionName) -> VersionRow:
    """The version that one invocation runs; raises AWS's errors for one that is not there or not ready."""
    row = functions.choose(call, name)
    if row is None:
        raise function_not_found(name.qualified)
    if row.state not in RUNNABLE:
        raise ResourceConflictException(
            "The operation cannot be performed at this time. "
            f"The function is currently in the following state: {row.state}"
        )
    return row


def _event(call: Call, name: FunctionName, request: Request) -> Output:
    """The client context is dropped without a look. [SD:event_invocation]"""
    body = request.get("Payload") or b""
    payload.require_event_size(len(body))
    accept(
        call,
        function=name.as_named,
        payload=payload.require_json(body),
        request_id=call.request_id,
        sender=call.principal.arn,
        trace_header=call.headers.get("x-amzn-trace-id", ""),
    )
    return {"StatusCode": 202, "Payload": b""}


def _synchronous(call: Call, name: FunctionName, row: VersionRow, request: Request) -> Output:
    body = request.get("Payload") or b""
    payload.require_sync_size(body)
    body = payload.require_json(body)
    run = run_of(call, name, row, body, client_context=_client_context(request.get("ClientContext")))
    tail = request.get("LogType") == "Tail"

    def resume(later: Call, outcome: Outcome | Throttled) -> Output:
        return Respond(_answer(outcome, tail=tail), headers=(("X-Amzn-Trace-Id", run.trace_header),))

    return RunFunction(run, resume)


def run_of(call: Call, name: FunctionName, row: VersionRow, body: bytes, *, client_context: str = "") -> Run:
    """A synchronous run of this version; raises what stops it before it begins."""
    target = functions.target(call, name, row)
    trace = entered(call, Arn.parse(target.arn), call.headers.get("x-amzn-trace-id", ""))
    if loops(trace, target):
        raise RecursiveInvocationException
    return Run(
        environment=target.environment,
        request_id=call.request_id,
        invoked_arn=name.as_named,
        payload=body,
        reserved_concurrency=target.reserved_concurrency,
        trace_header=trace,
        client_context=client_context,
    )


def _client_context(text: str | None) -> str:
    """The client context as the handler gets it: the JSON inside the base64."""
    if not text:
        return ""
    try:
        told = base64.b64decode(text, validate=True).decode()
        if len(text) > CLIENT_CONTEXT_SIZE_MAX or not isinstance(json.loads(told), dict):
            raise ValueError
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InvalidRequestContentException("Client context must be a valid Base64-encoded JSON object.") from error
    return told


def _answer(outcome: Outcome | Throttled, *, tail: bool) -> dict[str, Any]:
    if isinstance(outcome, Throttled):
        raise TooManyRequestsException(Reason=outcome.reason)
    output: dict[str, Any] = {"StatusCode": 200}
    if outcome.function_error:
        output["FunctionError"] = outcome.function_error
    if tail:
        output["LogResult"] = log_tail(outcome.logs)
    output["ExecutedVersion"] = outcome.executed_version
    output["Payload"] = outcome.payload
    return output


def log_tail(logs: tuple[LogLine, ...]) -> str:
    """The last 4 KB of the log, in base64."""
    kept: list[bytes] = []
    size = 0
    for line in reversed(logs):
        text = line.text if line.text.endswith("\n") else line.text + "\n"
        kept.append(text.encode("utf-8", "replace"))
        size += len(kept[-1])
        if size >= LOG_TAIL_SIZE:
            break
    return base64.b64encode(b"".join(reversed(kept))[-LOG_TAIL_SIZE:]).decode()


@operation("InvokeAsync", action="lambda:InvokeFunction", resource=named_arn)
def invoke_async(call: Call, request: Request) -> Output:
    """The older way to the same queue, with the older limit of 256 KiB and without a trace header [SD:invoke_async]."""
    name = named(call, request)
    require_runnable(call, name)
    body: bytes = request.get("InvokeArgs") or b""
    payload.require_event_size(len(body), payload.INVOKE_ASYNC_SIZE_MAX)
    accept(
        call,
        function=name.as_named,
        payload=payload.require_json(body),
        request_id=call.request_id,
        sender=call.principal.arn,
    )
    return {"Status": 202}


OPERATIONS = (invoke, invoke_async)
