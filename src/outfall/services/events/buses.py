"""Event buses: create, describe, list, update, delete. [LS:TestEventBus]"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.service import Call, Output, Permission, Request, operation
from outfall.services.events.errors import (
    LimitExceededException,
    ResourceAlreadyExistsException,
    ValidationException,
)
from outfall.services.events.model import BUSES, DEFAULT, RULES, Bus
from outfall.services.events.names import bus_in, every_bus, find_bus, require_bus
from outfall.services.events.paging import page, start_of
from outfall.services.events.tags import as_dict

BUSES_MAX = 100
TAG_IF_GIVEN = Permission("events:TagResource", bus_in("Name"), when=lambda call, request: bool(request.get("Tags")))


@operation("CreateEventBus", action="events:CreateEventBus", resource=bus_in("Name"), also=(TAG_IF_GIVEN,))
def create_event_bus(call: Call, request: Request) -> Output:
    """A new bus. Partner event sources are not served. Errors: ResourceAlreadyExistsException, ValidationException."""
    name = request["Name"]
    if request.get("EventSourceName"):
        raise NotServed("Buses of partner event sources are not served.")
    if "/" in name:  # AWS's text is not known.
        raise ValidationException("Event bus name must not contain '/'.")
    key = (call.account, call.region, name)
    if find_bus(call, key) is not None:
        raise ResourceAlreadyExistsException(f"Event bus {name} already exists.")
    if sum(1 for _ in call.tx.scan(BUSES, key[:2], limit=BUSES_MAX)) == BUSES_MAX:
        raise LimitExceededException()
    bus = _settle(Bus(*key, call.now, call.now, tags=as_dict(request.get("Tags"))), request)
    call.tx.put(BUSES, bus.key, bus)
    return {"EventBusArn": bus.arn} | _settings(bus)


def _settle(bus: Bus, request: Request) -> Bus:
    """The bus with the settings that the request gives."""
    return msgspec.structs.replace(
        bus,
        description=request.get("Description") or "",
        kms_key=request.get("KmsKeyIdentifier") or "",
        dead_letter=(request.get("DeadLetterConfig") or {}).get("Arn") or "",
        log_config=dict(request.get("LogConfig") or {}),
    )


def _settings(bus: Bus) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if bus.description:
        told["Description"] = bus.description
    if bus.kms_key:
        told["KmsKeyIdentifier"] = bus.kms_key
    if bus.dead_letter:
        told["DeadLetterConfig"] = {"Arn": bus.dead_letter}
    if bus.log_config:
        told["LogConfig"] = bus.log_config
    return told


@operation("UpdateEventBus", action="events:UpdateEventBus", resource=bus_in("Name"))
def update_event_bus(call: Call, request: Request) -> Output:
    """Replaces the settings of a bus; what is not given is removed."""
    bus = _settle(require_bus(call, request.get("Name")), request)
    bus = msgspec.structs.replace(bus, modified_ms=call.now)
    call.tx.put(BUSES, bus.key, bus)
    return {"Arn": bus.arn, "Name": bus.name} | _settings(bus)


@operation("DescribeEventBus", action="events:DescribeEventBus", resource=bus_in("Name"))
def describe_event_bus(call: Call, request: Request) -> Output:
    """A bus with its policy; the default one if no name is given."""
    bus = require_bus(call, request.get("Name"))
    return _listed(bus) | _settings(bus)


def _listed(bus: Bus) -> dict[str, Any]:
    told: dict[str, Any] = {"Name": bus.name, "Arn": bus.arn}
    if bus.description:
        told["Description"] = bus.description
    if bus.policy:
        told["Policy"] = bus.policy
    if bus.created_ms:
        told["CreationTime"] = bus.created_ms
    if bus.modified_ms:
        told["LastModifiedTime"] = bus.modified_ms
    return told


@operation("ListEventBuses", action="events:ListEventBuses", resource=every_bus)
def list_event_buses(call: Call, request: Request) -> Output:
    """The buses of the account, the default one among them, by name."""
    return page(request, "EventBuses", ((bus.name, bus) for bus in _all(call, request)), _listed)


def _all(ctx: Context, request: Request) -> Iterator[Bus]:
    prefix, start = request.get("NamePrefix") or "", start_of(request)
    default = find_bus(ctx, (ctx.account, ctx.region, DEFAULT)) if DEFAULT.startswith(prefix) else None
    if start and start[0] > DEFAULT:
        default = None
    for _, bus in ctx.tx.scan(BUSES, (ctx.account, ctx.region), starts_with=prefix, start=start):
        if default is not None and bus.name >= DEFAULT:
            yield default
            default = None
            if bus.name == DEFAULT:
                continue
        yield bus
    if default is not None:
        yield default


@operation("DeleteEventBus", action="events:DeleteEventBus", resource=bus_in("Name"))
def delete_event_bus(call: Call, request: Request) -> Output:
    """Removes a bus without rules; one that is not there is removed already. The default bus stays."""
    name = request["Name"]
    if name == DEFAULT:
        raise ValidationException("Cannot delete event bus default.")
    key = (call.account, call.region, name)
    if next(call.tx.scan(RULES, key, limit=1), None) is not None:
        raise ValidationException("Event bus can't be deleted since it has rules.")
    call.tx.delete(BUSES, key)


OPERATIONS = (create_event_bus, update_event_bus, describe_event_bus, list_event_buses, delete_event_bus)
