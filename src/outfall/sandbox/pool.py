"""All environments of a server: warm ones found again, new ones made, idle ones ended, their number bounded.

How many invocations of a function may run at once is decided by the caller. Here is decided how many environments
there are at all: beyond `environments_max` the one that was idle longest makes way, and if none is idle an invocation
waits for its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from uuid import uuid4

from outfall.core.invocation import EnvironmentSpec, Outcome, Package, Run
from outfall.sandbox import payloads
from outfall.sandbox.environment import Environment
from outfall.sandbox.launcher import CannotLaunch, WarmParent
from outfall.sandbox.log_lines import stream_name
from outfall.sandbox.packages import BadPackage, PackageCache
from outfall.sandbox.plan import Ground, Plan
from outfall.sandbox.runtimes import Runtimes
from outfall.sandbox.variables import EnvironmentCredentials

_CREDENTIALS_LEFT_MS = 5 * 60 * 1000
_SWEEP_S = 5.0
_FUNCTIONS_MAX = 4096
"""Of so many function versions the latest revision is remembered at the most, beside those with environments."""
_END_LOOKS = 50
_END_LOOK_S = 0.01


class LocalSandbox:
    """Execution environments on this machine; made by `open_sandbox`."""

    def __init__(
        self,
        ground: Ground,
        parents: tuple[WarmParent, WarmParent],
        runtimes: Runtimes,
        packages: PackageCache,
        credentials: Callable[[EnvironmentSpec], Awaitable[EnvironmentCredentials]],
        environments_max: int,
        idle_s: float,
        log: Callable[[str], None],
    ) -> None:
        self.kind = ground.driver.kind
        self._ground = ground
        self._plain, self._with_boto3 = parents
        self._runtimes = runtimes
        self._packages = packages
        self._credentials = credentials
        self._environments_max = environments_max
        self._idle_s = idle_s
        self._log = log
        self._idle: dict[EnvironmentSpec, list[Environment]] = {}
        self._latest: dict[tuple[str, str], str] = {}
        self._environments: set[Environment] = set()
        self._count = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._complaint = ""
        self._sweeper = asyncio.create_task(self._sweep())

    async def prepare(self, package: Package) -> str | None:
        """Unpacks a package ahead of its first run; the text of AWS's error if it cannot be unpacked."""
        try:
            name = await self._packages.ensure((package,))
        except BadPackage as error:
            return str(error)
        if self._packages.uses_boto3(name):
            with contextlib.suppress(CannotLaunch, OSError):
                await self._with_boto3.ready()
        return None

    async def run(self, run: Run) -> Outcome:
        """Runs one invocation in a warm environment, or in a new one; never raises for what the function does."""
        try:
            environment = await self._acquire(run.environment)
        except (BadPackage, CannotLaunch, OSError) as error:
            self._complain(f"An execution environment of {run.environment.function_arn} did not start: {error}")
            body = payloads.cannot_start(run.request_id, f"the execution environment did not start: {error}")
            return Outcome(body, "Unhandled", run.environment.version, "")
        self._complaint = ""
        try:
            return await environment.invoke(run)
        except BaseException:
            self._end(environment)
            raise
        finally:
            self._release(environment)

    def notices(self) -> Mapping[str, str]:
        """What runs differently from what was asked, by runtime."""
        return dict(self._runtimes.notices)

    async def close(self) -> None:
        """Ends all environments."""
        self._sweeper.cancel()
        for waiter in self._waiting:
            waiter.cancel()
        for environment in list(self._environments):
            self._end(environment)
        self._plain.close()
        self._with_boto3.close()
        for _ in range(_END_LOOKS):
            if self._ground.cgroups is None or self._ground.cgroups.close():
                return
            await asyncio.sleep(_END_LOOK_S)

    async def _acquire(self, spec: EnvironmentSpec) -> Environment:
        self._drain_older(spec)
        while idle := self._idle.get(spec):
            environment = idle.pop()
            if not idle:
                del self._idle[spec]
            if environment.credentials.expires_ms - self._ground.clock() > _CREDENTIALS_LEFT_MS:
                return environment
            self._end(environment)
        first = True
        while self._count >= self._environments_max and not self._evict():
            await self._turn(first)
            first = False
            if self._idle.get(spec):
                return await self._acquire(spec)
        self._count += 1
        try:
            return await self._make(spec)
        except BaseException:
            self._count -= 1
            self._wake_next()
            raise

    async def _turn(self, first: bool) -> None:
        """Waits until an environment ended or became idle; who waited before keeps the place at the front."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._waiting.append if first else self._waiting.appendleft)(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._wake_next()
            raise

    async def _make(self, spec: EnvironmentSpec) -> Environment:
        plan = await self._plan(spec)
        credentials = await self._credentials(spec)
        unique = uuid4().hex
        stream = stream_name(spec, self._ground.clock(), unique)
        environment = Environment(self._ground, spec, plan, credentials, unique, stream)
        try:
            await environment.open()
        except OSError:
            environment.close()
            raise
        self._environments.add(environment)
        return environment

    def _complain(self, why: str) -> None:
        """Says once why environments do not start, until one does or it changes: every attempt meets it."""
        if why != self._complaint:
            self._log(why)
        self._complaint = why

    async def _plan(self, spec: EnvironmentSpec) -> Plan:
        known = set(self._runtimes.notices)
        missing = await asyncio.to_thread(self._runtimes.lacking, spec.runtime) or ""  # may ask a program its version
        for runtime in self._runtimes.notices.keys() - known:
            self._log(self._runtimes.notices[runtime])
        code = await self._packages.ensure((spec.code,))
        layers = await self._packages.ensure(spec.layers) if spec.layers else None
        if spec.runtime.startswith("python"):
            parent = self._with_boto3 if self._packages.uses_boto3(code) else self._plain
            return Plan(code, layers, parent, (), missing)
        if spec.runtime.startswith("nodejs"):
            node = self._ground.driver.program(self._runtimes.node) if self._runtimes.node else ""
            program = (node, f"{self._ground.driver.inside}/inside/node_bootstrap.mjs")
            return Plan(code, layers, self._plain, program, missing)
        bootstrap = self._bootstrap(code, layers)
        lacking = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
        return Plan(code, layers, self._plain, (bootstrap,), missing or ("" if bootstrap else lacking))

    def _bootstrap(self, code: str, layers: str | None) -> str:
        """The program of a `provided` runtime, as its environment sees it."""
        seen = self._ground.driver.paths(code, layers, "")
        for name, root in ((code, seen["cwd"]), (layers, seen["opt"])):
            if name and (self._ground.layout.code / name / "bootstrap").is_file():
                return f"{root}/bootstrap"
        return ""

    def _drain_older(self, spec: EnvironmentSpec) -> None:
        """Ends idle environments of what the function was before its update."""
        key = (spec.function_arn, spec.version)
        if self._latest.get(key) != spec.revision:
            if len(self._latest) >= _FUNCTIONS_MAX:
                alive = {(other.spec.function_arn, other.spec.version) for other in self._environments}
                self._latest = {kept: revision for kept, revision in self._latest.items() if kept in alive}
            self._latest[key] = spec.revision
            for other in [
                other for other in self._idle if (other.function_arn, other.version) == key and other != spec
            ]:
                for environment in self._idle.pop(other):
                    self._end(environment)

    def _release(self, environment: Environment) -> None:
        if environment not in self._environments:
            return
        spec = environment.spec
        if self._latest.get((spec.function_arn, spec.version)) != spec.revision:
            self._end(environment)
            return
        environment.idle_since = time.monotonic()
        self._idle.setdefault(spec, []).append(environment)
        self._wake_next()

    def _end(self, environment: Environment) -> None:
        if environment in self._environments:
            self._environments.remove(environment)
            self._count -= 1
            environment.close()
            self._wake_next()

    def _wake_next(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _evict(self) -> bool:
        """Ends the environment that was idle longest; False if none is idle."""
        longest = min(
            (environment for idle in self._idle.values() for environment in idle),
            key=lambda environment: environment.idle_since,
            default=None,
        )
        if longest is None:
            return False
        self._forget_idle(longest)
        return True

    def _forget_idle(self, environment: Environment) -> None:
        idle = self._idle[environment.spec]
        idle.remove(environment)
        if not idle:
            del self._idle[environment.spec]
        self._end(environment)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_SWEEP_S, self._idle_s))
            until = time.monotonic() - self._idle_s
            idle = [environment for environments in self._idle.values() for environment in environments]
            for environment in idle:
                if environment.idle_since < until:
                    self._forget_idle(environment)
