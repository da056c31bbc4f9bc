"""Requests of the five protocols made into parameters: per operation, the functions that `codec.parse` calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outfall.core.body import Body
from outfall.wire import cbor, json, query, rest, xml
from outfall.wire.compressed import unpacked
from outfall.wire.errors import MalformedXML, MissingRequestBodyError, SerializationException
from outfall.wire.identify import Route
from outfall.wire.message import WireRequest
from outfall.wire.models import OperationModel, Shape

Parse = Callable[[Route, WireRequest], dict[str, Any]]


def _bytes(body: bytes | Body) -> bytes:
    if isinstance(body, Body):
        return b"".join(segment.data for segment in body.segments)
    return body


def _plain(request: WireRequest) -> bytes:
    """The body, without the compression that a client may have put it under."""
    body = request.body if type(request.body) is bytes else _bytes(request.body)
    encoding = request.headers.get("content-encoding")
    return unpacked(body, encoding) if encoding else body


def _json_parser(operation: OperationModel) -> Parse:
    if operation.input is None:
        return lambda route, request: {}
    read = json.Reader(operation.service, operation.input)
    implied = "QueueUrl" in operation.input.get("members", {})

    def parse(route: Route, request: WireRequest) -> dict[str, Any]:
        body = _plain(request)
        found: dict[str, Any] = read(body) if body else {}
        if implied and route.queue_url and "QueueUrl" not in found:
            found["QueueUrl"] = route.queue_url
        return found

    return parse


def _cbor_parser(operation: OperationModel) -> Parse:
    if operation.input is None:
        return lambda route, request: {}
    walk = json.Readers(operation.service).of(operation.input)

    def parse(route: Route, request: WireRequest) -> dict[str, Any]:
        body = _plain(request)
        try:
            found: dict[str, Any] = walk(cbor.decode(body)) if body else {}
        except (ValueError, TypeError, OverflowError):
            raise SerializationException("The request body could not be read as CBOR of its shape.") from None
        return found

    return parse


def _query_parser(operation: OperationModel) -> Parse:
    if operation.input is None:
        return lambda route, request: {}
    read = query.Reader(operation.service, operation.input)
    implied = "QueueUrl" in operation.input.get("members", {})

    def parse(route: Route, request: WireRequest) -> dict[str, Any]:
        fields = route.form if route.form is not None else query.form(_plain(request))
        found = read(fields)
        if implied and route.queue_url and not found.get("QueueUrl"):
            found["QueueUrl"] = route.queue_url
        return found

    return parse


def _rest_parser(operation: OperationModel) -> Parse:
    head = rest.head_reader(operation)
    body = _body_parser(operation)

    def parse(route: Route, request: WireRequest) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if head is not None:
            head(found, route.path_params, route.params, request.headers)
        if body is not None:
            body(found, request.body)
        return found

    return parse


Put = Callable[[dict[str, Any], "bytes | Body"], None]


def _body_parser(operation: OperationModel) -> Put | None:
    shape, service = operation.input, operation.service
    if shape is None:
        return None
    payload = shape.get("payload")
    if payload:
        return _payload_parser(operation, payload, service.resolve(shape["members"][payload]))
    members = rest.body_members(service, shape)
    if not members:
        return None
    if service.protocol == "rest-json":
        read = json.Reader(service, shape, members)
        return lambda found, body: found.update(read(_bytes(body))) if body else None
    return _xml_put(xml.Reader(service, shape, members))


def _payload_parser(operation: OperationModel, name: str, shape: Shape) -> Put:
    kind, service = shape["type"], operation.service
    needed = operation.input is not None and name in operation.input.get("required", ())
    if kind == "blob":
        streaming = bool(shape.get("streaming"))

        def put_blob(found: dict[str, Any], body: bytes | Body) -> None:
            if isinstance(body, Body) or body:
                found[name] = body if streaming else _bytes(body)

        return put_blob
    if kind in ("string", "character"):
        return lambda found, body: _put_text(found, name, _bytes(body))
    if service.protocol == "rest-json":
        read = json.Reader(service, shape)
        return lambda found, body: found.__setitem__(name, read(_bytes(body))) if body else None
    strict = service.name == "s3"
    inner = xml.Reader(service, shape, strict=strict)
    root = shape.get("locationName") or shape.get("rootName") or name
    return _xml_put(inner, name, root if strict else "", needed and strict)


def _put_text(found: dict[str, Any], name: str, body: bytes) -> None:
    if body:
        try:
            found[name] = body.decode()
        except UnicodeDecodeError:
            raise SerializationException("The body is not UTF-8.") from None


def _xml_put(read: xml.Reader, name: str = "", root: str = "", needed: bool = False) -> Put:
    def put(found: dict[str, Any], body: bytes | Body) -> None:
        text = _bytes(body)
        if not text:
            if needed:
                raise MissingRequestBodyError
            return
        try:
            node = xml.parse(text)
            if root and node.tag != root:
                raise ValueError(f"the root is {node.tag}")
            value = read(node)
        except (ValueError, OverflowError):
            raise MalformedXML from None
        if name:
            found[name] = value
        else:
            found.update(value)

    return put


PARSERS: dict[str, Callable[[OperationModel], Parse]] = {
    "json": _json_parser,
    "cbor": _cbor_parser,
    "query": _query_parser,
    "rest-json": _rest_parser,
    "rest-xml": _rest_parser,
}
