"""Which keys of tags are AWS's own."""

from __future__ import annotations

import pytest

from outfall.core.tags import reserved


@pytest.mark.parametrize(
    "keys, found",
    [((), ""), (("team",), ""), (("aws",), ""), (("team", "aws:x"), "aws:x"), (("AWS:",), "AWS:"), (("x:aws:y",), "")],
)
def test_the_first_that_no_customer_can_set(keys: tuple[str, ...], found: str) -> None:
    assert reserved(keys) == found
