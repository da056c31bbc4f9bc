"""Event source mappings: their operations and states. The polling itself is the host's, by the rules of `flow.polling`.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html; [LS:test_lambda_integration_sqs]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.ports import Item, Key, Tx
from outfall.core.service import Call, Output, Permission, Request, everything, operation
from outfall.flow.polling.rules import Polling
from outfall.services.lambda_ import paging, polling
from outfall.services.lambda_.errors import (
    ResourceConflictException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from outfall.services.lambda_.mapping_model import MAPPINGS, MappingRow
from outfall.services.lambda_.names import FunctionName, parse
from outfall.services.lambda_.tags import checked, tags_given

TRANSITIONS_QUEUE = "lambda/mappings"
"""Keys of mappings whose state is to follow what was asked for."""

CHANGED_TOPIC = "lambda/mappings/changed"
"""Woken when a mapping has become one to poll, or one not to poll any more."""

SETTLED = frozenset({"Enabled", "Disabled"})


def _mapping_arn(call: Call, request: Request) -> str:
    return f"arn:aws:lambda:{call.region}:{call.account}:event-source-mapping:{request['UUID']}"


def _new_arn(call: Call, request: Request) -> str:
    return _mapping_arn(call, {"UUID": "*"})


def _given_function(call: Call, request: Request) -> Mapping[str, Any]:
    return {"lambda:FunctionArn": parse(call, request["FunctionName"]).as_named}


def _known_function(call: Call, request: Request) -> Mapping[str, Any]:
    row = call.tx.get(MAPPINGS, (call.account, call.region, request["UUID"]))
    return {"lambda:FunctionArn": row.polling.function} if row else {}


@operation(
    "CreateEventSourceMapping",
    action="lambda:CreateEventSourceMapping",
    context=_given_function,
    also=(Permission("lambda:TagResource", _new_arn, when=tags_given),),
)
def create_event_source_mapping(call: Call, request: Request) -> Output:
    """A new mapping, Creating until the host has taken it up."""
    arn, source = polling.source_of(call, request)
    name = parse(call, request["FunctionName"])
    wanted = polling.applied(Polling(str(arn), name.as_named), request)
    version = polling.function_of(call.tx, name)
    facts = polling.facts_of(call, arn, source)
    polling.require_batching(wanted, facts)
    _require_new(call, name, wanted)
    polling.require_pollable(call, version, arn, source, facts)
    row = MappingRow(
        call.account,
        call.region,
        call.ids.uuid(),
        wanted,
        enabled=request.get("Enabled") is not False,
        state="Creating",
        modified_ms=call.now,
        tags=tuple(checked(request.get("Tags") or {}).items()),
    )
    return _begin(call, row)


def _require_new(call: Call, name: FunctionName, wanted: Polling) -> None:
    for _, row in call.tx.scan(MAPPINGS, (call.account, call.region)):
        if (row.polling.source, row.polling.function) == (wanted.source, wanted.function):
            raise ResourceConflictException(
                f'An event source mapping with SQS arn (" {wanted.source} ") and function (" {name.name} ") already '
                f"exists. Please update or delete the existing mapping with UUID {row.uuid}"
            )


@operation(
    "UpdateEventSourceMapping",
    action="lambda:UpdateEventSourceMapping",
    resource=_mapping_arn,
    context=_known_function,
)
def update_event_source_mapping(call: Call, request: Request) -> Output:
    """Other settings, another function, or polling switched on or off; what is left out stays."""
    row = _require_settled(call, request, "update")
    arn, source = polling.source_of(call, {"EventSourceArn": row.polling.source})
    wanted = polling.applied(row.polling, request)
    if request.get("FunctionName"):
        wanted = replace(wanted, function=parse(call, request["FunctionName"]).as_named)
    name = parse(call, wanted.function)
    version = polling.function_of(call.tx, name)
    facts = polling.facts_of(call, arn, source)
    polling.require_batching(wanted, facts)
    polling.require_pollable(call, version, arn, source, facts)
    enabled = row.enabled if request.get("Enabled") is None else request["Enabled"]
    state = "Disabling" if row.enabled and not enabled else "Updating"
    return _begin(call, replace(row, polling=wanted, enabled=enabled, state=state, modified_ms=call.now))


@operation(
    "DeleteEventSourceMapping",
    action="lambda:DeleteEventSourceMapping",
    resource=_mapping_arn,
    context=_known_function,
)
def delete_event_source_mapping(call: Call, request: Request) -> Output:
    """Deleting, until the host has let go of it; batches that run are brought to their end."""
    return _begin(call, replace(_require_settled(call, request, "delete"), state="Deleting", enabled=False))


def _begin(call: Call, row: MappingRow) -> Output:
    call.tx.put(MAPPINGS, row.key, row)
    call.tx.enqueue(TRANSITIONS_QUEUE, "/".join(row.key).encode(), now_ms=call.now, due_ms=call.now)
    return render(row)


def step(ctx: Context, item: Item) -> None:
    """The state of the mapping that a claimed item of `lambda/mappings` names follows what was asked for."""
    ctx.tx.acknowledge(TRANSITIONS_QUEUE, item.handle)
    key = tuple(item.payload.decode().split("/"))
    row = ctx.tx.get(MAPPINGS, key)
    if row is None:
        return
    if row.state == "Deleting":
        ctx.tx.delete(MAPPINGS, key)
    elif row.state not in SETTLED:
        ctx.tx.put(MAPPINGS, key, replace(row, state="Enabled" if row.enabled else "Disabled"))
    ctx.tx.wake(CHANGED_TOPIC)


def to_poll(tx: Tx, key: Key | None = None) -> list[MappingRow]:
    """All mappings that are to be polled; with `key`, that one if it is."""
    found = [tx.get(MAPPINGS, key)] if key else [row for _, row in tx.scan(MAPPINGS)]
    return [row for row in found if row is not None and row.state == "Enabled"]


def _require(call: Call, request: Request) -> MappingRow:
    row = call.tx.get(MAPPINGS, (call.account, call.region, request["UUID"]))
    if row is None:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return row


def _require_settled(call: Call, request: Request, deed: str) -> MappingRow:
    row = _require(call, request)
    if row.state not in SETTLED:
        raise ResourceInUseException(f"Cannot {deed} the event source mapping because it is in use.")
    return row


@operation(
    "GetEventSourceMapping", action="lambda:GetEventSourceMapping", resource=_mapping_arn, context=_known_function
)
def get_event_source_mapping(call: Call, request: Request) -> Output:
    """One mapping."""
    return render(_require(call, request))


@operation("ListEventSourceMappings", action="lambda:ListEventSourceMappings", resource=everything)
def list_event_source_mappings(call: Call, request: Request) -> Output:
    """All mappings, or those of a queue, or of a function."""
    prefix = (call.account, call.region)
    found = _matching(call, request, call.tx.scan(MAPPINGS, prefix, start=paging.start_of(request.get("Marker"))))
    mappings, marker = paging.page(found, prefix, request.get("MaxItems"))
    return paging.with_marker({"EventSourceMappings": [render(row) for row in mappings]}, marker)


def _matching(
    call: Call, request: Request, found: Iterator[tuple[Key, MappingRow]]
) -> Iterator[tuple[Key, MappingRow]]:
    source = request.get("EventSourceArn")
    function = parse(call, request["FunctionName"]).as_named if request.get("FunctionName") else None
    for key, row in found:
        if source in (None, row.polling.source) and function in (None, row.polling.function):
            yield key, row


def render(row: MappingRow) -> dict[str, Any]:
    """The mapping as AWS shows it: members by name, no LastProcessingResult. [LS]"""
    settings = row.polling
    output: dict[str, Any] = {
        "BatchSize": settings.batch_size,
        "EventSourceArn": settings.source,
        "EventSourceMappingArn": row.arn,
    }
    if settings.filters:
        output["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in settings.filters]}
    output |= {
        "FunctionArn": settings.function,
        "FunctionResponseTypes": ["ReportBatchItemFailures"] if settings.reports_failures else [],
        "LastModified": row.modified_ms,
        "MaximumBatchingWindowInSeconds": settings.window_s,
    }
    if settings.concurrency_max is not None:
        output["ScalingConfig"] = {"MaximumConcurrency": settings.concurrency_max}
    return output | {"State": row.state, "StateTransitionReason": "USER_INITIATED", "UUID": row.uuid}


OPERATIONS = (
    create_event_source_mapping,
    update_event_source_mapping,
    delete_event_source_mapping,
    get_event_source_mapping,
    list_event_source_mappings,
)
