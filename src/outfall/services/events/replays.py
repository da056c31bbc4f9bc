"""Replays: what an archive holds of a span of time is brought onto its bus again, marked with `replay-name`.

A replay is an item on `REPLAYS_QUEUE`; each claim brings on a batch, and the item comes back for the next one.
[LS:TestReplay]
"""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.arn import Arn, MalformedArn
from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.core.service import Call, Output, Request, operation
from outfall.core.sweeping import over
from outfall.services.events.deliver import route
from outfall.services.events.errors import (
    IllegalStatusException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    not_valid,
)
from outfall.services.events.model import ARCHIVED, ARCHIVES, REPLAYS, REPLAYS_QUEUE, Archive, Event, Key, Replay
from outfall.services.events.names import BUS_PREFIX, bus_key, find_bus, require_bus
from outfall.services.events.paging import page, start_of

BATCH = 50
"""Events that one claim brings on."""

KEPT_MS = 90 * 86_400_000
ARCHIVE_PREFIX = "archive/"
UNDER_WAY = ("STARTING", "RUNNING")


def _replay_arn(call: Call, request: Request) -> str:
    return _arn((call.account, call.region, str(request["ReplayName"])))


def _arn(key: Key) -> str:
    return f"arn:aws:events:{key[1]}:{key[0]}:replay/{key[2]}"


def every_replay(call: Call, request: Request) -> str:
    """`arn:aws:events:REGION:ACCOUNT:replay/*`."""
    return _arn((call.account, call.region, "*"))


@operation("StartReplay", action="events:StartReplay", resource=_replay_arn)
def start_replay(call: Call, request: Request) -> Output:
    """Begins a replay. Errors: ResourceNotFoundException, ResourceAlreadyExistsException, ValidationException."""
    key = (call.account, call.region, request["ReplayName"])
    destination = request["Destination"]
    bus = require_bus(call, _bus_arn(destination["Arn"]))
    archive = _archive(call, request["EventSourceArn"])
    if archive.source_arn != bus.arn:
        raise not_valid("Destination.Arn", "Cross event bus replay is not permitted.")
    if request["EventStartTime"] >= request["EventEndTime"]:
        raise not_valid("EventEndTime", "EventStartTime must be before EventEndTime.")
    if call.tx.get(REPLAYS, key) is not None:
        raise ResourceAlreadyExistsException(f"Replay {request['ReplayName']} already exists.")
    replay = Replay(
        *key,
        archive_arn=archive.arn,
        bus_arn=bus.arn,
        rules=tuple(destination.get("FilterArns") or ()),
        from_ms=request["EventStartTime"],
        to_ms=request["EventEndTime"],
        started_ms=call.now,
        description=request.get("Description") or "",
    )
    call.tx.put(REPLAYS, key, replay)
    call.tx.enqueue(REPLAYS_QUEUE, msgspec.msgpack.encode(key), now_ms=call.now, due_ms=call.now)
    return {"ReplayArn": replay.arn, "State": replay.state, "ReplayStartTime": replay.started_ms}


def _bus_arn(text: str) -> str:
    try:
        arn = Arn.parse(text)
    except MalformedArn:
        raise not_valid("Destination.Arn", "Must contain an event bus ARN.") from None
    if arn.service != "events" or not arn.resource.startswith(BUS_PREFIX):
        raise not_valid("Destination.Arn", "Must contain an event bus ARN.")
    return text


def _archive(ctx: Context, text: str) -> Archive:
    arn = Arn.parse(text)
    name = arn.resource.removeprefix(ARCHIVE_PREFIX)
    archive = ctx.tx.get(ARCHIVES, (arn.account, arn.region, name))
    if archive is None:
        raise not_valid("EventSourceArn", f"Archive {name} does not exist.")
    return archive


def _require(call: Call, request: Request) -> Replay:
    replay = call.tx.get(REPLAYS, (call.account, call.region, request["ReplayName"]))
    if replay is None:
        raise ResourceNotFoundException(f"Replay {request['ReplayName']} does not exist.")
    return replay


@operation("DescribeReplay", action="events:DescribeReplay", resource=_replay_arn)
def describe_replay(call: Call, request: Request) -> Output:
    """A replay, and how far it is."""
    replay = _require(call, request)
    told: dict[str, Any] = {"ReplayArn": replay.arn} | _listed(replay)
    told["Destination"] = {"Arn": replay.bus_arn} | ({"FilterArns": list(replay.rules)} if replay.rules else {})
    return told | ({"Description": replay.description} if replay.description else {})


def _listed(replay: Replay) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ReplayName": replay.name,
        "EventSourceArn": replay.archive_arn,
        "State": replay.state,
        "EventStartTime": replay.from_ms,
        "EventEndTime": replay.to_ms,
        "ReplayStartTime": replay.started_ms,
    }
    if replay.last_ms:
        told["EventLastReplayedTime"] = replay.last_ms
    return told | ({"ReplayEndTime": replay.ended_ms} if replay.ended_ms else {})


@operation("ListReplays", action="events:ListReplays", resource=every_replay)
def list_replays(call: Call, request: Request) -> Output:
    """The replays of the account by name; those of one archive or in one state, if one is given."""
    source, state = request.get("EventSourceArn"), request.get("State")
    prefix = request.get("NamePrefix") or ""
    found = (
        (replay.name, replay)
        for _, replay in call.tx.scan(REPLAYS, (call.account, call.region), starts_with=prefix, start=start_of(request))
        if source in (None, replay.archive_arn) and state in (None, replay.state)
    )
    return page(request, "Replays", found, _listed)


@operation("CancelReplay", action="events:CancelReplay", resource=_replay_arn)
def cancel_replay(call: Call, request: Request) -> Output:
    """Ends a replay that is under way."""
    replay = _require(call, request)
    if replay.state not in UNDER_WAY:
        raise IllegalStatusException(f"Replay {replay.name} is not in a valid state for this operation.")
    replay = msgspec.structs.replace(replay, state="CANCELLING")
    call.tx.put(REPLAYS, replay.key, replay)
    return {"ReplayArn": replay.arn, "State": replay.state}


def step_replay(ctx: Context, item: Item) -> None:
    """The next batch of a replay that was claimed from `REPLAYS_QUEUE`."""
    replay = ctx.tx.get(REPLAYS, msgspec.msgpack.decode(item.payload, type=Key))
    if replay is not None:
        ctx = ctx.at(replay.account, replay.region)
        replay = _advance(ctx, replay) if replay.state in UNDER_WAY else _end(ctx, replay, "CANCELLED")
        ctx.tx.put(REPLAYS, replay.key, replay)
        if replay.state == "RUNNING":
            ctx.tx.release(REPLAYS_QUEUE, item.handle, due_ms=ctx.now)
            return
    ctx.tx.acknowledge(REPLAYS_QUEUE, item.handle)


def _end(ctx: Context, replay: Replay, state: str) -> Replay:
    return msgspec.structs.replace(replay, state=state, ended_ms=ctx.now)


def _advance(ctx: Context, replay: Replay) -> Replay:
    arn = Arn.parse(replay.archive_arn)
    archive = (arn.account, arn.region, arn.resource.removeprefix(ARCHIVE_PREFIX))
    bus = find_bus(ctx, bus_key(ctx, replay.bus_arn))
    if bus is None or ctx.tx.get(ARCHIVES, archive) is None:
        return _end(ctx, replay, "FAILED")
    start = replay.position or (f"{replay.from_ms:015d}",)
    count = 0
    for key, archived in list(ctx.tx.scan(ARCHIVED, archive, start=start, limit=BATCH)):
        at_ms = int(key[-2])
        if at_ms > replay.to_ms:
            return _end(ctx, replay, "COMPLETED")
        route(ctx, bus, _marked(archived.event, replay.name, ctx.now), only=replay.rules)
        replay = msgspec.structs.replace(replay, position=(key[-2], key[-1] + "\0"), last_ms=at_ms)
        count += 1
    return msgspec.structs.replace(replay, state="RUNNING") if count == BATCH else _end(ctx, replay, "COMPLETED")


def _marked(event: Event, name: str, now_ms: int) -> Event:
    """The event with `replay-name` after its region, everything else as it was. [LS:TestReplay]"""
    fields = msgspec.json.decode(event.text, type=dict[str, msgspec.Raw])
    marked: dict[str, Any] = {}
    for key, value in fields.items():
        marked[key] = value
        if key == "region":
            marked["replay-name"] = name
    marked.setdefault("replay-name", name)
    text = msgspec.json.encode(marked).decode()
    return msgspec.structs.replace(event, text=text, ingested_ms=now_ms)


OPERATIONS = (start_replay, describe_replay, list_replays, cancel_replay)

sweep = over(REPLAYS, lambda ctx, replay: bool(replay.ended_ms) and replay.ended_ms < ctx.now - KEPT_MS)
"""Forgets replays 90 days after their end, as AWS does."""
