"""What failures of SQLite and of the disk mean, and syncing directories."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

from outfall.store.errors import StoreError, StoreFull, StoreUnreadable


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_full(error: BaseException) -> bool:
    """Whether there was no space."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def meaning(error: BaseException) -> BaseException:
    """The error of the store that says what an error of SQLite or of the file system means; others as they are."""
    if is_full(error):
        return StoreFull()
    if not isinstance(error, sqlite3.DatabaseError | OSError) or isinstance(error, sqlite3.ProgrammingError):
        return error
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreUnreadable(f"The data directory cannot be read: {error}.")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY):
        return StoreError(f"The disk refused: {error}.")
    return error


def told(error: BaseException) -> None:
    """Raises the error of the store that says what `error` means, if there is one."""
    known = meaning(error)
    if known is not error:
        raise known from error
