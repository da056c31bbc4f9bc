"""StartLiveTail: an answer that goes on with the events of groups as they are written.

Rule: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
Each session is a filter on its groups; what fits waits on a work queue of the session until it is sent.
"""

from __future__ import annotations

import json
from typing import Any

from outfall.authz import Ask, authorize, denial
from outfall.core.effects import Event, Stream
from outfall.core.service import Call, Output, Request, operation
from outfall.services.logs.errors import InvalidParameterException
from outfall.services.logs.filters import check_pattern
from outfall.services.logs.model import FILTERS, TAIL, Filter, Group
from outfall.services.logs.names import constraint, find_group, group_in, group_in_arn, group_resource
from outfall.services.logs.watching import tail_queue

GROUPS_MAX = 10
STREAMS_MAX = 10
EVENTS_MAX = 500
"""Events in one update; there is one a second."""
SESSION_MS = 3 * 3_600_000


@operation("StartLiveTail", action=None)
def start_live_tail(call: Call, request: Request) -> Output:
    """A session: first what it is, then once a second the events that came, three hours at most. Permission is asked
    for each group."""
    _authorize(call, request)
    groups = _groups(call, request)
    names, prefixes = list(request.get("logStreamNames") or ()), list(request.get("logStreamNamePrefixes") or ())
    if names and prefixes:
        raise InvalidParameterException(
            "LogStream names and LogStream name prefixes are mutually exclusive parameters."
        )
    if (names or prefixes) and len(groups) > 1:
        raise InvalidParameterException("LogStream filters can be used only with a single log group.")
    pattern = request.get("logEventFilterPattern") or ""
    check_pattern(pattern)
    session = call.ids.uuid()
    watcher = Filter(session, pattern, call.now, until_ms=call.now + SESSION_MS, streams=names, prefixes=prefixes)
    for group in groups:
        call.tx.put(FILTERS, (*group.key, TAIL, session), watcher)
    started = {
        "requestId": call.request_id,
        "sessionId": session,
        "logGroupIdentifiers": list(request.get("logGroupIdentifiers") or ()),
        "logStreamNames": names,
        "logStreamNamePrefixes": prefixes,
        "logEventFilterPattern": pattern,
    }
    return Stream(
        (Event("sessionStart", started),),
        lambda again: _update(again, watcher),
        lambda last: _end(last, groups, session),
    )


def _authorize(call: Call, request: Request) -> None:
    for identifier in request.get("logGroupIdentifiers") or [""]:
        resource = group_resource(call, {"logGroupIdentifier": identifier})
        decision = authorize(call, Ask(call.principal, "logs:StartLiveTail", resource))
        if not decision.allowed:
            raise denial(decision, "logs")


def _groups(call: Call, request: Request) -> list[Group]:
    identifiers = request.get("logGroupIdentifiers") or []
    if not 1 <= len(identifiers) <= GROUPS_MAX:
        least = "Member must have length greater than or equal to 1"
        most = f"Member must have length less than or equal to {GROUPS_MAX}"
        raise constraint(identifiers, "logGroupIdentifiers", most if identifiers else least)
    for identifier in identifiers:
        if group_in_arn(identifier) is None:
            raise InvalidParameterException("The LogGroupIdentifiers must be log group ARNs.")
    return [find_group(call, group_in({"logGroupIdentifier": one})) for one in identifiers]


def _update(call: Call, watcher: Filter) -> tuple[Event, ...] | None:
    if call.now >= watcher.until_ms:
        return None
    queue = tail_queue(watcher.name)
    results: list[dict[str, Any]] = []
    for item in call.tx.claim(queue, now_ms=call.now, lease_ms=1000, limit=EVENTS_MAX):
        results.append(json.loads(item.payload))
        call.tx.acknowledge(queue, item.handle)
    sampled = call.tx.purge(queue) > 0
    return (Event("sessionUpdate", {"sessionMetadata": {"sampled": sampled}, "sessionResults": results}),)


def _end(call: Call, groups: list[Group], session: str) -> None:
    for group in groups:
        call.tx.delete(FILTERS, (*group.key, TAIL, session))
    call.tx.purge(tail_queue(session))


OPERATIONS = (start_live_tail,)
