"""Blobs from a URL: the one place that knows which kinds there are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from outfall.store.blobs import REMOVE_AFTER_S, BlobFiles, Blobs
from outfall.store.errors import StoreError


def open_blobs(url: str) -> Blobs:
    """The blobs at `file:///a/directory/that/all/nodes/see` or `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`.

    Raises `StoreError` for what cannot be one.
    """
    parts = urlsplit(url)
    if parts.scheme == "s3":
        try:  # The client is an optional part.
            from outfall.store.object_blobs import open_objects

            return open_objects(url)
        except ImportError:
            raise StoreError("The client for S3 is not installed: pip install 'outfall[many-machines]'.") from None
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise StoreError(f"Blobs are kept where all nodes see them, as file:///shared or s3://BUCKET, not at {url}.")
    return BlobFiles(Path(unquote(parts.path)), REMOVE_AFTER_S)
