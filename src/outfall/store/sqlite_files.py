"""Opening the files of the SQLite engine: one process at a time, and in the right mode."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from outfall.store.errors import StoreInUse, StoreUnreadable

FILE = "outfall.db"
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=0",  # See sqlite_checkpoint.py.
    "PRAGMA cache_size=-16384",
    "PRAGMA secure_delete=OFF",
    "PRAGMA temp_store=MEMORY",
)


def locked(directory: Path) -> int:
    """Keeps other processes out, until the file that is returned is closed."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        close_to_others(directory)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreUnreadable(f"The data directory {directory} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreInUse(f"Another process is working on the data directory {directory}.") from error
    return lock


def close_to_others(path: Path) -> None:
    """Takes from everybody but its owner what they may do with a file or directory of ours: secrets lie in there."""
    found = path.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        path.chmod(found.st_mode & 0o700)


def connected(file: Path) -> sqlite3.Connection:
    """A connection to the database, which is made if it is not there."""
    # What SQLite makes beside the database has the database's permissions.
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for beside in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        if beside.exists():
            close_to_others(beside)
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        modes = [connection.execute(pragma).fetchone() for pragma in _PRAGMAS]
        if modes[0] != ("wal",):
            raise StoreUnreadable("The data directory is on a file system that cannot hold a write-ahead log.")
    except BaseException:
        connection.close()
        raise
    return connection
