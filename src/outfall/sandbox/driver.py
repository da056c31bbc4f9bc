"""What the two drivers have in common: how a warm parent is started, and where things lie as a function sees them."""

from __future__ import annotations

import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

RUNTIME_LIBRARY = (
    *("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"),
    *("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"),
)
"""What a Python function finds beside its own package: AWS's runtime client and SDK, and what these need."""

INSIDE = Path(__file__).parent / "inside"


class Layout(msgspec.Struct, frozen=True):
    """The sandbox's own directories on the host."""

    directory: Path

    @property
    def code(self) -> Path:
        """Unpacked packages and merged layers, by name."""
        return self.directory / "code"

    @property
    def tmp(self) -> Path:
        """One directory for each environment: its /tmp."""
        return self.directory / "tmp"

    @property
    def library(self) -> Path:
        """Links to `RUNTIME_LIBRARY`, for plain processes."""
        return self.directory / "library"


class Driver(msgspec.Struct, frozen=True):
    """A way to start warm parents. The strings are paths as the parent sees them."""

    kind: str
    isolated: bool
    command: tuple[str, ...]
    """What starts the interpreter, up to the interpreter itself."""
    inside: str
    """The directory that holds the package `inside`."""
    library: str
    store: str
    """The directory that holds `code` and `tmp`."""
    programs: tuple[tuple[Path, str], ...] = ()
    """Programs of the host that lie elsewhere for a function."""

    def program(self, path: Path) -> str:
        """Where a function finds a program of the host."""
        return dict(self.programs).get(path, str(path))

    def argv(self, channel: int, with_boto3: bool) -> list[str]:
        """The command line of a warm parent."""
        script = f"{self.inside}/inside/start.py"
        flags = ["1" if flag else "0" for flag in (self.isolated, with_boto3)]
        return [*self.command, "-I", "-S", "-B", script, self.inside, self.library, str(channel), *flags]

    def paths(self, code: str, layers: str | None, tmp: str) -> dict[str, Any]:
        """Where an environment made of these names has its files: before its mounts, and as the function sees them."""
        store_code = f"{self.store}/code/{code}"
        store_layers = f"{self.store}/code/{layers}" if layers else None
        return {
            "isolated": self.isolated,
            "code": store_code,
            "layers": store_layers,
            "tmp": f"{self.store}/tmp/{tmp}",
            "library": self.library,
            "cwd": "/var/task" if self.isolated else store_code,
            "opt": "/opt" if self.isolated else store_layers or f"{self.store}/no-layers",
        }


def library_files() -> dict[str, Path]:
    """Name in the library directory -> file or directory here, for what of `RUNTIME_LIBRARY` is installed."""
    found = {}
    for name in RUNTIME_LIBRARY:
        spec = find_spec(name)
        if spec and spec.origin:
            origin = Path(spec.origin)
            path = origin.parent if spec.submodule_search_locations else origin
            found[path.name] = path
    return found


def interpreter() -> tuple[Path, Path]:
    """The real executable of the running interpreter, and the directory that it is installed in."""
    base = Path(sys.base_prefix).resolve()
    executable = base / "bin" / f"python{sysconfig.get_python_version()}"
    return executable if executable.exists() else Path(sys.executable).resolve(), base
