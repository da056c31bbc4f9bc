"""A browser from a snap is none that tests can drive."""

from __future__ import annotations

import shutil

import pytest

from tests.console import browser


@pytest.mark.parametrize(
    "there, taken",
    [
        ({"chromium": "/usr/bin/chromium"}, "/usr/bin/chromium"),
        ({"chromium": "/snap/bin/chromium"}, None),
        ({"chromium": "/snap/bin/chromium", "google-chrome": "/usr/bin/google-chrome"}, "/usr/bin/google-chrome"),
        ({}, None),
    ],
    ids=["Debian", "Ubuntu", "Ubuntu with Chrome", "none"],
)
def test_the_machines_own_browser(there: dict[str, str], taken: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", there.get)
    assert browser.installed() == taken
