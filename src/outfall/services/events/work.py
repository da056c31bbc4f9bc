"""What EventBridge has done off its work queues: each queue, and the work of one transaction on a claimed item."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from outfall.core.context import Context
from outfall.core.ports import Item
from outfall.services.events.deliver import step_retry
from outfall.services.events.model import REPLAYS_QUEUE, RETRIES_QUEUE, SCHEDULES_QUEUE
from outfall.services.events.replays import step_replay
from outfall.services.events.schedules import step_schedule

STEPS: Mapping[str, Callable[[Context, Item], None]] = {
    RETRIES_QUEUE: step_retry,
    SCHEDULES_QUEUE: step_schedule,
    REPLAYS_QUEUE: step_replay,
}
