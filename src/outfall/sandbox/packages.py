"""The cache of unpacked packages: one read-only directory for each zip archive (or set of layers), by its digest.

A package is unpacked beside its place and moved there whole, so a directory that exists is complete. An archive's
entries stay inside it: no absolute names, no `..`, no links that lead out. Sizes are counted while unpacking, whatever
the archive says of them.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from outfall.core.body import Segment
from outfall.core.invocation import Package

UNZIPPED_SIZE_MAX = 262_144_000
ENTRIES_MAX = 100_000
UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."
EMPTY = "Uploaded file must be a non-empty zip"
TOO_LARGE = f"Unzipped size must be smaller than {UNZIPPED_SIZE_MAX} bytes"
_COPY_SIZE = 1024 * 1024
_KEPT_MAX = 500


UNREADABLE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    UnicodeError,
    RuntimeError,  # encrypted, or compressed in a way that nobody here knows
    FileExistsError,
    NotADirectoryError,
    IsADirectoryError,
)
"""What unpacking raises for bytes that are no archive, and for one whose names contradict each other."""


class BadPackage(Exception):
    """The archive cannot be unpacked; the message is AWS's."""


class PackageCache:
    """Packages under one directory. The directory's name of a package is its digest."""

    def __init__(self, directory: Path, read_segments: Callable[[tuple[Segment, ...]], Awaitable[bytes]]) -> None:
        self._directory = directory
        self._read_segments = read_segments
        self._unpacking: dict[str, asyncio.Task[None]] = {}

    async def ensure(self, packages: tuple[Package, ...]) -> str:
        """The name of the directory with these packages, unpacked one over the other; raises `BadPackage`."""
        name = packages[0].sha256
        if len(packages) > 1:
            name = "layers-" + sha256("".join(package.sha256 for package in packages).encode()).hexdigest()
        if not (self._directory / name).is_dir():
            task = self._unpacking.get(name)
            if task is None:
                task = self._unpacking[name] = asyncio.create_task(self._unpack(name, packages))
                task.add_done_callback(lambda _: self._unpacking.pop(name, None))
            await asyncio.shield(task)
        os.utime(self._directory / name)
        return name

    async def _unpack(self, name: str, packages: tuple[Package, ...]) -> None:
        archives = [await self._read_segments(package.segments) for package in packages]
        await asyncio.to_thread(self._unpack_now, name, archives)

    def _unpack_now(self, name: str, archives: list[bytes]) -> None:
        place = self._directory / name
        beside = self._directory / f".{uuid4().hex}"
        beside.mkdir(parents=True)
        try:
            room = UNZIPPED_SIZE_MAX
            for archive in archives:
                room -= unzip(archive, beside, room)
            beside.chmod(0o755)
            beside.rename(place)
        except OSError as error:
            if not place.is_dir():
                raise BadPackage(f"The package could not be written: {error.strerror}") from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        self._prune(place)

    def _prune(self, newest: Path) -> None:
        """Removes what was not used for longest; the number kept is far above that of environments."""
        kept = sorted(self._directory.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in kept[: max(0, len(kept) - _KEPT_MAX)]:
            if path != newest:
                shutil.rmtree(path, ignore_errors=True)

    def uses_boto3(self, name: str) -> bool:
        """Whether a module at the top of the package speaks of boto3, so that a parent with boto3 pays off."""
        for path in (self._directory / name).glob("*.py"):
            try:
                text = path.read_bytes()[: 1024 * 1024]
            except OSError:
                continue
            if b"boto3" in text or b"botocore" in text:
                return True
        return False


def unzip(archive: bytes, directory: Path, size_max: int) -> int:
    """Unpacks an archive into a directory; returns the bytes written; raises `BadPackage`."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
            if not entries:
                raise BadPackage(EMPTY)
            if len(entries) > ENTRIES_MAX:
                raise BadPackage(UNREADABLE)
            written = 0
            links = []
            for entry in entries:
                path = _inside(directory, entry.filename)
                mode = entry.external_attr >> 16
                if stat.S_ISLNK(mode):
                    links.append((path, entry))
                elif entry.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                else:
                    written += _write(opened, entry, path, mode, size_max - written)
            for path, entry in links:
                _link(opened, entry, path, directory)
            return written
    except UNREADABLE_ERRORS as error:
        raise BadPackage(UNREADABLE) from error


def _inside(directory: Path, name: str) -> Path:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or "\0" in name:
        raise BadPackage(UNREADABLE)
    return directory.joinpath(*[part for part in parts if part not in ("", ".")])


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, mode: int, room: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    permissions = (stat.S_IMODE(mode) & 0o777) or 0o644
    if path.is_symlink() or path.is_file():
        path.unlink()
    with opened.open(entry) as source, open(path, "wb") as target:
        while data := source.read(_COPY_SIZE):
            written += len(data)
            if written > room:
                raise BadPackage(TOO_LARGE)
            target.write(data)
        os.fchmod(target.fileno(), permissions | stat.S_IRUSR)
    return written


def _link(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, directory: Path) -> None:
    if entry.file_size > 4096:
        raise BadPackage(UNREADABLE)
    target = opened.read(entry).decode()
    if not _stays_inside(target, path.relative_to(directory).parent):
        raise BadPackage(UNREADABLE)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or path.is_file():
        path.unlink()
    path.symlink_to(target)


def _stays_inside(target: str, place: Path) -> bool:
    """Whether a link leads to its own package, or to a place that only a function's environment has."""
    if target.startswith(("/opt/", "/var/task/")):
        return ".." not in target.split("/")
    depth = len(place.parts)
    for part in target.split("/"):
        depth += -1 if part == ".." else 1 if part not in ("", ".") else 0
        if depth < 0:
            return False
    return not target.startswith("/")
