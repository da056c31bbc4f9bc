"""The page of operations says what the code serves."""

from __future__ import annotations

import re

from .compatibility import PAGE, draw, known

NOT_SERVED = re.compile(r"^\| (\w+) \| 501 \|$", re.MULTILINE)


def test_the_page_tells_what_is_served() -> None:
    """What is not served comes from the installed models, which grow with each release of botocore."""
    text = PAGE.read_text("utf-8")
    assert known(text) == known(draw(text)), "draw it anew: python -m tests.docs.compatibility"
    assert len(NOT_SERVED.findall(text)) > 100


def test_an_operation_keeps_its_version() -> None:
    text = PAGE.read_text("utf-8").replace("| SendMessage | since 0.1.0 |", "| SendMessage | since 0.0.9 |")
    assert known(draw(text))["SQS", "SendMessage"] == "0.0.9"


def test_what_is_new_is_since_today() -> None:
    text = PAGE.read_text("utf-8")
    without = text.replace("| PurgeQueue | since 0.1.0 |\n", "")
    assert known(draw(without)) == known(text)
