"""Moving the clock of record: by a duration, to the next thing that is due, or until nothing is left to wait for.

What is due is found on the work queues that hold waits of the road. Periodic work (schedules, alarms, measuring) is
done at its own times on the way, and is nothing to wait for: it never ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import msgspec

from outfall.core.ports import Store, Table, Tx
from outfall.flow.accept import QUEUES
from outfall.host.clock import AnyClock, ManualClock, SharedClock, SystemClock
from outfall.host.pollers import Pollers
from outfall.host.worker import Worker
from outfall.store.errors import StoreError

WAITS = (QUEUES, "lambda/prepare", "sns/", "events/retry", "sqs/moves")
"""What the names of queues begin with on which the road waits."""

PERIODIC = ("events/schedules", "cloudwatch/", "host/gauges")
"""The same of queues with work that comes again and again: an advancing clock stops at it, but it is nothing to wait
for, since it never ends."""

PERIODIC_STOPS_MAX = 2_000
"""So often one advance stops for periodic work alone; a month in one step makes up for the rest at its end."""

IDLE_STEPS_MAX = 10_000
"""A loop of functions that invoke one another would never be idle."""

POLLS_ALONE_MAX = 500
"""Jumps in a row to polls alone: a message that a function never takes, on a queue without a dead-letter queue, comes
back until its retention ends, and a day of that is nothing to wait for."""


class ClockRunsByItself(Exception):
    """This server's clock is the system's: start it with --clock manual to move it."""


class Due(msgspec.Struct, frozen=True, order=True):
    """What waits on the road, and until when: the name of a work queue, or a queue that is polled for a function."""

    due_ms: int
    what: str


class Stop(msgspec.Struct, frozen=True):
    """Where running until idle came to its end, after how many moves of the clock; `waiting` is what is still due,
    since it comes back for ever: empty if it is idle."""

    now_ms: int
    steps: int
    waiting: tuple[Due, ...] = ()


class SavedTime(msgspec.Struct, frozen=True):
    """Where a manual clock stood, so that a restart does not turn time back."""

    now_ms: int


SAVED: Table[SavedTime] = Table("host.clock", SavedTime)
MOVED_TOPIC = "host/clock"


async def open_clock(store: Store, kind: str, system: SystemClock | SharedClock) -> AnyClock:
    """The clock of that kind, `system` (the one that is given) or `manual`. A manual one begins at the wall's time, or
    where it stood if that is later; nodes on one store share it, and it goes on where
    it stood."""
    if kind != "manual":
        return system
    clock = ManualClock(max(system.wall_ms(), await store.run(_saved_ms)))
    if not store.exclusive:
        begun_ms = clock.now_ms()
        clock = ManualClock(await store.run(lambda tx: _begin(tx, begun_ms)))
        followers: set[asyncio.Task[None]] = set()

        async def follow() -> None:
            with contextlib.suppress(StoreError):  # The next move tells again.
                clock.move_to(await store.run(_saved_ms, durable=False))

        def moved(topic: str) -> None:
            if topic == MOVED_TOPIC:
                task = asyncio.get_running_loop().create_task(follow())
                followers.add(task)
                task.add_done_callback(followers.discard)

        store.subscribe(moved)
        await follow()
    return clock


def _begin(tx: Tx, now_ms: int) -> int:
    if not (saved_ms := _saved_ms(tx)):
        tx.put(SAVED, ("now",), SavedTime(now_ms))
    return saved_ms or now_ms


def _saved_ms(tx: Tx) -> int:
    saved = tx.get(SAVED, ("now",))
    return saved.now_ms if saved else 0


class TimeTravel:
    """Moves a manual clock, with everything that follows from it done before the answer."""

    def __init__(
        self,
        clock: AnyClock,
        store: Store,
        worker: Worker,
        pollers: Pollers,
        write_counts: Callable[[], Awaitable[None]],
    ) -> None:
        self._clock = clock
        self._store = store
        self._worker = worker
        self._pollers = pollers
        self._write_counts = write_counts

    def now_ms(self) -> int:
        """The clock of record."""
        return self._clock.now_ms()

    async def advance(self, by_ms: int) -> int:
        """Moves the clock by a duration, stopping at each thing that falls due on the way; the new time."""
        clock = self._manual()
        end_ms = clock.now_ms() + by_ms
        await self._settle()
        periodic = 0
        while (due_ms := await self._next_due(periodic=periodic < PERIODIC_STOPS_MAX)) is not None and due_ms <= end_ms:
            road_ms = await self._next_due()
            periodic += road_ms is None or road_ms > due_ms
            await self._move(max(due_ms, clock.now_ms()))
        await self._move(end_ms)
        return clock.now_ms()

    async def jump(self) -> int:
        """Moves the clock to the next thing that is due, if there is one; the new time."""
        clock = self._manual()
        await self._settle()
        due_ms = await self._next_due(schedules=True)
        if due_ms is not None:
            await self._move(max(due_ms, clock.now_ms()))
        return clock.now_ms()

    async def run_until_idle(self) -> Stop:
        """Jumps until nothing on the road waits any more, or only what comes back for ever."""
        clock = self._manual()
        steps = polls = 0
        await self._settle()
        while (waiting := await self._due(WAITS)) and steps < IDLE_STEPS_MAX and polls < POLLS_ALONE_MAX:
            polls = 0 if await self._due_on(WAITS) else polls + 1
            await self._move(max(min(waiting).due_ms, clock.now_ms()))
            steps += 1
        return Stop(clock.now_ms(), steps, tuple(sorted(waiting)))

    def _manual(self) -> ManualClock:
        if not isinstance(self._clock, ManualClock):
            raise ClockRunsByItself((ClockRunsByItself.__doc__ or "").strip())
        return self._clock

    async def _move(self, now_ms: int) -> None:
        def work(tx: Tx) -> None:
            tx.put(SAVED, ("now",), SavedTime(now_ms))
            tx.wake(MOVED_TOPIC)

        await self._store.run(work)
        self._manual().move_to(now_ms)
        await self._settle()

    async def _settle(self) -> None:
        """Until all that is due is done, on the queues and by those who poll; each may make work for the other."""
        await self._worker.settle()
        while self._pollers.busy:
            await self._pollers.settle()
            await self._worker.settle()
        await self._write_counts()

    async def _next_due(self, *, periodic: bool = False, schedules: bool = False) -> int | None:
        prefixes = (*WAITS, *(PERIODIC if periodic else PERIODIC[:1] if schedules else ()))
        return min((one.due_ms for one in await self._due(prefixes)), default=None)

    async def _due(self, prefixes: tuple[str, ...]) -> list[Due]:
        """All that waits on these queues, or by polling."""
        polled = [Due(due_ms, name) for due_ms, name in self._pollers.waiting]
        return [*await self._due_on(prefixes), *polled]

    async def _due_on(self, prefixes: tuple[str, ...]) -> list[Due]:
        def work(tx: Tx) -> list[Due]:
            return [Due(due_ms, queue) for prefix in prefixes for queue, due_ms in tx.due_queues(prefix)]

        return await self._store.run(work, durable=False)
