"""The private API: what AWS has no call for. Which request goes where, and what all of them have in common; the answers
themselves are in `private_server`, `private_events`, `private_queues`, `private_permissions` and `private_stream`.

Answers are JSON and carry the server's clock. Anything but a GET needs the header `x-outfall`, which a foreign web page
cannot send, and is refused when it comes from one anyway. `openapi.json` describes all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from outfall.host import private_events, private_permissions, private_queues, private_server
from outfall.host.exchange import HttpRequest, HttpResponse
from outfall.host.private_call import Answer, Asked, Facade, Refused, Route
from outfall.host.private_stream import Streams
from outfall.store.errors import StoreBusy, StoreUnavailable

__all__ = ["Facade", "PrivateApi"]

PARAMETERS_MAX = 32
SAFE = ("GET", "HEAD")


class PrivateApi:
    """Paths under `/_outfall/`, and the aliases under `/_localstack/` that existing tools ask for."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade
        self._streams = Streams(facade.store)
        self.routes = (
            *private_server.ROUTES,
            *private_events.ROUTES,
            *private_queues.ROUTES,
            *private_permissions.ROUTES,
            Route("GET", "/_outfall/api/stream", self._streams.open, ("after",)),
        )

    async def answer(self, request: HttpRequest, body: bytes = b"") -> HttpResponse:
        """The answer to a request; never raises for what the request is."""
        try:
            told = await self._perform(request, body)
        except Refused as refused:
            return self.refuse(refused)
        except (StoreUnavailable, StoreBusy) as error:
            return self.refuse(Refused(503, str(error), (("Retry-After", "1"),)))
        return told if isinstance(told, HttpResponse) else self._json(told)

    def refuse(self, refused: Refused) -> HttpResponse:
        """The answer that says why there is none."""
        return self._json({"message": str(refused)}, refused.status, refused.headers)

    def close(self) -> None:
        """The server ends: no answer goes on and on."""
        self._streams.close()

    async def _perform(self, request: HttpRequest, body: bytes) -> Answer:
        route, named = self._find("GET" if request.method == "HEAD" else request.method, request.path)
        if request.method not in SAFE:
            _check_origin(request.headers)
        return await route.handler(self._facade, Asked(named, _parameters(request.query, route), request.headers, body))

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request; a path that is written out goes before one with names in it."""
        found = [(route, named) for route in self.routes if (named := _match(route.path, path)) is not None]
        fewest = min((len(named) for _, named in found), default=0)
        found = [(route, named) for route, named in found if len(named) == fewest]
        for route, named in found:
            if route.method == method:
                return route, named
        if not found:
            raise Refused(404, f"the private API has nothing at {path[:200]}")
        allowed = ", ".join(_methods(route for route, _ in found))
        raise Refused(405, f"{path[:200]} answers {allowed}", (("Allow", allowed),))

    def _json(self, told: dict[str, Any], status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> HttpResponse:
        told["clock_ms"] = self._facade.clock.now_ms()
        return HttpResponse(status, [("Content-Type", "application/json"), *headers], msgspec.json.encode(told))


def _methods(routes: Iterable[Route]) -> list[str]:
    methods = sorted({route.method for route in routes})
    return [*methods, "HEAD"] if "GET" in methods else methods


def _match(pattern: str, path: str) -> dict[str, str] | None:
    """What a path names where the pattern has `{names}`, or None if it is another path."""
    wanted, given = pattern.split("/"), path.rstrip("/").split("/")
    if len(wanted) != len(given):
        return None
    named: dict[str, str] = {}
    for one, text in zip(wanted, given, strict=True):
        if one.startswith("{"):
            named[one[1:-1]] = unquote(text)
        elif one != text:
            return None
    return named


def _parameters(query: str, route: Route) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=PARAMETERS_MAX)
    except ValueError:
        raise Refused(400, f"more than {PARAMETERS_MAX} parameters") from None
    for name, _ in pairs:
        if name not in route.parameters:
            known = ", ".join(route.parameters) or "none"
            raise Refused(400, f"there is no parameter {name[:80]!r} here; there are: {known}")
    return {name: value for name, value in pairs if value}


def _check_origin(headers: dict[str, str]) -> None:
    """Refuses what another site's page could send: browsers tell where a request comes from, and ask before they send
    a header of that kind."""
    if "x-outfall" not in headers:
        raise Refused(403, "send the header x-outfall: 1 with anything but a GET")
    origin = headers.get("origin")
    if origin is not None and origin != "" and _host(origin) != headers.get("host", "").lower():
        raise Refused(403, "this came from a page of another site")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower() or "null"
    except ValueError:
        return "null"
