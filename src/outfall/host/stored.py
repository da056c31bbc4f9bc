"""Stored bytes, out again in bounded memory: poured into an answer, or digested."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

from outfall.core.body import Body, Content, Segment
from outfall.host.digests import Digests
from outfall.host.intake import THREAD_SIZE_MIN, Blobs

READ_SIZE = 1024 * 1024


async def pour(content: Content, blobs: Blobs) -> AsyncIterator[bytes]:
    """The bytes of a response body, in pieces, the next one read while one is sent. A blob that is gone raises
    `FileNotFoundError`."""
    skip, left = content.start, content.length
    for segment in content.segments:
        if left <= 0:
            return
        if skip >= segment.size:
            skip -= segment.size
            continue
        length = min(segment.size - skip, left)
        if segment.blob:
            async for piece in _read(blobs, segment.blob, segment.offset + skip, length):
                yield piece
        else:
            yield segment.data[skip : skip + length]
        skip, left = 0, left - length


async def _read(blobs: Blobs, blob: str, start: int, length: int) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    file = blobs.open(blob)
    ahead: asyncio.Future[bytes] | None = None
    try:
        read = _reader(file)
        at, end = start, start + length
        ahead = loop.run_in_executor(None, read, at, min(READ_SIZE, end - at))
        while at < end:
            piece = await asyncio.shield(ahead)
            if not piece:
                return
            at += len(piece)
            if at < end:
                ahead = loop.run_in_executor(None, read, at, min(READ_SIZE, end - at))
            yield piece
    finally:
        if ahead is not None and not ahead.done():
            ahead.add_done_callback(lambda _: file.close())
        else:
            file.close()


async def digest(segments: tuple[Segment, ...], names: tuple[str, ...], blobs: Blobs) -> Body:
    """MD5 and the named checksums of stored bytes, in bounded memory. Raises `FileNotFoundError` for a blob that is
    gone."""
    digests = Digests(names)
    size = sum(segment.size for segment in segments)
    async for piece in pour(Content(segments, 0, size), blobs):
        if len(piece) < THREAD_SIZE_MIN:
            digests.update(piece)
        else:
            await asyncio.get_running_loop().run_in_executor(None, digests.update, piece)
    return Body(size, segments, digests.md5(), digests.checksums())


def _reader(file: BinaryIO) -> Callable[[int, int], bytes]:
    """How to read (start, length) of an open blob."""
    try:
        number = file.fileno()
    except OSError:  # a blob in memory has none
        number = -1

    def read(start: int, length: int) -> bytes:
        if number >= 0:
            return os.pread(number, length, start)
        file.seek(start)
        return file.read(length)

    return read
