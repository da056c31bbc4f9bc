"""The console as the server serves it: which file, how compressed, how long to keep, and what no page of it may do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from outfall.host.console import MISSING, ROOT, Console
from outfall.host.exchange import BodyStream, HttpRequest, HttpResponse

FILES = {
    "index.html": b"<!doctype html>the console",
    "assets/index-1a2b.js": b"a script",
    "assets/index-1a2b.js.br": b"brotli",
    "assets/index-1a2b.js.gz": b"gzip",
    "assets/font-1.woff2": b"a font",
    "THIRD-PARTY.txt": b"others' work",
    "BUILT-FROM": b"a digest",
}


@pytest.fixture
def console(tmp_path: Path) -> Console:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return Console(tmp_path)


def ask(console: Console, path: str, method: str = "GET", **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(console.answer(HttpRequest(method, path, "", named, "127.0.0.1", BodyStream.of(), 0)))


def header(response: HttpResponse, name: str) -> str | None:
    return dict(response.headers).get(name)


@pytest.mark.parametrize(
    "path, body, kind",
    [
        ("/", FILES["index.html"], "text/html; charset=utf-8"),
        ("/sqs/queues", FILES["index.html"], "text/html; charset=utf-8"),
        ("/lambda/functions/a.b", FILES["index.html"], "text/html; charset=utf-8"),
        ("/assets/index-1a2b.js", FILES["assets/index-1a2b.js"], "text/javascript; charset=utf-8"),
        ("/assets/font-1.woff2", FILES["assets/font-1.woff2"], "font/woff2"),
        ("/THIRD-PARTY.txt", FILES["THIRD-PARTY.txt"], "text/plain; charset=utf-8"),
    ],
)
def test_a_path_is_a_file_or_a_page_of_the_console(console: Console, path: str, body: bytes, kind: str) -> None:
    response = ask(console, ROOT + path)
    assert (response.status, response.body, header(response, "Content-Type")) == (200, body, kind)


def test_the_address_without_its_slash_leads_to_the_one_with_it(console: Console) -> None:
    response = ask(console, ROOT)
    assert (response.status, header(response, "Location")) == (308, f"{ROOT}/")


@pytest.mark.parametrize(
    "accepted, encoding, body",
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzip"),
        ("", None, b"a script"),
    ],
)
def test_what_was_compressed_by_the_build_goes_out_as_the_client_takes_it(
    console: Console, accepted: str, encoding: str | None, body: bytes
) -> None:
    response = ask(console, f"{ROOT}/assets/index-1a2b.js", accept_encoding=accepted)
    assert (response.body, header(response, "Content-Encoding")) == (body, encoding)
    assert header(response, "Vary") == "Accept-Encoding"


def test_names_with_a_digest_are_kept_for_ever_and_the_rest_is_asked_for_again(console: Console) -> None:
    assert "immutable" in (header(ask(console, f"{ROOT}/assets/index-1a2b.js"), "Cache-Control") or "")
    page = ask(console, f"{ROOT}/")
    assert header(page, "Cache-Control") == "no-cache"
    again = ask(console, f"{ROOT}/", if_none_match=header(page, "ETag") or "")
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/assets/index-old.js", "/assets/../../secret", "/assets/%2e%2e/%2e%2e/secret"])
def test_a_file_that_is_not_there_is_no_page(console: Console, path: str) -> None:
    assert ask(console, ROOT + path).status == 404


def test_no_path_leads_out_of_the_console(console: Console, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.txt").write_bytes(b"secret")
    assert ask(console, f"{ROOT}/../secret.txt").body == FILES["index.html"]
    assert ask(console, f"{ROOT}/BUILT-FROM").body == FILES["index.html"]


@pytest.mark.parametrize("path", ["/", "/assets/index-1a2b.js", "/assets/nothing.js"])
def test_nothing_of_another_site_is_loaded_or_may_frame_it(console: Console, path: str) -> None:
    response = ask(console, ROOT + path)
    policy = header(response, "Content-Security-Policy") or ""
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert header(response, "X-Content-Type-Options") == "nosniff"


def test_it_is_only_read(console: Console) -> None:
    response = ask(console, f"{ROOT}/", method="POST")
    assert (response.status, header(response, "Allow")) == (405, "GET, HEAD")


def test_without_a_build_it_says_so_and_that_the_apis_work(tmp_path: Path) -> None:
    console = Console(tmp_path / "nothing")
    response = ask(console, f"{ROOT}/")
    assert isinstance(response.body, bytes)
    assert response.status == 503
    assert b"The console is not built" in response.body
    assert b"every API works" in response.body
    assert (console.is_built, console.state()) == (False, MISSING)
