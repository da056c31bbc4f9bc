"""A run of a function, from the question whether there is concurrency for it to its logs."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from outfall.authz import identity_decision
from outfall.core.context import Context
from outfall.core.invocation import Outcome, Run, Throttled
from outfall.core.ports import Sandbox
from outfall.core.principal import role_session
from outfall.host.concurrency import Concurrency
from outfall.services.logs import writer
from outfall.services.logs.model import GROUPS, STREAMS


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
    session = role_session(role.arn, role.role_id, name)
    wanted = _log_actions(there, spec.logging.group, outcome.log_stream)
    if all(identity_decision(there, session, action, resource).allowed for action, resource in wanted):
        writer.write(there, spec.logging.group, outcome.log_stream, outcome.logs)


def _log_actions(ctx: Context, group: str, stream: str) -> Iterator[tuple[str, str]]:
    """What it takes to write there, and on which resources: also to make the stream and the group where they are not.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html"""
    where = f"arn:aws:logs:{ctx.region}:{ctx.account}:log-group:{group}"
    if ctx.tx.get(STREAMS, (ctx.account, ctx.region, group, stream)) is None:
        if ctx.tx.get(GROUPS, (ctx.account, ctx.region, group)) is None:
            yield "logs:CreateLogGroup", where
        yield "logs:CreateLogStream", f"{where}:log-stream:{stream}"
    yield "logs:PutLogEvents", f"{where}:log-stream:{stream}"
