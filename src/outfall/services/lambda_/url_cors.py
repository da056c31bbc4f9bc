"""What a function URL answers to pages of other origins. With rules of its own, it leaves none to the function.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
"""

from __future__ import annotations

from collections.abc import Mapping

from outfall.services.lambda_.url_model import Cors
from outfall.services.lambda_.url_requests import UrlRequest, UrlResponse

PREFIX = "access-control-"


def preflight(cors: Cors | None, request: UrlRequest) -> UrlResponse | None:
    """The answer to a preflight request, which no function sees; None if this is none."""
    if cors is None or request.method != "OPTIONS" or "access-control-request-method" not in request.headers:
        return None
    headers = _origin(cors, request.headers)
    if headers:
        for name, values in (("Methods", cors.methods), ("Headers", cors.headers)):
            if values:
                headers.append((f"Access-Control-Allow-{name}", ",".join(values)))
        if cors.max_age_s is not None:
            headers.append(("Access-Control-Max-Age", str(cors.max_age_s)))
    return UrlResponse(200, tuple(headers), b"")


def allowed(cors: Cors | None, request: UrlRequest, response: UrlResponse) -> UrlResponse:
    """The response with what the rules say of the page that asks, in place of what the function says."""
    if cors is None:
        return response
    kept = [header for header in response.headers if not header[0].lower().startswith(PREFIX)]
    headers = _origin(cors, request.headers)
    if headers and cors.exposed:
        headers.append(("Access-Control-Expose-Headers", ",".join(cors.exposed)))
    return UrlResponse(response.status, (*kept, *headers), response.body)


def _origin(cors: Cors, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    origin = headers.get("origin", "")
    if not origin or not ("*" in cors.origins or origin in cors.origins):
        return []
    shown = "*" if "*" in cors.origins and not cors.credentials else origin
    found = [("Access-Control-Allow-Origin", shown), ("Vary", "Origin")]
    return [*found, ("Access-Control-Allow-Credentials", "true")] if cors.credentials else found
