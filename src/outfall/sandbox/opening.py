"""Opening a sandbox: which driver works on this machine, found out by trying, and what is left from before."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from outfall.core.body import Segment
from outfall.core.invocation import EnvironmentSpec
from outfall.sandbox.bubblewrap import bubblewrap_driver
from outfall.sandbox.driver import Driver, Layout
from outfall.sandbox.launcher import CannotLaunch, WarmParent
from outfall.sandbox.memory import find_cgroups
from outfall.sandbox.packages import PackageCache
from outfall.sandbox.plan import Ground
from outfall.sandbox.pool import LocalSandbox
from outfall.sandbox.process import process_driver
from outfall.sandbox.runtimes import Runtimes
from outfall.sandbox.variables import EnvironmentCredentials


class Beginning:
    """A sandbox that is being opened: the warm parent of the driver that is tried first comes up already.

    Made before the rest of the program is loaded, since a process takes as long to come up as the rest to load.
    `directory` is for work files alone and may be removed between runs; `driver` is `auto`, `bubblewrap` or `process`.
    """

    def __init__(self, directory: Path, driver: str = "auto", log: Callable[[str], None] = print) -> None:
        if driver not in ("auto", "bubblewrap", "process"):
            raise ValueError(f"there is no driver {driver}")
        self.layout = Layout(directory.resolve())
        shutil.rmtree(self.layout.tmp, ignore_errors=True)
        for path in (self.layout.code, self.layout.tmp):
            path.mkdir(parents=True, exist_ok=True)
        _forget_before_boot(self.layout)
        self.runtimes = Runtimes()
        self.log = log
        self._wanted = driver
        isolated = None if driver == "process" else bubblewrap_driver(self.layout, self.runtimes.programs())
        self._driver = isolated or process_driver(self.layout)
        self._parent = WarmParent(self._driver, with_boto3=False)
        if isolated or driver != "bubblewrap":
            self._parent.begin()

    async def chosen(self) -> tuple[Driver, WarmParent]:
        """The driver that works on this machine, and its warm parent; raises `CannotLaunch`."""
        refusal = "there is no bwrap program"
        if self._driver.isolated or self._wanted == "process":
            try:
                await self._parent.ready()
                return self._driver, self._parent
            except CannotLaunch as error:
                refusal = str(error)
        if self._wanted != "auto":
            raise CannotLaunch(refusal)
        self.log(f"Functions run as plain processes: bubblewrap does not work here ({refusal})")
        if self._driver.isolated:
            self._driver = process_driver(self.layout)
            self._parent = WarmParent(self._driver, with_boto3=False)
        await self._parent.ready()
        return self._driver, self._parent

    def close(self) -> None:
        """Ends what was begun, where nothing comes of it."""
        self._parent.close()


async def open_sandbox(
    beginning: Beginning,
    *,
    credentials: Callable[[EnvironmentSpec], Awaitable[EnvironmentCredentials]],
    read_segments: Callable[[tuple[Segment, ...]], Awaitable[bytes]],
    endpoint_url: Callable[[], str],
    clock: Callable[[], int],
    environments_max: int = 64,
    idle_s: float = 300.0,
) -> LocalSandbox:
    """Opens the sandbox that was begun; raises `CannotLaunch`."""
    chosen, plain = await beginning.chosen()
    ground = Ground(beginning.layout, chosen, find_cgroups(), clock, endpoint_url)
    parents = (plain, WarmParent(chosen, with_boto3=True))
    packages = PackageCache(beginning.layout.code, read_segments)
    runtimes, log = beginning.runtimes, beginning.log
    return LocalSandbox(ground, parents, runtimes, packages, credentials, environments_max, idle_s, log)


def _forget_before_boot(layout: Layout) -> None:
    """Unpacked packages are not synced to disk: after a crash of the machine they are unpacked anew."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        marker = layout.directory / "boot"
        if not marker.exists() or marker.read_text() != boot:
            shutil.rmtree(layout.code, ignore_errors=True)
            layout.code.mkdir()
            marker.write_text(boot)
