"""CloudWatch Logs: groups, streams and events.

`writer` is how events come in, from PutLogEvents and from the host after each invocation; `reading` is how they are
found again in the order of time.
"""

from outfall.core.service import Service
from outfall.services.logs import (
    events,
    filtering,
    groups,
    live_tail,
    metric_filters,
    settings,
    streams,
    subscription_filters,
)

SERVICE = Service.of(
    "logs",
    groups.OPERATIONS,
    streams.OPERATIONS,
    events.OPERATIONS,
    filtering.OPERATIONS,
    subscription_filters.OPERATIONS,
    metric_filters.OPERATIONS,
    live_tail.OPERATIONS,
    settings.OPERATIONS,
)
