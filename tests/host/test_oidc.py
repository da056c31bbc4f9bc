"""Where the keys of identity providers come from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from outfall.host.oidc import SIZE_MAX, BadProvider, OidcKeys, Provider


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    keys = OidcKeys((Provider.parse(f"https://issuer.example/realm/={file}"),))
    with pytest.raises(OSError):
        keys("issuer.example/realm")
    for text in ('{"keys":[]}', '{"keys":[{}]}'):
        file.write_text(text)
        assert keys("issuer.example/realm") == text
    assert keys("elsewhere.example") is None


class KeyServer(BaseHTTPRequestHandler):
    """Counts who asks; `/huge` is larger than a key set may be."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/none":
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * (SIZE_MAX + 1) if self.path == "/huge" else b'{"keys":[]}')

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    KeyServer.asked = []
    server = HTTPServer(("127.0.0.1", 0), KeyServer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_url_is_asked_once_in_a_while(url: str) -> None:
    keys = OidcKeys((Provider("issuer.example", f"{url}/keys"),))
    assert [keys("issuer.example"), keys("issuer.example")] == ['{"keys":[]}'] * 2
    assert KeyServer.asked == ["/keys"]


@pytest.mark.parametrize("path", ["/none", "/huge"])
def test_an_answer_that_is_none_is_an_error(url: str, path: str) -> None:
    with pytest.raises(OSError):
        OidcKeys((Provider("issuer.example", url + path),))("issuer.example")


@pytest.mark.parametrize("text", ["issuer.example=keys", "https://issuer.example", "https://issuer.example=", ""])
def test_a_provider_is_an_issuer_and_a_place(text: str) -> None:
    with pytest.raises(BadProvider):
        Provider.parse(text)
