"""All the wiring, on one page: which engine, which services, who knows whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from outfall.core.body import Content, Segment
from outfall.core.context import Context, House
from outfall.core.invocation import EnvironmentSpec
from outfall.core.ports import Store, Target, Tx
from outfall.core.source import Source
from outfall.host import intake
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
from outfall.host.guard import Guard
from outfall.host.http import HttpServer
from outfall.host.ids import SystemIds
from outfall.host.meter import Meter
from outfall.host.nodes import Alone, Node
from outfall.host.oidc import OidcKeys
from outfall.host.parking import Parking
from outfall.host.poller import Station
from outfall.host.pollers import Pollers
from outfall.host.private import Facade, PrivateApi
from outfall.host.resource_tags import RESOURCE_TAGS
from outfall.host.running import Running, write_logs
from outfall.host.signer import RsaSigner
from outfall.host.time_travel import TimeTravel
from outfall.host.trouble import Trouble
from outfall.host.watch import Decisions
from outfall.host.worker import Runner, Worker, Workshop
from outfall.sandbox import Beginning, EnvironmentCredentials, LocalSandbox, open_sandbox
from outfall.services import cloudwatch, events, iam, lambda_, logs, s3, sns, sqs, sts
from outfall.services.events.target import EventsTarget, bus_policy
from outfall.services.iam.identities import IamIdentities
from outfall.services.lambda_.functions import LambdaFunctions
from outfall.services.lambda_.permissions import function_policy
from outfall.services.lambda_.target import LambdaTarget
from outfall.services.s3.access import bucket_policy, owner_account
from outfall.services.s3.supply import object_segments
from outfall.services.s3.target import S3Target
from outfall.services.sns.policy import topic_policy
from outfall.services.sns.target import SnsTarget
from outfall.services.sqs.source import SqsSource
from outfall.services.sqs.target import SqsTarget, queue_policy
from outfall.services.sts.sessions import issue_for_role
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

TARGETS: dict[str, Target] = {
    "sqs": SqsTarget(),
    "lambda": LambdaTarget(),
    "s3": S3Target(),
    "sns": SnsTarget(),
    "events": EventsTarget(),
}
"""Every service that can receive what is sent, by its name in an ARN."""

RESOURCE_POLICIES = {
    "sqs": queue_policy,
    "lambda": function_policy,
    "s3": bucket_policy,
    "sns": topic_policy,
    "events": bus_policy,
}
"""Where the policies of resources are read, by the service's name in an ARN."""

SOURCES: dict[str, Source] = {"sqs": SqsSource()}
"""Every service whose queues can be polled by event source mappings, by its name in an ARN."""

CREDENTIALS_LIFE_S = 12 * 3600
"""How long the credentials of an execution environment are good for."""


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
    config: Config, sandboxing: Beginning, stop: Callable[[], None], log: Callable[[str], None]
) -> Program:
    """The program that a configuration describes, and the sandbox that was begun for it.

    Raises the errors of `store.errors` when the data cannot be opened.
    """

    def endpoint() -> str:
        return f"http://{_reachable(config.host)}:{program.port}"

    engines = await open_engines(config, endpoint, log)
    store, blobs, clock, node = engines.store, engines.blobs, engines.clock, engines.node
    ids, parking = SystemIds(), Parking()
    store.subscribe(parking.wake)

    program: Program
    chaos = Chaos(config.chaos or Trouble())
    meter, watch = Meter(), Decisions(log)
    house = House(
        metrics=meter,
        targets=chaos.between(TARGETS) if config.chaos else TARGETS,
        identities=IamIdentities(),
        functions=LambdaFunctions(),
        resource_policies=RESOURCE_POLICIES,
        time_scale=config.time_scale,
        account_concurrency=config.account_concurrency,
        history_kept_ms=config.keep_history_ms,
        forgiving=not config.strict,
        delay_ms=chaos.delay_ms if config.chaos else None,
        objects=object_segments,
        sources=SOURCES,
        signer=RsaSigner(),
        iam=config.iam,
        organization=config.organization,
        resource_tags=RESOURCE_TAGS,
        watch=watch,
        oidc_keys=OidcKeys(config.oidc),
        owners={"s3": lambda ctx, arn: owner_account(ctx.tx, arn.resource.split("/", 1)[0]) or ""},
        endpoint=endpoint,
    )

    def context(tx: Tx) -> Context:
        return Context(tx, clock.now_ms(), clock.wall_ms(), ids, "", "", house)

    meter.attach(store, context)
    watch.attach(store)
    sandbox = await open_sandbox(
        sandboxing,
        credentials=_credentials(store, context),
        read_segments=_reader(blobs),
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
        read_segments=_reader(blobs),
        digest_segments=lambda segments, names: intake.digest(segments, names, blobs),
        owner_of=lambda tx, arn: owner_account(tx, arn.resource.split("/", 1)[0]) or "",
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


def _reader(blobs: Blobs) -> Callable[[tuple[Segment, ...]], Awaitable[bytes]]:
    async def read(segments: tuple[Segment, ...]) -> bytes:
        """The bytes of a package."""
        content = Content(segments, 0, sum(segment.size for segment in segments))
        return b"".join([piece async for piece in intake.pour(content, blobs)])

    return read


def _reachable(host: str) -> str:
    """Where a function finds a server that listens on every address."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host


def _credentials(
    store: Store, context: Callable[[Tx], Context]
) -> Callable[[EnvironmentSpec], Awaitable[EnvironmentCredentials]]:
    async def credentials(spec: EnvironmentSpec) -> EnvironmentCredentials:
        """Temporary credentials of the execution role, in a session that bears the function's name."""

        def work(tx: Tx) -> EnvironmentCredentials:
            _, _, _, region, account, _, name = spec.function_arn.split(":")
            ctx = context(tx).at(account, region)
            role = ctx.house.identities.role(tx, spec.role_arn)
            if role is None:
                return EnvironmentCredentials("", "", "", 0)
            made = issue_for_role(
                ctx, role, name, CREDENTIALS_LIFE_S, f"arn:aws:lambda:{region}:{account}:function:{name}"
            )
            return EnvironmentCredentials(made.access_key_id, made.secret, made.token, made.expires_ms)

        return await store.run(work)

    return credentials
