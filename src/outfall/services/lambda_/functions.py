"""What the road asks of Lambda: a function, version or alias as it stands now, ready to be run."""

from __future__ import annotations

from functools import lru_cache

from outfall.core.arn import Arn
from outfall.core.context import Context
from outfall.core.invocation import EnvironmentSpec, FunctionTarget, Package, RetryPolicy
from outfall.services.lambda_ import event_invoke, layer_use, rows
from outfall.services.lambda_.model import (
    CODE,
    FUNCTIONS,
    AliasRow,
    CodeRow,
    EventInvokeConfigRow,
    FunctionRow,
    VersionRow,
)
from outfall.services.lambda_.names import FunctionName, of_arn

_WEIGHT_DIGITS = 6
REMEMBERED_MAX = 256
"""What follows from rows alone is worked out once for the same rows: an event asks for its function again and again."""


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
    function, config = ctx.tx.get(FUNCTIONS, name.key), event_invoke.config(ctx, name)
    return _target(name, row, function, config, environment(ctx, row))


@lru_cache(maxsize=REMEMBERED_MAX)
def _target(
    name: FunctionName,
    row: VersionRow,
    function: FunctionRow | None,
    config: EventInvokeConfigRow | None,
    spec: EnvironmentSpec,
) -> FunctionTarget:
    config = config or EventInvokeConfigRow(0)
    defaults = RetryPolicy()
    return FunctionTarget(
        arn=name.unqualified,
        name=name.name,
        executed_version=row.version,
        environment=spec,
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
    layers = layer_use.packages(ctx.tx, row) if row.layers else ()
    archive = ctx.tx.get(CODE, (row.code_sha256,))
    return _environment(row, archive, layers)


@lru_cache(maxsize=REMEMBERED_MAX)
def _environment(row: VersionRow, archive: CodeRow | None, layers: tuple[Package, ...]) -> EnvironmentSpec:
    return EnvironmentSpec(
        function_arn=FunctionName(row.account, row.region, row.name).unqualified,
        version=row.version,
        revision=row.build,
        runtime=row.runtime,
        handler=row.handler,
        code=Package(row.code_sha256, archive.segments if archive else ()),
        layers=layers,
        variables=row.variables,
        role_arn=row.role,
        memory_mb=row.memory_mb,
        ephemeral_mb=row.ephemeral_mb,
        timeout_s=row.timeout_s,
        logging=row.logging,
    )
