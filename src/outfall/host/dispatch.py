"""From a request to its answer: identified, authenticated, authorised, handled in one transaction, rendered.

The one place where a wire call meets `authz`; what an operation needs is declared with its handler.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from outfall.authz import Ask, authorize, denial
from outfall.core.arn import Arn, MalformedArn
from outfall.core.body import Body, Segment
from outfall.core.context import Context, House
from outfall.core.effects import DigestBytes, Park, ReadBytes, Respond, RunFunction, Stream
from outfall.core.errors import NotServed
from outfall.core.invocation import Outcome, Run, Throttled
from outfall.core.ports import Clock, Ids, Store, Tx
from outfall.core.service import Call, Operation, Permission, Service
from outfall.flow import metrics
from outfall.host.admission import Admission, Admitted
from outfall.host.live import Lives
from outfall.host.log import Log
from outfall.host.parking import Parking
from outfall.host.worker import Runner
from outfall.wire import codec, constraints, identify
from outfall.wire.identify import Route
from outfall.wire.message import WireRequest, WireResponse
from outfall.wire.models import Models
from outfall.wire.refusals import Kind
from outfall.wire.sigv4 import Signed

RELOOK_MS = 2_000


class Front(msgspec.Struct, frozen=True):
    """What the dispatcher works with."""

    models: Models
    services: Mapping[str, Service]
    store: Store
    clock: Clock
    ids: Ids
    house: House
    admission: Admission
    run: Runner
    write_logs: Callable[[Context, Run, Outcome], None]
    read_segments: Callable[[tuple[Segment, ...]], Awaitable[bytes]]
    digest_segments: Callable[[tuple[Segment, ...], tuple[str, ...]], Awaitable[Body]]
    owner_of: Callable[[Tx, Arn], str]
    log: Log


class Visit(msgspec.Struct):
    """One request on its way: what it is, whose signature it claims, and, once known, who makes it and what it asks."""

    route: Route
    request: WireRequest
    request_id: str
    source_ip: str
    kind: Kind
    signed: Signed | None
    admitted: Admitted | None = None
    parameters: dict[str, Any] | None = None
    stored: tuple[Segment, ...] = ()
    """What was stored for the request before its handler saw it."""


class Dispatcher:
    """Answers calls of AWS's APIs."""

    def __init__(self, front: Front, parking: Parking) -> None:
        self._front = front
        self._parking = parking
        self._lives = Lives()

    @property
    def front(self) -> Front:
        """What the dispatcher works with."""
        return self._front

    def close(self) -> None:
        """Ends the answers that go on."""
        self._lives.close()

    def operation(self, route: Route) -> Operation:
        """The operation that a route names; raises `NotServed`, or AWS's error for what no model has."""
        if route.operation is None or not route.served:
            raise identify.unknown_operation(route)
        service = self._front.services.get(route.service)
        operation = service.operations.get(route.operation) if service else None
        if operation is None:
            if route.operation not in self._front.models.service(route.service).declared:
                route.operation = None
                raise identify.unknown_operation(route)
            raise NotServed(f"{route.service}:{route.operation} is not served by this version of Outfall.")
        return operation

    def claim(self, operation: Operation, visit: Visit) -> Signed | None:
        """The signature that a request claims."""
        return self._front.admission.claim(visit.request, visit.kind, unsigned=operation.unsigned)

    async def admit(self, visit: Visit) -> Admitted:
        """Authenticates a request before its body is taken in."""
        admission, clock = self._front.admission, self._front.clock

        def work(tx: Tx) -> Admitted:
            return admission.admit(tx, visit.signed, visit.request, visit.kind, clock)

        # It only reads, and what the request then does waits for the disk: no need to wait for it twice.
        visit.admitted = await self._front.store.run(work, durable=False)
        return visit.admitted

    def parse(self, visit: Visit) -> dict[str, Any]:
        """What a request asks, by the names of the model."""
        if visit.parameters is None:
            parameters = codec.parse(self._front.models, visit.route, visit.request)
            constraints.validate(self._front.models, visit.route, parameters)
            visit.parameters = parameters
        return visit.parameters

    async def perform(self, operation: Operation, visit: Visit) -> WireResponse:
        """The response to a request; raises what its handler raises."""
        parked: asyncio.Future[None] | None = None
        parked_until: int | None = None
        due_ms: int | None = None

        def work(tx: Tx) -> tuple[Call, Any]:
            nonlocal parked, due_ms
            if parked is not None:  # The engine runs the work again.
                parked.cancel()
                parked = None
            call = self._call(tx, operation, visit)
            call.parked_until = parked_until
            parameters = self.parse(visit)
            for permission in operation.permissions:
                self._require(call, permission, parameters, visit.route.service)
            output = operation.handler(call, parameters)
            if isinstance(output, Park):
                parked = self._parking.park(output.topic)
                due_ms = tx.next_due(output.topic)
            return call, output

        while True:
            call, output = await self._front.store.run(work, loose=operation.loose)
            if isinstance(output, Park):
                assert parked is not None
                parked_until = await self._park(call, output, parked, due_ms)
                continue
            while isinstance(output, RunFunction | ReadBytes | DigestBytes):
                if isinstance(output, RunFunction):
                    output = await self.run_function(call, output)
                elif isinstance(output, DigestBytes):
                    output = await self._digest_bytes(call, output)
                else:
                    output = await self._read_bytes(call, output)
            if isinstance(output, Stream):
                return await self._lives.answer(visit.request_id, output, partial(self._resume, call))
            return self._render(visit, output)

    async def _park(self, call: Call, effect: Park, parked: asyncio.Future[None], due_ms: int | None) -> int:
        """Waits for the topic, for its next item to come due, or for the end of the wait, which it returns.

        A client waits in real time whatever the clock of record does: when that time is over the wait is.
        """
        until_ms = effect.until_ms if due_ms is None else min(effect.until_ms, max(due_ms, call.now + 1))
        if not self._front.store.exclusive:  # A wake-up of another node may be lost.
            until_ms = min(until_ms, call.now + RELOOK_MS)
        woken = await self._parking.wait(effect.topic, parked, (until_ms - call.now) / 1000)
        if not woken and until_ms == effect.until_ms:
            return min(effect.until_ms, self._front.clock.now_ms())
        return effect.until_ms

    async def run_function(self, call: Call, effect: RunFunction) -> Any:
        """Runs a function for a call and goes on with the call; what its `resume` answers."""
        outcome = await self._front.run(effect.run)
        if isinstance(outcome, Throttled):  # The error that follows takes back its own transaction.
            await self._resume(call, lambda again: metrics.throttled(again, effect.run))

        def resume(again: Call) -> Any:
            if not isinstance(outcome, Throttled):
                self._front.write_logs(again, effect.run, outcome)
                metrics.ran(again, effect.run, outcome)
            return effect.resume(again, outcome)

        # The run cannot be taken back, and what it leaves are its log lines and counts: its caller waits for no disk.
        return await self._resume(call, resume, durable=False)

    async def _read_bytes(self, call: Call, effect: ReadBytes) -> Any:
        try:
            data: bytes | None = await self._front.read_segments(effect.segments)
        except FileNotFoundError:
            data = None
        found = await asyncio.to_thread(effect.look, data)
        return await self._resume(call, lambda again: effect.resume(again, found))

    async def _digest_bytes(self, call: Call, effect: DigestBytes) -> Any:
        try:
            found: Body | None = await self._front.digest_segments(effect.segments, effect.checksums)
        except FileNotFoundError:
            found = None
        return await self._resume(call, lambda again: effect.resume(again, found))

    async def _resume(self, call: Call, work: Callable[[Call], Any], *, durable: bool = True) -> Any:
        """Goes on with a call in a new transaction, at the time that it is then."""

        def within(tx: Tx) -> Any:
            call.tx = tx
            call.now, call.wall = self._front.clock.now_ms(), self._front.clock.wall_ms()
            return work(call)

        return await self._front.store.run(within, durable=durable)

    def _call(self, tx: Tx, operation: Operation, visit: Visit) -> Call:
        front, request = self._front, visit.request
        now = front.clock.now_ms()
        if visit.admitted is None:
            visit.admitted = front.admission.admit(tx, visit.signed, request, visit.kind, front.clock)
        return Call(
            tx=tx,
            now=now,
            wall=front.clock.wall_ms(),
            ids=front.ids,
            account=visit.admitted.principal.account,
            region=visit.admitted.region,
            house=front.house,
            principal=visit.admitted.principal,
            request_id=visit.request_id,
            operation=operation.name,
            endpoint=f"http://{request.headers.get('host', 'localhost')}",
            source_ip=visit.source_ip,
            headers=request.headers,
            protocol=visit.route.protocol,
        )

    def _render(self, visit: Visit, output: Any) -> WireResponse:
        models, head = self._front.models, visit.request.method == "HEAD"
        if not isinstance(output, Respond):
            return codec.render(models, visit.route, output, visit.request_id, head=head)
        response = codec.render(
            models, visit.route, output.output, visit.request_id, head=head, extra_headers=output.headers
        )
        if output.status is not None:
            response.status = output.status
        return response

    def _require(self, call: Call, permission: Permission, parameters: dict[str, Any], service: str) -> None:
        if permission.when is not None and not permission.when(call, parameters):
            return
        resource = permission.resource(call, parameters)
        policy, owner = self._policy_at(call, resource)
        keys = dict(permission.context(call, parameters)) if permission.context else {}
        decision = authorize(call, Ask(call.principal, permission.action, resource, keys, policy, owner, parameters))
        if not decision.allowed:
            raise denial(decision, service)

    def _policy_at(self, call: Call, resource: str) -> tuple[str | None, str]:
        if resource == "*":
            return None, call.account
        try:
            arn = Arn.parse(resource)
        except MalformedArn:
            return None, call.account
        owner = arn.account or self._front.owner_of(call.tx, arn) or call.account
        read = call.house.resource_policies.get(arn.service)
        return (read(call, arn) if read else None), owner
