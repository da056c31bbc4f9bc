"""Events as they are made: the JSON that rules see and targets receive."""

from __future__ import annotations

from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.lineage import root_in
from outfall.flow import passage
from outfall.services.events.inputs import second
from outfall.services.events.model import Event


def minified_object(text: str) -> str | None:
    """A JSON object without the space in it, numbers as they were written; None for anything else."""
    try:
        msgspec.json.decode(text, type=dict[str, Any])
        return msgspec.json.format(text.encode(), indent=-1).decode()
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def make_event(
    ctx: Context,
    *,
    source: str,
    detail_type: str,
    detail: str,
    resources: tuple[str, ...],
    at_ms: int,
    trace_header: str = "",
    hops: int = 0,
    trace: str = "",
) -> Event:
    """A new event of this account and region, in AWS's key order. [destinations.md 2.2] It belongs to the trace of its
    header, to the one with the root `trace`, or begins one."""
    head: dict[str, Any] = {
        "version": "0",
        "id": ctx.ids.uuid(),
        "detail-type": detail_type,
        "source": source,
        "account": ctx.account,
        "time": second(at_ms),
        "region": ctx.region,
        "resources": resources,
    }
    text = msgspec.json.encode(head).decode()[:-1] + f',"detail":{detail}}}'
    trace = trace or ("" if root_in(trace_header) else passage.new_root(ctx))
    return Event(head["id"], text, ctx.now, trace_header, hops, trace)
