"""The five protocols as one pair of functions: a request becomes parameters, an output becomes a response.

What is compiled per operation (`requests.py`, `answers.py`) is made at first use and kept on the model.
`Content-Length`, `Date` and `Server` are the host's to add, unless a member is the length.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from outfall.wire.answers import RENDERERS, Headers, Render, finished, request_id_headers
from outfall.wire.identify import Route, unknown_operation
from outfall.wire.message import WireRequest, WireResponse
from outfall.wire.models import Models, OperationModel
from outfall.wire.requests import PARSERS, Parse

__all__ = ["operation_of", "parse", "render", "request_id_headers"]


def operation_of(models: Models, route: Route) -> OperationModel:
    """The model of a route's operation; raises the protocol's error where there is none."""
    known = route.operation is not None and route.served and route.service and route.error is None
    operation = models.service(route.service).operation(route.operation or "") if known else None
    if operation is None:
        raise unknown_operation(route)
    return operation


def parse(models: Models, route: Route, request: WireRequest) -> dict[str, Any]:
    """The parameters of a request, by member name; times are milliseconds, blobs bytes, a streamed body is as it came.

    Raises the error of the protocol for what cannot be read, and for an operation that no model has.
    """
    operation = operation_of(models, route)
    key = "parse " + route.protocol
    made: Parse | None = operation.compiled.get(key)
    if made is None:
        made = operation.compiled[key] = PARSERS[route.protocol](operation)
    return made(route, request)


def render(
    models: Models,
    route: Route,
    output: dict[str, Any] | None,
    request_id: str,
    *,
    head: bool = False,
    status: int | None = None,
    extra_headers: Iterable[tuple[str, str]] = (),
) -> WireResponse:
    """The response that carries `output`: members by name, in the order in which they will be on the wire; None is null
    in JSON and absent elsewhere. `status` overrides the model's. With `head` the body is left out, not its headers."""
    operation = operation_of(models, route)
    form = "query in JSON" if route.in_json else route.protocol
    key = "render " + form
    made: Render | None = operation.compiled.get(key)
    if made is None:
        made = operation.compiled[key] = RENDERERS[form](operation)
    headers: Headers = request_id_headers(route.protocol, route.service, request_id)
    code, body = made(output if output is not None else {}, request_id, headers)
    headers.extend(extra_headers)
    return finished(status or code, headers, body, head)
