"""What it costs to open the console for the first time."""

from __future__ import annotations

import json

from tests.console.conftest import ARTEFACTS
from tests.console.user import User

COMPRESSED_MAX = 700_000
FIRST_CONTENT_MS_MAX = 3_000
"""Far above what it takes alone on a machine: tests run beside each other."""


def test_the_first_page_is_small_and_soon_there(user: User) -> None:
    session = user.page.context.new_cdp_session(user.page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    user.open()
    user.sees("0 of 12 steps")
    painted = user.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    ARTEFACTS.mkdir(exist_ok=True)
    figures = {"first_load_bytes": sum(sizes), "first_content_ms": painted, "requests": len(sizes)}
    (ARTEFACTS / "first-load.json").write_text(json.dumps(figures, indent=2))
    assert sum(sizes) < COMPRESSED_MAX
    assert painted < FIRST_CONTENT_MS_MAX
