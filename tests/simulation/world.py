"""A small world in which the road is driven by chance: functions that answer by script, targets that only remember,
a clock that jumps, and a crash that may fall between any two steps of any transaction.

Knows nothing of how `flow` decides; the checkers in `checks.py` know nothing of it either.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from outfall.core.arn import Arn, function_name
from outfall.core.context import Context, House
from outfall.core.invocation import EnvironmentSpec, FunctionTarget, Logging, Outcome, Package, RetryPolicy
from outfall.core.parcel import Parcel
from outfall.core.ports import Item, NamedPolicy, RoleFacts, Table, Tx
from outfall.flow import drive, skip
from outfall.flow.accept import QUEUES, accept

T = TypeVar("T")
ACCOUNT, REGION = "111111111111", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
T0 = 1_800_000_000_000
LEASE_MS = 30_000
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


class Crash(Exception):
    """The process is gone."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a target remembers."""

    target: str
    body: bytes
    attributes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Settings:
    """A function's settings, which may change while its events wait. `gone`: deleted."""

    retries: int = 2
    age_s: int = 21600
    on_success: str = ""
    on_failure: str = ""
    dead_letter: str = ""
    reserved: int | None = None
    gone: bool = False


RECEIVED: Table[Received] = Table("simulation.received", Received)
SETTINGS: Table[Settings] = Table("simulation.settings", Settings)


class Remembers:
    """A target that keeps what it gets, under a number that only grows."""

    action = "sqs:SendMessage"

    def resource(self, arn: Arn) -> str:
        return str(arn)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        return None

    def exists(self, ctx: Context, arn: Arn) -> bool:
        return True

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        name = f"{sum(1 for _ in ctx.tx.scan(RECEIVED)):09d}"
        attributes = {key: attribute.value for key, attribute in parcel.attributes.items()}
        ctx.tx.put(RECEIVED, (name,), Received(str(arn), parcel.body, attributes))
        return name


class Scripted:
    """Functions as their settings row has them."""

    def resolve(self, ctx: Context, arn: Arn) -> FunctionTarget | None:
        name = function_name(arn)[0]
        settings = ctx.tx.get(SETTINGS, (name,))
        if settings is None or settings.gone:
            return None
        plain = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        spec = EnvironmentSpec(
            plain, "$LATEST", "r", "python3.12", "a.b", Package("", ()), (), (), ROLE, 128, 512, 3, Logging("/g")
        )
        return FunctionTarget(
            plain,
            name,
            "$LATEST",
            spec,
            RetryPolicy(settings.retries, settings.age_s),
            settings.on_success,
            settings.on_failure,
            settings.dead_letter,
            settings.reserved,
        )


class Everybody:
    """Identities of a house in which every role may do everything."""

    def role(self, tx: Tx, arn: str) -> RoleFacts | None:
        return RoleFacts(arn, "AROA", "{}")

    def identity_policies(self, tx: Tx, principal: Any) -> tuple[NamedPolicy, ...]:
        return (NamedPolicy("all", ALLOW),)

    def boundary(self, tx: Tx, principal: Any) -> NamedPolicy | None:
        return None


class SeededIds:
    """Chance from a seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def uuid(self) -> str:
        return f"{self._chance.getrandbits(128):032x}"

    def hex(self, digits: int) -> str:
        return f"{self._chance.getrandbits(4 * digits):0{digits}x}"

    def text(self, alphabet: str, length: int) -> str:
        return "".join(self._chance.choice(alphabet) for _ in range(length))


class Fragile:
    """A transaction that may crash at any of its steps."""

    def __init__(self, tx: Tx, steps: int) -> None:
        self._tx = tx
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._tx, name)

        def step(*args: Any, **named: Any) -> Any:
            self._steps -= 1
            if self._steps < 0:
                raise Crash
            return real(*args, **named)

        return step


@dataclass
class World:
    """One run: `open_store` gives an engine on the same data each time it is called after a crash."""

    open_store: Callable[[], Any]
    chance: random.Random
    scale: float = 1.0
    now: int = T0
    running: list[drive.Start] = field(default_factory=list)
    accepted: dict[str, bytes] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    crashes: int = 0

    def __post_init__(self) -> None:
        self.store = self.open_store()
        self.ids = SeededIds(self.chance)

    def context(self, tx: Tx) -> Context:
        targets = {service: Remembers() for service in ("sqs", "sns", "lambda", "events", "s3")}
        house = House(targets, Everybody(), Scripted(), {}, self.scale)
        return Context(tx, self.now, self.now, self.ids, ACCOUNT, REGION, house)

    def do(self, work: Callable[[Context], T], *, fragile: bool = False) -> T:
        """One transaction, perhaps with a crash at one of its steps."""
        steps = self.chance.randrange(25) if fragile and self.chance.random() < 0.3 else 10_000_000

        def within(tx: Tx) -> T:
            return work(self.context(Fragile(tx, steps)))  # type: ignore[arg-type]

        return self.store.transact(within)

    def accept(self, function: str) -> None:
        """An event; whoever sent it was answered only if this returns."""
        request_id, payload = self.ids.uuid(), b'{"n":%d}' % len(self.accepted)
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
        self.do(
            lambda ctx: accept(ctx, function=arn, payload=payload, request_id=request_id, sender="somebody"),
            fragile=True,
        )
        self.accepted[request_id] = payload

    def claim(self) -> None:
        """A worker claims from a queue that has something due."""

        def work(ctx: Context) -> list[drive.Start]:
            queues = [queue for queue, due_ms in ctx.tx.due_queues(QUEUES) if due_ms <= self.now]
            if not queues:
                return []
            queue = self.chance.choice(queues)
            items: list[Item] = ctx.tx.claim(queue, now_ms=self.now, lease_ms=LEASE_MS, limit=self.chance.randint(1, 4))
            begun = [drive.begin(ctx, queue, item) for item in items]
            return [start for start in begun if start]

        self.running += self.do(work, fragile=True)

    def finish(self) -> None:
        """One of the running attempts comes to an end, perhaps after its lease has run out."""
        if not self.running:
            return
        start = self.running.pop(self.chance.randrange(len(self.running)))
        fate = self.chance.random()
        try:
            if fate < 0.15:
                self.do(lambda ctx: drive.throttle(ctx, start, "ConcurrentInvocationLimitExceeded"), fragile=True)
            elif fate < 0.5:
                fine = Outcome(b'"fine"', "", "$LATEST", "s")
                self.do(lambda ctx: drive.finish(ctx, start, fine), fragile=True)
            else:
                boom = Outcome(b'{"errorMessage":"boom!","errorType":"E"}', "Unhandled", "$LATEST", "s")
                self.do(lambda ctx: drive.finish(ctx, start, boom), fragile=True)
        except drive.ClaimLost:
            self.lost[start.event.id] = self.lost.get(start.event.id, 0) + 1
        except Crash:
            self.lost[start.event.id] = self.lost.get(start.event.id, 0) + 1
            raise

    def crash(self) -> None:
        """The process dies and another one opens the data."""
        self.crashes += 1
        for start in self.running:
            self.lost[start.event.id] = self.lost.get(start.event.id, 0) + 1
        self.running.clear()
        self.store = self.open_store()
        self.scale = self.chance.choice([0.0, 0.01, 1.0])
        self.do(lambda ctx: (ctx.tx.free("lambda/"), drive.adopt(ctx)))

    def advance(self) -> None:
        """Time passes: a little, or until the next thing is due."""
        dues = self.store.transact(lambda tx: [due_ms for _, due_ms in tx.due_queues(QUEUES)])
        later = [due_ms for due_ms in dues if due_ms > self.now]
        self.now += self.chance.choice([0, 1, 500, 5_000])
        if later and self.chance.random() < 0.5:
            self.now = max(self.now, min(later))

    def step(self, functions: list[str]) -> None:
        """Something happens."""
        fate = self.chance.random()
        try:
            if fate < 0.2:
                self.accept(self.chance.choice(functions))
            elif fate < 0.5:
                self.claim()
            elif fate < 0.85:
                self.finish()
            elif fate < 0.87:
                self.do(skip.skip_all, fragile=True)
            elif fate < 0.88:
                raise Crash
            else:
                self.advance()
        except Crash:
            self.crash()

    def drain(self) -> None:
        """Until nothing waits any more; at least-once means it ends."""
        for _ in range(200_000):
            left = self.store.transact(lambda tx: tx.due_queues(QUEUES))
            if not left and not self.running:
                return
            try:
                self.claim()
                self.finish()
            except Crash:
                self.crash()
            self.now = max(self.now, min((due_ms for _, due_ms in left), default=self.now))
        raise AssertionError("the road does not come to an end")
