"""A run of a function, from the question whether there is concurrency for it to its logs."""

from __future__ import annotations

from outfall.core.context import Context
from outfall.core.invocation import Outcome, Run, Throttled
from outfall.core.ports import Sandbox
from outfall.host.concurrency import Concurrency
from outfall.services.logs import writer


class Running:
    """Runs invocations within the limits of their functions and accounts."""

    def __init__(self, sandbox: Sandbox, concurrency: Concurrency) -> None:
        self._sandbox = sandbox
        self._concurrency = concurrency

    async def __call__(self, run: Run) -> Outcome | Throttled:
        """What came of the run, or why it could not start."""
        throttled = self._concurrency.enter(run)
        if throttled is not None:
            return throttled
        try:
            return await self._sandbox.run(run)
        finally:
            self._concurrency.leave(run)


def write_logs(ctx: Context, run: Run, outcome: Outcome) -> None:
    """Writes an invocation's lines into its function's log group, in the account and region of the function."""
    if outcome.logs:
        _, _, _, region, account, *_ = run.environment.function_arn.split(":")
        writer.write(ctx.at(account, region), run.environment.logging.group, outcome.log_stream, outcome.logs)
