"""Which program runs which of Lambda's runtimes on this machine, and what differs from what was asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PYTHON_HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def _is_program(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _started_by(script: Path) -> Path | None:
    """The node that a script (of a version manager, of a Python package) starts in the end."""
    try:
        said = subprocess.run(
            [script, "-p", "process.execPath"], capture_output=True, text=True, timeout=10, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(said).resolve() if said else None


@dataclass
class Runtimes:
    """Knows the programs of this machine and remembers what had to run on another version."""

    notices: dict[str, str] = field(default_factory=dict)
    """By runtime: as `python3.13 runs on Python 3.11`."""

    @cached_property
    def node(self) -> Path | None:
        """The `node` on PATH: the program itself, where what is found is a link or a script that starts it."""
        found = shutil.which("node")
        if found is None:
            return None
        path = Path(found).resolve()
        return path if _is_program(path) else _started_by(path)

    @cached_property
    def node_major(self) -> str:
        """Its major version, as `20`; empty when it does not say."""
        if self.node is None:
            return ""
        try:
            said = subprocess.run(
                [self.node, "--version"], capture_output=True, text=True, timeout=20, check=False
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return said.strip().lstrip("v").partition(".")[0]

    def programs(self) -> tuple[Path, ...]:
        """Programs beside Python that functions run on."""
        return (self.node,) if self.node else ()

    def lacking(self, runtime: str) -> str | None:
        """Why a runtime cannot run here at all, or None. Notes a version that differs."""
        if runtime.startswith("python"):
            self._note(runtime, runtime.removeprefix("python"), PYTHON_HERE, "Python")
            return None
        if runtime.startswith("nodejs"):
            if self.node is None:
                return f"{runtime} needs Node.js, and there is no node on this machine's PATH"
            self._note(runtime, runtime.removeprefix("nodejs").removesuffix(".x"), self.node_major, "Node.js")
            return None
        if runtime.startswith("provided"):
            return None
        return f"the runtime {runtime} is not served here"

    def _note(self, runtime: str, asked: str, here: str, name: str) -> None:
        if asked != here and runtime not in self.notices:
            self.notices[runtime] = f"{runtime} runs on {name} {here}"
