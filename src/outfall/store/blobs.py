"""Bodies too large for a row, as files: written once, durable before anything refers to them, never changed.

A blob is a file under its id, in one of 256 folders, each made when it is needed. It is written under `incoming/` and
renamed when it is complete, so that what lies in a folder is whole. Which blobs are referred to is known to the rows,
not here.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import secrets
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

from outfall.store.failures import sync_directory, told

_ID = re.compile(r"[0-9a-f]{32}")
_INCOMING = "incoming"

REMOVE_AFTER_S = 900
"""For blobs that many nodes share: none can tell whether another still reads one."""
_BEGIN_SIZE = 8 * 1024 * 1024
LOOKED_AT_ONCE = 1000


class BlobWriter(Protocol):
    """A blob that is being written. Ends with `finish` or `abort`."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Adds bytes. Raises `StoreFull`."""

    async def finish(self) -> str:
        """Makes the blob durable; returns its id. Raises `StoreFull`, and then nothing is left of it."""

    def abort(self) -> None:
        """Leaves nothing of it. Does nothing after `finish` or `abort`."""


class Blobs(Protocol):
    """Blobs by their ids. What is asked of an id that is not there raises FileNotFoundError.

    All but `begin` and `open` may wait for a network, and is not to be asked in the event loop.
    """

    remove_after_s: int
    """How long a blob that no row refers to any more is kept for those who still read it."""

    def begin(self, blob: str = "") -> BlobWriter:
        """A new blob, under an id of its own unless it is given one."""

    def open(self, blob: str) -> BinaryIO:
        """The blob for reading, from its start; stays readable when the blob is removed."""

    def read(self, blob: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer at the end of the blob."""

    def remove(self, blob: str) -> None:
        """Removes a blob, if it is there."""

    def sweep(self, keep: Callable[[str], bool]) -> int:
        """At start: removes what was half written, and blobs that `keep` does not know; how many files."""

    def old(self, after: str, before_s: float) -> tuple[list[str], str | None]:
        """Of the next few blobs behind the id `after`, those that were written before that time (wall clock, seconds);
        and the id to go on behind, None at the end. What was half written before that time is removed on the way."""

    def clear(self) -> None:
        """Removes all blobs."""


class FileWriter:
    """A blob on its way into its folder."""

    def __init__(self, directory: Path, blob: str) -> None:
        self._blob = blob
        self._from = directory / _INCOMING / blob
        self._to = directory / blob[:2] / blob
        self._size = self._begun = 0
        try:
            handle = os.open(self._from, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._file: BinaryIO | None = os.fdopen(handle, "wb", buffering=0)
        except OSError as error:
            told(error)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Adds bytes. Raises `StoreFull`."""
        if self._file is None:
            raise ValueError("this blob is finished")
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
            self._size += len(data)
            if self._size - self._begun >= _BEGIN_SIZE:
                self._begin_to_sync(self._file.fileno())
        except OSError as error:
            told(error)

    def _begin_to_sync(self, number: int) -> None:
        """Has the kernel write what is there, so that little is left to wait for at the end: the advice not to need
        pages begins to write those that are dirty, and leaves them in memory."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(number, self._begun, self._size - self._begun, os.POSIX_FADV_DONTNEED)
        self._begun = self._size

    async def finish(self) -> str:
        """Makes the blob durable in a thread; returns its id."""
        file, self._file = self._file, None
        if file is None:
            raise ValueError("this blob is finished")
        keeping = asyncio.get_running_loop().run_in_executor(None, self._keep, file)
        try:
            await asyncio.shield(keeping)
        except asyncio.CancelledError:
            keeping.add_done_callback(lambda done: self._discard() if done.exception() is None else None)
            raise
        return self._blob

    def _keep(self, file: BinaryIO) -> None:
        try:
            with file:
                os.fdatasync(file.fileno())
            if not self._to.parent.is_dir():
                self._to.parent.mkdir(mode=0o700, exist_ok=True)
                sync_directory(self._to.parent.parent)
            os.rename(self._from, self._to)
            sync_directory(self._to.parent)
        except OSError as error:
            self._discard()
            told(error)

    def _discard(self) -> None:
        for path in (self._from, self._to):
            path.unlink(missing_ok=True)

    def abort(self) -> None:
        """Leaves nothing of it."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
            self._discard()


class BlobFiles:
    """Blobs in the files of a directory."""

    def __init__(self, directory: Path, remove_after_s: int = 0) -> None:
        self._directory = directory
        self.remove_after_s = remove_after_s
        if not (directory / _INCOMING).is_dir():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            (directory / _INCOMING).mkdir(mode=0o700, exist_ok=True)
            sync_directory(directory)
            sync_directory(directory.parent)

    def _path(self, blob: str) -> Path:
        if not _ID.fullmatch(blob):
            raise FileNotFoundError(blob)
        return self._directory / blob[:2] / blob

    def begin(self, blob: str = "") -> FileWriter:
        """A new blob."""
        return FileWriter(self._directory, blob or secrets.token_hex(16))

    def open(self, blob: str) -> BinaryIO:
        """The blob for reading; `fileno()` serves `os.pread` and `sendfile`."""
        return self._path(blob).open("rb", buffering=0)

    def read(self, blob: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`."""
        with self.open(blob) as file:
            return os.pread(file.fileno(), length, start)

    def remove(self, blob: str) -> None:
        """Removes a blob, if it is there."""
        if _ID.fullmatch(blob):
            self._path(blob).unlink(missing_ok=True)

    def sweep(self, keep: Callable[[str], bool]) -> int:
        """Removes what was half written, and blobs that `keep` does not know; how many files."""
        gone = [path for path in self._directory.glob("*/*") if path.parent.name == _INCOMING or not keep(path.name)]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def old(self, after: str, before_s: float) -> tuple[list[str], str | None]:
        """Of the next few blobs, those that were written before that time; and where to go on."""
        if not after:
            for path in self._written_before(self._directory / _INCOMING, before_s):
                path.unlink(missing_ok=True)
        names = (
            name
            for folder in sorted(path.name for path in self._directory.glob("[0-9a-f][0-9a-f]"))
            if folder >= after[:2]
            for name in sorted(os.listdir(self._directory / folder))
            if name > after
        )
        looked = list(islice(names, LOOKED_AT_ONCE))
        found = [name for name in looked if _is_written_before(self._directory / name[:2] / name, before_s)]
        return found, looked[-1] if len(looked) == LOOKED_AT_ONCE else None

    def _written_before(self, folder: Path, before_s: float) -> list[Path]:
        return [path for path in folder.iterdir() if _is_written_before(path, before_s)]

    def clear(self) -> None:
        """Removes all blobs that are whole."""
        for path in self._directory.glob("[0-9a-f][0-9a-f]/*"):
            path.unlink(missing_ok=True)


def _is_written_before(path: Path, before_s: float) -> bool:
    try:
        return path.stat().st_mtime < before_s
    except FileNotFoundError:  # another node removed it
        return False


class MemoryWriter:
    """A blob on its way into a `MemoryBlobs`."""

    def __init__(self, blobs: dict[str, bytes], blob: str) -> None:
        self._blobs = blobs
        self._blob = blob
        self._data: bytearray | None = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Adds bytes."""
        if self._data is None:
            raise ValueError("this blob is finished")
        self._data += data

    async def finish(self) -> str:
        """Keeps the blob; returns its id."""
        data, self._data = self._data, None
        if data is None:
            raise ValueError("this blob is finished")
        self._blobs[self._blob] = bytes(data)
        return self._blob

    def abort(self) -> None:
        """Leaves nothing of it."""
        self._data = None


class MemoryBlobs:
    """Blobs in memory: the twin of `BlobFiles`."""

    remove_after_s = 0

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def _data(self, blob: str) -> bytes:
        if blob not in self._blobs:
            raise FileNotFoundError(blob)
        return self._blobs[blob]

    def begin(self, blob: str = "") -> MemoryWriter:
        """A new blob."""
        return MemoryWriter(self._blobs, blob or secrets.token_hex(16))

    def open(self, blob: str) -> BinaryIO:
        """The blob for reading, without a file descriptor."""
        return io.BytesIO(self._data(blob))

    def read(self, blob: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`."""
        return self._data(blob)[start : start + length]

    def remove(self, blob: str) -> None:
        """Removes a blob, if it is there."""
        self._blobs.pop(blob, None)

    def sweep(self, keep: Callable[[str], bool]) -> int:
        """Removes blobs that `keep` does not know; how many."""
        gone = [blob for blob in self._blobs if not keep(blob)]
        for blob in gone:
            del self._blobs[blob]
        return len(gone)

    def old(self, after: str, before_s: float) -> tuple[list[str], str | None]:
        """None: what ends with this process needs no looking after."""
        return [], None

    def clear(self) -> None:
        """Removes all blobs."""
        self._blobs.clear()
