"""Unpacking archives that cannot be trusted."""

from __future__ import annotations

import asyncio
import io
import stat
import zipfile
from pathlib import Path

import pytest

from outfall.core.body import Segment
from outfall.sandbox import packages
from outfall.sandbox.packages import EMPTY, TOO_LARGE, UNREADABLE, BadPackage, PackageCache, unzip
from tests.sandbox.conftest import package, stored


def archive(*entries: tuple[str, bytes, int]) -> bytes:
    """A zip of (name, content, Unix mode) entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            opened.writestr(entry, content)
    return buffer.getvalue()


LINK = stat.S_IFLNK | 0o777
REFUSED = {
    "not a zip": (b"PK not really", UNREADABLE),
    "nothing in it": (archive(), EMPTY),
    "cut off": (archive(("a", b"x" * 1000, 0o644))[:-30], UNREADABLE),
    "wrong checksum": (archive(("a", b"plain", 0o644)).replace(b"PK\x03\x04", b"PK\x03\x04", 1)[:-1], UNREADABLE),
    "leads out": (archive(("../evil", b"x", 0o644)), UNREADABLE),
    "leads out further in": (archive(("a/../../evil", b"x", 0o644)), UNREADABLE),
    "backslashes": (archive(("..\\evil", b"x", 0o644)), UNREADABLE),
    "absolute": (archive(("/etc/evil", b"x", 0o644)), UNREADABLE),
    "link out": (archive(("a", b"../../etc/passwd", LINK)), UNREADABLE),
    "absolute link": (archive(("a", b"/etc/passwd", LINK)), UNREADABLE),
    "file and folder of one name": (archive(("a", b"x", 0o644), ("a/b", b"x", 0o644)), UNREADABLE),
    "bomb": (archive(("a", b"\0" * 5_000_000, 0o644)), TOO_LARGE),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_trusted_is_refused(case: str, tmp_path: Path) -> None:
    data, message = REFUSED[case]
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(BadPackage) as refused:
        unzip(data, inside, 1_000_000)
    assert str(refused.value) == message
    assert [path for path in tmp_path.iterdir() if path != inside] == []


def test_a_link_written_first_is_not_followed(tmp_path: Path) -> None:
    unzip(archive(("b", b"a", LINK), ("a/x", b"1", 0o644)), tmp_path, 100)
    assert (tmp_path / "b" / "x").read_bytes() == b"1"
    with pytest.raises(BadPackage):
        unzip(archive(("c", b"a", LINK), ("c/x", b"1", 0o644)), tmp_path / "again", 100)


def test_permissions_are_those_of_the_archive(tmp_path: Path) -> None:
    unzip(archive(("run", b"x", 0o755), ("read", b"x", 0o444), ("none", b"x", stat.S_IFREG)), tmp_path, 100)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("run", "read", "none")] == [0o755, 0o444, 0o644]


def test_a_package_is_unpacked_once_and_whole(tmp_path: Path) -> None:
    reads = 0

    async def read(segments: tuple[Segment, ...]) -> bytes:
        nonlocal reads
        reads += 1
        return segments[0].data

    async def twice_at_once() -> list[str]:
        cache = PackageCache(tmp_path, read)
        code = package({"app.py": "import boto3\n"})
        names = await asyncio.gather(cache.ensure((code,)), cache.ensure((code,)))
        assert cache.uses_boto3(names[0])
        return names

    names = asyncio.run(twice_at_once())
    assert reads == 1
    assert [path.name for path in tmp_path.iterdir()] == [names[0]]


def test_a_refused_package_leaves_nothing(tmp_path: Path) -> None:
    async def read(segments: tuple[Segment, ...]) -> bytes:
        return segments[0].data

    async def refused() -> None:
        await PackageCache(tmp_path, read).ensure((stored(REFUSED["leads out"][0]),))

    with pytest.raises(BadPackage):
        asyncio.run(refused())
    assert list(tmp_path.iterdir()) == []


def test_layers_share_one_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "UNZIPPED_SIZE_MAX", 150)

    async def read(segments: tuple[Segment, ...]) -> bytes:
        return segments[0].data

    async def both() -> None:
        one, two = (stored(archive((name, b"x" * 100, 0o644))) for name in "ab")
        await PackageCache(tmp_path, read).ensure((one, two))

    with pytest.raises(BadPackage, match="Unzipped size"):
        asyncio.run(both())
