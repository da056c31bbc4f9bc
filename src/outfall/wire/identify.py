"""Which service, protocol and operation a request is for, from its head; for the query protocol, from its form too.

The order in which the parts of a request are believed: X-Amz-Target, the scope of the signature, the host, the
parameters Action and Version, the path. What says nothing at all is for S3, as anonymous and presigned requests are.
"""

from __future__ import annotations

import re

from outfall.core.body import Body
from outfall.core.errors import AwsError
from outfall.wire import hosts, query
from outfall.wire.compressed import unpacked
from outfall.wire.message import WireRequest
from outfall.wire.models import Models
from outfall.wire.routes import (
    FORM,
    NOT_OF_A_QUEUE,
    QUEUE_PATH,
    REGION,
    Protocol,
    Route,
    json_route,
    query_route,
    rest_route,
    rpc_route,
    unknown_operation,
    unserved,
)

__all__ = ["SIGNING_NAMES", "TARGETS", "VERSIONS", "Protocol", "Route", "finish", "route", "unknown_operation"]

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
            return json_route(models, request, service, operation, region, served)
    if headers.get("smithy-protocol") == "rpc-v2-cbor" and (rpc := RPC_PATH.fullmatch(request.path)):
        service = SIGNING_NAMES.get(scope[1], scope[1]) if scope else TARGETS.get(rpc[1], "")
        return rpc_route(models, service, rpc[2], region, served)
    try:
        params = _params(request.query)
    except AwsError as error:
        return Route("s3", "rest-xml", region=region, error=error, asked=f"{request.method} {request.path}")
    service = _service(request, params, scope, host, served)
    if service not in served:
        return unserved(request, service, params, region, served)
    protocol = models.service(service).protocol
    if protocol == "smithy-rpc-v2-cbor":
        protocol = "query"
    if protocol == "json":
        if service != "sqs" or headers.get("content-type", "").startswith("application/x-amz-json"):
            return Route(service, "json", region=region)
        protocol = "query"
    if protocol == "query":
        return query_route(models, request, service, params, region, served)
    return rest_route(models.service(service), request, params, region, host.bucket if service == "s3" else "")


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
