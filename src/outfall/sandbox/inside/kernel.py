"""The few calls to the Linux kernel that Python has no name for (3.11), through ctypes. Errors are `OSError`."""

from __future__ import annotations

import ctypes
import os

NEWNS, NEWUTS, NEWIPC, NEWPID = 0x00020000, 0x04000000, 0x08000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
MNT_DETACH = 2
_PDEATHSIG, _SECUREBITS, _SUBREAPER, _NO_NEW_PRIVS = 1, 28, 36, 38
_SECBITS_WITHOUT_ROOT = 0x2F
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def unshare(flags: int) -> None:
    """Leaves the namespaces of these kinds for new ones."""
    _checked(_libc.unshare(flags))


def enter(namespace_fd: int, kind: int) -> None:
    """Enters the namespace that the descriptor stands for."""
    _checked(_libc.setns(namespace_fd, kind))


def mount(source: str, target: str, kind: str = "", flags: int = 0) -> None:
    """mount(2) without options."""
    _checked(_libc.mount(source.encode(), target.encode(), kind.encode() or None, flags, None))


def unmount(target: str) -> None:
    """Takes a mount away, also while it is in use."""
    _checked(_libc.umount2(target.encode(), MNT_DETACH))


def die_with_parent() -> None:
    """This process is killed when its parent ends."""
    _libc.prctl(_PDEATHSIG, 9, 0, 0, 0)


def adopt_orphans() -> None:
    """Descendants whose parent ended become children of this process."""
    _libc.prctl(_SUBREAPER, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Gives up every capability for good, over `execve` too."""
    _libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    _libc.prctl(_SECUREBITS, _SECBITS_WITHOUT_ROOT, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())))
