"""Log streams: create, delete, list."""

from __future__ import annotations

from typing import Any

from outfall.core.context import Context
from outfall.core.service import Call, Output, Request, operation
from outfall.services.logs import paging
from outfall.services.logs.errors import InvalidParameterException, ResourceAlreadyExistsException
from outfall.services.logs.model import CHUNKS, STREAMS, Group, Stream, time_key
from outfall.services.logs.names import (
    check_stream_name,
    constraint,
    require_group,
    require_stream,
    stream_resource,
)
from outfall.services.logs.writer import new_stream

LISTED_MAX = 50
ORDERS = ("LogStreamName", "LastEventTime")
UPLOAD_TOKEN = "4" * 56
"""What AWS gives as the next sequence token, which nobody needs since 2023."""


@operation("CreateLogStream", action="logs:CreateLogStream", resource=stream_resource)
def create_log_stream(call: Call, request: Request) -> Output:
    """A new stream; an error if there is one of that name."""
    name = request.get("logStreamName") or ""
    check_stream_name(name)
    group = require_group(call, request)
    key = (*group.key, name)
    if call.tx.get(STREAMS, key) is not None:
        raise ResourceAlreadyExistsException("The specified log stream already exists")
    call.tx.put(STREAMS, key, new_stream(call, name))


@operation("DeleteLogStream", action="logs:DeleteLogStream", resource=stream_resource)
def delete_log_stream(call: Call, request: Request) -> Output:
    """Removes a stream with its events."""
    group = require_group(call, request)
    stream = require_stream(call, group, request.get("logStreamName") or "")
    key = (*group.key, stream.name)
    for chunk_key, _ in call.tx.scan(CHUNKS, key):
        call.tx.delete(CHUNKS, chunk_key)
    call.tx.delete(STREAMS, key)


@operation("DescribeLogStreams", action="logs:DescribeLogStreams", resource=stream_resource)
def describe_log_streams(call: Call, request: Request) -> Output:
    """Streams by name, or by the time of their last event."""
    group = require_group(call, request)
    order = request.get("orderBy") or ORDERS[0]
    prefix = request.get("logStreamNamePrefix") or ""
    if order not in ORDERS:
        raise constraint(order, "orderBy", f"Member must satisfy enum value set: [{', '.join(ORDERS)}]")
    by_time = order == "LastEventTime"
    if by_time and prefix:
        raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
    limit = paging.limit_of(request, LISTED_MAX, LISTED_MAX)
    descending = bool(request.get("descending"))
    streams = [stream for _, stream in call.tx.scan(STREAMS, group.key, starts_with=prefix)]
    streams.sort(key=_time_order if by_time else _name_order, reverse=descending)
    rest = _after(streams, paging.read_token(request), by_time, descending)
    shown = [_shown(call, group, stream) for stream in rest[:limit]]
    last = _mark(rest[limit - 1], by_time) if len(rest) > limit else ""
    return {"logStreams": shown} | paging.next_token(last)


def _name_order(stream: Stream) -> tuple[str, str]:
    return ("", stream.name)


def _time_order(stream: Stream) -> tuple[str, str]:
    return (time_key(stream.last_ms or 0), stream.name)


def _mark(stream: Stream, by_time: bool) -> str:
    return "\n".join(_time_order(stream) if by_time else _name_order(stream))


def _after(streams: list[Stream], token: str, by_time: bool, descending: bool) -> list[Stream]:
    if not token:
        return streams
    at, _, name = token.partition("\n")
    order = _time_order if by_time else _name_order
    if descending:
        return [stream for stream in streams if order(stream) < (at, name)]
    return [stream for stream in streams if order(stream) > (at, name)]


def _shown(ctx: Context, group: Group, stream: Stream) -> dict[str, Any]:
    shown: dict[str, Any] = {"logStreamName": stream.name, "creationTime": stream.created_ms}
    if stream.first_ms is not None:
        shown["firstEventTimestamp"] = stream.first_ms
        shown["lastEventTimestamp"] = stream.last_ms
        shown["lastIngestionTime"] = stream.ingested_ms
        shown["uploadSequenceToken"] = UPLOAD_TOKEN
    shown["arn"] = f"{group.arn}:log-stream:{stream.name}"
    # Since 2019 AWS says 0 for streams; the size shows on the group. [BC]
    shown["storedBytes"] = 0
    return shown


OPERATIONS = (create_log_stream, delete_log_stream, describe_log_streams)
