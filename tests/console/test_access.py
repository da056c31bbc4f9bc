"""Everybody can use every page: axe-core finds nothing serious on it, light or dark; a narrow window shows it; the
keyboard alone is enough. What the page's own policy (CSP) refuses fails the test of any page, see `conftest.py`."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from outfall.cli.client import wait_until
from tests.clients.server import Server
from tests.console.pages import PAGES, fill
from tests.console.user import User

NARROW = ((1100, 800), (390, 844))
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def whole(server: Server) -> Server:
    """One of everything, of every service."""
    fill(server)
    return server


def address(user: User, server: Server, path: str) -> str:
    """The path with a real event in it."""
    if "EVENT" not in path:
        return path
    api = f"{server.endpoint}/_outfall/api/events?state=succeeded"
    assert wait_until(lambda: user.page.request.get(api).json()["events"] != [], 10)
    return path.replace("EVENT", user.page.request.get(api).json()["events"][0]["id"])


def findings(user: User) -> list[dict[str, Any]]:
    """What axe-core calls serious or critical, as short as it can be told."""
    told = Axe().run(user.page).response["violations"]
    return [
        {"rule": one["id"], "impact": one["impact"], "where": [node["html"][:160] for node in one["nodes"][:3]]}
        for one in told
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_serves_everybody(user: User, whole: Server, name: str) -> None:
    path, seen = PAGES[name]
    user.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    user.open(address(user, whole, path))
    user.sees(seen)
    user.shot(f"page-{name}")
    light = findings(user)
    user.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    user.shot(f"dark-{name}")
    dark = findings(user)
    assert not light + dark, json.dumps({"light": light, "dark": dark}, indent=2)
    for width, height in NARROW:
        user.page.set_viewport_size({"width": width, "height": height})
        user.shot(f"at-{width}-{name}")
        assert user.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width


def test_the_keyboard_alone_adds_a_destination(user: User, whole: Server) -> None:
    whole.client("sqs").create_queue(QueueName="typed")
    user.open("/lambda/functions/thumbs/add/destination?condition=OnSuccess")
    user.sees("Destination configuration")
    press = user.page.keyboard.press

    def on_to(role: str, name: str | re.Pattern[str]) -> None:
        """Goes on with the tab key until it is there."""
        wanted = user.page.get_by_role(role, name=name).first  # type: ignore[arg-type]
        for _ in range(60):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            press("Tab")
        raise AssertionError(f"the tab key does not come to {role} {name}")

    on_to("radio", "On success")
    press("ArrowUp")
    expect(user.page.get_by_role("radio", name="On failure")).to_be_checked()
    press("ArrowDown")
    expect(user.page.get_by_role("radio", name="On success")).to_be_checked()
    on_to("button", re.compile("^Destination type"))
    expect(user.page.get_by_role("button", name=re.compile("^Destination type SQS queue"))).to_be_visible()
    on_to("button", re.compile("^Destination Choose"))
    press("Enter")
    expect(user.page.get_by_role("option", name="typed")).to_be_visible()
    names = user.page.get_by_role("option").all_inner_texts()
    for _ in range(names.index("typed")):
        press("ArrowDown")
    user.shot("keyboard-destination")
    press("Enter")
    on_to("button", "Save")
    press("Enter")
    user.sees("The destination typed was successfully added to function thumbs.")
    told = whole.client("lambda").get_function_event_invoke_config(FunctionName="thumbs")
    assert told["DestinationConfig"]["OnSuccess"]["Destination"].endswith(":typed")
