"""The private API of the server itself: health, its clock, starting from nothing, stopping, its own description."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec

from outfall import __version__
from outfall.host.exchange import HttpResponse
from outfall.host.private_call import PAGE_MAX, Answer, Asked, Facade, Refused, Route
from outfall.host.time_travel import ClockRunsByItself, Stop

ADVANCE_MS_MAX = 10 * 366 * 24 * 3600 * 1000
"""Ten years at once."""
CLOCK_MS_MAX = 32_503_680_000_000
"""The year 3000: no date that AWS writes has five digits in its year."""


async def _health(facade: Facade, asked: Asked) -> Answer:
    return {"status": "running", "version": __version__, **facade.about()}


async def _localstack_health(facade: Facade, asked: Asked) -> Answer:
    services = dict.fromkeys(facade.services, "running")
    return {"services": services, "edition": "outfall", "version": __version__}


async def _localstack_init(facade: Facade, asked: Asked) -> Answer:
    return {"completed": {"BOOT": True, "START": True, "READY": True, "SHUTDOWN": False}, "scripts": []}


async def _openapi(facade: Facade, asked: Asked) -> Answer:
    data = files("outfall.host").joinpath("openapi.json").read_bytes()
    return HttpResponse(200, [("Content-Type", "application/json")], data)


async def _reset(facade: Facade, asked: Asked) -> Answer:
    await facade.reset()
    return {"reset": True}


async def _stop(facade: Facade, asked: Asked) -> Answer:
    facade.stop()
    return {"stopping": True}


async def _clock(facade: Facade, asked: Asked) -> dict[str, Any]:
    return {"clock": facade.about()["clock"]}


async def _move_clock(facade: Facade, asked: Asked) -> Answer:
    """One of `advance_ms=N`, `to=next`, `to=idle`; answers when all that follows from it is done."""
    travel, to = facade.travel, asked.choice("to", ("next", "idle"))
    by_ms = asked.number("advance_ms", -1, most=ADVANCE_MS_MAX)
    if (by_ms >= 0) == bool(to):
        raise Refused(400, "say advance_ms=N, to=next or to=idle")
    if by_ms >= 0 and travel.now_ms() + by_ms > CLOCK_MS_MAX:
        raise Refused(400, "the clock does not go beyond the year 3000")
    try:
        if to == "idle":
            return {**await _clock(facade, asked), **_stop_told(await travel.run_until_idle())}
        await (travel.advance(by_ms) if by_ms >= 0 else travel.jump())
    except ClockRunsByItself as error:
        raise Refused(409, str(error)) from None
    return await _clock(facade, asked)


def _stop_told(stop: Stop) -> dict[str, Any]:
    """Whether nothing waits any more, after how many moves of the clock, and what still does."""
    waiting = [msgspec.structs.asdict(due) for due in stop.waiting[:PAGE_MAX]]
    return {"idle": not stop.waiting, "steps": stop.steps, "waiting": waiting}


ROUTES = (
    Route("GET", "/_outfall/health", _health),
    Route("GET", "/_outfall/api/health", _health),
    Route("GET", "/_localstack/health", _localstack_health),
    Route("GET", "/_localstack/init", _localstack_init),
    Route("GET", "/_outfall/api/openapi.json", _openapi),
    Route("GET", "/_outfall/api/clock", _clock),
    Route("POST", "/_outfall/api/clock", _move_clock, ("advance_ms", "to")),
    Route("POST", "/_outfall/api/reset", _reset),
    Route("POST", "/_outfall/api/stop", _stop),
)
