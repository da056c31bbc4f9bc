"""The keeper of one environment: makes its namespaces and mounts, starts the function's process, and ends with it.

One keeper runs for each process of a function, above it. It holds one end of the environment's control socket: when
the other end closes (the server stopped the environment, or died), it takes every process of the environment with it.
When the function's process ends, it says how (`{"exit": 1}` or `{"signal": 9}`) and does the same.

Descriptors of a request: the control socket, the log pipe, and (where memory is limited by one) the `cgroup.procs` file
that the function's process is to be written to.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from typing import Any

from . import kernel

STORE = "/var/sandbox"
"""Where bubblewrap shows the server's code and tmp directories; hidden from functions."""
_MOUNT_NAMESPACES = kernel.NEWNS | kernel.NEWIPC | kernel.NEWUTS


def try_isolation() -> None:
    """Makes what an environment is made of once, in a child; raises `OSError` if the kernel refuses."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY)
    kernel.unshare(kernel.NEWPID)
    child = os.fork()
    if child == 0:
        try:
            _isolate(f"{STORE}/code", None, f"{STORE}/tmp")
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0:
        raise OSError(status, os.strerror(status))
    kernel.enter(own, kernel.NEWPID)
    os.close(own)


def keep(request: dict[str, Any], descriptors: list[int], isolated: bool) -> dict[str, Any]:
    """Runs in a fresh fork of the warm parent. Returns in the function's process only; the keeper never returns."""
    wakeup_read, wakeup_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    if isolated:
        kernel.die_with_parent()
        _isolate(request["code"], request["layers"], request["tmp"])
    else:
        kernel.adopt_orphans()  # and outlives the warm parent: it has to end them when the control socket closes
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        os.close(wakeup_read)
        os.close(wakeup_write)
        return {**request, "descriptors": descriptors}
    control = socket.socket(fileno=descriptors[0])
    for cgroup in descriptors[2:]:
        os.write(cgroup, str(child).encode())  # takes the kernel some 10 ms, in which the function's process goes on
    for descriptor in descriptors[1:]:
        os.close(descriptor)
    os.chdir("/")
    _watch(child, control, wakeup_read)
    if not isolated:
        _end_all(child)
    os._exit(0)


def _watch(child: int, control: socket.socket, wakeup: int) -> None:
    """Until the control socket closes or the function's process has ended and that was told."""
    while True:
        readable, _, _ = select.select([control.fileno(), wakeup], [], [])
        if control.fileno() in readable and not control.recv(64):
            return
        if wakeup in readable:
            os.read(wakeup, 512)
            end = _reap(child)
            if end is not None:
                try:
                    control.send(json.dumps(end).encode())
                except OSError:
                    pass
                return


def _reap(child: int) -> dict[str, int] | None:
    """Reaps what has ended; how the function's own process ended if it is among them."""
    found = None
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = {"exit": code} if code >= 0 else {"signal": -code}
            found["memory_mb"] = usage.ru_maxrss // 1024


def _end_all(child: int) -> None:
    """Without a process namespace: kills the function's session, then whatever was orphaned to this process."""
    try:
        os.killpg(child, signal.SIGKILL)
    except OSError:
        pass
    for _ in range(100):
        _reap(child)
        with open(f"/proc/self/task/{os.getpid()}/children") as children:
            left = children.read().split()
        if not left:
            return
        for pid in left:
            os.kill(int(pid), signal.SIGKILL)
        select.select([], [], [], 0.005)


def _isolate(code: str, layers: str | None, tmp: str) -> None:
    kernel.unshare(_MOUNT_NAMESPACES)
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount(code, "/var/task", flags=kernel.MS_BIND)
    if layers:
        kernel.mount(layers, "/opt", flags=kernel.MS_BIND)
    kernel.mount(tmp, "/tmp", flags=kernel.MS_BIND)
    try:
        kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    except OSError:
        pass  # containers with a masked /proc refuse this; the outer /proc serves, with outer process ids
    kernel.unmount(f"{STORE}/code")
    kernel.unmount(f"{STORE}/tmp")
