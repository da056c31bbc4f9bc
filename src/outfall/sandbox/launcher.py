"""Warm parents as the server sees them: starting one, asking it for a process, and watching that process.

A request goes over a socket as JSON with three descriptors: the control socket of the new environment, its log pipe,
and the cgroup to join. What the keeper and the process say comes back over the control socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable
from typing import Any

from outfall.sandbox.driver import Driver
from outfall.sandbox.payloads import Exit

_READY_WAIT_S = 10.0
_CREDENTIALS_SIZE = struct.calcsize("3i")
_PARENT_VARIABLES = {"LANG": "en_US.UTF-8", "LC_CTYPE": "C.UTF-8", "TZ": ":UTC", "LD_LIBRARY_PATH": "/var/lang/lib"}


class CannotLaunch(Exception):
    """A warm parent did not come up."""


class WarmParent:
    """One pre-imported process that forks environments."""

    def __init__(self, driver: Driver, with_boto3: bool) -> None:
        self._driver = driver
        self._with_boto3 = with_boto3
        self._channel: socket.socket | None = None
        self._coming: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._starting: asyncio.Task[None] | None = None
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as this object)

    async def ready(self) -> None:
        """Starts it if it does not run; raises `CannotLaunch` with what it wrote if it does not come up."""
        if self._process and self._process.poll() is None and self._channel:
            return
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)

    def begin(self) -> None:
        """Starts it, and leaves it to `ready` to wait for it: it comes up while the caller does something else."""
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            argv = self._driver.argv(theirs.fileno(), self._with_boto3)
            self._process = subprocess.Popen(
                argv,
                env=_PARENT_VARIABLES,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._words,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._coming = ours

    async def _start(self) -> None:
        if self._coming is None:
            self.begin()
        ours, self._coming = self._coming, None
        assert ours is not None
        try:
            said = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ours, 256), _READY_WAIT_S)
        except (TimeoutError, OSError):
            said = b""
        if not said:
            ours.close()
            raise CannotLaunch(self._last_words())
        self._channel = ours

    def _last_words(self) -> str:
        self.close()
        end = self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, end - 4096))
        wrote = self._words.read().decode("utf-8", "replace").strip()
        return wrote.splitlines()[-1] if wrote else "it ended without a word"

    async def fork(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Asks for a process; raises `CannotLaunch`. The descriptors stay the caller's to close."""
        message = json.dumps(request).encode()
        for _ in range(2):
            await self.ready()
            assert self._channel is not None
            try:
                while True:
                    try:
                        socket.send_fds(self._channel, [message], descriptors)
                        return
                    except BlockingIOError:
                        await asyncio.sleep(0.002)
            except OSError:
                self.close()
        raise CannotLaunch("the warm parent ended again and again")

    def close(self) -> None:
        """Ends it. Environments that it forked end with it."""
        if self._coming:
            self._coming.close()
            self._coming = None
        if self._channel:
            self._channel.close()
            self._channel = None
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


class FunctionProcess:
    """One process of a function: its control socket and, through the kernel's word, its process id on this machine."""

    def __init__(self, on_exit: Callable[[Exit], None]) -> None:
        self.pid = 0
        self._on_exit = on_exit
        self._ended = False
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self._ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def watch(self) -> None:
        """Begins to listen; the other end must have been handed over."""
        self.theirs.close()
        asyncio.get_running_loop().add_reader(self._ours.fileno(), self._read)

    def _read(self) -> None:
        try:
            message, ancillary, _, _ = self._ours.recvmsg(256, socket.CMSG_SPACE(_CREDENTIALS_SIZE))
        except BlockingIOError:
            return
        except OSError:
            message, ancillary = b"", []
        if not message:
            self._end(Exit(signal=9))
            return
        said = json.loads(message)
        if "started" in said:
            for level, kind, data in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                    self.pid = struct.unpack("3i", data)[0]
        else:
            self._end(Exit(said.get("exit", 0), said.get("signal", 0), said.get("memory_mb", 0)))

    def _end(self, end: Exit) -> None:
        if not self._ended:
            self.kill()
            self._on_exit(end)

    def kill(self) -> None:
        """Ends the process and all that it started. `on_exit` is not called any more."""
        if not self._ended:
            self._ended = True
            with contextlib.suppress(OSError, RuntimeError):
                asyncio.get_running_loop().remove_reader(self._ours.fileno())
            self._ours.close()
            self.theirs.close()


def close_all(descriptors: list[int]) -> None:
    """Closes descriptors that were handed over."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
