"""Somebody who clicks: finds what is on the page by its role and its label, as a person or a screen reader does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

ROOT = "/_outfall/console"
WAIT_MS = 15_000
SETTLE_MS = 300
"""What a page has to be drawn in before a picture is taken."""


class User:
    """One person in front of one page."""

    def __init__(self, page: Page, endpoint: str, artefacts: Path) -> None:
        self.page = page
        self._endpoint = endpoint
        self._artefacts = artefacts
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)

    def open(self, path: str = "/") -> None:
        """Types the address of a page."""
        self.page.goto(f"{self._endpoint}{ROOT}{path}")

    def go(self, service: str) -> None:
        """Chooses a service in the navigation at the side."""
        side = self.page.get_by_role("navigation", name="Local services")
        side.get_by_role("link", name=service, exact=True).click()

    def click(self, name: str | re.Pattern[str], *, role: Any = "button", within: Locator | None = None) -> None:
        """Clicks the first button with that name, or another thing that has a role."""
        exact = isinstance(name, str)
        (within or self.page).get_by_role(role, name=name, exact=exact).first.click()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Clicks a link on the page, not one at its side."""
        exact = isinstance(name, str)
        self.page.get_by_role("main").get_by_role("link", name=name, exact=exact).first.click()

    def fill(self, label: str, text: str, *, within: Locator | None = None) -> None:
        """Types into a field."""
        (within or self.page).get_by_label(label, exact=True).last.fill(text)

    def dialog(self) -> Locator:
        """The dialog that is open."""
        return self.page.get_by_role("dialog")

    def choose(self, label: str, option: str) -> None:
        """Opens a list and takes one of what it offers. What is chosen already is part of the list's name."""
        self.page.get_by_role("button", name=re.compile(rf"^{label}(?! type)\b")).click()
        self.page.get_by_role("option", name=option).first.click()

    def pick(self, name: str) -> None:
        """Picks one of several round buttons."""
        self.page.get_by_role("radio", name=name).first.click()

    def tab(self, name: str) -> None:
        """Opens a tab."""
        self.page.get_by_role("tab", name=name, exact=True).click()

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Waits until it is on the page."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def sees_heading(self, text: str) -> None:
        """Waits for a heading."""
        expect(self.page.get_by_role("heading", name=text, exact=True).first).to_be_visible()

    def shot(self, name: str) -> None:
        """Keeps how the page looks."""
        self._artefacts.mkdir(exist_ok=True)
        self.page.wait_for_timeout(SETTLE_MS)
        safe = re.sub(r"[^\w.-]+", "-", name)
        self.page.screenshot(path=str(self._artefacts / f"{safe}.png"), animations="disabled")

    def keep(self, name: str, figures: dict[str, Any]) -> None:
        """Keeps what was measured."""
        self._artefacts.mkdir(exist_ok=True)
        (self._artefacts / name).write_text(json.dumps(figures, indent=2))

    def create_queue(self, name: str) -> None:
        """As the lesson says."""
        self.go("SQS")
        self.click("Create queue")
        self.fill("Name", name)
        self.click("Create queue")
        self.sees_heading(name)

    def create_bucket(self, name: str) -> None:
        """A bucket, which the lesson has already."""
        self.go("S3")
        self.click("Create bucket")
        dialog = self.page.get_by_role("dialog")
        self.fill("Bucket name", name, within=dialog)
        self.click("Create bucket", within=dialog)
        self.sees_heading(name)

    def upload(self, bucket: str, key: str, data: bytes, kind: str = "application/octet-stream") -> None:
        """A file into a bucket, by the page for it."""
        self.go("S3")
        self.follow(bucket)
        self.click("Upload")
        chosen = {"name": key, "mimeType": kind, "buffer": data}
        self.page.get_by_label("Add files").set_input_files([chosen])  # type: ignore[list-item]
        self.sees(key)
        self.click("Upload")
        self.sees("Upload succeeded.")

    def add_destination(self, condition: str, queue: str) -> None:
        """On the page of the function, in its tab Configuration."""
        self.click("Destinations", role="link")
        self.page.get_by_role("button", name="Add destination", exact=True).last.click()
        self.pick(condition)
        self.choose("Destination type", "SQS queue")
        self.choose("Destination", queue)

    def poll(self, queue: str) -> dict[str, Any]:
        """Polls a queue until there is a message; answers with the body that the dialog shows."""
        self.go("SQS")
        self.follow(queue)
        self.click("Send and receive messages")
        self.click("Poll for messages")
        self.page.get_by_role("button", name=re.compile(r"^[0-9a-f]{8}-[0-9a-f-]{27}$")).first.click()
        self.tab("Body")
        shown = self.page.get_by_role("dialog").get_by_role("region", name="Text")
        expect(shown).to_contain_text("requestContext")
        rows = shown.get_by_role("row").all()[1:]
        body: dict[str, Any] = json.loads("".join(row.get_by_role("cell").last.inner_text() for row in rows))
        return body

    def write_code(self, source: str) -> None:
        """Replaces the code in the editor."""
        editor = self.page.get_by_role("textbox", name=re.compile("^Code"))
        editor.focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)
        self.sees("Undeployed changes")
