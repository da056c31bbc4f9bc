"""The route of a request: what it is for, how each protocol tells it, and the error for a route that leads nowhere."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from outfall.core.errors import AwsError, NotServed
from outfall.wire.errors import (
    InvalidAction,
    InvalidArgument,
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
QUEUE_PATH = re.compile(r"/(?:queue/[a-z0-9-]+/)?\d{12}/[A-Za-z0-9_.-]+/?")
LIST_TYPE = "list-type"
"""The parameter that tells ListObjectsV2 from its elder; any other version is an argument that is none."""
FORM = "application/x-www-form-urlencoded"
NOT_OF_A_QUEUE = frozenset({"CreateQueue", "ListQueues"})
"""Actions of SQS that a queue's own URL does not take. [LS:test_get_create_queue_fails, test_get_list_queues_fails]"""


class Route(msgspec.Struct):
    """What a request is for. `operation` is None where no model has what was asked for, which `asked` then names.

    For the query protocol the operation of a POST is known only when `finish` has seen the body; until then it is None
    and `unfinished` is true. `path_params` are decoded labels of the path, `params` the query string's parameters.
    `in_json` is whether a caller of the query protocol wants answers in JSON.
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
    in_json: bool = False
    served: bool = True
    services: frozenset[str] = frozenset()
    error: AwsError | None = None


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


def json_route(
    models: Models, request: WireRequest, service: str, operation: str, region: str, served: frozenset[str]
) -> Route:
    """The route of a call in one of the JSON protocols, whose header names the operation."""
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


def rpc_route(models: Models, service: str, operation: str, region: str, served: frozenset[str]) -> Route:
    """The route of a call in the protocol `rpc-v2-cbor`, whose path names the operation."""
    if service not in served:
        return Route(service, "cbor", region=region, asked=operation, served=False)
    known = operation in models.service(service).declared
    return Route(service, "cbor", operation if known else None, region, asked=operation)


def query_route(
    models: Models,
    request: WireRequest,
    service: str,
    params: dict[str, list[str]],
    region: str,
    served: frozenset[str],
) -> Route:
    """The route of a call in the query protocol: of a GET whole, of a POST without what its form will tell."""
    made = Route(service, "query", region=region, params=params, services=served, in_json=_wants_json(request))
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


def _wants_json(request: WireRequest) -> bool:
    return request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip().lower() == "application/json"


def _queue_url(request: WireRequest) -> str:
    if not QUEUE_PATH.fullmatch(request.path):
        return ""
    return f"http://{request.headers.get('host', 'localhost')}{request.path}"


def rest_route(
    service: ServiceModel, request: WireRequest, params: dict[str, list[str]], region: str, bucket: str
) -> Route:
    """The route of a call that method, path and parameters tell."""
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
    if found is None and protocol == "rest-xml" and LIST_TYPE in params:
        text, value = "Invalid List Type specified in Request", params[LIST_TYPE][-1]
        made.error = InvalidArgument(text, ArgumentName=LIST_TYPE, ArgumentValue=value[:256])
    if found is not None:
        made.operation, made.path_params = found
        operation = service.operation(found[0])
        made.streams_input = operation is not None and operation.streams_input
    return made


def unserved(
    request: WireRequest, service: str, params: dict[str, list[str]], region: str, served: frozenset[str]
) -> Route:
    """A service that is not here, or the query protocol's while the body is still to come."""
    content_type = request.headers.get("content-type", "")
    action = params.get("Action", [""])[-1]
    if action or content_type.startswith(FORM):
        made = Route(service, "query", region=region, params=params, asked=action, services=served)
        made.in_json = _wants_json(request)
        made.served = not service
        made.unfinished = request.method == "POST"
        made.form = None if made.unfinished else {name: values[-1] for name, values in params.items()}
        return made
    asked = f"{request.method} {request.path}"
    return Route(
        service, "rest-xml" if service.startswith("s3") else "rest-json", region=region, asked=asked, served=False
    )
