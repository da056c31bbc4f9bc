"""The four protocols as one pair of functions: a request becomes parameters, an output becomes a response.

The formats are `json`, `query`, `xml` and `rest`; here they are put together per operation, compiled at first use and
kept on the model. `Content-Length`, `Date` and `Server` are the host's to add, unless a member is the length.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any, cast

from outfall.core.body import Body, Content
from outfall.wire import json, query, rest, xml
from outfall.wire.errors import MalformedXML, MissingRequestBodyError, SerializationException
from outfall.wire.identify import Route, unknown_operation
from outfall.wire.legacy import ROOT_NAMES, UNWRAPPED, XML_DECLARATION
from outfall.wire.message import WireRequest, WireResponse
from outfall.wire.models import Models, OperationModel, ServiceModel, Shape

Parse = Callable[[Route, WireRequest], dict[str, Any]]
Headers = list[tuple[str, str]]
Render = Callable[[dict[str, Any], str, Headers], tuple[int, "bytes | Content"]]
"""Output and request id to status and body; headers are added to the list."""


def host_id(request_id: str) -> str:
    """The second id of an S3 answer (`x-amz-id-2`), always the same for a request id."""
    return b64encode(hashlib.sha384(request_id.encode("utf-8", "replace")).digest()).decode()


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


def _bytes(body: bytes | Body) -> bytes:
    if isinstance(body, Body):
        return b"".join(segment.data for segment in body.segments)
    return body


def _json_parser(operation: OperationModel) -> Parse:
    if operation.input is None:
        return lambda route, request: {}
    read = json.Reader(operation.service, operation.input)
    implied = "QueueUrl" in operation.input.get("members", {})

    def parse(route: Route, request: WireRequest) -> dict[str, Any]:
        body = request.body
        found: dict[str, Any] = read(body if type(body) is bytes else _bytes(body)) if body else {}
        if implied and route.queue_url and "QueueUrl" not in found:
            found["QueueUrl"] = route.queue_url
        return found

    return parse


def _query_parser(operation: OperationModel) -> Parse:
    if operation.input is None:
        return lambda route, request: {}
    read = query.Reader(operation.service, operation.input)
    implied = "QueueUrl" in operation.input.get("members", {})

    def parse(route: Route, request: WireRequest) -> dict[str, Any]:
        fields = route.form if route.form is not None else query.form(_bytes(request.body))
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
    "query": _query_parser,
    "rest-json": _rest_parser,
    "rest-xml": _rest_parser,
}


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
    key = "render " + route.protocol
    made: Render | None = operation.compiled.get(key)
    if made is None:
        made = operation.compiled[key] = RENDERERS[route.protocol](operation)
    headers: Headers = request_id_headers(route.protocol, route.service, request_id)
    code, body = made(output if output is not None else {}, request_id, headers)
    headers.extend(extra_headers)
    return finished(status or code, headers, body, head)


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
    write = json.Writer(service, shape)

    def render(output: dict[str, Any], request_id: str, headers: Headers) -> tuple[int, bytes]:
        headers.append(content_type)
        return 200, write(output)

    return render


def _query_renderer(operation: OperationModel) -> Render:
    service = operation.service.for_query
    declared = XML_DECLARATION.get(service.name, "")
    space = f' xmlns="{service.xml_namespace}"' if service.xml_namespace else ""
    opening = f"{declared}<{operation.name}Response{space}>"
    shape = service.resolve({"shape": operation.output["shape"]}) if operation.output else None
    wrapper = (operation.output_wrapper or f"{operation.name}Result") if shape else ""
    write = xml.Writer(service).members(service.members(shape)) if shape else None

    def render(output: dict[str, Any], request_id: str, headers: Headers) -> tuple[int, bytes]:
        out = [opening]
        if write is not None:
            out.append(f"<{wrapper}>")
            write(out, output)
            out.append(f"</{wrapper}>")
        out.append(f"<ResponseMetadata><RequestId>{xml.escape(request_id)}</RequestId></ResponseMetadata>")
        out.append(f"</{operation.name}Response>")
        headers.append(("Content-Type", "text/xml"))
        return 200, "".join(out).encode("utf-8", "replace")

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
            return _raw(payload, kinds.get(member["type"], "text/plain"))
        if as_json:
            return _json_payload(payload, json.Writer(service, member))
        return _xml_document(operation, member, payload)
    members = rest.answer_members(service, shape)
    if not members:
        return lambda output, headers: b""
    if as_json:
        return _json_document(members, json.Writer(service, shape, members))
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


def _json_payload(payload: str, writer: json.Writer) -> WriteBody:
    def write(output: dict[str, Any], headers: Headers) -> bytes:
        _typed(headers, "application/json")
        value = output.get(payload)
        return b"{}" if value is None else writer(value)

    return write


def _json_document(members: dict[str, Shape], writer: json.Writer) -> WriteBody:
    def write(output: dict[str, Any], headers: Headers) -> bytes:
        _typed(headers, "application/json")
        return writer({name: value for name, value in output.items() if name in members})

    return write


def _xml_document(operation: OperationModel, shape: Shape, payload: str) -> WriteBody:
    service = operation.service
    named = ROOT_NAMES.get((service.name, operation.name))
    root = named or shape.get("locationName") or shape.get("rootName") or shape["shape"]
    element = xml.Writer(service, "iso8601_ms").element(root, _in_namespace(service, shape))
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
        element = xml.Writer(service).element(only.get("locationName", member), _in_namespace(service, only))

        def write_only(output: dict[str, Any], headers: Headers) -> bytes:
            _typed(headers, "application/xml")
            out = [declared]
            element(out, output.get(member) or "")
            return "".join(out).encode("utf-8", "replace")

        return write_only
    root = named or shape.get("locationName") or shape.get("rootName") or shape["shape"]
    refs = {name: ref for name, ref in shape["members"].items() if name in members}
    document = {**_in_namespace(service, shape), "shape": f"{shape['shape']} document", "members": refs}
    element = xml.Writer(service, "iso8601_ms").element(root, document)

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
    "query": _query_renderer,
    "rest-json": _rest_renderer,
    "rest-xml": _rest_renderer,
}
