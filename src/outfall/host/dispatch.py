"""From a request to its answer: identified, authenticated, authorised, handled in one transaction, rendered.

The one place where a wire call meets `authz`; what an operation needs is declared with its handler.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from outfall.authz import Ask, authorize, denial
from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context, House
from outfall.core.effects import Park, Respond, RunFunction
from outfall.core.errors import AwsError, InternalError, NotServed
from outfall.core.invocation import Outcome, Run, Throttled
from outfall.core.ports import Clock, Ids, Store, Tx
from outfall.core.principal import Principal
from outfall.core.service import Call, Operation, Permission, Service
from outfall.host.admission import Admission, Admitted
from outfall.host.parking import Parking
from outfall.host.worker import Runner
from outfall.wire import codec, faults
from outfall.wire.identify import Route
from outfall.wire.message import WireRequest, WireResponse
from outfall.wire.models import Models


@dataclass(frozen=True, slots=True)
class Front:
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
    owner_of: Callable[[Tx, Arn], str]
    log: Callable[[str], None]


class Dispatcher:
    """Answers calls of AWS's APIs."""

    def __init__(self, front: Front, parking: Parking) -> None:
        self._front = front
        self._parking = parking

    async def answer(self, route: Route, request: WireRequest, request_id: str, source_ip: str) -> WireResponse:
        """The response to an identified request whose body has been taken in; never raises."""
        front = self._front
        head = request.method == "HEAD"
        try:
            operation = self._operation(route)
            output = await self._perform(operation, route, request, request_id, source_ip)
            return _render(front.models, route, output, request_id, head=head)
        except AwsError as error:
            return faults.render_fault(front.models, route, error, request_id, head=head)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            front.log(f"{route.service}.{route.operation} failed: {error!r} (request {request_id})")
            return faults.render_fault(front.models, route, InternalError(), request_id, head=head)

    def _operation(self, route: Route) -> Operation:
        service = self._front.services.get(route.service)
        operation = service.operations.get(route.operation or "") if service else None
        if operation is None:
            raise NotServed(f"{route.service}:{route.operation} is not served by this version of Outfall.")
        return operation

    async def _perform(
        self, operation: Operation, route: Route, request: WireRequest, request_id: str, source_ip: str
    ) -> Any:
        parked: asyncio.Future[None] | None = None
        parked_until: int | None = None
        due_ms: int | None = None

        def work(tx: Tx) -> tuple[Call, Any]:
            nonlocal parked, due_ms
            now = self._front.clock.now_ms()
            admitted = self._front.admission.admit(tx, route, request, now)
            call = self._call(tx, now, admitted, route, operation, request, request_id, source_ip)
            call.parked_until = parked_until
            parameters = admitted.parameters
            for permission in operation.permissions:
                self._require(call, permission, parameters, route.service)
            output = operation.handler(call, parameters)
            if isinstance(output, Park):
                parked = self._parking.park(output.topic)
                due_ms = tx.next_due(output.topic)
            return call, output

        while True:
            call, output = await self._front.store.run(work)
            if isinstance(output, Park):
                assert parked is not None
                parked_until = output.until_ms
                until_ms = parked_until if due_ms is None else min(parked_until, max(due_ms, call.now + 1))
                await self._parking.wait(output.topic, parked, (until_ms - call.now) / 1000)
            elif isinstance(output, RunFunction):
                return await self._run_function(call, output)
            else:
                return output

    async def _run_function(self, call: Call, effect: RunFunction) -> Any:
        outcome = await self._front.run(effect.run)

        def work(tx: Tx) -> Any:
            call.tx = tx
            call.now = self._front.clock.now_ms()
            if not isinstance(outcome, Throttled):
                self._front.write_logs(call, effect.run, outcome)
            return effect.resume(call, outcome)

        return await self._front.store.run(work)

    def _call(
        self,
        tx: Tx,
        now: int,
        admitted: Admitted,
        route: Route,
        operation: Operation,
        request: WireRequest,
        request_id: str,
        source_ip: str,
    ) -> Call:
        front = self._front
        host = request.headers.get("host", "localhost")
        return Call(
            tx=tx,
            now=now,
            wall=front.clock.wall_ms(),
            ids=front.ids,
            account=admitted.principal.account,
            region=admitted.region,
            house=front.house,
            principal=admitted.principal,
            request_id=request_id,
            operation=operation.name,
            endpoint=f"http://{host}",
            source_ip=source_ip,
            headers=request.headers,
            protocol=route.protocol,
        )

    def _require(self, call: Call, permission: Permission, parameters: dict[str, Any], service: str) -> None:
        if permission.when is not None and not permission.when(call, parameters):
            return
        resource = permission.resource(call, parameters)
        policy, owner = self._policy_at(call, resource)
        keys = dict(permission.context(call, parameters)) if permission.context else {}
        keys.setdefault("aws:SourceIp", call.source_ip)
        ask = Ask(call.principal, permission.action, resource, keys, resource_policy=policy, resource_account=owner)
        decision = authorize(call, ask)
        if not decision.allowed:
            self._front.log(_denied(call.principal, decision.ask.action, resource, decision.missing))
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


def _render(models: Models, route: Route, output: Any, request_id: str, *, head: bool) -> WireResponse:
    if not isinstance(output, Respond):
        return codec.render(models, route, output, request_id, head=head)
    response = codec.render(models, route, output.output, request_id, head=head, extra_headers=output.headers)
    if output.status is not None:
        response.status = output.status
    return response


def _denied(principal: Principal, action: str, resource: str, missing: str) -> str:
    hint = f"; this statement would allow it: {missing}" if missing else ""
    return f"denied: {principal.arn} may not {action} on {resource}{hint}"
