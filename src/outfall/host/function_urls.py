"""Requests to function URLs, known by their host: `<id>.lambda-url.<region>.localhost`. Taken in, authenticated where
the URL wants it, run, and answered; what they mean is Lambda's (`services/lambda_/url_*.py`)."""

from __future__ import annotations

import json
import re
from functools import lru_cache

import msgspec

from outfall.core.effects import RunFunction
from outfall.core.errors import AwsError, InternalError
from outfall.core.ports import Tx
from outfall.core.principal import ANONYMOUS
from outfall.core.service import Call
from outfall.host import intake
from outfall.host.dispatch import Dispatcher
from outfall.host.http import HttpRequest, HttpResponse
from outfall.services.lambda_ import url_invoke, urls
from outfall.services.lambda_.payload import SYNC_SIZE_MAX
from outfall.services.lambda_.url_invoke import Forbidden
from outfall.services.lambda_.url_requests import Caller, UrlRequest, UrlResponse
from outfall.wire.claims import parse_authorization
from outfall.wire.message import WireRequest

HOSTS_MAX = 256
MARK = ".lambda-url."
_JSON = (("Content-Type", "application/json"),)
_HOST = re.compile(
    r"([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.(?:localhost|localhost\.localstack\.cloud|on\.aws)(?::\d+)?", re.I
)


@lru_cache(maxsize=HOSTS_MAX)
def url_id(host: str) -> str | None:
    """The id of the function URL that a Host header names, or None if it names none."""
    if MARK not in host.lower():
        return None
    match = _HOST.fullmatch(host)
    return match[1].lower() if match else None


class _Asked(msgspec.Struct, frozen=True):
    """A request that was taken in."""

    url_id: str
    request_id: str
    wire: WireRequest
    body: bytes
    source_ip: str


class FunctionUrls:
    """Answers requests to function URLs."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._front = dispatcher.front

    async def answer(self, http: HttpRequest, url: str) -> HttpResponse:
        """The answer to a request to the URL with this id."""
        request_id = self._front.ids.uuid()
        try:
            response = await self._perform(http, url, request_id)
        except Exception as error:
            response = self._fault(error, request_id)
        headers = [*response.headers, ("x-amzn-RequestId", request_id)]
        body = b"" if http.method == "HEAD" else response.body
        return HttpResponse(response.status, headers, body, len(response.body))

    async def _perform(self, http: HttpRequest, url: str, request_id: str) -> UrlResponse:
        body = await intake.buffer(http, SYNC_SIZE_MAX)
        wire = WireRequest(http.method, http.path, http.query, http.headers, body)
        asked = _Asked(url, request_id, wire, body, http.peer_ip)

        def begin(tx: Tx) -> tuple[Call, UrlResponse | RunFunction]:
            return self._begin(tx, asked)

        call, output = await self._front.store.run(begin)
        if isinstance(output, RunFunction):
            made: UrlResponse = await self._dispatcher.run_function(call, output)
            return UrlResponse(made.status, (*made.headers, ("X-Amzn-Trace-Id", output.run.trace_header)), made.body)
        return output

    def _begin(self, tx: Tx, asked: _Asked) -> tuple[Call, UrlResponse | RunFunction]:
        front, wire = self._front, asked.wire
        now = front.clock.now_ms()
        call = Call(
            tx=tx,
            now=now,
            wall=front.clock.wall_ms(),
            ids=front.ids,
            account="",
            region="",
            house=front.house,
            principal=ANONYMOUS,
            request_id=asked.request_id,
            operation="InvokeFunctionUrl",
            source_ip=asked.source_ip,
            headers=wire.headers,
        )
        name = urls.place_of(call, asked.url_id)
        row = urls.url_of(call, name) if name else None
        if name is None or row is None:
            return call, UrlResponse(403, _JSON, b'{"Message":null}')
        call.account, call.region = name.account, name.region
        caller = self._caller(tx, wire) if row.auth_type == "AWS_IAM" else None
        if caller is not None:
            call.principal = caller.principal
        request = UrlRequest(wire.method, wire.path, wire.query, wire.headers, asked.body, asked.source_ip)
        return call, url_invoke.begin(call, name, row, request, caller)

    def _caller(self, tx: Tx, wire: WireRequest) -> Caller | None:
        """Who signed the request; None if nobody claims to have."""
        signed = parse_authorization(wire, "rest-json")
        if signed is None:
            return None
        admitted = self._front.admission.admit(tx, signed, wire, "rest-json", self._front.clock)
        return Caller(admitted.principal, signed.access_key)

    def _fault(self, error: Exception, request_id: str) -> UrlResponse:
        if isinstance(error, Forbidden) and error.explanation:
            self._front.log(f"denied: {error.explanation}")
        if not isinstance(error, AwsError):
            self._front.log.failed(f"a function URL, request {request_id}, failed", error)
            error = InternalError()
        body = json.dumps({"Message": error.message}, separators=(",", ":")).encode()
        return UrlResponse(error.status, (*_JSON, ("x-amzn-ErrorType", error.code)), body)
