"""Tokens between the pages of a list: what clients hand back as it was, and nobody has to understand."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode


def token_of(text: str) -> str:
    """The token that stands for `text`, which is usually the last name of a page."""
    return urlsafe_b64encode(text.encode()).decode()


def text_of(token: str) -> str:
    """What a token stands for; raises ValueError for one that was never given out."""
    return b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode()
