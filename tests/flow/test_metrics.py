"""Which metrics of AWS/Lambda an event leaves behind, and under which dimensions. [async-031 to async-034]"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.invocation import EnvironmentSpec, FunctionTarget, Logging, Outcome, Package
from outfall.core.metrics import Dimensions, Sample
from outfall.core.ports import RoleFacts, Tx
from outfall.flow import drive, metrics
from outfall.flow.accept import accept, queue_of
from outfall.store.memory import MemoryStore
from tests.support import ACCOUNT, REGION, T0, KnownIdentities, RecordingTarget, make_context

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
GONE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
SPEC = EnvironmentSpec(
    FUNCTION, "$LATEST", "r", "python3.12", "a.b", Package("", ()), (), (), ROLE, 128, 512, 3, Logging("/g")
)
BOOM = Outcome(b'{"errorMessage":"boom!"}', "Unhandled", "$LATEST", "stream", duration_ms=12.5, concurrency=1)
FINE = Outcome(b'"fine"', "", "$LATEST", "stream", duration_ms=2.0, concurrency=2)


@dataclass
class Notebook:
    """Metrics, written down."""

    told: list[tuple[str, Dimensions, Sample]] = field(default_factory=list)

    def record(self, ctx: Context, namespace: str, dimensions: Dimensions, samples: tuple[Sample, ...]) -> None:
        self.told.extend((namespace, dimensions, sample) for sample in samples)

    def refresh(self, ctx: Context, namespace: str, dimensions: Dimensions) -> None:
        raise AssertionError("nobody looks here")

    def sums(self) -> dict[str, float]:
        found: Counter[str] = Counter()
        for _, _, sample in self.told:
            found[sample.name] += sample.value  # type: ignore[assignment]
        return dict(found)

    def samples(self, name: str) -> list[float]:
        return [sample.value for _, _, sample in self.told if sample.name == name]

    def dimensions(self, name: str) -> set[Dimensions]:
        return {dimensions for _, dimensions, sample in self.told if sample.name == name}


@dataclass
class Road:
    """One function and its events; each attempt comes to the next of `outcomes`, None being a throttle."""

    settings: dict[str, Any] = field(default_factory=dict)
    notebook: Notebook = field(default_factory=Notebook)
    store: MemoryStore = field(default_factory=MemoryStore)
    now: int = T0

    def resolve(self, ctx: Context, arn: Arn) -> FunctionTarget:
        return FunctionTarget(FUNCTION, "fn", "$LATEST", SPEC, **self.settings)

    def within(self, work: Any) -> Any:
        def transaction(tx: Tx) -> Any:
            house = {
                "functions": self,
                "metrics": self.notebook,
                "identities": KnownIdentities({ROLE: RoleFacts(ROLE, "AROA", "{}")}),
                "targets": {"sqs": RecordingTarget("sqs:SendMessage")},
            }
            return work(make_context(tx, now=self.now, **house))

        return self.store.transact(transaction)

    def travel(self, *outcomes: Outcome | None, function: str = FUNCTION) -> Notebook:
        self.within(lambda ctx: accept(ctx, function=function, payload=b"{}", request_id="id", sender="s"))
        left = list(outcomes)
        queue = queue_of(Arn.parse(function))

        def turn(ctx: Context) -> None:
            for item in ctx.tx.claim(queue, now_ms=ctx.now, lease_ms=1000):
                start = drive.begin(ctx, queue, item)
                if start is None:
                    continue
                outcome = left.pop(0)
                if outcome is None:
                    drive.throttle(ctx, start, "ReservedFunctionConcurrentInvocationLimitExceeded")
                else:
                    drive.finish(ctx, start, outcome)

        while (due := self.within(lambda ctx: ctx.tx.next_due(queue))) is not None:
            self.now = max(self.now, due)
            self.within(turn)
        assert not left
        return self.notebook


def test_async_031_three_failures() -> None:
    notebook = Road().travel(BOOM, BOOM, BOOM)
    assert notebook.samples("AsyncEventAge") == [0, 60_000, 180_000]
    wanted = {"AsyncEventsReceived": 1, "AsyncEventsDropped": 1, "Invocations": 3, "Errors": 3}
    assert {name: value for name, value in notebook.sums().items() if name in wanted} == wanted
    assert notebook.samples("Duration") == [12.5] * 3


def test_async_032_zero_reserved_concurrency_is_neither_invocation_nor_throttle() -> None:
    notebook = Road({"reserved_concurrency": 0}).travel()
    assert notebook.sums() == {"AsyncEventsReceived": 1, "AsyncEventsDropped": 1}


def test_async_033_a_destination_that_is_gone() -> None:
    notebook = Road({"on_failure": GONE}).travel(BOOM, BOOM, BOOM)
    assert notebook.samples("DestinationDeliveryFailures") == [1]
    assert notebook.samples("DeadLetterErrors") == []


def test_async_034_a_dead_letter_queue_that_is_gone() -> None:
    notebook = Road({"dead_letter": GONE}).travel(BOOM, BOOM, BOOM)
    assert notebook.samples("DeadLetterErrors") == [1]
    assert notebook.samples("DestinationDeliveryFailures") == []


def test_success_says_that_nothing_was_dropped() -> None:
    notebook = Road().travel(BOOM, FINE)
    assert notebook.samples("AsyncEventsDropped") == [0]
    assert notebook.samples("Errors") == [1, 0]
    assert notebook.samples("ConcurrentExecutions") == [1, 2]


def test_a_throttle_is_no_invocation_but_ages_the_event() -> None:
    notebook = Road().travel(None, None, FINE)
    assert notebook.samples("Throttles") == [1, 1]
    assert notebook.samples("AsyncEventAge") == [0, 1000, 3000]
    assert notebook.samples("Invocations") == [1]


@pytest.mark.parametrize(
    "qualifier, told",
    [
        ("", (("FunctionName", "fn"), ("Resource", "fn"))),
        (":7", (("FunctionName", "fn"), ("Resource", "fn:7"))),
        (":live", (("FunctionName", "fn"), ("Resource", "fn:live"), ("ExecutedVersion", "$LATEST"))),
        (":$LATEST", (("FunctionName", "fn"), ("Resource", "fn:$LATEST"), ("ExecutedVersion", "$LATEST"))),
    ],
)
def test_dimensions_say_what_was_invoked_and_for_aliases_what_ran(qualifier: str, told: Dimensions) -> None:
    notebook = Road().travel(FINE, function=FUNCTION + qualifier)
    assert notebook.dimensions("Invocations") == {told}
    assert notebook.dimensions("AsyncEventsReceived") == {told[:2]}


def test_a_loop_that_was_stopped_is_counted_as_one() -> None:
    road = Road()
    road.within(lambda ctx: metrics.settled(ctx, FUNCTION, "RecursiveInvocation"))
    assert road.notebook.sums() == {"AsyncEventsDropped": 1, "RecursiveInvocationsDropped": 1}
