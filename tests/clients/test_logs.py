"""CloudWatch Logs as boto3 sees it: live tails and functions that get what others print."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from .server import Server

# The SDK puts `stream-` before the host of a live tail, which no name here leads to: hence `inject_host_prefix`.


def messages(stream: Iterator[dict]) -> Iterator[str]:  # type: ignore[type-arg]
    for event in stream:
        yield from (one["message"] for one in event.get("sessionUpdate", {}).get("sessionResults", ()))


def test_a_live_tail_shows_what_is_written(server: Server) -> None:
    logs = server.client("logs", inject_host_prefix=False)
    logs.create_log_group(logGroupName="live")
    logs.create_log_stream(logGroupName="live", logStreamName="s")
    arn = logs.describe_log_groups(logGroupNamePrefix="live")["logGroups"][0]["logGroupArn"]
    stream = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="?ERROR ?WARN")["responseStream"]
    with contextlib.closing(stream):
        events = iter(stream)
        assert next(events)["sessionStart"]["logGroupIdentifiers"] == [arn]
        for text in ("INFO", "ERROR one", "WARN two"):
            event = {"timestamp": int(time.time() * 1000), "message": text}
            logs.put_log_events(logGroupName="live", logStreamName="s", logEvents=[event])
        seen = messages(events)
        assert [next(seen), next(seen)] == ["ERROR one", "WARN two"]


def test_a_group_that_is_not_there_is_refused_before_the_stream(server: Server) -> None:
    logs = server.client("logs", inject_host_prefix=False)
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:none"
    with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
        logs.start_live_tail(logGroupIdentifiers=[arn])
        raise AssertionError("it was started")
