"""Bodies of requests, taken in: into memory or the blob store, in bounded memory. The way out is `stored`.

Small bodies stay inline; large ones are hashed and written in threads, while the next bytes come in.
"""

from __future__ import annotations

import asyncio
from typing import BinaryIO, Protocol

from outfall.core.body import INLINE_SIZE_MAX, Body, Segment
from outfall.host import declared as declarations
from outfall.host.declared import Declared
from outfall.host.digests import Digests
from outfall.host.exchange import HttpRequest
from outfall.wire.chunked import ChunkedDecoder
from outfall.wire.message import WireRequest
from outfall.wire.refused_bodies import EntityTooLarge, RequestEntityTooLarge
from outfall.wire.sigv4 import Signed, SigningContext

BATCH_SIZE = 1024 * 1024
"""What is hashed and written at once; at most two of them are in memory, beside what the socket holds."""
THREAD_SIZE_MIN = 64 * 1024
"""Work on fewer bytes is done at once: the way to a thread would cost more."""


class BlobWriter(Protocol):
    """A blob that is being written."""

    def write(self, data: bytes) -> None:
        """Adds bytes."""

    async def finish(self) -> str:
        """Makes the blob durable; returns its id."""

    def abort(self) -> None:
        """Leaves nothing of it."""


class Blobs(Protocol):
    """Where large bodies lie."""

    def begin(self) -> BlobWriter:
        """A new blob."""

    def open(self, blob: str, /) -> BinaryIO:
        """The blob for reading."""


async def buffer(request: HttpRequest, limit: int, *, s3: bool = False) -> bytes:
    """The whole body, up to `limit` bytes. With `s3`, checked against the digests that the headers declare.

    Raises `RequestEntityTooLarge`, `ConnectionLost`, and with `s3` what `declared.check` raises.
    """
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge()
    data = request.body.take()
    if data is None:
        pieces, size = [], 0
        async for piece in request.body:
            size += len(piece)
            if size > limit:
                raise RequestEntityTooLarge()
            pieces.append(piece)
        data = b"".join(pieces)
    if len(data) > limit:
        raise RequestEntityTooLarge()
    return _checked(request, data, limit) if s3 else data


def _checked(request: HttpRequest, data: bytes, limit: int) -> bytes:
    payload = request.headers.get("x-amz-content-sha256", "")
    if payload.startswith("STREAMING-") or declarations.is_nothing(data, request.headers, payload):
        return data
    # A completion's checksums are those of the object that it makes, not of the list of parts that it sends.
    completion = request.method == "POST" and "uploadId=" in request.query
    headers = {
        name: value
        for name, value in request.headers.items()
        if name != "transfer-encoding" and not (completion and name.startswith(declarations.PREFIX))
    }
    said = declarations.declare(headers, payload)
    digests = said.digests()
    digests.update(data)
    declarations.check(said, digests, {})
    return data


def is_here(http: HttpRequest, signed: Signed | None) -> bool:
    """Whether the whole body is in memory, and so small that it stays there, and can be looked at before its signature:
    no chunk of it has one of its own, and no header of it is told in the URL."""
    size = http.content_length
    if not http.body.complete or size is None or size > INLINE_SIZE_MAX or signed is None:
        return False
    return signed.version == 4 and not signed.presigned and not signed.payload_hash.startswith("STREAMING-")


async def take_in(
    http: HttpRequest, request: WireRequest, blobs: Blobs, signed: Signed | None, signing: SigningContext | None
) -> Body:
    """The body of an S3 upload, kept and compared with all that the request declares about it.

    `signed` and `signing` are the verified claim and its context, None for an anonymous request. Raises the errors of
    `wire.refused_bodies`, `SignatureDoesNotMatch` for a chunk, `ConnectionLost`; nothing is kept then.
    """
    headers = request.headers
    payload = signed.payload_hash if signed else headers.get("x-amz-content-sha256", "")
    part = "partNumber=" in request.query
    default = "" if part else declarations.DEFAULT_CHECKSUM
    said = declarations.declare(headers, payload, part=part, default=default)
    return await store(http, blobs, said, decoder=declarations.decoder(said, headers, payload, signing))


async def store(
    request: HttpRequest, blobs: Blobs, declared: Declared, *, decoder: ChunkedDecoder | None = None
) -> Body:
    """Streams a body in: inline if it is small, else into a blob that is durable when this returns.

    Raises as `take_in` does.
    """
    sink = _Sink(blobs, declared, decoder)
    try:
        whole = request.body.take()
        if whole is not None:
            await sink.take([whole])
        else:
            await _stream(request, sink)
        return await sink.body()
    except BaseException:
        await sink.abort()
        raise


async def _stream(request: HttpRequest, sink: _Sink) -> None:
    batch: list[bytes] = []
    size = 0
    async for piece in request.body:
        batch.append(piece)
        size += len(piece)
        if size >= BATCH_SIZE:
            await sink.take(batch)
            batch, size = [], 0
    await sink.take(batch)


class _Sink:
    """Takes the batches of one body: decodes, hashes, and writes them, one batch behind what comes in."""

    def __init__(self, blobs: Blobs, declared: Declared, decoder: ChunkedDecoder | None) -> None:
        self._blobs = blobs
        self._declared = declared
        self._decoder = decoder
        self._digests: Digests = declared.digests()
        self._inline: bytes = b""
        self._writer: BlobWriter | None = None
        self._work: asyncio.Future[None] | None = None

    async def take(self, batch: list[bytes]) -> None:
        """Takes a batch; returns while it is being worked on."""
        await self._settle()
        if sum(map(len, batch)) < THREAD_SIZE_MIN:
            decoded = self._decode(batch)
            self._hash(decoded)
            self._keep_all(decoded)
        else:
            self._work = asyncio.create_task(self._take(batch))

    async def _settle(self) -> None:
        """Waits for the batch that is being worked on, and raises what it raised."""
        work = self._work
        if work is not None:
            await asyncio.shield(work)
            self._work = None

    async def _take(self, batch: list[bytes]) -> None:
        """MD5 is as slow as writing: they share the time, each in its thread."""
        run = asyncio.get_running_loop().run_in_executor
        decoded = batch if self._decoder is None else await run(None, self._decode, batch)
        hashing = run(None, self._hash, decoded)
        try:
            await run(None, self._keep_all, decoded)
        finally:
            await hashing

    def _decode(self, batch: list[bytes]) -> list[bytes]:
        if self._decoder is None:
            return batch
        return [data for piece in batch for data in self._decoder.feed(piece)]

    def _hash(self, pieces: list[bytes]) -> None:
        for data in pieces:
            self._digests.update_md5(data)

    def _keep_all(self, pieces: list[bytes]) -> None:
        for data in pieces:
            if self._digests.size + len(data) > declarations.OBJECT_SIZE_MAX:
                raise EntityTooLarge(MaxSizeAllowed=str(declarations.OBJECT_SIZE_MAX))
            self._digests.update_others(data)
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        if self._writer is None and len(self._inline) + len(data) <= INLINE_SIZE_MAX:
            self._inline += data
            return
        if self._writer is None:
            self._writer = self._blobs.begin()
            if self._inline:
                self._writer.write(self._inline)
                self._inline = b""
        self._writer.write(data)

    async def body(self) -> Body:
        """What was taken in, checked and durable."""
        await self._settle()
        if self._decoder is not None:
            self._decoder.finish()
        digests = self._digests
        declarations.check(self._declared, digests, self._decoder.trailers if self._decoder else {})
        if self._writer is None:
            segments = (Segment(digests.size, data=self._inline),) if digests.size else ()
        else:
            segments = (Segment(digests.size, blob=await self._writer.finish()),)
        return Body(digests.size, segments, digests.md5(), digests.checksums())

    async def abort(self) -> None:
        """Leaves nothing, also while a thread still writes."""
        work, self._work = self._work, None
        if work is not None and not work.done():
            work.add_done_callback(lambda done: self._let_go(done))
        elif self._writer is not None:
            self._writer.abort()

    def _let_go(self, done: asyncio.Future[None]) -> None:
        if not done.cancelled():
            done.exception()
        if self._writer is not None:
            self._writer.abort()


async def keep(data: bytes, blobs: Blobs) -> Segment:
    """Bytes in memory as a segment: inline if they are few, else a durable blob."""
    if len(data) <= INLINE_SIZE_MAX:
        return Segment(len(data), data=data)
    writer = blobs.begin()
    try:
        await asyncio.get_running_loop().run_in_executor(None, writer.write, data)
        return Segment(len(data), blob=await writer.finish())
    except BaseException:
        writer.abort()
        raise
