"""Serves the web console: the files that its build left in the package, or a page that says that it was not built.

Everything of it is under one path, so it never stands in the way of a bucket. Files whose names carry a digest may be
kept for ever, the rest is asked for each time. Answers come compressed as they were built; nothing is computed here.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import unquote

import msgspec

import outfall
from outfall.host.exchange import HttpRequest, HttpResponse

ROOT = "/_outfall/console"
DIRECTORY = Path(outfall.__file__).parent / "_console"
INDEX = "index.html"
HASHED = "assets/"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""What a file may be compressed with, the best first, and how its name then ends."""
MISSING = "the console is not built; every API works"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
GUARDS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)

NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>The console is not built | Outfall</title></head><body><main><h1>The console is not built</h1>
<p>Outfall runs, and every API works. Its web console was left out when this copy was installed: the npm registry could
not be reached, or <code>OUTFALL_CONSOLE=skip</code> said so.</p>
<p>To have it, install again where npm packages can be fetched; this says why if it cannot be built:</p>
<pre>OUTFALL_CONSOLE=require pip install --force-reinstall --no-deps .</pre></main></body></html>
"""


class File(msgspec.Struct, frozen=True):
    """A file of the console: where it lies, as what it is sent, and the encodings that it was built in."""

    path: Path
    type: str
    encodings: tuple[tuple[str, str], ...]


class Console:
    """The console as a part of the server. `directory` is where its build lies, if there is one."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._files = _files(directory)

    @property
    def is_built(self) -> bool:
        """Whether there is a console to serve."""
        return INDEX in self._files

    def state(self) -> str:
        """What a user is told of it."""
        return "built" if self.is_built else MISSING

    async def answer(self, http: HttpRequest) -> HttpResponse:
        """The answer to a request for something under `ROOT`."""
        if http.method not in ("GET", "HEAD"):
            return _page(
                405, "The console answers GET and HEAD.\n", "text/plain; charset=utf-8", (("Allow", "GET, HEAD"),)
            )
        if http.path == ROOT:
            return HttpResponse(308, [("Location", ROOT + "/"), ("Cache-Control", "no-store")])
        if not self.is_built:
            return _page(503, NOT_BUILT, TYPES[".html"], (("Retry-After", "3600"),))
        name = unquote(http.path.removeprefix(ROOT + "/"))
        file = self._files.get(name or INDEX)
        if file is None and name.startswith(HASHED):
            return _page(404, "The console has no such file; load the page again.\n", TYPES[".txt"])
        if file is None:
            name, file = INDEX, self._files[INDEX]  # A page of the console: its own router knows which.
        return await _send(http, file, for_ever=name.startswith(HASHED))


def _files(directory: Path) -> dict[str, File]:
    """Every file by its name under `ROOT`; its compressed twins belong to it."""
    if not directory.is_dir():
        return {}
    names = {path.relative_to(directory).as_posix(): path for path in directory.rglob("*") if path.is_file()}
    return {
        name: File(path, TYPES[path.suffix], tuple(one for one in ENCODINGS if name + one[1] in names))
        for name, path in names.items()
        if path.suffix in TYPES
    }


async def _send(http: HttpRequest, file: File, *, for_ever: bool) -> HttpResponse:
    accepted = _accepted(http.headers.get("accept-encoding", ""))
    encoding, ending = next((one for one in file.encodings if one[0] in accepted), ("", ""))
    try:
        data = await asyncio.to_thread(Path(f"{file.path}{ending}").read_bytes)
    except OSError:
        return _page(404, "The console was built anew; load the page again.\n", TYPES[".txt"])
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = [
        ("Content-Type", file.type),
        ("Cache-Control", "public, max-age=31536000, immutable" if for_ever else "no-cache"),
        ("ETag", etag),
        ("Vary", "Accept-Encoding"),
        *GUARDS,
    ]
    if http.headers.get("if-none-match") == etag:
        return HttpResponse(304, headers)
    if encoding:
        headers.append(("Content-Encoding", encoding))
    return HttpResponse(200, headers, data)


def _accepted(header: str) -> set[str]:
    """The encodings that a client takes; one with a quality of nothing is refused."""
    accepted = set()
    for part in header.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        quality = parameters.replace(" ", "")
        if quality not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            accepted.add(name.strip())
    return accepted


def _page(status: int, text: str, content_type: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    head = [("Content-Type", content_type), ("Cache-Control", "no-store"), *GUARDS, *headers]
    return HttpResponse(status, head, text.encode())
