"""What the road asks of Lambda: a function, version or alias as it stands now, ready to be run."""

from __future__ import annotations

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.invocation import EnvironmentSpec, FunctionTarget, Package, RetryPolicy
from outfall.services.lambda_ import code, event_invoke, layer_use, rows
from outfall.services.lambda_.model import FUNCTIONS, AliasRow, EventInvokeConfigRow, VersionRow
from outfall.services.lambda_.names import FunctionName, of_arn

_WEIGHT_DIGITS = 6


class LambdaFunctions:
    """The port `core.ports.Functions`."""

    def resolve(self, ctx: Context, arn: Arn) -> FunctionTarget | None:
        """The target at this ARN; an alias with weights draws one of its versions each time. None if it is gone."""
        if not arn.resource.startswith("function:"):
            return None
        name = of_arn(arn)
        row = choose(ctx, name)
        return target(ctx, name, row) if row else None


def choose(ctx: Context, name: FunctionName) -> VersionRow | None:
    """The version that one invocation runs."""
    alias = rows.alias(ctx.tx, name, name.qualifier) if name.qualifier else None
    if alias is None:
        return rows.find(ctx.tx, name)
    return rows.version(ctx.tx, name, _drawn(ctx, alias))


def _drawn(ctx: Context, alias: AliasRow) -> str:
    if not alias.routing:
        return alias.version
    drawn = int(ctx.ids.text("0123456789", _WEIGHT_DIGITS)) / 10**_WEIGHT_DIGITS
    for number, weight in alias.routing:
        if drawn < weight:
            return number
        drawn -= weight
    return alias.version


def target(ctx: Context, name: FunctionName, row: VersionRow) -> FunctionTarget:
    """The version with the asynchronous settings of the qualifier it was named by, and its own dead-letter target."""
    function = ctx.tx.get(FUNCTIONS, name.key)
    config = event_invoke.config(ctx, name) or EventInvokeConfigRow(0)
    defaults = RetryPolicy()
    return FunctionTarget(
        arn=name.unqualified,
        name=name.name,
        executed_version=row.version,
        environment=environment(ctx, row),
        retry=RetryPolicy(
            defaults.retries_max if config.retries_max is None else config.retries_max,
            defaults.event_age_s_max if config.event_age_s_max is None else config.event_age_s_max,
        ),
        on_success=config.on_success,
        on_failure=config.on_failure,
        dead_letter=row.dead_letter,
        reserved_concurrency=function.reserved_concurrency if function else None,
        recursive_loop=function.recursive_loop if function else "Terminate",
    )


def environment(ctx: Context, row: VersionRow) -> EnvironmentSpec:
    """All that an execution environment of this version is made from."""
    return EnvironmentSpec(
        function_arn=FunctionName(row.account, row.region, row.name).unqualified,
        version=row.version,
        revision=row.build,
        runtime=row.runtime,
        handler=row.handler,
        code=code.package(ctx.tx, row.code_sha256) or Package(row.code_sha256, ()),
        layers=layer_use.packages(ctx.tx, row),
        variables=row.variables,
        role_arn=row.role,
        memory_mb=row.memory_mb,
        ephemeral_mb=row.ephemeral_mb,
        timeout_s=row.timeout_s,
        logging=row.logging,
    )
