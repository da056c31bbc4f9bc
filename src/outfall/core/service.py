"""Services and operations: how a handler is declared, and what it is called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.principal import Principal

Request = dict[str, Any]
Output = Any
"""The members of the output shape by their names in the model, in wire order; an effect; or None for an empty answer.
Times are milliseconds, blobs are bytes, a streamed body is a `Content`. None as a value is a JSON null."""


class Call(Context):
    """A context, plus who calls, from where, and under which request id."""

    principal: Principal
    request_id: str
    operation: str
    endpoint: str = ""
    """Scheme, host and port as the client addressed this server, without a slash at the end."""
    source_ip: str = "127.0.0.1"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Request headers, names in lower case."""
    parked_until: int | None = None
    protocol: str = ""
    """`json`, `query`, `cbor`, `rest-json` or `rest-xml`: SQS answers some errors differently in each."""
    version_id: str = ""
    """The version of the resource whose permission is asked for, where one was named. An ARN does not say it."""


Handler = Callable[[Call, Request], Output]
Resource = Callable[[Call, Request], str]


class Permission(msgspec.Struct, frozen=True):
    """An IAM action and the resource it is asked on. `context` adds condition keys; `when` says whether it is asked."""

    action: str
    resource: Resource
    context: Callable[[Call, Request], Mapping[str, Any]] | None = None
    when: Callable[[Call, Request], bool] | None = None


class Operation(msgspec.Struct, frozen=True):
    """One operation of a service: its name in the model, its handler, and what a caller must be allowed.

    `permissions` is empty only for operations that AWS lets everybody call, as sts:GetCallerIdentity.
    """

    name: str
    handler: Handler
    permissions: tuple[Permission, ...]
    unsigned: bool = False
    """Whether it may also be called without a signature, as the links in SNS's messages do."""
    loose: bool = False
    """Whether what it does rests on work items alone: see `Store.run`."""


def everything(call: Call, request: Request) -> str:
    """The resource `*`: for actions that no resource narrows."""
    return "*"


def operation(
    name: str,
    *,
    action: str | None,
    resource: Resource = everything,
    context: Callable[[Call, Request], Mapping[str, Any]] | None = None,
    also: tuple[Permission, ...] = (),
    unsigned: bool = False,
    loose: bool = False,
) -> Callable[[Handler], Operation]:
    """Declares the handler of an operation. It cannot be declared without saying which action it needs."""
    first = () if action is None else (Permission(action, resource, context),)

    def declare(handler: Handler) -> Operation:
        return Operation(name, handler, first + also, unsigned, loose)

    return declare


class Service(msgspec.Struct, frozen=True):
    """A service: its name in botocore's models and its operations, written out."""

    name: str
    operations: Mapping[str, Operation]

    @classmethod
    def of(cls, name: str, *groups: tuple[Operation, ...]) -> Service:
        """A service of these groups of operations; a name given twice is an error."""
        operations = [one for group in groups for one in group]
        table = {one.name: one for one in operations}
        if len(table) != len(operations):
            raise ValueError(f"an operation of {name} is declared twice")
        return cls(name, table)
