"""Blobs: whole or not there, the same from files and from memory."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from outfall.store import BlobFiles, MemoryBlobs, StoreFull


@pytest.fixture(params=["memory", "files"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return MemoryBlobs() if request.param == "memory" else BlobFiles(tmp_path / "blobs")


def written(blobs: Any, *parts: bytes) -> str:
    async def write() -> str:
        writer = blobs.begin()
        for part in parts:
            writer.write(part)
        return str(await writer.finish())

    return asyncio.run(write())


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "blobs").glob("*/*"))


def test_a_blob_is_read_whole_and_in_parts(blobs: Any) -> None:
    blob = written(blobs, b"hello ", memoryview(b"world"))  # type: ignore[arg-type]
    with blobs.open(blob) as file:
        assert file.read() == b"hello world"
    assert blobs.read(blob, 6, 3) == b"wor"
    assert blobs.read(blob, 9, 99) == b"ld"
    assert blobs.read(blob, 99, 1) == b""


def test_ids_differ(blobs: Any) -> None:
    assert written(blobs, b"same") != written(blobs, b"same")


def test_a_removed_blob_is_gone_but_readable_where_it_is_open(blobs: Any) -> None:
    blob = written(blobs, b"data")
    with blobs.open(blob) as file:
        blobs.remove(blob)
        assert file.read() == b"data"
    blobs.remove(blob)
    with pytest.raises(FileNotFoundError):
        blobs.open(blob)


@pytest.mark.parametrize("blob", ["", "..", "../../etc/passwd", "0" * 31, "0" * 32, "G" * 32])
def test_what_is_no_id_is_not_found(blobs: Any, blob: str) -> None:
    blobs.remove(blob)
    with pytest.raises(FileNotFoundError):
        blobs.read(blob, 0, 1)


def test_a_writer_ends_once(blobs: Any) -> None:
    async def end_twice() -> None:
        writer = blobs.begin()
        await writer.finish()
        writer.abort()
        with pytest.raises(ValueError, match="finished"):
            writer.write(b"more")
        with pytest.raises(ValueError, match="finished"):
            await writer.finish()

    asyncio.run(end_twice())


def test_sweeping_keeps_what_is_referred_to(blobs: Any) -> None:
    kept, orphan = written(blobs, b"kept"), written(blobs, b"orphan")
    assert blobs.sweep(lambda blob: blob == kept) == 1
    assert blobs.read(kept, 0, 9) == b"kept"
    with pytest.raises(FileNotFoundError):
        blobs.open(orphan)


def test_clearing_removes_all(blobs: Any) -> None:
    blob = written(blobs, b"x")
    blobs.clear()
    with pytest.raises(FileNotFoundError):
        blobs.open(blob)


def test_what_was_half_written_is_swept(tmp_path: Path) -> None:
    BlobFiles(tmp_path / "blobs").begin().write(b"half")
    assert len(files(tmp_path)) == 1
    assert BlobFiles(tmp_path / "blobs").sweep(lambda blob: True) == 1
    assert files(tmp_path) == []


def test_an_aborted_blob_leaves_nothing(tmp_path: Path) -> None:
    writer = BlobFiles(tmp_path / "blobs").begin()
    writer.write(b"x")
    writer.abort()
    writer.abort()
    assert files(tmp_path) == []


def test_a_blob_is_synced_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = BlobFiles(tmp_path / "blobs")
    seen: list[str] = []
    real = os.fdatasync, os.rename, os.fsync
    monkeypatch.setattr(os, "fdatasync", lambda fd: (seen.append("data"), real[0](fd)))
    monkeypatch.setattr(os, "rename", lambda a, b: (seen.append("rename"), real[1](a, b)))
    monkeypatch.setattr(os, "fsync", lambda fd: (seen.append("folder"), real[2](fd)))
    written(blobs, b"x")
    assert seen == ["data", "folder", "rename", "folder"]  # the first folder is that of folders: its own is new


def test_a_full_disk_leaves_nothing_of_the_blob(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = BlobFiles(tmp_path / "blobs")

    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", full)
        with pytest.raises(StoreFull):
            written(blobs, b"x")
    assert files(tmp_path) == []
    assert blobs.read(written(blobs, b"x"), 0, 1) == b"x"
