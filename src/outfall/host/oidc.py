"""The keys of identity providers, for AssumeRoleWithWebIdentity: where the server was told to find them.

A file is read anew each time; what a URL answers is kept for a while. Nothing is asked that was not configured.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

SIZE_MAX = 1024 * 1024
KEPT_S = 300.0
TIMEOUT_S = 5.0


class BadProvider(Exception):
    """Why `ISSUER=KEYS` says nothing, in a line."""


class Provider(msgspec.Struct, frozen=True):
    """An issuer, without its scheme, and the file or URL of its JSON Web Key Set."""

    issuer: str
    keys: str

    @classmethod
    def parse(cls, text: str) -> Provider:
        """`https://issuer=FILE` or `=URL`; raises `BadProvider`."""
        issuer, equals, keys = text.partition("=")
        if not equals or not issuer.startswith("https://") or not keys:
            raise BadProvider(f"a provider is https://ISSUER=FILE or https://ISSUER=URL, not {text}")
        return cls(issuer.removeprefix("https://").rstrip("/"), keys)


class OidcKeys:
    """The key sets of the configured providers, by issuer. Called from threads; raises `OSError`."""

    def __init__(self, providers: tuple[Provider, ...]) -> None:
        self._places = {one.issuer: one.keys for one in providers}
        self._kept: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def __call__(self, issuer: str) -> str | None:
        """The key set of an issuer (without its scheme), or None if none was configured."""
        place = self._places.get(issuer)
        if place is None:
            return None
        if urlsplit(place).scheme not in ("http", "https"):
            return _text(Path(place).expanduser().read_bytes())
        with self._lock:
            kept = self._kept.get(issuer)
        if kept is not None and time.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        text = _fetched(place)
        with self._lock:
            self._kept[issuer] = (time.monotonic(), text)
        return text


def _fetched(url: str) -> str:
    import urllib.request  # here: few servers need it, and all would wait for it at their start
    from http.client import HTTPException

    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return _text(answer.read(SIZE_MAX + 1))
    except (HTTPException, ValueError) as error:
        raise OSError(str(error)) from error


def _text(data: bytes) -> str:
    if len(data) > SIZE_MAX:
        raise OSError(f"a key set of more than {SIZE_MAX} bytes")
    return data.decode("utf-8", "replace")
