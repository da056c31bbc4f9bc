"""Blobs from a URL: the one place that knows which kinds there are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from outfall.store.blobs import BlobFiles, Blobs
from outfall.store.errors import StoreError


def open_blobs(url: str) -> Blobs:
    """The blobs at `file:///a/directory/that/all/nodes/see`. Raises `StoreError` for what cannot be one."""
    parts = urlsplit(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise StoreError(f"Blobs are kept in a directory that all nodes see, as file:///shared/blobs, not at {url}.")
    return BlobFiles(Path(unquote(parts.path)))
