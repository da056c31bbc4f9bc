"""Bodies too large for a row, as objects of a bucket on any S3-compatible store, for nodes that share no disk.

A blob is one object, `PREFIX/ab/abcd...`, written in parts while it comes in and visible only when it is whole. What
was half written is left to the bucket's own rule for incomplete uploads (`AbortIncompleteMultipartUpload`): another
node cannot tell whether somebody still writes. A blob that is removed while it is read ends there, unlike an open file,
so that nodes remove blobs a while after the last row let go of them.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import parse_qs, urlsplit

from outfall.store.blobs import LOOKED_AT_ONCE, REMOVE_AFTER_S
from outfall.store.errors import StoreError, StoreUnreadable

if TYPE_CHECKING:
    from obstore import WritableFile
    from obstore.store import S3Store

PART_SIZE = 8 * 1024 * 1024
"""Bytes of a part; what fits into one is put at once. 10,000 of them hold more than the 5 GiB of one upload."""
PARTS_AT_ONCE = 2
SWEEP_AFTER_S = 24 * 3600
"""An object that nothing refers to may be one whose request is still under way on another node, until
it is this old."""

_ID = re.compile(r"[0-9a-f]{32}")
_OPTIONS = {"endpoint", "region"}


def open_objects(url: str) -> ObjectBlobs:
    """The blobs at `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`, both options optional: AWS's own S3 and us-east-1.

    Credentials are found as boto3 finds them. Raises `StoreUnreadable` when the URL, the credentials or the bucket are
    not good.
    """
    from obstore.auth.boto3 import Boto3CredentialProvider
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if not parts.netloc or set(options) - _OPTIONS:
        raise StoreUnreadable(f"{url} is not of the form s3://BUCKET/PREFIX?endpoint=URL&region=NAME.")
    region = options.get("region") or os.environ.get("AWS_REGION") or "us-east-1"
    # Never from AWS_ENDPOINT_URL: that is where the clients of this very server are sent.
    endpoint = options.get("endpoint") or f"https://s3.{region}.amazonaws.com"
    try:
        provider: Any = Boto3CredentialProvider()
    except ValueError:
        raise StoreUnreadable(f"No AWS credentials were found for the blobs at {url}.") from None
    try:
        store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            endpoint=endpoint,
            region=region,
            virtual_hosted_style_request=False,
            client_options={"allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=30)},
            credential_provider=provider,
        )
        blobs = ObjectBlobs(store)
        blobs.check()
    except (BaseError, ValueError) as error:
        raise StoreUnreadable(f"The blobs at {url} cannot be used: {_line(error)}") from error
    return blobs


class ObjectWriter:
    """A blob on its way into its object."""

    def __init__(self, store: S3Store, blob: str) -> None:
        import obstore

        self._blob = blob
        self._file: WritableFile | None = obstore.open_writer(
            store, _path(blob), buffer_size=PART_SIZE, max_concurrency=PARTS_AT_ONCE
        )

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Adds bytes. Raises `StoreError` when the store refuses."""
        if self._file is None:
            raise ValueError("this blob is finished")
        _kept(self._file.write, data)

    async def finish(self) -> str:
        """Makes the object visible, in a thread; returns the blob's id."""
        file, self._file = self._file, None
        if file is None:
            raise ValueError("this blob is finished")
        await asyncio.get_running_loop().run_in_executor(None, _kept, file.close)
        return self._blob

    def abort(self) -> None:
        """Lets go of it: the object never becomes visible."""
        self._file = None


class ObjectBlobs:
    """Blobs in a bucket."""

    remove_after_s = REMOVE_AFTER_S

    def __init__(self, store: S3Store) -> None:
        self._store = store

    def check(self) -> None:
        """Raises an error of the client when the bucket is not there or may not be read."""
        self._store.list_with_delimiter()

    def begin(self, blob: str = "") -> ObjectWriter:
        """A new blob."""
        return ObjectWriter(self._store, blob or secrets.token_hex(16))

    def open(self, blob: str) -> BinaryIO:
        """The blob for reading. Nothing is asked of the store before something is read."""
        return cast(BinaryIO, _ObjectReader(self, blob))

    def read(self, blob: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`. Raises FileNotFoundError, or `StoreError` when the store refuses."""
        from obstore.exceptions import BaseError

        if not _ID.fullmatch(blob):
            raise FileNotFoundError(blob)
        if length <= 0:
            return b""
        try:
            return bytes(self._store.get_range(_path(blob), start=start, length=length))
        except FileNotFoundError:
            raise
        except BaseError as error:
            if start >= self._size(blob):  # a range that begins behind the end is refused
                return b""
            raise StoreError(f"The blob store refused: {_line(error)}") from error

    def _size(self, blob: str) -> int:
        return int(_asked(self._store.head, _path(blob))["size"])

    def remove(self, blob: str) -> None:
        """Removes a blob, if it is there."""
        if _ID.fullmatch(blob):
            try:
                _asked(self._store.delete, _path(blob))
            except FileNotFoundError:
                pass

    def sweep(self, keep: Callable[[str], bool]) -> int:
        """Removes blobs that `keep` does not know and that are older than a day; how many."""
        before = datetime.now(UTC) - timedelta(seconds=SWEEP_AFTER_S)
        gone = 0
        for page in self._store.list():
            orphans = [one["path"] for one in page if one["last_modified"] < before and not keep(_name(one["path"]))]
            if orphans:
                _asked(self._store.delete, orphans)
            gone += len(orphans)
        return gone

    def old(self, after: str, before_s: float) -> tuple[list[str], str | None]:
        """Of the next few blobs, those that were written before that time; and where to go on."""
        pages = self._store.list(offset=_path(after) if after else None, chunk_size=LOOKED_AT_ONCE)
        page: Any = _asked(next, pages, [])
        before = datetime.fromtimestamp(before_s, UTC)
        found = [_name(one["path"]) for one in page if one["last_modified"] < before]
        return found, _name(page[-1]["path"]) if len(page) >= LOOKED_AT_ONCE else None

    def clear(self) -> None:
        """Removes all blobs."""
        for page in self._store.list():
            _asked(self._store.delete, [one["path"] for one in page])


class _ObjectReader(io.RawIOBase):
    """A blob as a file that reads a range for each read."""

    def __init__(self, blobs: ObjectBlobs, blob: str) -> None:
        self._blobs = blobs
        self._blob = blob
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the size of a blob is known to the rows")
        self._at = offset if whence == io.SEEK_SET else self._at + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        data = self._blobs.read(self._blob, self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _path(blob: str) -> str:
    return f"{blob[:2]}/{blob}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _asked(question: Callable[..., Any], *arguments: Any) -> Any:
    """What the store answers. Raises FileNotFoundError, or `StoreError` in one line."""
    from obstore.exceptions import BaseError

    try:
        return question(*arguments)
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise StoreError(f"The blob store refused: {_line(error)}") from error


def _kept(question: Callable[..., Any], *arguments: Any) -> None:
    """Asks what needs no blob to be there: what is not found then is the bucket."""
    try:
        _asked(question, *arguments)
    except FileNotFoundError as error:
        raise StoreError(f"The blob store refused: {_line(error)}") from error


def _line(error: BaseException) -> str:
    """The first line of what a client's error says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
