"""Amazon EventBridge: buses, rules and their targets, what is put on a bus, what is kept of it, and schedules.

`put` takes events in and `deliver` brings them on: `core.event_pattern` says which rules they match, `inputs` what a
target receives of them. `archives` and `replays` keep events and send them again, `schedules` (with `cron`) makes
them by the clock; `target` is the door for other services.
"""

from outfall.core.service import Service
from outfall.services.events import archives, buses, permissions, put, replays, rules, tags, targets

SERVICE = Service.of(
    "events",
    buses.OPERATIONS,
    permissions.OPERATIONS,
    rules.OPERATIONS,
    targets.OPERATIONS,
    put.OPERATIONS,
    archives.OPERATIONS,
    replays.OPERATIONS,
    tags.OPERATIONS,
)
