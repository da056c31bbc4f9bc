"""The memory of environments: a cgroup for each where one can be made (version 1 or 2), else figures from /proc.

A cgroup makes the kernel kill what exceeds its limit, as on AWS. Without one, the server looks at a running function's
memory now and then and kills it itself; a limit on the data segment stands behind that.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

_MIB = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ROOT = Path("/sys/fs/cgroup")
_PREFIX = "outfall-"


class _Version(msgspec.Struct, frozen=True):
    limit: str
    swap: str
    swap_beside: bool
    """Whether the limit of swap is for memory and swap together (version 1) or for swap alone."""
    events: str


_V1 = _Version("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", False, "memory.oom_control")
_V2 = _Version("memory.max", "memory.swap.max", True, "memory.events")


class Cgroup(msgspec.Struct, frozen=True):
    """The memory cgroup of one environment."""

    path: Path
    version: _Version

    def join_descriptor(self) -> int:
        """A descriptor; a process that writes `0` to it belongs to the cgroup. The caller closes it."""
        return os.open(self.path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    def kills(self) -> int:
        """How many processes ended here because memory ran out."""
        with contextlib.suppress(OSError):
            for line in (self.path / self.version.events).read_text().splitlines():
                name, _, count = line.partition(" ")
                if name == "oom_kill":
                    return int(count)
        return 0

    def remove(self) -> bool:
        """Removes it; False while a process is still in it."""
        try:
            self.path.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


class Cgroups:
    """Makes cgroups below one directory. Those that take their time to empty are removed later."""

    def __init__(self, parent: Path, version: _Version) -> None:
        self._parent = parent
        self._version = version
        self._ending: list[Cgroup] = []

    def make(self, name: str, limit_mb: int) -> Cgroup:
        """A cgroup with this limit; raises `OSError`."""
        self._sweep()
        path = self._parent / f"{_PREFIX}{os.getpid()}-{name}"
        path.mkdir()
        made = Cgroup(path, self._version)
        try:
            (path / self._version.limit).write_text(str(limit_mb * _MIB))
        except OSError:
            made.remove()
            raise
        with contextlib.suppress(OSError):  # kernels without accounting of swap have no such file
            (path / self._version.swap).write_text("0" if self._version.swap_beside else str(limit_mb * _MIB))
        return made

    def retire(self, cgroup: Cgroup) -> None:
        """Removes a cgroup as soon as it is empty."""
        if not cgroup.remove():
            self._ending.append(cgroup)

    def _sweep(self) -> None:
        self._ending = [cgroup for cgroup in self._ending if not cgroup.remove()]

    def close(self) -> bool:
        """Removes what is left, also of servers that were killed; False while processes are still in some of it."""
        self._sweep()
        for path in self._parent.glob(f"{_PREFIX}*"):
            pid = path.name[len(_PREFIX) :].partition("-")[0]
            if pid == str(os.getpid()) or not Path("/proc", pid).exists():
                with contextlib.suppress(OSError):
                    path.rmdir()
        return not self._ending


def find_cgroups() -> Cgroups | None:
    """Where cgroups with a memory limit can be made, found out by making one."""
    for parent, version in _candidates():
        found = Cgroups(parent, version)
        with contextlib.suppress(OSError):
            trial = found.make("trial", 64)
            os.close(trial.join_descriptor())
            trial.remove()
            found.close()
            return found
    return None


def _candidates() -> list[tuple[Path, _Version]]:
    candidates = []
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if "memory" in controllers.split(","):
                candidates.append((Path(f"{_ROOT}/memory{path}"), _V1))
            elif not controllers:
                own = Path(f"{_ROOT}{path}")
                candidates += [(own.parent, _V2), (own, _V2)]
    return candidates


def peak_mb(pid: int) -> int:
    """The most memory that a process held so far; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as status:
            text = status.read(2048)
        at = text.index(b"VmHWM:") + 6
        return int(text[at : text.index(b"kB", at)]) // 1024
    except (OSError, ValueError):
        return 0


def resident_mb(pid: int) -> int:
    """The memory that a process holds now; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * _PAGE // _MIB
    except (OSError, ValueError, IndexError):
        return 0
