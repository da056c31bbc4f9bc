"""Trouble on request, seeded: what AWS may do to an event on a bad day, so that a test can prove that nobody minds.

Each kind has a probability. None of them breaks a promise of AWS's: delivery is at least once, in no order, and what
fails is tried again or told.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from msgspec.structs import replace

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.errors import AwsError
from outfall.core.invocation import Outcome, Run, Throttled
from outfall.core.parcel import Parcel
from outfall.core.ports import Target
from outfall.host.trouble import Trouble
from outfall.host.worker import Runner

DELAY_MS_MAX = 30_000


class ServiceUnavailable(AwsError):
    """The service is unavailable. (Chaos: this delivery was made to fail.)"""

    status = 503


class Chaos:
    """Draws from one seeded source, in the order in which things happen."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._chance = random.Random(trouble.seed)

    def _strikes(self, probability: float) -> bool:
        return probability > 0 and self._chance.random() < probability

    def delay_ms(self) -> int:
        """How late an event comes."""
        return self._chance.randrange(DELAY_MS_MAX) if self._strikes(self._trouble.delay) else 0

    def around(self, run_function: Runner) -> Runner:
        """The same way to run functions, with throttles, duplicates and killed environments."""

        async def run(run: Run) -> Outcome | Throttled:
            if self._strikes(self._trouble.throttle):
                return Throttled("ConcurrentInvocationLimitExceeded")
            outcome = await run_function(run)
            if self._strikes(self._trouble.duplicate):
                outcome = await run_function(run)
            if isinstance(outcome, Outcome) and self._strikes(self._trouble.kill):
                return _killed(run, outcome)
            return outcome

        return run

    def between(self, targets: Mapping[str, Target]) -> Mapping[str, Target]:
        """The same targets, some of whose deliveries fail."""
        return {service: _Unreliable(target, self) for service, target in targets.items()}

    def loses(self) -> bool:
        """Whether this delivery fails."""
        return self._strikes(self._trouble.undelivered)


def _killed(run: Run, outcome: Outcome) -> Outcome:
    message = f"RequestId: {run.request_id} Error: Runtime exited with error: signal: killed"
    payload = f'{{"errorType":"Runtime.ExitError","errorMessage":"{message}"}}'.encode()
    return replace(outcome, payload=payload, function_error="Unhandled")


class _Unreliable:
    """A target to which records and dead letters fail to be delivered now and then; else it is as the real one."""

    def __init__(self, target: Target, chaos: Chaos) -> None:
        self.action = target.action
        self._target = target
        self._chaos = chaos

    def resource(self, arn: Arn) -> str:
        """As the target says."""
        return self._target.resource(arn)

    def policy(self, ctx: Context, arn: Arn) -> str | None:
        """As the target says."""
        return self._target.policy(ctx, arn)

    def exists(self, ctx: Context, arn: Arn) -> bool:
        """As the target says."""
        return self._target.exists(ctx, arn)

    def accept(self, ctx: Context, arn: Arn, parcel: Parcel) -> str:
        """As the target does, or not at all."""
        if parcel.sender.origin in ("destination", "dead-letter") and self._chaos.loses():
            raise ServiceUnavailable()
        return self._target.accept(ctx, arn, parcel)
