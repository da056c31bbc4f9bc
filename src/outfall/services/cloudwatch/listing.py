"""ListMetrics: which metrics there are."""

from __future__ import annotations

from typing import Any

from outfall.core.errors import NotServed
from outfall.core.metrics import Dimensions
from outfall.core.service import Call, Output, Request, operation
from outfall.services.cloudwatch import series
from outfall.services.cloudwatch.checks import next_token, read_token, render_dimensions
from outfall.services.cloudwatch.errors import InvalidParameterValue

PAGE = 500
RECENT_MS = 3 * 3_600_000
LISTED_MS = 14 * 86_400_000
"""A metric without a sample for two weeks is not listed."""

Place = tuple[str, str, Dimensions]


@operation("ListMetrics", action="cloudwatch:ListMetrics")
def list_metrics(call: Call, request: Request) -> Output:
    """Metrics by namespace, name and dimensions, 500 at a time."""
    if request.get("IncludeLinkedAccounts") or request.get("OwningAccount"):
        raise NotServed("ListMetrics of linked accounts is not served.")
    after: Place | None = read_token(request, Place, InvalidParameterValue)
    # Seen times are noted every ten minutes, so that much may be missing from them.
    age_ms = (RECENT_MS if request.get("RecentlyActive") else LISTED_MS) + series.SEEN_EVERY_MS
    name, wanted = request.get("MetricName"), request.get("Dimensions") or []
    found: set[Place] = set()
    for namespace, one, dimensions, seen_ms in series.known(call, request.get("Namespace") or ""):
        if name in (None, one) and seen_ms >= call.now - age_ms and _fits(dimensions, wanted):
            found.add((namespace, one, dimensions))
    places = sorted(place for place in found if after is None or place > after)
    output: dict[str, Any] = {
        "Metrics": [
            {"Namespace": namespace, "MetricName": one, "Dimensions": render_dimensions(dimensions)}
            for namespace, one, dimensions in places[:PAGE]
        ]
    }
    return output | {"NextToken": next_token(places[PAGE - 1])} if len(places) > PAGE else output


def _fits(dimensions: Dimensions, wanted: list[dict[str, str]]) -> bool:
    held = dict(dimensions)
    return all(one["Name"] in held and one.get("Value") in (None, held[one["Name"]]) for one in wanted)


OPERATIONS = (list_metrics,)
