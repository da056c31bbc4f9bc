"""What environments stand on, how the process of one is made, and the request that a warm parent gets for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from outfall.core.invocation import EnvironmentSpec
from outfall.sandbox.driver import Driver, Layout
from outfall.sandbox.launcher import WarmParent
from outfall.sandbox.memory import Cgroups
from outfall.sandbox.variables import EnvironmentCredentials, environment_variables

_MIB = 1024 * 1024
_ROOM_MIB = 256
"""What a process may map beyond the memory that its function has, where nothing but a limit on mapping holds it."""
_PROGRAM_ROOM_MIB = 1024
"""Node.js maps half of that for code before it runs any, and uses little of it."""


class Ground(msgspec.Struct, frozen=True):
    """What all environments of a sandbox stand on."""

    layout: Layout
    driver: Driver
    cgroups: Cgroups | None
    clock: Callable[[], int]
    endpoint_url: Callable[[], str]


class Plan(msgspec.Struct, frozen=True):
    """How the process of one function is made: names in the code cache, the parent to fork, the program if any."""

    code: str
    layers: str | None
    parent: WarmParent
    argv: tuple[str, ...]
    missing: str = ""
    """Why nothing can be started."""


def process_request(
    ground: Ground,
    plan: Plan,
    spec: EnvironmentSpec,
    credentials: EnvironmentCredentials,
    *,
    name: str,
    runtime_api: str,
    log_stream: str,
    limited: bool,
) -> dict[str, Any]:
    """The request for one process. `name` is the environment's; `limited` says that a cgroup limits its memory."""
    paths = ground.driver.paths(plan.code, plan.layers, name)
    variables = environment_variables(
        spec,
        ground.driver,
        paths,
        runtime_api=runtime_api,
        log_stream=log_stream,
        endpoint_url=ground.endpoint_url(),
        credentials=credentials,
    )
    argv = list(plan.argv)
    wrapper = variables.get("AWS_LAMBDA_EXEC_WRAPPER")
    if wrapper:
        argv = [wrapper, *(argv or [ground.driver.command[-1], "-m", "awslambdaric", spec.handler])]
    data_limit = 0 if limited else (spec.memory_mb + (_PROGRAM_ROOM_MIB if argv else _ROOM_MIB)) * _MIB
    return {**paths, "env": variables, "argv": argv, "handler": spec.handler, "data_limit": data_limit}
