"""A browser and a server for tests that click. Whatever the browser complains of fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, sync_playwright

from outfall.host.console import Console
from tests.clients.server import Server
from tests.console.browser import installed
from tests.console.user import User

ARTEFACTS = Path(__file__).parent / "artefacts"
"""Where screenshots go; git ignores it."""
EXPECTED = ("the server responded with a status of 4", "net::ERR_CONNECTION_REFUSED", "net::ERR_INCOMPLETE_CHUNKED")
"""What a browser reports of answers that a page asks for and understands: nothing there yet, a server that is gone."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Not for longer than a module: while Playwright runs, this thread has an event loop that other
    tests must not find."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=installed(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a built console for the tests of a module, with AWS's waits."""
    assert Console().is_built, "build the console first: OUTFALL_CONSOLE=require pip install -e ."
    running = Server(tmp_path_factory.mktemp("server")).start()
    yield running
    running.stop()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's window without memory of others."""
    made = browser.new_context(viewport={"width": 1440, "height": 900})
    yield made
    made.close()


@pytest.fixture
def user(context: BrowserContext, server: Server, request: pytest.FixtureRequest) -> Iterator[User]:
    """Somebody in front of the console. Errors in the page, and what its policy refused, fail the test."""
    page = context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in EXPECTED):
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    someone = User(page, server.endpoint, ARTEFACTS)
    yield someone
    someone.shot(f"last-of-{request.node.name}"[:80])
    assert not complaints
