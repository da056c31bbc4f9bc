"""All the wiring, on one page: which engine, which services, who knows whom.

What handlers find is furnished in `house`, what functions are given in `environments`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from outfall.core.context import Context
from outfall.core.ports import Store, Tx
from outfall.host import stored
from outfall.host.admission import Admission
from outfall.host.callers import Callers
from outfall.host.chaos import Chaos
from outfall.host.chores import begin_sweeping, chores
from outfall.host.clock import ManualClock
from outfall.host.config import Config
from outfall.host.console import Console
from outfall.host.dispatch import Dispatcher, Front
from outfall.host.door import Door, Hall
from outfall.host.engines import open_engines
from outfall.host.environments import issuer, reachable, reader
from outfall.host.guard import Guard
from outfall.host.house import bucket_owner, furnish
from outfall.host.http import HttpServer
from outfall.host.ids import SystemIds
from outfall.host.log import Log
from outfall.host.meter import Meter
from outfall.host.nodes import Alone, Node
from outfall.host.parking import Parking
from outfall.host.poller import Station
from outfall.host.pollers import Pollers
from outfall.host.private import Facade, PrivateApi
from outfall.host.running import Running, write_logs
from outfall.host.time_travel import TimeTravel
from outfall.host.trouble import Trouble
from outfall.host.watch import Decisions
from outfall.host.worker import Runner, Worker, Workshop
from outfall.sandbox import Beginning, LocalSandbox, open_sandbox
from outfall.services import cloudwatch, events, iam, lambda_, logs, s3, sns, sqs, sts
from outfall.store.blobs import Blobs
from outfall.wire.models import Models
from outfall.wire.sigv4 import Verifier

SERVICES = (
    s3.SERVICE,
    sqs.SERVICE,
    sns.SERVICE,
    lambda_.SERVICE,
    iam.SERVICE,
    sts.SERVICE,
    logs.SERVICE,
    events.SERVICE,
    cloudwatch.SERVICE,
)
"""Every service that is served."""


class Program(msgspec.Struct):
    """A composed server: its parts that have to be started and stopped."""

    config: Config
    node: Alone | Node
    store: Store
    blobs: Blobs
    sandbox: LocalSandbox
    worker: Worker
    pollers: Pollers
    meter: Meter
    watch: Decisions
    door: Door
    console: Console
    http: HttpServer
    travel: TimeTravel
    reset: Callable[[], Awaitable[None]]
    port: int = 0

    async def start(self) -> None:
        """Takes up unfinished work and listens."""
        self.port = await self.http.start(self.config.host, self.config.port, self.door.answer)
        await self.node.start(self.worker.queues)
        await self.worker.start()
        await self.pollers.start()

    async def stop(self) -> None:
        """Listens no more, lets what runs end, and makes everything durable."""
        self.door.close()
        await self.http.close(self.config.drain_s)
        await asyncio.gather(self.worker.stop(self.config.drain_s), self.pollers.stop(self.config.drain_s))
        await self.sandbox.close()
        await self.meter.write()
        await self.watch.write()
        await self.node.stop()
        await self.store.close()


async def compose(
    config: Config, sandboxing: Beginning, stop: Callable[[], None], say: Callable[[str], None]
) -> Program:
    """The program that a configuration describes, and the sandbox that was begun for it.

    Raises the errors of `store.errors` when the data cannot be opened.
    """

    def endpoint() -> str:
        return f"http://{reachable(config.host)}:{program.port}"

    log = Log(say)
    engines = await open_engines(config, endpoint, log)
    store, blobs, clock, node = engines.store, engines.blobs, engines.clock, engines.node
    ids, parking = SystemIds(), Parking()
    store.subscribe(parking.wake)

    program: Program
    chaos = Chaos(config.chaos or Trouble())
    meter, watch = Meter(), Decisions(log)
    house = furnish(config, meter, watch, chaos, endpoint)

    def context(tx: Tx) -> Context:
        return Context(tx, clock.now_ms(), clock.wall_ms(), ids, "", "", house)

    meter.attach(store, context)
    watch.attach(store)
    sandbox = await open_sandbox(
        sandboxing,
        credentials=issuer(store, context),
        read_segments=reader(blobs),
        endpoint_url=endpoint,
        clock=clock.now_ms,
        environments_max=config.environments_max,
        idle_s=config.environment_idle_s,
    )
    concurrency = engines.concurrency
    running: Runner = Running(sandbox, concurrency)
    if config.chaos:
        running = chaos.around(running)
    models = Models()
    front = Front(
        models=models,
        services={service.name: service for service in SERVICES},
        store=store,
        clock=clock,
        ids=ids,
        house=house,
        admission=Admission(Callers(config.root_keys), Verifier(), log),
        run=running,
        write_logs=write_logs,
        read_segments=reader(blobs),
        digest_segments=lambda segments, names: stored.digest(segments, names, blobs),
        owner_of=lambda tx, arn: bucket_owner(tx, arn.resource.split("/", 1)[0]),
        log=log,
    )
    worker = Worker(
        Workshop(
            store=store,
            clock=clock,
            context=context,
            run=running,
            write_logs=write_logs,
            chores=chores(store, context, sandbox.prepare, blobs, log),
            runs_at_once=config.environments_max,
            log=log,
        )
    )

    pollers = Pollers(
        Station(
            store=store,
            clock=clock,
            context=context,
            run=running,
            write_logs=write_logs,
            runs_at_once=config.environments_max,
            places=asyncio.Semaphore(config.environments_max),
            owns=node.owns,
            log=log,
        )
    )

    if isinstance(clock, ManualClock):
        clock.subscribe(pollers.look_again)
        clock.subscribe(worker.look_again)
        clock.subscribe(parking.wake_all)

    async def reset() -> None:
        meter.drop()
        watch.drop()
        await store.clear()
        await asyncio.to_thread(blobs.clear)
        await store.run(lambda tx: begin_sweeping(context(tx)))

    def about() -> dict[str, Any]:
        return {
            "services": dict.fromkeys((service.name for service in SERVICES), "running"),
            "data": config.place,
            "nodes": node.listed(),
            "time_scale": config.time_scale,
            "clock": config.clock,
            "iam": config.iam,
            "strict": config.strict,
            "chaos": str(config.chaos) if config.chaos else "",
            "console": console.state(),
            "environments": {
                "kind": sandbox.kind,
                "max": config.environments_max,
                "notices": dict(sandbox.notices()),
            },
            "running": concurrency.running(),
        }

    names, console = tuple(service.name for service in SERVICES), Console()
    travel = TimeTravel(clock, store, worker, pollers, meter.write)
    private = PrivateApi(Facade(store, clock, context, about, names, reset, stop, travel, watch))
    guard = Guard(config.host, config.allow_hosts)
    door = Door(
        Hall(models, frozenset(names), Dispatcher(front, parking), private, console, store, blobs, ids, log, guard)
    )
    program = Program(
        config, node, store, blobs, sandbox, worker, pollers, meter, watch, door, console, HttpServer(), travel, reset
    )
    return program
