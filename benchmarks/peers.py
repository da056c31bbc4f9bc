"""The servers that are measured: how each is installed, started and stopped, and which services it has.

Peers are installed into a cache directory of this benchmark (`~/.cache/outfall-benchmarks`), never into the project.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import Answer, Failed, once
from benchmarks.signing import Signer

START_S_MAX = 30.0
INSTALL_S_MAX = 300.0


def cache() -> Path:
    """Where the peers are installed."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "outfall-benchmarks"


@dataclass(frozen=True, slots=True)
class Peer:
    """A server program. `command` gets the port and a directory for its data, `variables` the port."""

    name: str
    services: frozenset[str]
    command: Callable[[int, Path], list[str]]
    variables: Callable[[int], dict[str, str]] = lambda port: {}
    package: str = ""
    program: str = ""
    key: str = "test"
    lacks: str = ""
    """Why it has no figures for a service that is not among `services`."""


def _outfall(*more: str) -> Callable[[int, Path], list[str]]:
    command = [sys.executable, "-m", "outfall", "up"]
    return lambda port, data: [*command, "--port", str(port), "--data", str(data), *more]


def _python(program: str) -> str:
    return str(cache() / "venv" / "bin" / program)


def _node(program: str) -> str:
    return str(cache() / "npm" / "node_modules" / ".bin" / program)


OUTFALL = Peer("outfall", frozenset({"sqs", "s3", "lambda"}), _outfall())
OUTFALL_SKIPPING = Peer("outfall", frozenset({"sqs", "s3", "lambda"}), _outfall("--time-scale", "0"))
"""The same, with the waits between attempts skipped."""

PEERS = (
    Peer(
        "ministack",
        frozenset({"sqs", "s3", "lambda"}),
        lambda port, data: [_python("ministack")],
        lambda port: {"GATEWAY_PORT": str(port), "LOG_LEVEL": "ERROR", "BIND_HOST": "127.0.0.1"},
        "ministack",
        "venv/bin/ministack",
    ),
    Peer(
        "moto",
        frozenset({"sqs", "s3"}),
        lambda port, data: [_python("moto_server"), "-p", str(port)],
        lacks="runs functions in Docker only",
        package="moto[server]",
        program="venv/bin/moto_server",
    ),
    Peer(
        "fauxqs",
        frozenset({"sqs", "s3"}),
        lambda port, data: [_node("fauxqs")],
        lambda port: {"FAUXQS_PORT": str(port), "FAUXQS_LOGGER": "false"},
        "fauxqs",
        "npm/node_modules/.bin/fauxqs",
    ),
    Peer(
        "s3rver",
        frozenset({"s3"}),
        lambda port, data: [_node("s3rver"), "-d", str(data), "-p", str(port), "-a", "127.0.0.1", "-s"],
        package="s3rver",
        program="npm/node_modules/.bin/s3rver",
        key="S3RVER",
    ),
)


def install(peer: Peer) -> str:
    """Installs a peer unless it is there; why it could not be, or nothing."""
    if not peer.package or (cache() / peer.program).exists():
        return ""
    if peer.program.startswith("npm/"):
        steps = [["npm", "install", "--prefix", str(cache() / "npm"), "--no-audit", "--no-fund", peer.package]]
    else:
        venv = [sys.executable, "-m", "venv", str(cache() / "venv")]
        steps = [[_python("python"), "-m", "pip", "install", "--quiet", peer.package]]
        if not Path(_python("python")).exists():
            steps.insert(0, venv)
    cache().mkdir(parents=True, exist_ok=True)
    for step in steps:
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=INSTALL_S_MAX, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"not installed: {error}"
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            return f"not installed: {lines[-1] if lines else 'no reason told'}"
    return "" if (cache() / peer.program).exists() else "not installed: its package has no such program"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """A server that runs, on data of its own that end with it."""

    peer: Peer
    port: int = field(default_factory=free_port)
    start_s: float = 0.0

    async def start(self) -> Running:
        """Starts it and waits for its first answer; raises `Failed`."""
        self._place = Path(tempfile.mkdtemp(prefix="outfall-benchmark-"))
        self.signer = Signer(self.port, self.peer.key, self.peer.key)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        began = time.perf_counter()
        with (self._place / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self.peer.command(self.port, self._place / "data"),
                env=kept | self.peer.variables(self.port),
                cwd=self._place,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._process.pid
        while True:
            with contextlib.suppress(Failed):
                await once(self.port, self.signer.s3("GET", "/"), 5.0)
                break
            if self._process.poll() is not None or time.perf_counter() - began > START_S_MAX:
                words = (self._place / "log").read_text(errors="replace").strip().splitlines()
                await self.stop()
                raise Failed(f"did not start: {words[-1] if words else 'it said nothing'}")
            await asyncio.sleep(0.002)
        self.start_s = time.perf_counter() - began
        return self

    async def ask(self, request: bytes, timeout_s: float = 60.0) -> Answer:
        """The answer to one request; raises `Failed` unless it is a success."""
        return (await once(self.port, request, timeout_s)).ok()

    async def stop(self) -> None:
        """Ends it and removes its data."""
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, 10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)  # what it left behind: it led a session of its own
        shutil.rmtree(self._place, ignore_errors=True)
