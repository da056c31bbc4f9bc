"""What all services hold of tags: that keys which begin with `aws:` are AWS's own."""

from __future__ import annotations

from collections.abc import Iterable

RESERVED = "aws:"
"""In any case of its letters. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""


def reserved(keys: Iterable[str]) -> str:
    """The first key that no customer can set, empty if there is none."""
    return next((key for key in keys if key[: len(RESERVED)].lower() == RESERVED), "")
