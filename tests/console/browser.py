"""Which browser the tests drive: Chromium or Chrome as the machine has it, else the one that Playwright brings.

    python -m tests.console.browser

fetches Playwright's where there is no other, as on Ubuntu: a browser from a snap sees neither the files nor the pipes
that a test gives it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "google-chrome")


def installed() -> str | None:
    """The machine's own browser, or None: then Playwright takes its own."""
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in found if path and not path.startswith("/snap/")), None)


def fetch() -> None:
    """Lets Playwright fetch its browser, with the libraries that it needs, unless there is one."""
    if installed():
        return
    with sync_playwright() as playwright:
        there = Path(playwright.chromium.executable_path).exists()
    if not there:
        subprocess.run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"], check=True)


if __name__ == "__main__":
    fetch()
