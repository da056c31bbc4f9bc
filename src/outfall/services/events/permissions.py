"""PutPermission and RemovePermission: the policy of a bus. [LS:test_put_permission, LS:test_remove_permission]"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from outfall.core.service import Call, Output, Request, operation
from outfall.services.events.errors import ResourceNotFoundException, ValidationException, not_valid
from outfall.services.events.model import BUSES, Bus
from outfall.services.events.names import bus_in, require_bus

_account = re.compile(r"\d{12}").fullmatch

POLICY_SIZE_MAX = 10_240


class PolicyLengthExceededException(ValidationException):
    """The event bus policy is too long. For more information, see the limits."""

    code = "PolicyLengthExceededException"


@operation("PutPermission", action="events:PutPermission", resource=bus_in("EventBusName"))
def put_permission(call: Call, request: Request) -> Output:
    """Adds a statement to a bus's policy, or replaces the one with its id; with `Policy`, replaces the whole."""
    bus = require_bus(call, request.get("EventBusName"))
    if request.get("Policy"):
        _write(call, bus, _document(request["Policy"]))
        return
    statement = _statement(bus, request)
    policy = _read(bus)
    kept = [one for one in policy["Statement"] if one.get("Sid") != statement["Sid"]]
    _write(call, bus, policy | {"Statement": [*kept, statement]})


def _document(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict) or not isinstance(policy.get("Statement"), list | dict):
        raise not_valid("Policy")  # AWS's text is not known.
    return policy


def _statement(bus: Bus, request: Request) -> dict[str, Any]:
    for member in ("Action", "Principal", "StatementId"):
        if not request.get(member):
            raise not_valid(member, f"{member} is a required argument.")
    principal = request["Principal"]
    if principal != "*" and not _account(principal):
        raise not_valid("Principal", "Must be '*' or a 12-digit account id.")  # AWS's text is not known.
    statement: dict[str, Any] = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": request["Action"],
        "Resource": bus.arn,
    }
    condition = request.get("Condition")
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement


@operation("RemovePermission", action="events:RemovePermission", resource=bus_in("EventBusName"))
def remove_permission(call: Call, request: Request) -> Output:
    """Removes the statement with this id, or all."""
    bus = require_bus(call, request.get("EventBusName"))
    policy = _read(bus)
    kept: list[dict[str, Any]] = []
    if not request.get("RemoveAllPermissions"):
        kept = [one for one in policy["Statement"] if one.get("Sid") != request.get("StatementId")]
        if len(kept) == len(policy["Statement"]):
            raise ResourceNotFoundException("Statement with the provided id does not exist.")
    _write(call, bus, policy | {"Statement": kept})


def _read(bus: Bus) -> dict[str, Any]:
    policy: dict[str, Any] = json.loads(bus.policy) if bus.policy else {"Version": "2012-10-17", "Statement": []}
    statements = policy["Statement"]
    return policy | {"Statement": statements if isinstance(statements, list) else [statements]}


def _write(call: Call, bus: Bus, policy: dict[str, Any]) -> None:
    """A policy without statements vanishes."""
    text = json.dumps(policy, separators=(",", ":")) if policy["Statement"] else ""
    if len(text) > POLICY_SIZE_MAX:
        raise PolicyLengthExceededException()
    call.tx.put(BUSES, bus.key, msgspec.structs.replace(bus, policy=text, modified_ms=call.now))


OPERATIONS = (put_permission, remove_permission)
