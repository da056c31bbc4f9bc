"""The private API: what AWS has no call for. Health, events and their histories, skipping waits, reset, stop.

Answers are JSON and carry the server's clock. Anything but a GET needs the header `x-outfall`, which a foreign web page
cannot send.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qs

import msgspec

from outfall import __version__
from outfall.core import history
from outfall.core.context import Context
from outfall.core.ports import Clock, Store, Tx
from outfall.flow import drive, replay, timeline
from outfall.host.time_travel import ClockRunsByItself, TimeTravel

PAGE_MAX = 500


class Refused(Exception):
    """A request that the private API does not answer: status and a line that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Facade:
    """What the private API works with. `about` tells what never changes while the server runs."""

    store: Store
    clock: Clock
    context: Callable[[Tx], Context]
    about: Callable[[], dict[str, Any]]
    services: tuple[str, ...]
    reset: Callable[[], Awaitable[None]]
    stop: Callable[[], None]
    travel: TimeTravel


class PrivateApi:
    """Paths under `/_outfall/`, and the aliases under `/_localstack/` that existing tools ask for."""

    def __init__(self, facade: Facade) -> None:
        self._facade = facade

    async def answer(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, bytes]:
        """Status and body (JSON) for a request."""
        try:
            if method not in ("GET", "HEAD") and "x-outfall" not in headers:
                raise Refused(403, "send the header x-outfall: 1 with anything but a GET")
            parameters = {name: values[-1] for name, values in parse_qs(query).items()}
            told = await self._route(method if method != "HEAD" else "GET", path.rstrip("/"), parameters, body)
        except Refused as refused:
            return refused.status, msgspec.json.encode({"message": str(refused)})
        told["clock_ms"] = self._facade.clock.now_ms()
        return 200, msgspec.json.encode(told)

    async def _route(self, method: str, path: str, parameters: dict[str, str], body: bytes) -> dict[str, Any]:
        exact = {
            ("GET", "/_outfall/health"): self._health,
            ("GET", "/_outfall/api/health"): self._health,
            ("GET", "/_localstack/health"): self._localstack_health,
            ("GET", "/_localstack/init"): self._localstack_init,
            ("POST", "/_outfall/api/reset"): self._reset,
            ("POST", "/_outfall/api/stop"): self._stop,
            ("POST", "/_outfall/api/events/skip-wait"): self._skip_all,
            ("GET", "/_outfall/api/clock"): self._clock,
        }.get((method, path))
        if exact is not None:
            return await exact()
        if method == "GET" and path == "/_outfall/api/events":
            return await self._events(parameters)
        if method == "POST" and path == "/_outfall/api/clock":
            return await self._move_clock(parameters)
        if method == "POST" and path == "/_outfall/api/replay":
            return await self._replay(lambda ctx: replay.unwrap(body), parameters)
        if method == "GET" and path == "/_outfall/api/history":
            return await self._history(parameters)
        head, _, rest = path.partition("/_outfall/api/events/")
        if not head and rest:
            event_id, _, verb = rest.partition("/")
            if method == "GET" and not verb:
                return await self._event(event_id)
            if method == "POST" and verb == "skip-wait":
                return await self._skip(event_id)
            if method == "POST" and verb == "replay":
                return await self._replay(lambda ctx: replay.of_event(ctx, event_id), parameters)
        raise Refused(404, f"the private API has no {method} {path}")

    async def _health(self) -> dict[str, Any]:
        return {"status": "running", "version": __version__, **self._facade.about()}

    async def _localstack_health(self) -> dict[str, Any]:
        services = dict.fromkeys(self._facade.services, "running")
        return {"services": services, "edition": "outfall", "version": __version__}

    async def _localstack_init(self) -> dict[str, Any]:
        return {"completed": {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False}, "scripts": []}

    async def _reset(self) -> dict[str, Any]:
        await self._facade.reset()
        return {"reset": True}

    async def _stop(self) -> dict[str, Any]:
        self._facade.stop()
        return {"stopping": True}

    async def _clock(self) -> dict[str, Any]:
        return {"clock": self._facade.about()["clock"]}

    async def _move_clock(self, parameters: dict[str, str]) -> dict[str, Any]:
        """One of `advance_ms=N`, `to=next`, `to=idle`; answers when all that follows from it is done."""
        travel = self._facade.travel
        try:
            if "advance_ms" in parameters:
                await travel.advance(_number(parameters, "advance_ms", 0))
            elif parameters.get("to") == "next":
                await travel.jump()
            elif parameters.get("to") == "idle":
                await travel.run_until_idle()
            else:
                raise Refused(400, "say advance_ms=N, to=next or to=idle")
        except ClockRunsByItself as error:
            raise Refused(409, str(error)) from None
        return await self._clock()

    async def _events(self, parameters: dict[str, str]) -> dict[str, Any]:
        limit = min(_number(parameters, "limit", 50), PAGE_MAX)
        before = tuple(parameters.get("cursor", "").split("/", 1)) if parameters.get("cursor") else ()
        state, function = parameters.get("state", ""), parameters.get("function", "")

        def work(tx: Tx) -> tuple[list[timeline.Summary], str]:
            found: list[timeline.Summary] = []
            for summary in timeline.newest(tx, before=before, limit=10_000):
                cursor = f"{summary.accepted_ms:015d}/{summary.id}"
                if len(found) == limit:
                    return found, cursor
                if state in ("", summary.state) and function in ("", summary.function.split(":")[6]):
                    found.append(summary)
            return found, ""

        found, cursor = await self._facade.store.run(work, durable=False)
        return {"events": [_without_queue(summary) for summary in found], "cursor": cursor}

    async def _event(self, event_id: str) -> dict[str, Any]:
        def work(tx: Tx) -> tuple[timeline.Summary | None, list[history.Fact]]:
            return tx.get(timeline.EVENTS, (event_id,)), timeline.facts(tx, event_id)

        summary, facts = await self._facade.store.run(work, durable=False)
        if summary is None:
            raise Refused(404, f"there is no event {event_id}")
        return {"event": _without_queue(summary), "history": [_told(fact) for fact in facts]}

    async def _history(self, parameters: dict[str, str]) -> dict[str, Any]:
        after, limit = _number(parameters, "after", 0), min(_number(parameters, "limit", 200), PAGE_MAX)
        lines = await self._facade.store.run(lambda tx: tx.feed(after=after, limit=limit), durable=False)
        facts = [
            {"number": number, "event": stream.removeprefix("event/"), **msgspec.json.decode(line)}
            for number, stream, line in lines
        ]
        return {"history": facts}

    async def _skip(self, event_id: str) -> dict[str, Any]:
        context = self._facade.context
        skipped = await self._facade.store.run(lambda tx: drive.skip_wait(context(tx), event_id))
        if not skipped:
            raise Refused(409, f"event {event_id} is not waiting")
        return {"skipped": 1}

    async def _replay(self, find: Callable[[Context], replay.Original], parameters: dict[str, str]) -> dict[str, Any]:
        """Shows what would be sent again, and to which function; with `send=1`, sends it."""
        to, sends = parameters.get("to", ""), parameters.get("send") == "1"

        def work(tx: Tx) -> dict[str, Any]:
            ctx = self._facade.context(tx)
            original = find(ctx)
            told = {
                "original": original.event_id,
                "function": to or original.function,
                "payload": original.payload.decode("utf-8", "replace"),
            }
            return {**told, "replay": replay.replay(ctx, original, to=to, sender="replay")} if sends else told

        try:
            return await self._facade.store.run(work)
        except replay.NotReplayable as error:
            raise Refused(409, str(error)) from None

    async def _skip_all(self) -> dict[str, Any]:
        context = self._facade.context
        return {"skipped": await self._facade.store.run(lambda tx: drive.skip_all(context(tx)))}


def _number(parameters: dict[str, str], name: str, default: int) -> int:
    try:
        return max(0, int(parameters.get(name, default)))
    except ValueError:
        raise Refused(400, f"{name} is not a number: {parameters[name]}") from None


def _without_queue(summary: timeline.Summary) -> dict[str, Any]:
    told = asdict(summary)
    for internal in ("queue", "item"):
        del told[internal]
    return told


def _told(fact: history.Fact) -> dict[str, Any]:
    return {"fact": type(fact).__name__, **asdict(fact)}
