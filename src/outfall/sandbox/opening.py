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


async def open_sandbox(
    *,
    directory: Path,
    credentials: Callable[[EnvironmentSpec], Awaitable[EnvironmentCredentials]],
    read_segments: Callable[[tuple[Segment, ...]], Awaitable[bytes]],
    endpoint_url: Callable[[], str],
    clock: Callable[[], int],
    driver: str = "auto",
    environments_max: int = 64,
    idle_s: float = 300.0,
    log: Callable[[str], None] = print,
) -> LocalSandbox:
    """Opens the sandbox: tries out which driver works (`driver` is `auto`, `bubblewrap` or `process`) and starts a warm
    parent. `directory` is for work files alone and may be removed between runs; raises `CannotLaunch`."""
    layout = Layout(directory.resolve())
    shutil.rmtree(layout.tmp, ignore_errors=True)
    for path in (layout.code, layout.tmp):
        path.mkdir(parents=True, exist_ok=True)
    _forget_before_boot(layout)
    runtimes = Runtimes()
    chosen, plain = await _choose(driver, layout, runtimes, log)
    ground = Ground(layout, chosen, find_cgroups(), clock, endpoint_url)
    parents = (plain, WarmParent(chosen, with_boto3=True))
    packages = PackageCache(layout.code, read_segments)
    return LocalSandbox(ground, parents, runtimes, packages, credentials, environments_max, idle_s, log)


async def _choose(
    wanted: str, layout: Layout, runtimes: Runtimes, log: Callable[[str], None]
) -> tuple[Driver, WarmParent]:
    if wanted not in ("auto", "bubblewrap", "process"):
        raise ValueError(f"there is no driver {wanted}")
    if wanted != "process":
        isolated = bubblewrap_driver(layout, runtimes.programs())
        refusal = "there is no bwrap program"
        if isolated:
            parent = WarmParent(isolated, with_boto3=False)
            try:
                await parent.ready()
                return isolated, parent
            except CannotLaunch as error:
                refusal = str(error)
        if wanted == "bubblewrap":
            raise CannotLaunch(refusal)
        log(f"Functions run as plain processes: bubblewrap does not work here ({refusal})")
    plain = process_driver(layout)
    parent = WarmParent(plain, with_boto3=False)
    await parent.ready()
    return plain, parent


def _forget_before_boot(layout: Layout) -> None:
    """Unpacked packages are not synced to disk: after a crash of the machine they are unpacked anew."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        marker = layout.directory / "boot"
        if not marker.exists() or marker.read_text() != boot:
            shutil.rmtree(layout.code, ignore_errors=True)
            layout.code.mkdir()
            marker.write_text(boot)
