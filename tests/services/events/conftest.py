"""EventBridge as tests play it: rules whose targets are queues, functions and buses that keep what arrives."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.errors import AwsError
from outfall.core.parcel import Parcel
from outfall.services.events import SERVICE
from outfall.services.events.target import EventsTarget, bus_policy
from outfall.services.events.work import STEPS
from tests.services.served import Served
from tests.support import ACCOUNT, REGION, RecordingTarget, make_house

OPEN = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "*", "Resource": "*"}
        ],
    }
)


class Busy(AwsError):
    """The service is busy."""

    status = 503


@dataclass
class Queues(RecordingTarget):
    """Queues, of which some are busy for a number of deliveries."""

    busy: dict[str, int] = field(default_factory=dict)

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        if self.busy.get(str(arn), 0) > 0:
            self.busy[str(arn)] -= 1
            raise Busy()
        return super().accept(ctx, arn, parcel)


@dataclass
class Events(Served):
    """EventBridge, with the few moves that most tests make."""

    queues: Queues = field(default_factory=lambda: Queues("sqs:SendMessage"))
    functions: RecordingTarget = field(default_factory=lambda: RecordingTarget("lambda:InvokeFunction"))

    def __post_init__(self) -> None:
        self.house = make_house(
            targets={"sqs": self.queues, "lambda": self.functions, "events": EventsTarget()},
            resource_policies={"events": bus_policy},
        )

    def queue(self, name: str = "q", policy: str | None = OPEN) -> str:
        """The ARN of a queue that is open to EventBridge unless said otherwise."""
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        self.queues.policies[arn] = policy
        return arn

    def rule(self, target: str, pattern: dict[str, Any], name: str = "r", bus: str = "default", **more: Any) -> str:
        """The ARN of a new rule with one target."""
        arn: str = self("PutRule", Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))["RuleArn"]
        self("PutTargets", Rule=name, EventBusName=bus, Targets=[{"Id": "t", "Arn": target, **more}])
        return arn

    def put(self, detail: Any = None, **more: Any) -> dict[str, Any]:
        """Puts one event; its answer."""
        entry = {"Source": "app", "DetailType": "Thing", "Detail": json.dumps(detail or {}), **more}
        answer: dict[str, Any] = self("PutEvents", Entries=[entry])["Entries"][0]
        return answer

    def arrived(self, queue: str | None = None) -> list[dict[str, Any]]:
        """The bodies that a queue received, as JSON."""
        return [json.loads(parcel.body) for arn, parcel in self.queues.arrived if queue in (None, arn)]

    def work(self) -> int:
        """Does what is due on EventBridge's work queues until nothing is; how many items."""
        done = 0
        while True:
            before = done
            for queue, step in STEPS.items():
                done += self.within(lambda ctx, queue=queue, step=step: _work(ctx, queue, step))
            if done == before:
                return done


def _work(ctx: Context, queue: str, step: Any) -> int:
    items = ctx.tx.claim(queue, now_ms=ctx.now, lease_ms=60_000, limit=1)
    for item in items:
        step(ctx, item)
    return len(items)


@pytest.fixture
def events() -> Events:
    return Events(SERVICE)
