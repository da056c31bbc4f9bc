"""Forms as browsers send them (multipart/form-data, RFC 7578), read piece by piece: fields into memory up to a limit,
the file as a stream. No meaning."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import msgspec

from outfall.host.exchange import BodyStream

BOUNDARY = re.compile(r'boundary="?([^";,]{1,70})"?', re.IGNORECASE)
PARAMETER = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"|;\s*(name|filename)=([^;\s]*)', re.IGNORECASE)
PART_HEADERS_MAX = 8 * 1024


class MalformedForm(Exception):
    """The body is not the form that its Content-Type announces."""


class Part(msgspec.Struct, frozen=True):
    """The head of a part: its name, the file's name if one is given, and its Content-Type or empty."""

    name: str
    file_name: str | None
    content_type: str


def boundary_of(content_type: str) -> bytes | None:
    """The boundary of a form, None if the type is no form's."""
    if not content_type.lower().lstrip().startswith("multipart/form-data"):
        return None
    found = BOUNDARY.search(content_type)
    return found.group(1).encode() if found else None


class Form:
    """The parts of a form, one after the other. Raises `MalformedForm`, and `ConnectionLost` as the body does."""

    def __init__(self, body: BodyStream, boundary: bytes) -> None:
        self._body = body
        self._delimiter = b"\r\n--" + boundary
        self._held = b"\r\n"
        self._started = False

    async def next(self) -> Part | None:
        """The head of the next part, whose content is to be read then; None at the end."""
        if not self._started:
            async for _ in self._until_delimiter():
                pass
            self._started = True
        mark = await self._take(2)
        if mark == b"--":
            return None
        if mark != b"\r\n":
            raise MalformedForm
        while b"\r\n\r\n" not in self._held:
            if len(self._held) > PART_HEADERS_MAX or not await self._fill():
                raise MalformedForm
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        return _part(head)

    async def value(self, limit: int) -> bytes | None:
        """The whole content of this part; None if it is larger than `limit`."""
        pieces, size = [], 0
        async for piece in self.content():
            size += len(piece)
            if size > limit:
                return None
            pieces.append(piece)
        return b"".join(pieces)

    def content(self) -> AsyncIterator[bytes]:
        """The content of this part, piece by piece."""
        return self._until_delimiter()

    async def _until_delimiter(self) -> AsyncIterator[bytes]:
        keep = len(self._delimiter) - 1
        while True:
            at = self._held.find(self._delimiter)
            if at >= 0:
                piece, self._held = self._held[:at], self._held[at + len(self._delimiter) :]
                if piece:
                    yield piece
                return
            if len(self._held) > keep:
                piece, self._held = self._held[:-keep], self._held[-keep:]
                yield piece
            if not await self._fill():
                raise MalformedForm

    async def _take(self, count: int) -> bytes:
        while len(self._held) < count:
            if not await self._fill():
                raise MalformedForm
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    async def _fill(self) -> bool:
        piece = await self._body.read()
        if piece is None:
            return False
        self._held += piece
        return True

    async def finish(self) -> None:
        """Reads what comes after the part that was read last, so that the connection can be used again."""
        self._held = b""
        while await self._body.read() is not None:
            pass


def _part(head: bytes) -> Part:
    name, file_name, content_type = "", None, ""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        header, _, value = line.partition(":")
        if header.strip().lower() == "content-type":
            content_type = value.strip()
        if header.strip().lower() != "content-disposition":
            continue
        for quoted_name, quoted, plain_name, plain in PARAMETER.findall(value):
            text = re.sub(r"\\(.)", r"\1", quoted) if quoted_name else plain
            if (quoted_name or plain_name).lower() == "name":
                name = text
            else:
                file_name = text
    if not name:
        raise MalformedForm
    return Part(name, file_name, content_type)
