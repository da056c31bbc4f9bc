"""What an HTTP request to a function URL is as an event, and what a function's result is as an HTTP response. Pure.

Payload format 2.0: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from outfall.core.principal import Principal

_TEXT = re.compile(r"text/.*|application/(?:json|javascript|xml|.*\+(?:json|xml))", re.I)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OF_THE_CONNECTION = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
"""What the server says itself."""


class UrlRequest(msgspec.Struct, frozen=True):
    """A request to a function URL: path and query percent-encoded as they came, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    source_ip: str


class UrlResponse(msgspec.Struct, frozen=True):
    """The answer to one."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Caller(msgspec.Struct, frozen=True):
    """Who calls a URL that asks for a signature."""

    principal: Principal
    access_key: str


def event(request: UrlRequest, *, url_id: str, request_id: str, now_ms: int, caller: Caller | None) -> bytes:
    """The payload that the function gets."""
    headers = dict(request.headers)
    cookies = headers.pop("cookie", "")
    domain = headers.get("host", "").rsplit(":", 1)[0]
    text, encoded = _body(request.body, headers.get("content-type", ""))
    told: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path or "/",
        "rawQueryString": request.query,
        "cookies": [cookie.strip() for cookie in cookies.split(";") if cookie.strip()],
        "headers": headers | _forwarded(request),
        "queryStringParameters": _query(request.query),
        "requestContext": {
            "accountId": caller.principal.account if caller else "anonymous",
            "apiId": url_id,
            "authorizer": {"iam": _iam(caller)} if caller else None,
            "domainName": domain,
            "domainPrefix": url_id,
            "http": {
                "method": request.method,
                "path": request.path or "/",
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": now_ms,
        },
        "body": text,
        "isBase64Encoded": encoded,
    }
    for name in ("cookies", "queryStringParameters", "body"):
        if not told[name]:
            del told[name]
    if caller is None:
        del told["requestContext"]["authorizer"]
    return json.dumps(told, separators=(",", ":")).encode()


def _forwarded(request: UrlRequest) -> dict[str, str]:
    port = request.headers.get("host", "").rpartition(":")[2]
    return {
        "x-forwarded-for": request.source_ip,
        "x-forwarded-port": port if port.isdigit() else "80",
        "x-forwarded-proto": "http",
    }


def _query(query: str) -> dict[str, str]:
    """A parameter that is given several times has its values joined by commas."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _iam(caller: Caller) -> dict[str, Any]:
    who = caller.principal
    return {
        "accessKey": caller.access_key,
        "accountId": who.account,
        "callerId": who.unique_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": who.arn,
        "userId": who.unique_id,
    }


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    """The body as text if its type says that it is text, else in base64."""
    if not body:
        return "", False
    if _TEXT.fullmatch(content_type.partition(";")[0].strip()):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def response(payload: bytes) -> UrlResponse | None:
    """What a function's result is as a response: one with a statusCode says itself what it wants, other JSON is the
    body of a 200. None for a result that is no response, which is answered with 502."""
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or "statusCode" not in told:
        return UrlResponse(200, (("Content-Type", "application/json"),), payload)
    status, body = _status(told["statusCode"]), _answered_body(told)
    if status is None or body is None:
        return None
    return UrlResponse(status, _headers(told), body)


def _status(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 599 else None


def _answered_body(told: dict[str, Any]) -> bytes | None:
    body = told.get("body")
    if body is None:
        return b""
    text = body if isinstance(body, str) else json.dumps(body)
    if told.get("isBase64Encoded") is not True:
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return None


def _headers(told: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    given = told.get("headers")
    found = [
        (name, _header_value(value))
        for name, value in (given.items() if isinstance(given, dict) else ())
        if _TOKEN.fullmatch(name) and name.lower() not in _OF_THE_CONNECTION and isinstance(value, str | int | float)
    ]
    if not any(name.lower() == "content-type" for name, _ in found):
        found.append(("Content-Type", "application/json"))
    cookies = told.get("cookies")
    for cookie in cookies if isinstance(cookies, list) else ():
        found.append(("Set-Cookie", _header_value(cookie)))
    return tuple(found)


def _header_value(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode()
