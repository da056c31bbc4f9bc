"""Amazon CloudWatch: metrics that users put and that the road emits, and alarms on them.

`putting`, `reading`, `metric_data` and `listing` are the operations on metrics, over `series` (where samples lie) and
`samples` (what is kept of them); `alarms` and `describing` are those on alarms, which `watch` evaluates by the rules
of `evaluation` and tells of in the words of `notice`; `history` keeps what became of them, `tags` their tags.
"""

from outfall.core.service import Service
from outfall.services.cloudwatch import alarms, describing, history, listing, metric_data, putting, reading, tags

SERVICE = Service.of(
    "cloudwatch",
    putting.OPERATIONS,
    reading.OPERATIONS,
    metric_data.OPERATIONS,
    listing.OPERATIONS,
    alarms.OPERATIONS,
    describing.OPERATIONS,
    history.OPERATIONS,
    tags.OPERATIONS,
)
