"""Tokens between pages."""

from __future__ import annotations

import pytest

from outfall.core.tokens import text_of, token_of


@pytest.mark.parametrize("text", ["", "a", "with spaces & ünïcödé", "a/b+c" * 40])
def test_a_token_leads_back_to_its_text(text: str) -> None:
    assert text_of(token_of(text)) == text


@pytest.mark.parametrize("token", ["x", "ä", "****", "a b=", "gICA"])
def test_what_was_never_given_out_is_no_token(token: str) -> None:
    with pytest.raises(ValueError):
        text_of(token)
