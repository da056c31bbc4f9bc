"""A server, from its start to its end: the loop, the signals, the banner, and every reason not to start in one line."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import signal
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from outfall import __version__
from outfall.host.config import Config
from outfall.host.console import ROOT
from outfall.sandbox import Beginning
from outfall.store.errors import StoreError

if TYPE_CHECKING:
    from outfall.host.compose import Program


GARBAGE_THRESHOLDS = (5000, 20, 50)
"""Requests leave hardly any cycles behind: looking for them as often as Python does takes a tenth of a request."""


class CannotStart(Exception):
    """Why the server does not start, and what to do about it, in one line."""


def run(config: Config, say: Callable[[str], None]) -> None:
    """Serves until a signal or a stop request; raises `CannotStart`."""
    gc.disable()  # What is loaded and composed stays: looking through it for garbage is for nothing.
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config, say))


async def _serve(config: Config, say: Callable[[str], None]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    with tempfile.TemporaryDirectory(prefix="outfall-", ignore_cleanup_errors=True) as directory:
        program = await _start(config, Path(directory), stopping.set)
        gc.freeze()
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        gc.enable()
        for line in banner(program):
            say(line)
        sys.stdout.flush()
        await stopping.wait()
        say("Stopping.")
        await program.stop()


async def _start(config: Config, scratch: Path, stop: Callable[[], None]) -> Program:
    sandboxing = Beginning(scratch, config.environments, log)
    # Nearly everything is loaded here, while the process that functions are forked from comes up.
    from outfall.host.compose import compose

    try:
        program = await compose(config, sandboxing, stop, log)
    except StoreError as error:
        sandboxing.close()
        raise CannotStart(f"{config.place}: {error}") from None
    except OSError as error:
        sandboxing.close()
        raise CannotStart(f"{config.data}: {error.strerror or error}") from None
    try:
        await program.start()
    except OSError as error:
        await program.stop()
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"port {config.port} is in use: stop what listens there (outfall down), or choose another with --port"
            ) from None
        raise CannotStart(f"cannot listen on {config.host}:{config.port}: {error.strerror or error}") from None
    return program


def banner(program: Program) -> list[str]:
    """What a user sees when the server is ready."""
    config = program.config
    endpoint = f"http://{config.host}:{program.port}"
    return [
        f"Outfall {__version__}",
        f"  endpoint      {endpoint}",
        f"  data          {config.place or 'in memory: gone when the server stops'}",
        f"  console       {f'{endpoint}{ROOT}/' if program.console.is_built else program.console.state()}",
        f"  environments  {program.sandbox.kind}",
        *(f"  notice        {notice}" for notice in program.sandbox.notices().values()),
        f'  to use it     eval "$(outfall env --endpoint {endpoint})"',
        "Ready.",
    ]


def log(line: str) -> None:
    """One line on standard error, with its time."""
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}", file=sys.stderr, flush=True)
