"""The door: every HTTP request comes in here, and leaves as an answer of the private API or of an AWS service.

The body is taken in before a handler sees it: streamed to the blob store where the operation streams it, else into
memory, up to a limit.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from outfall.core.body import REFERENCES, Body, Content, Segment
from outfall.core.errors import AwsError, InternalError, ServiceUnavailable
from outfall.core.ports import Ids, Store
from outfall.core.service import Operation
from outfall.host import bucket_regions, console, function_urls, intake, origins, stored, websites
from outfall.host.console import Console
from outfall.host.dispatch import Dispatcher, Visit
from outfall.host.function_urls import FunctionUrls
from outfall.host.guard import Guard
from outfall.host.http import ConnectionLost, HttpRequest, HttpResponse
from outfall.host.log import Log
from outfall.host.posts import Posts
from outfall.host.private import PrivateApi
from outfall.host.private_call import Refused
from outfall.host.signer import certificate
from outfall.services.lambda_.code import SPOOLED, uploaded
from outfall.services.lambda_.errors import RequestEntityTooLargeException
from outfall.services.lambda_.model import CODE
from outfall.services.sns.render import CERTIFICATES
from outfall.store.errors import StoreBusy, StoreError, StoreUnavailable
from outfall.wire import faults, identify
from outfall.wire.message import WireRequest, WireResponse
from outfall.wire.models import Models
from outfall.wire.refusals import kind_of
from outfall.wire.refused_bodies import RequestEntityTooLarge

BODY_SIZE_MAX = 16 * 1024 * 1024
"""The largest body that is held in memory, but for code archives."""

CODE_BODY_SIZE_MAX = 70_167_211
"""As AWS: `Request must be smaller than 70167211 bytes for the CreateFunction operation`."""

CODE_PATH = "/_outfall/code/"
PRIVATE = ("/_outfall/", "/_localstack/")


class Hall(msgspec.Struct, frozen=True):
    """What the door works with."""

    models: Models
    served: frozenset[str]
    dispatcher: Dispatcher
    private: PrivateApi
    console: Console
    store: Store
    blobs: Any
    ids: Ids
    log: Log
    guard: Guard


class Door:
    """Answers HTTP requests."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._urls = FunctionUrls(hall.dispatcher)
        self._posts = Posts(hall.dispatcher, hall.blobs)

    async def answer(self, http: HttpRequest) -> HttpResponse:
        """The answer to a request. Raises `ConnectionLost` alone: there is nobody to answer then."""
        guard = self._hall.guard
        told = guard.turned_away(http.headers)
        if told is not None:
            return _turned_away(told)
        if http.path.startswith(PRIVATE):
            return await self._private(http)
        url = function_urls.url_id(http.headers.get("host", ""))
        if url is not None:
            return await self._urls.answer(http, url)
        site = websites.bucket_of(http.headers.get("host", ""))
        if site is not None:
            return self._http(await websites.answer(self._hall.dispatcher, http, site))
        request = WireRequest(http.method, http.path, http.query, http.headers)
        route = identify.route(self._hall.models, request, self._hall.served)
        stranger = guard.from_another_site(http.method, http.query, http.headers)
        if stranger and (route.service != "s3" or not await origins.lets(self._hall.dispatcher, http)):
            return _turned_away("this came from a page of another site")
        request_id = self._hall.ids.hex(16).upper() if route.service == "s3" else self._hall.ids.uuid()
        kind = kind_of(route.service, route.protocol)
        visit = Visit(route, request, request_id, http.peer_ip, kind, None)
        try:
            response = await self._respond(http, visit)
        except ConnectionLost:
            await self._drop(visit.stored)
            raise
        except Exception as error:
            await self._drop(visit.stored)
            response = self._fault(visit, error)
            if route.service == "s3":
                response.headers += await bucket_regions.headers(self._hall.dispatcher, route, response.status)
        if route.service == "s3" and "origin" in http.headers and http.method != "OPTIONS":
            response.headers += await origins.headers(self._hall.dispatcher, http)
        if isinstance(response.body, AsyncIterator):
            http.keep_alive = False  # As with the streams of the private API.
        return self._http(response)

    async def _respond(self, http: HttpRequest, visit: Visit) -> WireResponse:
        route, dispatcher = visit.route, self._hall.dispatcher
        if route.service == "s3" and route.operation is None:
            if http.method == "OPTIONS":
                return await origins.preflight(dispatcher, http, visit.request_id)
            bucket, key = origins.place(http)
            if http.method == "POST" and bucket and not key and not http.query:
                return await self._posts.answer(http, visit, bucket)
        operation = await self._come_in(http, visit)
        return await dispatcher.perform(operation, visit)

    def close(self) -> None:
        """The server ends: answers that would go on and on end."""
        self._hall.private.close()
        self._hall.dispatcher.close()

    async def _come_in(self, http: HttpRequest, visit: Visit) -> Operation:
        hall, request, route = self._hall, visit.request, visit.route
        if route.unfinished:
            request.body = await intake.buffer(http, BODY_SIZE_MAX)
            visit.route = route = identify.finish(route, request.body, request.headers.get("content-encoding", ""))
        operation = hall.dispatcher.operation(route)
        visit.signed = hall.dispatcher.claim(operation, visit)
        if route.streams_input and route.service == "s3":
            body = await self._take_in(http, visit)
            request.body, visit.stored = body, body.segments
        elif route.service == "lambda" and operation.name in SPOOLED:
            try:
                request.body = await intake.buffer(http, CODE_BODY_SIZE_MAX)
            except RequestEntityTooLarge:
                raise RequestEntityTooLargeException(
                    f"Request must be smaller than {CODE_BODY_SIZE_MAX} bytes for the {operation.name} operation"
                ) from None
            await self._spool(visit, SPOOLED[operation.name])
        elif not request.body:
            request.body = await intake.buffer(http, BODY_SIZE_MAX, s3=route.service == "s3")
        return operation

    async def _take_in(self, http: HttpRequest, visit: Visit) -> Body:
        """The body of an upload: let in once it is known who sends it. A small one that is here already is only looked
        at; who sends it is then found out in the transaction that writes it. Whatever is wrong with both, the sender
        is told of first."""
        hall, request, signed = self._hall, visit.request, visit.signed
        if not intake.is_here(http, signed):
            admitted = await hall.dispatcher.admit(visit)
            return await intake.take_in(http, request, hall.blobs, signed, admitted.signing)
        try:
            return await intake.take_in(http, request, hall.blobs, signed, None)
        except AwsError:
            await hall.dispatcher.admit(visit)
            raise

    async def _spool(self, visit: Visit, member: tuple[str, ...]) -> None:
        """Puts the archive of a function's code into the blob store, and what was found out about it in its place."""
        dispatcher = self._hall.dispatcher
        await dispatcher.admit(visit)
        holder = await asyncio.to_thread(dispatcher.parse, visit)
        for name in member[:-1]:
            holder = holder.get(name) or {}
        data = holder.get(member[-1])
        if data is not None:
            segment = await intake.keep(data, self._hall.blobs)
            visit.stored = (segment,)
            holder[member[-1]] = await asyncio.to_thread(uploaded, data, (segment,))
            visit.request.body = b""

    async def _drop(self, stored: tuple[Segment, ...]) -> None:
        """Removes what was stored for a request that came to nothing.

        What a commit refers to stays, whatever went wrong after it; what a cancelled request leaves behind is swept at
        the next start.
        """
        blobs = {segment.blob for segment in stored if segment.blob}
        if not blobs:
            return
        try:
            kept = await self._hall.store.run(lambda tx: {blob for blob in blobs if tx.get(REFERENCES, (blob,))})
        except StoreError:
            return  # Nobody can tell now what is referred to.
        for blob in blobs - kept:
            await asyncio.to_thread(self._hall.blobs.remove, blob)

    def _fault(self, visit: Visit, error: Exception) -> WireResponse:
        route, request = visit.route, visit.request
        if isinstance(error, StoreUnavailable | StoreBusy):
            error = ServiceUnavailable()
        elif not isinstance(error, AwsError):
            self._hall.log.failed(f"{route.service}.{route.operation}, request {visit.request_id}, failed", error)
            error = InternalError()
        head = request.method == "HEAD"
        return faults.render_fault(self._hall.models, route, error, visit.request_id, head=head)

    def _http(self, response: WireResponse) -> HttpResponse:
        body = response.body
        if not isinstance(body, Content):
            return HttpResponse(response.status, response.headers, body)
        if len(body.segments) == 1 and body.segments[0].data:
            data = body.segments[0].data[body.start : body.start + body.length]
            return HttpResponse(response.status, response.headers, data)
        stream: AsyncIterator[bytes] = stored.pour(body, self._hall.blobs)
        return HttpResponse(response.status, response.headers, stream, body.length)

    async def _private(self, http: HttpRequest) -> HttpResponse:
        if http.path == console.ROOT or http.path.startswith(f"{console.ROOT}/"):
            return await self._hall.console.answer(http)
        if http.path.startswith(CODE_PATH):
            return await self._code(http.path.removeprefix(CODE_PATH))
        if http.path.startswith(CERTIFICATES):
            return await self._certificate(http.path.removeprefix(CERTIFICATES))
        try:
            given = await intake.buffer(http, BODY_SIZE_MAX)
        except AwsError as error:
            return self._hall.private.refuse(Refused(413, error.message))
        response = await self._hall.private.answer(http, given)
        if not isinstance(response.body, bytes):
            http.keep_alive = False  # A stream ends with its connection, so that nothing waits for the next request.
        return response

    async def _certificate(self, name: str) -> HttpResponse:
        """The certificate with which the signatures of SNS's messages are checked."""
        pem = await self._hall.store.run(lambda tx: certificate(tx, name), durable=False)
        if pem is None:
            return HttpResponse(
                404, [("Content-Type", "application/json")], b'{"message":"there is no such certificate"}'
            )
        return HttpResponse(200, [("Content-Type", "application/x-pem-file")], pem)

    async def _code(self, sha256: str) -> HttpResponse:
        """The archive that `GetFunction`'s Code.Location points to; its digest is what one must know to have it."""
        row = await self._hall.store.run(lambda tx: tx.get(CODE, (sha256,)), durable=False)
        if row is None:
            return HttpResponse(404, [("Content-Type", "application/json")], b'{"message":"there is no such code"}')
        segments: tuple[Segment, ...] = row.segments
        content = Content(segments, 0, row.size)
        headers = [("Content-Type", "application/zip")]
        return HttpResponse(200, headers, stored.pour(content, self._hall.blobs), row.size)


def _turned_away(told: str) -> HttpResponse:
    body = json.dumps({"message": told}).encode()
    return HttpResponse(403, [("Content-Type", "application/json")], body)
