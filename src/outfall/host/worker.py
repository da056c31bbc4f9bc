"""The worker: claims what is due on the work queues of this house and has it done.

Asynchronous events, and the chores of `chores.py`. What an event's turn means is decided in `flow.drive`; here are only
the loop, the lease and the bound on how much runs at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from outfall.core.context import Context
from outfall.core.invocation import Outcome, Run, Throttled
from outfall.core.ports import Clock, Item, Store, Tx
from outfall.flow import drive
from outfall.flow.accept import QUEUES
from outfall.host.chores import TOGETHER, Chore, begin_sweeping
from outfall.host.claims import Claims
from outfall.host.insist import insist
from outfall.host.log import Log
from outfall.store.errors import StoreError

LEASE_MARGIN_S = 60
"""A lease outlasts the function's timeout by the time that starting an environment may take."""

RUN_S_MAX = 900 + LEASE_MARGIN_S
WIDEN_AFTER_S = 0.02
"""A queue starts with a few runs at once, and one more each time that none of them ended within this time: short
handlers stay on few warm environments, long ones spread."""

RUNS_AT_ONCE_FIRST = 4
GIVE_BACK_MS = 5_000
POLL_S = 5.0
"""Queues are looked at that often even if nothing woke them."""


class Runner(Protocol):
    """Runs one invocation, if there is concurrency for it, and writes its logs."""

    async def __call__(self, run: Run) -> Outcome | Throttled: ...


class Workshop(msgspec.Struct, frozen=True):
    """What the worker works with."""

    store: Store
    clock: Clock
    context: Callable[[Tx], Context]
    run: Runner
    write_logs: Callable[[Context, Run, Outcome], None]
    chores: Mapping[str, Chore]
    runs_at_once: int
    log: Log


class Worker:
    """One pump per queue that has items; a pump ends when its queue is empty and is started again by a wake-up."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._nudges: dict[str, asyncio.Event] = {}
        self._free = asyncio.Semaphore(shop.runs_at_once)
        self._stopping = False
        self._unsubscribe: Callable[[], None] = lambda: None
        self._runs: set[asyncio.Task[None]] = set()
        self._working: set[str] = set()
        self._changed = asyncio.Event()
        self._round: asyncio.Task[None] | None = None
        self._claims = Claims(shop.store)

    @property
    def queues(self) -> tuple[str, ...]:
        """What the names of the queues that it works off begin with."""
        return (QUEUES, *self._shop.chores)

    async def start(self) -> None:
        """Takes up what an earlier process left: dead leases, waits under another scale, queues with items."""
        shop = self._shop
        if shop.store.exclusive:
            await shop.store.run(lambda tx: [tx.free(prefix) for prefix in self.queues])
            await shop.store.run(lambda tx: drive.adopt(shop.context(tx)))
        await shop.store.run(lambda tx: begin_sweeping(shop.context(tx)))
        self._unsubscribe = shop.store.subscribe(self._wake)
        for queue, _ in await shop.store.run(lambda tx: tx.due_queues(QUEUES)):
            self._wake(queue)
        for queue in shop.chores:
            self._wake(queue)
        if not shop.store.exclusive:
            self._round = asyncio.get_running_loop().create_task(self._look_round())

    async def _look_round(self) -> None:
        while True:
            await asyncio.sleep(POLL_S)
            try:
                await self.look()
            except StoreError:
                continue
            except Exception as error:  # whatever it was: what wakes were lost for must be found
                self._shop.log.failed("looking for work failed, and is tried again", error)

    async def look(self) -> None:
        """Other nodes tell what they put on the queues, but what they tell may be lost. Raises the store's errors."""

        def work(tx: Tx) -> list[str]:
            self._claims.look(tx, QUEUES)
            return [name for name, _ in tx.due_queues(QUEUES)]

        for queue in (*await self._shop.store.run(work, durable=False), *self._shop.chores):
            self._wake(queue)

    async def stop(self, drain_s: float) -> None:
        """Claims nothing more and lets what runs end, for at most `drain_s`; what is cut off is made again later."""
        self._stopping = True
        self._unsubscribe()
        if self._round is not None:
            self._round.cancel()
        for pump in self._pumps.values():
            pump.cancel()
        if self._runs:
            await asyncio.wait(self._runs, timeout=drain_s)
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, *self._pumps.values(), return_exceptions=True)

    async def settle(self) -> None:
        """Returns once everything that is due is done: nothing runs, and no queue has an item that may be claimed."""
        while self._runs or self._working or any(nudge.is_set() for nudge in self._nudges.values()):
            self._changed.clear()
            await self._changed.wait()

    def look_again(self) -> None:
        """Has every queue looked at: the clock was moved."""
        for queue in list(self._pumps):
            self._wake(queue)

    def _wake(self, topic: str) -> None:
        if self._stopping or not (topic.startswith(QUEUES) or topic in self._shop.chores):
            return
        nudge = self._nudges.setdefault(topic, asyncio.Event())
        nudge.set()
        if topic not in self._pumps:
            self._pumps[topic] = asyncio.get_running_loop().create_task(self._pump(topic))

    async def _pump(self, queue: str) -> None:
        nudge = self._nudges[queue]
        try:
            while True:
                self._working.add(queue)
                nudge.clear()
                wait_s = await self._work_off(queue)
                self._rest(queue)
                if wait_s is None and not nudge.is_set():
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(nudge.wait(), min(wait_s or 0.0, POLL_S))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a pump must not die silently: it says why and is started again
            self._shop.log.failed(f"work on {queue} failed and will be taken up again", error)
            asyncio.get_running_loop().call_later(1.0, self._wake, queue)
        finally:
            self._rest(queue)
            del self._pumps[queue], self._nudges[queue]

    def _rest(self, queue: str) -> None:
        self._working.discard(queue)
        self._changed.set()

    async def _work_off(self, queue: str) -> float | None:
        """Does what is due; returns the seconds until the next item is due, or None when the queue is empty."""
        if queue.startswith(QUEUES):
            await self._run_events(queue)
        else:
            await self._do_chores(queue)
        due_ms = await self._shop.store.run(lambda tx: tx.next_due(queue), durable=False)
        return None if due_ms is None else max(0.0, (due_ms - self._shop.clock.now_ms()) / 1000)

    async def _run_events(self, queue: str) -> None:
        width = RUNS_AT_ONCE_FIRST
        mine: set[asyncio.Task[None]] = set()
        while True:
            while len(mine) >= width:
                done, _ = await asyncio.wait(mine, timeout=WIDEN_AFTER_S, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    width += 1
            places = await self._places(width - len(mine))
            try:
                begun, claimed = await self._begin(queue, places)
            except BaseException:
                for _ in range(places):
                    self._free.release()
                raise
            for _ in range(places - len(begun)):
                self._free.release()
            for start in begun:
                task = asyncio.get_running_loop().create_task(self._attempt(start))
                mine.add(task)
                self._runs.add(task)
                task.add_done_callback(mine.discard)
                task.add_done_callback(self._run_ended)
            if claimed < places:
                return

    def _run_ended(self, task: asyncio.Task[None]) -> None:
        self._runs.discard(task)
        self._changed.set()

    async def _places(self, wanted: int) -> int:
        """At least one place to run, and no more than are free."""
        await self._free.acquire()
        places = 1
        while places < wanted and not self._free.locked():
            await self._free.acquire()
            places += 1
        return places

    async def _begin(self, queue: str, limit: int) -> tuple[list[drive.Start], int]:
        shop = self._shop

        def work(tx: Tx) -> tuple[list[drive.Start], int]:
            ctx = shop.context(tx)
            items = tx.claim(queue, now_ms=ctx.now, lease_ms=RUN_S_MAX * 1000, limit=limit)
            begun = [drive.begin(ctx, queue, item) for item in items]
            return [start for start in begun if start is not None], len(items)

        # Not durable yet: an attempt that a crash takes back is made again, which at-least-once allows.
        found = await self._claims.claiming(queue, work)
        self._claims.hold(queue, (start.handle for start in found[0]))
        return found

    async def _attempt(self, start: drive.Start) -> None:
        shop = self._shop
        try:
            outcome = await shop.run(start.run)

            def work(tx: Tx) -> None:
                ctx = shop.context(tx)
                if isinstance(outcome, Throttled):
                    drive.throttle(ctx, start, outcome.reason)
                else:
                    shop.write_logs(ctx, start.run, outcome)
                    drive.finish(ctx, start, outcome)

            await insist(shop.store, work, lambda: self._stopping)
        except drive.ClaimLost:
            shop.log(f"the lease of event {start.event.id} ran out before its attempt ended")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the attempt is made again: nothing is lost
            shop.log.failed(f"an attempt of event {start.event.id} could not be finished, and is made again", error)
            await self._give_back(start)
        finally:
            self._free.release()
            self._claims.let_go(start.queue, start.handle)

    async def _give_back(self, start: drive.Start) -> None:
        """Ends a claim soon, rather than when its lease runs out."""
        soon_ms = self._shop.clock.now_ms() + GIVE_BACK_MS
        try:
            await self._shop.store.run(lambda tx: tx.extend(start.queue, start.handle, soon_ms))
        except Exception as error:  # then the next claim frees it, or a process that is alone waits for its lease
            self._claims.doubt(start.queue)
            self._shop.log.failed(f"the claim on event {start.event.id} is given back later", error)

    async def _do_chores(self, queue: str) -> None:
        shop = self._shop

        def claim(tx: Tx) -> list[Item]:
            return tx.claim(queue, now_ms=shop.clock.now_ms(), lease_ms=RUN_S_MAX * 1000, limit=16)

        while items := await self._claims.claiming(queue, claim):
            for group in [items] if queue in TOGETHER else [[item] for item in items]:
                ended = await asyncio.gather(*map(shop.chores[queue], group), return_exceptions=True)
                self._ended(queue, [error for error in ended if error is not None])

    def _ended(self, queue: str, errors: list[BaseException]) -> None:
        """A chore that failed by itself is made again when its lease runs out, and the others go on. Raises the store's
        errors: then all that was claimed and not done is claimed again as soon as the store is back."""
        for error in errors:
            if not isinstance(error, StoreError):
                self._shop.log.failed(f"a chore of {queue} failed and will be taken up again", error)
        for error in errors:
            if isinstance(error, StoreError):
                self._claims.doubt(queue)
                raise error
