"""Function URLs: the configuration. What a request to one becomes is in `url_requests` and `url_invoke`.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html; texts [LS:TestLambdaUrl]
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from outfall.core.context import Context
from outfall.core.errors import NotServed
from outfall.core.record import timestamp
from outfall.core.service import Call, Output, Request, operation
from outfall.services.lambda_ import paging, rows
from outfall.services.lambda_.errors import ResourceConflictException, ResourceNotFoundException
from outfall.services.lambda_.names import FunctionName, named, named_arn, parse, unqualified_arn
from outfall.services.lambda_.url_model import URL_PLACES, URLS, Cors, UrlPlaceRow, UrlRow

ID_LENGTH = 32
_ALPHABET = string.ascii_lowercase + string.digits
_HOMES = ("localhost.localstack.cloud",)
"""Names of this machine, beside `localhost`, that have names below them."""


def _key(name: FunctionName) -> tuple[str, ...]:
    return (*name.key, name.qualifier_or_latest)


def _existing(call: Call, request: Request) -> FunctionName:
    """The function or alias that the request names, which has to be there."""
    name = named(call, request)
    there = rows.alias(call.tx, name, name.qualifier) if name.qualifier else rows.version(call.tx, name)
    if there is None:
        raise ResourceNotFoundException("Function does not exist")
    return name


def _require(call: Call, request: Request) -> tuple[FunctionName, UrlRow]:
    name = named(call, request)
    row = call.tx.get(URLS, _key(name))
    if row is None:
        raise ResourceNotFoundException
    return name, row


def address(endpoint: str, region: str, url_id: str) -> str:
    """Where a URL is reached by whoever reaches this server at `endpoint`."""
    parts = urlsplit(endpoint)
    home = parts.hostname if parts.hostname in _HOMES else "localhost"
    port = f":{parts.port}" if parts.port else ""
    return f"http://{url_id}.lambda-url.{region}.{home}{port}/"


def _render(call: Call, name: FunctionName, row: UrlRow) -> dict[str, Any]:
    output = {
        "FunctionUrl": address(call.endpoint, name.region, row.id),
        "FunctionArn": name.as_named,
        "AuthType": row.auth_type,
        "CreationTime": timestamp(row.created_ms),
        "LastModifiedTime": timestamp(row.modified_ms),
        "InvokeMode": "BUFFERED",
    }
    return {**output, "Cors": _render_cors(row.cors)} if row.cors else output


def _render_cors(cors: Cors) -> dict[str, Any]:
    lists = {
        "AllowHeaders": cors.headers,
        "AllowMethods": cors.methods,
        "AllowOrigins": cors.origins,
        "ExposeHeaders": cors.exposed,
    }
    told: dict[str, Any] = {member: list(values) for member, values in lists.items() if values}
    if cors.credentials:
        told["AllowCredentials"] = True
    return told if cors.max_age_s is None else {**told, "MaxAge": cors.max_age_s}


def _cors(given: dict[str, Any] | None) -> Cors | None:
    """The rules in a request; an empty structure is none."""
    if not given:
        return None
    return Cors(
        tuple(given.get("AllowOrigins") or ()),
        tuple(given.get("AllowMethods") or ()),
        tuple(given.get("AllowHeaders") or ()),
        tuple(given.get("ExposeHeaders") or ()),
        bool(given.get("AllowCredentials")),
        given.get("MaxAge"),
    )


def _require_buffered(request: Request) -> None:
    if (request.get("InvokeMode") or "BUFFERED") != "BUFFERED":
        raise NotServed("InvokeMode RESPONSE_STREAM of a function URL is not served.")


def _auth_type(call: Call, request: Request) -> Mapping[str, Any]:
    """With this key a policy keeps people from making URLs that everybody may call."""
    return {"lambda:FunctionUrlAuthType": request["AuthType"]} if request.get("AuthType") else {}


@operation("CreateFunctionUrlConfig", action="lambda:CreateFunctionUrlConfig", resource=named_arn, context=_auth_type)
def create_function_url_config(call: Call, request: Request) -> Output:
    """A URL for a function or an alias, under an id of its own."""
    _require_buffered(request)
    name = _existing(call, request)
    if call.tx.get(URLS, _key(name)):
        raise ResourceConflictException(
            f"Failed to create function url config for [functionArn = {name.as_named}]. "
            "Error message:  FunctionUrlConfig exists for this Lambda function"
        )
    url_id = call.ids.text(_ALPHABET, ID_LENGTH)
    row = UrlRow(url_id, request["AuthType"], call.now, call.now, _cors(request.get("Cors")))
    call.tx.put(URLS, _key(name), row)
    call.tx.put(URL_PLACES, (url_id,), UrlPlaceRow(name.account, name.region, name.name, name.qualifier))
    output = _render(call, name, row)
    del output["LastModifiedTime"]
    return output


@operation("GetFunctionUrlConfig", action="lambda:GetFunctionUrlConfig", resource=named_arn)
def get_function_url_config(call: Call, request: Request) -> Output:
    """The URL of a function or alias."""
    return _render(call, *_require(call, request))


@operation("UpdateFunctionUrlConfig", action="lambda:UpdateFunctionUrlConfig", resource=named_arn, context=_auth_type)
def update_function_url_config(call: Call, request: Request) -> Output:
    """Changes who may call a URL; what the request leaves out stays."""
    _require_buffered(request)
    name, row = _require(call, request)
    cors = row.cors if request.get("Cors") is None else _cors(request["Cors"])
    changed = replace(row, auth_type=request.get("AuthType") or row.auth_type, cors=cors, modified_ms=call.now)
    call.tx.put(URLS, _key(name), changed)
    return _render(call, name, changed)


@operation("DeleteFunctionUrlConfig", action="lambda:DeleteFunctionUrlConfig", resource=named_arn)
def delete_function_url_config(call: Call, request: Request) -> Output:
    """Takes a URL away; its id is never given again."""
    name, _ = _require(call, request)
    forget(call, name)
    return None


@operation("ListFunctionUrlConfigs", action="lambda:ListFunctionUrlConfigs", resource=unqualified_arn)
def list_function_url_configs(call: Call, request: Request) -> Output:
    """The URLs of a function and its aliases."""
    name = parse(call, request["FunctionName"]).at("")
    if rows.version(call.tx, name) is None:
        raise ResourceNotFoundException("Function does not exist")
    scan = call.tx.scan(URLS, name.key, start=paging.start_of(request.get("Marker")))
    found = ((key, row) for key, row in scan)
    urls, marker = paging.page(found, name.key, request.get("MaxItems"))
    listed = [_render(call, place_of(call, row.id) or name, row) for row in urls]
    return paging.with_marker({"FunctionUrlConfigs": listed}, marker)


def place_of(ctx: Context, url_id: str) -> FunctionName | None:
    """The function or alias that a URL's id belongs to."""
    place = ctx.tx.get(URL_PLACES, (url_id,))
    return FunctionName(place.account, place.region, place.name, place.qualifier) if place else None


def url_of(ctx: Context, name: FunctionName) -> UrlRow | None:
    """The URL of a function or alias."""
    return ctx.tx.get(URLS, _key(name))


def forget(ctx: Context, name: FunctionName) -> None:
    """Removes the URL of one qualifier, if it has one."""
    row = ctx.tx.get(URLS, _key(name))
    if row is not None:
        ctx.tx.delete(URLS, _key(name))
        ctx.tx.delete(URL_PLACES, (row.id,))


def forget_all(ctx: Context, name: FunctionName) -> None:
    """Removes the URLs of a function and its aliases."""
    for key, row in list(ctx.tx.scan(URLS, name.key)):
        ctx.tx.delete(URLS, key)
        ctx.tx.delete(URL_PLACES, (row.id,))


OPERATIONS = (
    create_function_url_config,
    get_function_url_config,
    update_function_url_config,
    delete_function_url_config,
    list_function_url_configs,
)
