"""Outputs made into answers of the five protocols: per operation, the functions that `codec.render` calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from outfall.core.body import Content
from outfall.core.s3ids import host_id
from outfall.wire import cbor, json_out, rest, xml_out
from outfall.wire.legacy import ROOT_NAMES, TEXT_TYPES, UNWRAPPED, XML_DECLARATION
from outfall.wire.message import WireResponse
from outfall.wire.models import OperationModel, ServiceModel, Shape

Headers = list[tuple[str, str]]
CBOR_PROTOCOL = ("smithy-protocol", "rpc-v2-cbor")
CBOR_TYPE = ("Content-Type", "application/cbor")
Render = Callable[[dict[str, Any], str, Headers], tuple[int, "bytes | Content"]]
"""Output and request id to status and body; headers are added to the list."""


def request_id_headers(protocol: str, service: str, request_id: str) -> Headers:
    """The headers that name a request, as each protocol calls them."""
    if protocol == "rest-xml":
        return [("x-amz-request-id", request_id), ("x-amz-id-2", host_id(request_id))]
    return [("x-amzn-RequestId", request_id)]


def finished(status: int, headers: Headers, body: bytes | Content, head: bool) -> WireResponse:
    """The response; without its body, but with the body's length, in answer to HEAD."""
    if head or status in (204, 304):
        if head and body and not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(body.length if isinstance(body, Content) else len(body))))
        body = b""
    return WireResponse(status, headers, body)


def _json_renderer(operation: OperationModel) -> Render:
    service, shape = operation.service, operation.output
    content_type = ("Content-Type", f"application/x-amz-json-{service.json_version}")
    if shape is None or (service.query_compatible and not shape.get("members")):
        empty = b"" if service.query_compatible else (b"" if shape is None else b"{}")

        def render_empty(output: dict[str, Any], request_id: str, headers: Headers) -> tuple[int, bytes]:
            headers.append(content_type)
            return 200, empty

        return render_empty
    write = json_out.Writer(service, shape)

    def render(output: dict[str, Any], request_id: str, headers: Headers) -> tuple[int, bytes]:
        headers.append(content_type)
        return 200, write(output)

    return render


def _cbor_renderer(operation: OperationModel) -> Render:
    write = cbor.Writers(operation.service).of(operation.output) if operation.output else None

    def render(output: dict[str, Any], request_id: str, headers: Headers) -> tuple[int, bytes]:
        headers.append(CBOR_PROTOCOL)
        if write is None:
            return 200, b""
        headers.append(CBOR_TYPE)
        body = bytearray()
        write(body, output)
        return 200, bytes(body)

    return render


def _query_renderer(operation: OperationModel) -> Render:
    service = operation.service.for_query
    declared = XML_DECLARATION.get(service.name, "")
    space = f' xmlns="{service.xml_namespace}"' if service.xml_namespace else ""
    opening = f"{declared}<{operation.name}Response{space}>"
    shape = service.resolve({"shape": operation.output["shape"]}) if operation.output else None
    wrapper = (operation.output_wrapper or f"{operation.name}Result") if shape else ""
    write = xml_out.Writer(service).members(service.members(shape)) if shape else None

    def render(output: dict[str, Any], request_id: str, headers: Headers) -> tuple[int, bytes]:
        out = [opening]
        if write is not None:
            before = len(out)
            out.append(f"<{wrapper}>")
            write(out, output)
            if len(out) == before + 1:
                out[before] = f"<{wrapper}/>"
            else:
                out.append(f"</{wrapper}>")
        out.append(f"<ResponseMetadata><RequestId>{xml_out.escape(request_id)}</RequestId></ResponseMetadata>")
        out.append(f"</{operation.name}Response>")
        headers.append(("Content-Type", "text/xml"))
        return 200, "".join(out).encode("utf-8", "replace")

    return render


def _query_json_renderer(operation: OperationModel) -> Render:
    """The query protocol for who accepts `application/json`: the elements of the XML as members, times as numbers."""
    service = operation.service.for_query
    shape = service.resolve({"shape": operation.output["shape"]}) if operation.output else None
    write = json_out.Writers(service).of(shape) if shape else None

    def render(output: dict[str, Any], request_id: str, headers: Headers) -> tuple[int, bytes]:
        told = {(operation.output_wrapper or f"{operation.name}Result"): write(output)} if write is not None else {}
        headers.append(("Content-Type", "application/json"))
        told["ResponseMetadata"] = {"RequestId": request_id}
        return 200, json_out.encode({f"{operation.name}Response": told})

    return render


def _rest_renderer(operation: OperationModel) -> Render:
    service, shape = operation.service, operation.output
    if shape is None:
        return lambda output, request_id, headers: (operation.status, b"")
    head = rest.head_writers(shape, service)
    code = next((name for name, _, _ in rest.in_head(service, shape, "statusCode")), None)
    write = _body_renderer(operation, shape)

    def render(output: dict[str, Any], request_id: str, headers: Headers) -> tuple[int, bytes | Content]:
        for name, value in output.items():
            if value is not None and name in head:
                head[name](headers, value)
        body = write(output, headers)
        return (output.get(code) or operation.status) if code else operation.status, body

    return render


WriteBody = Callable[[dict[str, Any], Headers], "bytes | Content"]


def _body_renderer(operation: OperationModel, shape: Shape) -> WriteBody:
    service = operation.service
    payload = shape.get("payload")
    as_json = service.protocol == "rest-json"
    if payload:
        member = service.resolve(shape["members"][payload])
        if member["type"] not in ("structure", "list", "map"):
            kinds = {"blob": "application/json" if as_json else "application/octet-stream", "string": "text/plain"}
            told = TEXT_TYPES.get((service.name, operation.name)) or kinds.get(member["type"], "text/plain")
            return _raw(payload, told)
        if as_json:
            return _json_payload(payload, json_out.Writer(service, member))
        return _xml_document(operation, member, payload)
    members = rest.answer_members(service, shape)
    if not members:
        return lambda output, headers: b""
    if as_json:
        return _json_document(members, json_out.Writer(service, shape, members))
    return _xml_members(operation, shape, members)


def _typed(headers: Headers, content_type: str) -> None:
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", content_type))


def _raw(payload: str, content_type: str) -> WriteBody:
    def write(output: dict[str, Any], headers: Headers) -> bytes | Content:
        body = output.get(payload)
        if body is None or body == b"":
            return b""
        _typed(headers, content_type)
        if isinstance(body, Content | bytes):
            return body
        return str(body).encode("utf-8", "replace")

    return write


def _json_payload(payload: str, writer: json_out.Writer) -> WriteBody:
    def write(output: dict[str, Any], headers: Headers) -> bytes:
        _typed(headers, "application/json")
        value = output.get(payload)
        return b"{}" if value is None else writer(value)

    return write


def _json_document(members: dict[str, Shape], writer: json_out.Writer) -> WriteBody:
    def write(output: dict[str, Any], headers: Headers) -> bytes:
        _typed(headers, "application/json")
        return writer({name: value for name, value in output.items() if name in members})

    return write


def _xml_document(operation: OperationModel, shape: Shape, payload: str) -> WriteBody:
    service = operation.service
    named = ROOT_NAMES.get((service.name, operation.name))
    root = named or shape.get("locationName") or shape.get("rootName") or shape["shape"]
    element = xml_out.Writer(service, "iso8601_ms").element(root, _in_namespace(service, shape))
    declared = XML_DECLARATION.get(service.name, "")

    def write(output: dict[str, Any], headers: Headers) -> bytes:
        value = output.get(payload)
        if value is None:
            return b""
        _typed(headers, "application/xml")
        out = [declared]
        element(out, value)
        return "".join(out).encode("utf-8", "replace")

    return write


def _xml_members(operation: OperationModel, shape: Shape, members: dict[str, Shape]) -> WriteBody:
    service = operation.service
    named = ROOT_NAMES.get((service.name, operation.name))
    declared = XML_DECLARATION.get(service.name, "")
    if (service.name, operation.name) in UNWRAPPED:
        member, only = next(iter(members.items()))
        element = xml_out.Writer(service).element(only.get("locationName", member), _in_namespace(service, only))

        def write_only(output: dict[str, Any], headers: Headers) -> bytes:
            _typed(headers, "application/xml")
            out = [declared]
            element(out, output.get(member) or "")
            return "".join(out).encode("utf-8", "replace")

        return write_only
    root = named or shape.get("locationName") or shape.get("rootName") or shape["shape"]
    refs = {name: ref for name, ref in shape["members"].items() if name in members}
    document = {**_in_namespace(service, shape), "shape": f"{shape['shape']} document", "members": refs}
    element = xml_out.Writer(service, "iso8601_ms").element(root, document)

    def write(output: dict[str, Any], headers: Headers) -> bytes:
        _typed(headers, "application/xml")
        out = [declared]
        element(out, output)
        return "".join(out).encode("utf-8", "replace")

    return write


def _in_namespace(service: ServiceModel, shape: Shape) -> Shape:
    """The root of a document lies in the service's namespace unless it has its own."""
    if not service.xml_namespace:
        return shape
    own = shape.get("xmlNamespace")
    if own and cast(Any, own).get("prefix"):
        return shape
    return {**shape, "xmlNamespace": own or {"uri": service.xml_namespace}}


RENDERERS: dict[str, Callable[[OperationModel], Render]] = {
    "json": _json_renderer,
    "cbor": _cbor_renderer,
    "query": _query_renderer,
    "query in JSON": _query_json_renderer,
    "rest-json": _rest_renderer,
    "rest-xml": _rest_renderer,
}
