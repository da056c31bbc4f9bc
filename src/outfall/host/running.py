"""A run of a function, from the question whether there is concurrency for it to its logs."""

from __future__ import annotations

from msgspec.structs import replace

from outfall.authz import identity_decision
from outfall.core.context import Context
from outfall.core.invocation import Outcome, Run, Throttled
from outfall.core.ports import Sandbox
from outfall.core.principal import role_session
from outfall.host.concurrency import Concurrency
from outfall.services.logs import writer


class Running:
    """Runs invocations within the limits of their functions and accounts."""

    def __init__(self, sandbox: Sandbox, concurrency: Concurrency) -> None:
        self._sandbox = sandbox
        self._concurrency = concurrency

    async def __call__(self, run: Run) -> Outcome | Throttled:
        """What came of the run, or why it could not start."""
        throttled = await self._concurrency.enter(run)
        if throttled is not None:
            return throttled
        at_once = self._concurrency.of(run)
        try:
            return replace(await self._sandbox.run(run), concurrency=at_once)
        finally:
            await self._concurrency.leave(run)


def write_logs(ctx: Context, run: Run, outcome: Outcome) -> None:
    """Writes an invocation's lines into its function's log group, in the account and region of the function.

    As the execution role, which must be allowed to; where it is not, there is silently no log, as on AWS.
    [lambda-runtime.md 5]
    """
    spec = run.environment
    _, _, _, region, account, _, name = spec.function_arn.split(":")
    there = ctx.at(account, region)
    role = ctx.house.identities.role(ctx.tx, spec.role_arn)
    if not outcome.logs or role is None:
        return
    stream = f"arn:aws:logs:{region}:{account}:log-group:{spec.logging.group}:log-stream:{outcome.log_stream}"
    session = role_session(role.arn, role.role_id, name)
    if identity_decision(there, session, "logs:PutLogEvents", stream).allowed:
        writer.write(there, spec.logging.group, outcome.log_stream, outcome.logs)
