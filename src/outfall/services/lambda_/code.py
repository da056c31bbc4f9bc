"""Code archives: what is wrong with one, and the rows that keep each archive once however many versions use it.

Nothing here unpacks; `inspect_zip` reads the archive's directory only.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

import msgspec
from msgspec.structs import replace

from outfall.core.body import Segment, let_go, refer
from outfall.core.context import Context
from outfall.core.errors import AwsError
from outfall.core.invocation import Package
from outfall.core.ports import Tx
from outfall.services.lambda_.errors import InvalidParameterValueException
from outfall.services.lambda_.model import CODE, CodeRow

ZIPPED_SIZE_MAX = 52_428_800
UNZIPPED_SIZE_MAX = 262_144_000
ENTRIES_MAX = 100_000
"""More entries than that are refused before the directory is read, which would take memory for each of them."""

SPOOLED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "CreateFunction": ("Code", "ZipFile"),
        "UpdateFunctionCode": ("ZipFile",),
        "PublishLayerVersion": ("Content", "ZipFile"),
    }
)
"""Where the bytes of an archive are in a request: the host puts an `UploadedCode` in their place before the handler."""

_UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."


class ZipFacts(msgspec.Struct, frozen=True):
    """What the directory of an archive tells: what is wrong with it, and its size unpacked as it declares it."""

    problem: AwsError | None
    unzipped_size: int = 0


class UploadedCode(msgspec.Struct, frozen=True):
    """An archive that the host has taken in. `sha256` in hex; `problem` is the message of what is wrong, or empty."""

    sha256: str
    size: int
    segments: tuple[Segment, ...]
    problem: str = ""
    unzipped_size: int = 0


def inspect_zip(data: bytes) -> ZipFacts:
    """Looks into an archive without unpacking it. Never raises for what the bytes are.

    Refused as AWS refuses them: bytes that are no archive, an empty archive, one that would unpack to more than 250 MB;
    and, as unreadable, one with absolute names, with `..` in names, encrypted, or with more entries than any code has.
    """
    if not data:
        return ZipFacts(InvalidParameterValueException("Uploaded file must be a non-empty zip"))
    # Each entry of the directory begins with this signature, so this is never less than their number.
    if data.count(b"PK\x01\x02") > ENTRIES_MAX:
        return ZipFacts(InvalidParameterValueException(_UNREADABLE))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    # A RuntimeError where it is compressed in a way that nobody here knows.
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError, MemoryError):
        return ZipFacts(InvalidParameterValueException(_UNREADABLE))
    size = sum(entry.file_size for entry in entries)
    if not entries:
        return ZipFacts(InvalidParameterValueException("Uploaded file must be a non-empty zip"))
    if any(entry.flag_bits & 1 or not _safe(entry.filename) for entry in entries):
        return ZipFacts(InvalidParameterValueException(_UNREADABLE), size)
    if size >= UNZIPPED_SIZE_MAX:
        message = f"Unzipped size must be smaller than {UNZIPPED_SIZE_MAX} bytes"
        return ZipFacts(InvalidParameterValueException(message), size)
    return ZipFacts(None, size)


def _safe(name: str) -> bool:
    plain = name.replace("\\", "/")
    return not plain.startswith("/") and plain[1:2] != ":" and ".." not in PurePosixPath(plain).parts


def uploaded(data: bytes, segments: tuple[Segment, ...]) -> UploadedCode:
    """What a handler gets in place of `data`, which the host has stored at `segments`."""
    facts = inspect_zip(data)
    problem = facts.problem.message if facts.problem else ""
    return UploadedCode(hashlib.sha256(data).hexdigest(), len(data), segments, problem, facts.unzipped_size)


def keep(ctx: Context, code: UploadedCode) -> None:
    """One more version uses this archive; bytes that are kept already are let go."""
    known = ctx.tx.get(CODE, (code.sha256,))
    if known is None:
        refer(ctx, code.segments)
        ctx.tx.put(CODE, (code.sha256,), CodeRow(code.size, code.segments, unzipped_size=code.unzipped_size))
        return
    ctx.tx.put(CODE, (code.sha256,), replace(known, users=known.users + 1))
    if code.segments != known.segments:
        let_go(ctx, code.segments)


def share(ctx: Context, sha256: str) -> None:
    """One more version uses an archive that another one uses already."""
    known = ctx.tx.get(CODE, (sha256,))
    if known:
        ctx.tx.put(CODE, (sha256,), replace(known, users=known.users + 1))


def drop(ctx: Context, sha256: str) -> None:
    """One version less uses this archive; the last one takes it along."""
    known = ctx.tx.get(CODE, (sha256,))
    if known is None:
        return
    if known.users > 1:
        ctx.tx.put(CODE, (sha256,), replace(known, users=known.users - 1))
        return
    ctx.tx.delete(CODE, (sha256,))
    let_go(ctx, known.segments)


def package(tx: Tx, sha256: str) -> Package | None:
    """The archive with this digest, for environments and for the address in GetFunction's `Code.Location`."""
    known = tx.get(CODE, (sha256,))
    return Package(sha256, known.segments) if known else None


def unzipped_size(tx: Tx, sha256: str) -> int:
    """How large an archive that is kept says to be when it is unpacked."""
    known = tx.get(CODE, (sha256,))
    return known.unzipped_size if known else 0


def base64_digest(sha256: str) -> str:
    """CodeSha256 as Lambda prints it: base64 of the digest."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()
