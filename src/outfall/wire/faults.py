"""Errors on the wire: each protocol's own form, with AWS's headers.

Sources: lambda-runtime.md "Errors on the wire" and iam.md section 3 among the recordings [LS:test_lambda_api,
LS:test_sqs, FL:R1-R4]; https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html for S3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outfall.core.errors import AwsError
from outfall.wire import cbor, json_out, rest, xml_out
from outfall.wire.answers import CBOR_PROTOCOL, CBOR_TYPE, Headers, finished, request_id_headers
from outfall.wire.identify import Route
from outfall.wire.legacy import ERROR_CODES_OF_QUERY, XML_DECLARATION
from outfall.wire.message import WireResponse
from outfall.wire.models import Models, ServiceModel, Shape

DENIED = ("AccessDenied", "AccessDeniedException")
CORAL_ERRORS = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignatureException",
        "InternalFailure",
        "InvalidParameterValueException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "MissingRequiredParameterException",
        "SerializationException",
        "UnknownOperationException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
"""Errors of the framework that AWS's JSON services are built on; their type is named after it, not the service."""

CORAL = "com.amazon.coral.service#"
JSON_NAMESPACES: dict[str, str] = {"sqs": "com.amazonaws.sqs#"}
BARE = (304, 307)
"""Statuses that tell all there is to tell in their headers."""

CAPITAL_MESSAGE = frozenset({"AccessDeniedException"})
"""Errors whose text is under `Message`, whatever the protocol; for others the model says, and else it is `message`."""


def render_fault(
    models: Models, route: Route | None, error: AwsError, request_id: str, *, head: bool = False
) -> WireResponse:
    """The response that tells a client of `error`. Without a route (nothing could be read) it is S3's form.

    The status is the error class's own where it states one, else the model's for an error of that name.
    """
    protocol = route.protocol if route else "rest-xml"
    service = _model(models, route)
    headers = request_id_headers(protocol, route.service if route else "s3", request_id)
    form = "query in JSON" if route and route.in_json else protocol
    status, body = FORMS[form](service, route.service if route else "s3", error, request_id, headers)
    headers.extend(error.headers)
    return finished(status, headers, b"" if status in BARE else body, head)


def _model(models: Models, route: Route | None) -> ServiceModel | None:
    if route is None or not route.service or not route.served:
        return None
    return models.service(route.service)


def _shape(service: ServiceModel | None, error: AwsError) -> Shape:
    if service is None:
        return {}
    return service.errors.get(error.code) or service.errors.get(error.query_code) or {}


def _status(service: ServiceModel | None, error: AwsError) -> int:
    for one in type(error).__mro__:
        if one is AwsError:
            break
        if "status" in one.__dict__:
            return error.status
    declared = _shape(service, error).get("error", {}).get("httpStatusCode")
    return int(declared) if declared else error.status


def _message_key(shape: Shape, code: str) -> str:
    if code in CAPITAL_MESSAGE:
        return "Message"
    members = shape.get("members", {})
    return "Message" if "Message" in members and "message" not in members else "message"


def _json(
    service: ServiceModel | None, name: str, error: AwsError, request_id: str, headers: Headers
) -> tuple[int, bytes]:
    status, body = _told(service, name, error, headers)
    version = service.json_version if service else "1.0"
    headers.append(("Content-Type", f"application/x-amz-json-{version}"))
    return status, json_out.encode(body)


def _cbor(
    service: ServiceModel | None, name: str, error: AwsError, request_id: str, headers: Headers
) -> tuple[int, bytes]:
    headers += [CBOR_PROTOCOL, CBOR_TYPE]
    status, told = _told(service, name, error, headers)
    body = bytearray()
    cbor.write_any(body, told)
    return status, bytes(body)


def _told(service: ServiceModel | None, name: str, error: AwsError, headers: Headers) -> tuple[int, dict[str, Any]]:
    """Status and members of an error without query names; the header with its older name is added."""
    code, status = error.code, _status(service, error)
    if code in DENIED:
        code, status = "AccessDeniedException", 403 if name == "sqs" else 400
    space = JSON_NAMESPACES.get(name, "")
    kind = (CORAL if code in CORAL_ERRORS else space) + code if space else code
    body: dict[str, Any] = {"__type": kind}
    body.update(_json_fields(service, _shape(service, error), error.fields))
    body[_message_key(_shape(service, error), code)] = error.message
    if service is not None and service.query_compatible:
        fault = "Sender" if error.sender_fault else "Receiver"
        headers.append(("x-amzn-query-error", f"{_query_code(service, error, code)};{fault}"))
    return status, body


def _query_code(service: ServiceModel | None, error: AwsError, code: str) -> str:
    """The older name of an error."""
    if code in DENIED:
        return "AccessDenied"
    if error.query_code != error.code:
        return error.query_code
    declared: str | None = _shape(service, error).get("error", {}).get("code")
    return declared or ERROR_CODES_OF_QUERY.get(error.code, error.code)


def _rest_json(
    service: ServiceModel | None, name: str, error: AwsError, request_id: str, headers: Headers
) -> tuple[int, bytes]:
    shape, code, status = _shape(service, error), error.code, _status(service, error)
    if code in DENIED:
        code, status = "AccessDeniedException", 403
    members = shape.get("members", {})
    body = _json_fields(service, shape, _without_headers(service, shape, error.fields, headers))
    if "Type" in members and "Type" not in body:
        body["Type"] = "User" if error.sender_fault else "Service"
    body[_message_key(shape, code)] = error.message
    headers += [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    return status, json_out.encode(body)


def _without_headers(
    service: ServiceModel | None, shape: Shape, fields: dict[str, Any], headers: Headers
) -> dict[str, Any]:
    """The fields that stay in the body; those whose place is a header are put there."""
    if service is None or not shape:
        return fields
    writers = rest.head_writers(shape, service)
    for name, value in fields.items():
        if name in writers and value is not None:
            writers[name](headers, value)
    return {name: value for name, value in fields.items() if name not in writers}


def _json_fields(service: ServiceModel | None, shape: Shape, fields: dict[str, Any]) -> dict[str, Any]:
    if service is None or not shape or not fields:
        return dict(fields)
    told: dict[str, Any] = json_out.Writers(service).structure(service.members(shape))(fields)
    return told


def _query(
    service: ServiceModel | None, name: str, error: AwsError, request_id: str, headers: Headers
) -> tuple[int, bytes]:
    code = _query_code(service, error, error.code)
    status = 403 if code == "AccessDenied" else _status(service, error)
    if error.code == "UnknownOperationException":
        # What does not even ask for an action gets no more than this. [LS:test_get_without_query_returns_unknown_op]
        headers.append(("Content-Type", "text/xml"))
        return status, b"<UnknownOperationException/>\n"
    space = f' xmlns="{service.xml_namespace}"' if service and service.xml_namespace else ""
    out = [XML_DECLARATION.get(name, ""), f"<ErrorResponse{space}><Error>"]
    out.append(f"<Type>{'Sender' if error.sender_fault else 'Receiver'}</Type>")
    out.append(f"<Code>{xml_out.escape(code)}</Code>{_message(error)}")
    _fields(out, service, _shape(service, error), error.fields)
    if name == "sqs":
        out.append("<Detail/>")
    out.append(f"</Error><RequestId>{xml_out.escape(request_id)}</RequestId></ErrorResponse>")
    headers.append(("Content-Type", "text/xml"))
    return status, "".join(out).encode("utf-8", "replace")


def _query_json(
    service: ServiceModel | None, name: str, error: AwsError, request_id: str, headers: Headers
) -> tuple[int, bytes]:
    code = _query_code(service, error, error.code)
    told = {"Code": code, "Message": error.message, "Type": "Sender" if error.sender_fault else "Receiver"}
    headers.append(("Content-Type", "application/json"))
    status = 403 if code == "AccessDenied" else _status(service, error)
    return status, json_out.encode({"Error": told, "RequestId": request_id})


def _rest_xml(
    service: ServiceModel | None, name: str, error: AwsError, request_id: str, headers: Headers
) -> tuple[int, bytes]:
    code, status = error.code, _status(service, error)
    if code in DENIED:
        code, status = "AccessDenied", 403
    ids = dict(headers)
    out = [XML_DECLARATION["s3"], f"<Error><Code>{xml_out.escape(code)}</Code>{_message(error)}"]
    shape = _shape(service, error)
    _fields(out, service, shape, _without_headers(service, shape, error.fields, headers))
    out.append(f"<RequestId>{xml_out.escape(request_id)}</RequestId>")
    out.append(f"<HostId>{ids.get('x-amz-id-2', '')}</HostId></Error>")
    headers.append(("Content-Type", "application/xml"))
    return status, "".join(out).encode("utf-8", "replace")


def _message(error: AwsError) -> str:
    return f"<Message>{xml_out.safe(error.message)}</Message>" if error.message else ""


def _fields(out: list[str], service: ServiceModel | None, shape: Shape, fields: dict[str, Any]) -> None:
    members = shape.get("members", {})
    for key, value in fields.items():
        if value is None:
            continue
        if service is not None and key in members:
            member = service.resolve(members[key])
            xml_out.Writer(service).element(member.get("locationName", key), member)(out, value)
        else:
            text = ("true" if value else "false") if isinstance(value, bool) else str(value)
            out.append(f"<{key}>{xml_out.safe(text)}</{key}>")


Form = Callable[["ServiceModel | None", str, AwsError, str, Headers], tuple[int, bytes]]
FORMS: dict[str, Form] = {
    "json": _json,
    "cbor": _cbor,
    "query": _query,
    "query in JSON": _query_json,
    "rest-json": _rest_json,
    "rest-xml": _rest_xml,
}
