"""Uploads that are broken off and go on: what has arrived is not sent again."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Route

from tests.clients.server import Server
from tests.console.user import User

SIZE = 40 * 1024 * 1024
"""Five parts."""


def test_a_cancelled_upload_goes_on_with_what_is_missing(user: User, server: Server, tmp_path: Path) -> None:
    server.client("s3").create_bucket(Bucket="films")
    film = tmp_path / "film.bin"
    film.write_bytes(bytes(range(256)) * (SIZE // 256))
    held: list[Route] = []
    parts: list[str] = []

    def hold(route: Route) -> None:
        number = re.search(r"partNumber=(\d+)", route.request.url)
        assert number is not None
        parts.append(number[1])
        if len(parts) > 3 and not held:
            held.append(route)  # never answered: the network has gone to sleep
        else:
            route.continue_()

    user.page.route(re.compile("partNumber="), hold)
    user.open("/s3/upload/films")
    user.page.get_by_label("Add files").set_input_files(film)
    user.click("Upload")
    user.sees(re.compile(r"of 40.0 MB"))
    user.sees("32.0 MB of 40.0 MB")
    user.shot("upload-half")
    user.click("Cancel")
    user.sees("Stopped at 80 %")
    user.click("Upload the rest")
    user.sees("Upload succeeded.")
    assert len(parts) == len({*parts}) + 1
    head = server.client("s3").head_object(Bucket="films", Key="film.bin")
    assert (head["ContentLength"], head["ETag"].endswith('-5"')) == (SIZE, True)
