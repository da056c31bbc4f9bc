"""A server on a thread of its own, and what a test does with it."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvloop

from outfall.core.context import IamMode
from outfall.host.compose import Program, compose
from outfall.host.config import DEFAULT_REGION, Config
from outfall.host.time_travel import Stop
from outfall.host.trouble import Trouble
from outfall.sandbox import Beginning

T = TypeVar("T")
START_S_MAX = 30.0


class StillWaiting(UserWarning):
    """Something comes back again and again, however far the clock is moved."""


class Inside(msgspec.Struct, frozen=True):
    """A running server: its endpoint, AWS clients for it, and its clock."""

    program: Program
    loop: asyncio.AbstractEventLoop

    @property
    def endpoint(self) -> str:
        """The server's URL, for any AWS client."""
        return f"http://127.0.0.1:{self.program.port}"

    def client(self, service: str, *, account: str = "test", region: str = DEFAULT_REGION) -> Any:
        """A boto3 client; `account` is twelve digits for the root of that account."""
        from botocore.config import Config as ClientConfig

        return _session().client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=account,
            aws_secret_access_key="test",
            config=ClientConfig(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def advance(self, **duration: float) -> None:
        """Moves the clock, as `advance(minutes=3)`; returns when all that fell due on the way is done."""
        by_ms = round(timedelta(**duration) / timedelta(milliseconds=1))
        self._do(lambda: self.program.travel.advance(by_ms))

    def jump(self) -> None:
        """Moves the clock to the next thing that is due, and returns when it is done."""
        self._do(self.program.travel.jump)

    def run_until_idle(self) -> Stop:
        """Moves the clock until nothing waits any more; after how many steps, and what waits nevertheless, since it
        comes back for ever: a message that its function never takes, without a dead-letter queue. Then it warns."""
        stop = self._do(self.program.travel.run_until_idle)
        if stop.waiting:
            told = f"not idle after {stop.steps} steps: {stop.waiting[0].what} comes back again and again"
            warnings.warn(told, StillWaiting, stacklevel=2)
        return stop

    def reset(self) -> None:
        """Removes everything."""
        self._do(self.program.reset)

    def _do(self, work: Callable[[], Awaitable[T]]) -> T:
        async def awaited() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result()


@cache
def _session() -> Any:
    """One for all clients: it reads the description of a service once, which takes longer than most tests."""
    import boto3

    return boto3.session.Session()


def _silent(line: str) -> None:
    """What a server would log."""


@contextlib.contextmanager
def running(
    *,
    clock: str = "manual",
    environments: str = "auto",
    data: Path | None = None,
    chaos: str = "",
    iam: IamMode = "enforce",
) -> Iterator[Inside]:
    """A server in this process, on a free port, for as long as the block lasts.

    `chaos` asks for trouble as `outfall up --chaos` does, so that a test can prove that a function bears it; `iam` is
    what becomes of what no policy allows, as in `outfall up --iam`.
    """
    trouble = Trouble.parse(chaos) if chaos else None
    config = Config(port=0, data=data, clock=clock, environments=environments, chaos=trouble, iam=iam)
    started: list[Inside | BaseException] = []
    ready, done = threading.Event(), asyncio.Event()

    async def serve() -> None:
        with tempfile.TemporaryDirectory(prefix="outfall-", ignore_cleanup_errors=True) as scratch:
            program = await compose(config, Beginning(Path(scratch), config.environments, _silent), done.set, _silent)
            await program.start()
            started.append(Inside(program, asyncio.get_running_loop()))
            ready.set()
            await done.wait()
            await program.stop()

    def live() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve())
        except BaseException as error:
            started.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=live, name="outfall", daemon=True)
    thread.start()
    ready.wait(START_S_MAX)
    inside = started[0] if started else TimeoutError(f"not ready within {START_S_MAX:.0f} s")
    if isinstance(inside, BaseException):
        raise RuntimeError("the server did not start") from inside
    try:
        yield inside
    finally:
        inside.loop.call_soon_threadsafe(done.set)
        thread.join(START_S_MAX)
