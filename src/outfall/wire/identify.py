"""Which service, protocol and operation a request is for, from its head; for the query protocol, from its form too.

The order in which the parts of a request are believed: X-Amz-Target, the scope of the signature, the host, the
parameters Action and Version, the path. What says nothing at all is for S3, as anonymous and presigned requests are.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from outfall.core.body import Body
from outfall.core.errors import AwsError, NotServed
from outfall.wire import hosts, query
from outfall.wire.compressed import unpacked
from outfall.wire.errors import (
    InvalidAction,
    InvalidURI,
    MethodNotAllowed,
    MissingAction,
    UnknownOperationException,
    UnknownPath,
)
from outfall.wire.message import WireRequest
from outfall.wire.models import Models, ServiceModel
from outfall.wire.paths import Paths

Protocol = Literal["json", "query", "rest-json", "rest-xml", "cbor"]
REGION = "us-east-1"

TARGETS: dict[str, str] = {
    "AWSEvents": "events",
    "AmazonSQS": "sqs",
    "DynamoDB_20120810": "dynamodb",
    "GraniteServiceVersion20100801": "cloudwatch",
    "Logs_20140328": "logs",
}
"""Services by the prefix of X-Amz-Target."""

SIGNING_NAMES: dict[str, str] = {"monitoring": "cloudwatch"}
"""Services by the name in a credential scope, where it is not their name in the models."""

VERSIONS: dict[str, str] = {
    "2010-03-31": "sns",
    "2010-05-08": "iam",
    "2010-05-15": "cloudformation",
    "2010-08-01": "cloudwatch",
    "2011-06-15": "sts",
    "2012-11-05": "sqs",
}
"""Services of the query protocol by the parameter Version."""

LAMBDA_PATH = re.compile(
    r"/20\d\d-\d\d-\d\d/(functions|event-source-mappings|layers|layers-by-arn|tags|account-settings|"
    r"code-signing-configs|capacity-providers|durable-executions)(/|$)"
)
RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)")
QUEUE_PATH = re.compile(r"/(?:queue/[a-z0-9-]+/)?\d{12}/[A-Za-z0-9_.-]+/?")
FORM = "application/x-www-form-urlencoded"
NOT_OF_A_QUEUE = frozenset({"CreateQueue", "ListQueues"})
"""Actions of SQS that a queue's own URL does not take. [LS:test_get_create_queue_fails, test_get_list_queues_fails]"""


class Route(msgspec.Struct):
    """What a request is for. `operation` is None where no model has what was asked for, which `asked` then names.

    For the query protocol the operation of a POST is known only when `finish` has seen the body; until then it is None
    and `unfinished` is true. `path_params` are decoded labels of the path, `params` the query string's parameters.
    """

    service: str
    protocol: Protocol
    operation: str | None = None
    region: str = REGION
    path_params: dict[str, str] = msgspec.field(default_factory=dict)
    bucket_host: bool = False
    streams_input: bool = False
    params: dict[str, list[str]] = msgspec.field(default_factory=dict)
    form: dict[str, str] | None = None
    queue_url: str = ""
    asked: str = ""
    unfinished: bool = False
    served: bool = True
    services: frozenset[str] = frozenset()
    error: AwsError | None = None


def route(models: Models, request: WireRequest, served: frozenset[str]) -> Route:
    """The route of a request, from its head alone; never raises. `served` are the services by name in the models."""
    headers = request.headers
    target = headers.get("x-amz-target", "")
    scope = _scope(request)
    host = hosts.read(headers.get("host", ""))
    region = (scope[0] if scope else "") or host.region or REGION
    if target:
        prefix, _, operation = target.rpartition(".")
        service = TARGETS.get(prefix) or (SIGNING_NAMES.get(scope[1], scope[1]) if scope else prefix)
        if service not in served or "json" in models.service(service).protocols:
            return _json_route(models, request, service, operation, region, served)
    if headers.get("smithy-protocol") == "rpc-v2-cbor" and (rpc := RPC_PATH.fullmatch(request.path)):
        service = SIGNING_NAMES.get(scope[1], scope[1]) if scope else TARGETS.get(rpc[1], "")
        return _rpc_route(models, service, rpc[2], region, served)
    try:
        params = _params(request.query)
    except AwsError as error:
        return Route("s3", "rest-xml", region=region, error=error, asked=f"{request.method} {request.path}")
    service = _service(request, params, scope, host, served)
    if service not in served:
        return _unserved(request, service, params, region, served)
    protocol = models.service(service).protocol
    if protocol == "smithy-rpc-v2-cbor":
        protocol = "query"
    if protocol == "json":
        if service != "sqs" or headers.get("content-type", "").startswith("application/x-amz-json"):
            return Route(service, "json", region=region)
        protocol = "query"
    if protocol == "query":
        return _query_route(models, request, service, params, region, served)
    return _rest_route(models.service(service), request, params, region, host.bucket if service == "s3" else "")


def finish(route: Route, body: bytes | Body, encoding: str = "") -> Route:
    """The same route, completed when the body is there: for the query protocol the operation comes from the form, which
    a client may have compressed (`encoding`). Never raises."""
    if not route.unfinished or isinstance(body, Body):
        return route
    route.unfinished = False
    try:
        fields = query.form(unpacked(body, encoding) if encoding else body)
    except AwsError as error:
        route.error = error
        return route
    form = {name: values[-1] for name, values in route.params.items()} | fields if route.params else fields
    action = form.get("Action", "")
    route.service = route.service or VERSIONS.get(form.get("Version", ""), "")
    route.served = not route.service or route.service in route.services
    refused = bool(route.queue_url) and action in NOT_OF_A_QUEUE
    route.operation, route.asked, route.form = None if refused else action or None, action, form
    return route


def unknown_operation(route: Route) -> AwsError:
    """The error for a route that leads to no operation, as its service says it."""
    if route.error is not None:
        return route.error
    if not route.served:
        return NotServed(f"The operation {route.service}.{route.asked} is not served here.")
    if route.protocol in ("json", "cbor"):
        return UnknownOperationException(f"The operation {route.asked} is not known." if route.asked else None)
    if route.protocol == "query":
        if route.service == "sqs":
            return _unknown_to_sqs(route)
        if not route.asked:
            return MissingAction()
        version = (route.form or {}).get("Version", "")
        return InvalidAction(f"Could not find operation {route.asked} for version {version or 'NO_VERSION_SPECIFIED'}")
    if route.protocol == "rest-json":
        return UnknownPath()
    method, _, path = route.asked.partition(" ")
    resource = "SERVICE" if path == "/" else ("BUCKET" if path.strip("/").count("/") == 0 else "OBJECT")
    return MethodNotAllowed(Method=method, ResourceType=resource)


def _unknown_to_sqs(route: Route) -> AwsError:
    """[LS:test_get_without_query_returns_unknown_operation, test_invalid_action_raises_exception]"""
    if not route.asked:
        return UnknownPath()
    return InvalidAction(f"The action {route.asked} is not valid for this endpoint.")


def _scope(request: WireRequest) -> tuple[str, str] | None:
    """Region and service of the credential scope."""
    text = request.headers.get("authorization", "")
    at = text.find("Credential=")
    if at >= 0:
        credential = text[at + 11 :].split(",", 1)[0]
    elif "X-Amz-Credential=" in request.query:
        credential = (
            request.query.split("X-Amz-Credential=", 1)[1].split("&", 1)[0].replace("%2F", "/").replace("%2f", "/")
        )
    else:
        return None
    parts = credential.strip().rsplit("/", 4)
    if len(parts) != 5:
        return None
    return parts[2], parts[3]


def _params(text: str) -> dict[str, list[str]]:
    if not text:
        return {}
    found: dict[str, list[str]] = {}
    for name, value in query.pairs(text):
        found.setdefault(name, []).append(value)
    return found


def _service(
    request: WireRequest,
    params: dict[str, list[str]],
    scope: tuple[str, str] | None,
    host: hosts.Host,
    served: frozenset[str],
) -> str:
    if scope is not None:
        return SIGNING_NAMES.get(scope[1], scope[1])
    if host.service:
        return host.service
    if "Action" in params:
        return VERSIONS.get(params.get("Version", [""])[-1]) or _by_path(request.path) or _by_action(params, served)
    if LAMBDA_PATH.match(request.path):
        return "lambda"
    content_type = request.headers.get("content-type", "")
    if request.method == "POST" and content_type.startswith(FORM) and not params:
        return _by_path(request.path)
    return "s3"


BARE_ACTIONS = {
    "GetCallerIdentity": "sts",
    "AssumeRole": "sts",
    "ConfirmSubscription": "sns",
    "Unsubscribe": "sns",
}
"""Actions that come without a version: the last two are links in SNS's messages."""


def _by_path(path: str) -> str:
    return "sqs" if QUEUE_PATH.fullmatch(path) else ""


def _by_action(params: dict[str, list[str]], served: frozenset[str]) -> str:
    service = BARE_ACTIONS.get(params["Action"][-1], "")
    return service if service in served else ""


def _json_route(
    models: Models, request: WireRequest, service: str, operation: str, region: str, served: frozenset[str]
) -> Route:
    if service not in served:
        return Route(service, "json", region=region, asked=operation, served=False)
    known = operation in models.service(service).declared
    return Route(
        service,
        "json",
        operation if known else None,
        region,
        queue_url=_queue_url(request) if service == "sqs" and request.path != "/" else "",
        asked=operation,
    )


def _rpc_route(models: Models, service: str, operation: str, region: str, served: frozenset[str]) -> Route:
    if service not in served:
        return Route(service, "cbor", region=region, asked=operation, served=False)
    known = operation in models.service(service).declared
    return Route(service, "cbor", operation if known else None, region, asked=operation)


def _query_route(
    models: Models,
    request: WireRequest,
    service: str,
    params: dict[str, list[str]],
    region: str,
    served: frozenset[str],
) -> Route:
    made = Route(service, "query", region=region, params=params, services=served)
    if service == "sqs":
        made.queue_url = _queue_url(request)
    form = request.method == "POST"
    made.unfinished = form
    if not form:
        made.form = {name: values[-1] for name, values in params.items()}
        made.asked = made.form.get("Action", "")
        refused = bool(made.queue_url) and made.asked in NOT_OF_A_QUEUE
        known = made.asked in models.service(service).declared and not refused
        made.operation = made.asked if known else None
    return made


def _queue_url(request: WireRequest) -> str:
    if not QUEUE_PATH.fullmatch(request.path):
        return ""
    return f"http://{request.headers.get('host', 'localhost')}{request.path}"


def _rest_route(
    service: ServiceModel, request: WireRequest, params: dict[str, list[str]], region: str, bucket: str
) -> Route:
    path = f"/{bucket}{request.path}" if bucket else request.path
    protocol: Protocol = "rest-xml" if service.protocol == "rest-xml" else "rest-json"
    made = Route(service.name, protocol, region=region, params=params, bucket_host=bool(bucket))
    made.asked = f"{request.method} {path}"
    paths = service.compiled.get("paths")
    if paths is None:
        paths = service.compiled["paths"] = Paths(service)
    if protocol == "rest-json":
        path = path.rstrip("/")
    elif path.count("/") == 2 and path.endswith("/"):
        path = path[:-1]
    try:
        found = paths.find(request.method, path, params, request.headers)
    except ValueError:
        made.error = InvalidURI(URI=request.path[:1024]) if protocol == "rest-xml" else None
        return made
    if found is not None:
        made.operation, made.path_params = found
        operation = service.operation(found[0])
        made.streams_input = operation is not None and operation.streams_input
    return made


def _unserved(
    request: WireRequest, service: str, params: dict[str, list[str]], region: str, served: frozenset[str]
) -> Route:
    """A service that is not here, or the query protocol's while the body is still to come."""
    content_type = request.headers.get("content-type", "")
    action = params.get("Action", [""])[-1]
    if action or content_type.startswith(FORM):
        made = Route(service, "query", region=region, params=params, asked=action, services=served)
        made.served = not service
        made.unfinished = request.method == "POST"
        made.form = None if made.unfinished else {name: values[-1] for name, values in params.items()}
        return made
    asked = f"{request.method} {request.path}"
    return Route(
        service, "rest-xml" if service.startswith("s3") else "rest-json", region=region, asked=asked, served=False
    )
