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
        directory.mkdir(parents=True, exist_ok=True)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreUnreadable(f"The data directory {directory} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StoreInUse(f"Another process is working on the data directory {directory}.") from error
    return lock


def connected(file: Path) -> sqlite3.Connection:
    """A connection to the database, which is made if it is not there."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        modes = [connection.execute(pragma).fetchone() for pragma in _PRAGMAS]
        if modes[0] != ("wal",):
            raise StoreUnreadable("The data directory is on a file system that cannot hold a write-ahead log.")
    except BaseException:
        connection.close()
        raise
    return connection
