"""The poller of one event source mapping: gathers a batch, has it run beside those that run already, gathers the next.

What makes a batch and what becomes of it is decided in `flow.polling`; here are the loop, the places to run and the
waits, on the clock of record. A message that is taken is under its queue's visibility timeout and nothing else: if this
process dies, or the function fails, it reappears by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import msgspec

from outfall.core.context import Context
from outfall.core.invocation import Outcome, Run, Throttled
from outfall.core.ports import Clock, Key, Store, Tx
from outfall.core.source import SourceMessage
from outfall.flow import metrics, timeline
from outfall.flow.polling import rules, story, turn
from outfall.flow.polling.rules import Batch
from outfall.flow.polling.turn import Blocked, Look
from outfall.host.insist import insist
from outfall.host.log import Log
from outfall.host.worker import POLL_S, WIDEN_AFTER_S, Runner
from outfall.services.lambda_ import mappings
from outfall.store.errors import StoreError

TAKEN_AT_ONCE_MAX = 10
"""As many as one ReceiveMessage gives; a larger batch is gathered from several."""

PAUSE_MS_MIN = 100
"""A throttled batch waits that long even where waits are scaled to nothing."""


class Station(msgspec.Struct, frozen=True):
    """What pollers work with. `places` bounds the batches that run at once, of all mappings together."""

    store: Store
    clock: Clock
    context: Callable[[Tx], Context]
    run: Runner
    write_logs: Callable[[Context, Run, Outcome], None]
    runs_at_once: int
    places: asyncio.Semaphore
    owns: Callable[[Tx, Key], bool]
    """Whether this process is the one that polls for a mapping."""
    log: Log


class Poller:
    """Polls until its mapping is disabled or gone, then calls `ended`; calls `rest` each time that it may be idle."""

    def __init__(self, station: Station, key: Key, rest: Callable[[], None], ended: Callable[[Key], None]) -> None:
        self._station = station
        self._key = key
        self._rest = rest
        self._ended = ended
        self._nudged = asyncio.Event()
        self._moved = asyncio.Event()
        self._runs: set[asyncio.Task[None]] = set()
        self._pauses: dict[str, int] = {}
        self._width = self._ceiling = rules.CONCURRENCY_FIRST
        self._throttled = False
        self._stopping = False
        self._batch = rules.NOTHING
        self._left: list[SourceMessage] = []
        self._complaint = ""
        self._looking = True
        self._full = False
        self._next_ms: int | None = None
        self.topic = self.name = ""
        self._loop = asyncio.get_running_loop().create_task(self._poll())

    @property
    def busy(self) -> bool:
        """Whether a batch runs, or the queue is looked into or about to be."""
        now_ms = self._station.clock.now_ms()
        running = len(self._runs) > sum(until_ms > now_ms for until_ms in self._pauses.values())
        return running or (not self._full and (self._looking or self._nudged.is_set()))

    @property
    def next_ms(self) -> int | None:
        """The time on the clock of record for which it waits, if it waits for one."""
        return min((moment for moment in (self._next_ms, *self._pauses.values()) if moment is not None), default=None)

    def nudge(self) -> None:
        """The queue, the mapping or the clock has changed."""
        self._nudged.set()
        self._moved.set()

    async def stop(self, drain_s: float) -> None:
        """Takes nothing more and lets what runs end, for at most `drain_s`."""
        self._stopping = True
        self._moved.set()
        self._loop.cancel()
        if self._runs:
            await asyncio.wait(self._runs, timeout=drain_s)
        for run in self._runs:
            run.cancel()
        await asyncio.gather(self._loop, *self._runs, return_exceptions=True)

    async def _poll(self) -> None:
        try:
            while await self._turn():
                pass
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a poller must not die silently: it says why and is started again
            self._station.log.failed(f"polling for mapping {self._key[-1]} failed and will be taken up again", error)
            await asyncio.sleep(1.0)
        if self._runs:
            await asyncio.wait(self._runs)
        self._looking = False
        self._ended(self._key)

    async def _turn(self) -> bool:
        """One look into the queue and what follows; False when there is nothing to poll for any more."""
        await self._room_to_run()
        self._looking = True
        self._nudged.clear()
        await self._station.places.acquire()
        begun = False
        try:
            seen = await self._look()
            if seen is None:
                return False
            begun = isinstance(seen, Look) and self._gather(seen)
        finally:
            if not begun:
                self._station.places.release()
        if isinstance(seen, Blocked):
            self._block(seen)
        if begun or (isinstance(seen, Look) and seen.taken):
            return True
        await self._wait(seen)
        return True

    async def _room_to_run(self) -> None:
        """Waits until one more batch may run: one more each time that none ended within a short time."""
        while len(self._runs) >= min(self._width, self._ceiling):
            self._full = True
            self._rest()
            may_widen = not self._throttled and self._width < self._ceiling
            timeout_s = WIDEN_AFTER_S if may_widen else None
            done, _ = await asyncio.wait(self._runs, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not done and not self._throttled:
                self._width += 1
        self._full = False

    async def _look(self) -> Look | Blocked | None:
        station, batch, left = self._station, self._batch, len(self._left)

        def work(tx: Tx) -> Look | Blocked | None:
            ctx = station.context(tx)
            if not station.owns(tx, self._key):
                return None
            for row in mappings.to_poll(tx, self._key):
                limit = min(rules.room_in(row.polling, batch) - left, TAKEN_AT_ONCE_MAX)
                return turn.look(ctx.at(row.account, row.region), row.polling, limit)
            return None

        # Not durable yet: what a crash takes back was not taken.
        return await station.store.run(work, durable=False)

    def _gather(self, seen: Look) -> bool:
        """Adds what was taken to the batch, and begins to run it if it is ready; whether it was."""
        self._complaint, self.topic = "", seen.topic
        self.name = f"{seen.polling.source} polled for {seen.polling.function}"
        self._ceiling = min(seen.polling.concurrency_max or self._station.runs_at_once, self._station.runs_at_once)
        now_ms = self._station.clock.now_ms()
        self._batch, self._left = rules.gather(seen.polling, self._batch, [*self._left, *seen.messages], now_ms)
        if not rules.is_ready(seen.polling, self._batch, now_ms):
            return False
        batch, self._batch = self._batch, rules.NOTHING
        task = asyncio.get_running_loop().create_task(self._work_off(seen, batch))
        self._runs.add(task)
        task.add_done_callback(self._end)
        return True

    def _end(self, task: asyncio.Task[None]) -> None:
        self._runs.discard(task)
        self._station.places.release()
        self._rest()

    def _block(self, blocked: Blocked) -> None:
        """What was gathered reappears in its queue; the reason is told once."""
        self._batch, self._left, self.topic = rules.NOTHING, [], ""
        if blocked.reason != self._complaint:
            self._station.log(f"event source mapping {self._key[-1]} is not polled: {blocked.reason}")
        self._complaint = blocked.reason

    async def _wait(self, seen: Look | Blocked) -> None:
        """Until the queue, the mapping or the clock changes, a message falls due, or the window of the batch ends."""
        due: list[int] = []
        if isinstance(seen, Look):
            due += [] if seen.next_ms is None else [seen.next_ms]
            due += [rules.due_ms(seen.polling, self._batch)] if self._batch.entries else []
        now_ms = self._station.clock.now_ms()
        self._next_ms = min((moment for moment in due if moment > now_ms), default=None)
        if not self._runs:
            self._width = rules.CONCURRENCY_FIRST
        self._looking = False
        self._rest()
        await _at_most(self._nudged, POLL_S if self._next_ms is None else (self._next_ms - now_ms) / 1000)
        self._next_ms = None

    async def _work_off(self, seen: Look, batch: Batch) -> None:
        """Runs a batch, as often as it is throttled, until its messages begin to reappear."""
        station, throttles = self._station, 0
        run: Run | None = None
        try:
            while not (self._stopping or rules.has_lapsed(batch, seen.visibility_s, station.clock.now_ms())):
                run = await self._start(seen, batch, run)
                if run is None:
                    return
                outcome = await station.run(run)
                self._throttled = isinstance(outcome, Throttled)
                if isinstance(outcome, Outcome):
                    await self._finish(seen, batch, run, outcome)
                    return
                throttles += 1
                self._width = 1
                await self._throttle(run, outcome.reason, rules.throttle_wait_ms(throttles))
                await self._pause(run.request_id)
            if run is not None:
                await self._give_up(seen, batch, run)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the messages reappear: nothing is lost
            station.log.failed(f"a batch of mapping {self._key[-1]} could not be finished", error)

    def _here(self, tx: Tx) -> Context:
        return self._station.context(tx).at(self._key[0], self._key[1])

    async def _start(self, seen: Look, batch: Batch, before: Run | None) -> Run | None:
        def work(tx: Tx) -> Run | None:
            return turn.start(self._here(tx), seen.polling, batch, visibility_s=seen.visibility_s, before=before)

        return await self._station.store.run(work, durable=False)

    async def _throttle(self, run: Run, reason: str, nominal_ms: int) -> None:
        """Counts and tells a throttle, and how long the batch waits."""

        def work(tx: Tx) -> None:
            ctx = self._here(tx)
            wait_ms = max(round(nominal_ms * ctx.house.time_scale), PAUSE_MS_MIN)
            metrics.throttled(ctx, run)
            story.throttled(ctx, run, reason, nominal_ms=nominal_ms, wait_ms=wait_ms)

        await self._station.store.run(work, durable=False)

    async def _give_up(self, seen: Look, batch: Batch, run: Run) -> None:
        await self._station.store.run(
            lambda tx: turn.give_up(self._here(tx), seen.polling, batch, run, visibility_s=seen.visibility_s)
        )

    async def _finish(self, seen: Look, batch: Batch, run: Run, outcome: Outcome) -> None:
        def work(tx: Tx) -> None:
            ctx = self._station.context(tx)
            self._station.write_logs(ctx, run, outcome)
            metrics.ran(ctx, run, outcome)
            turn.finish(self._here(tx), seen.polling, batch, run, outcome, visibility_s=seen.visibility_s)

        await insist(self._station.store, work, lambda: self._stopping)

    async def _pause(self, batch_id: str) -> None:
        """Waits until the batch is due on the clock of record, whose moves are told by a nudge, as is that somebody
        ended the wait; leaves its place to others meanwhile."""
        self._pauses[batch_id] = await self._due_ms(batch_id)
        self._station.places.release()
        self._rest()
        try:
            while (left_ms := self._pauses[batch_id] - self._station.clock.now_ms()) > 0 and not self._stopping:
                self._moved.clear()
                await _at_most(self._moved, left_ms / 1000)
                with contextlib.suppress(StoreError):  # Then it waits as long as it was to.
                    self._pauses[batch_id] = await self._due_ms(batch_id)
        finally:
            del self._pauses[batch_id]
        await self._station.places.acquire()

    async def _due_ms(self, batch_id: str) -> int:
        """When a throttled batch is tried again, as its event says; at once if there is none any more."""
        summary = await self._station.store.run(lambda tx: tx.get(timeline.EVENTS, (batch_id,)), durable=False)
        return summary.due_ms if summary else 0


async def _at_most(event: asyncio.Event, timeout_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), min(timeout_s, POLL_S))
