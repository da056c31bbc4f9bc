"""Pages of a hundred, and the tokens between them."""

from __future__ import annotations

from outfall.core.service import Request
from outfall.core.tokens import text_of, token_of
from outfall.services.sns.errors import invalid

PAGE_SIZE = 100


def start_of(request: Request) -> tuple[str, ...]:
    """Where the scan goes on: after the last key component of the page before. Raises InvalidParameter."""
    token = request.get("NextToken")
    if not token:
        return ()
    try:
        return (text_of(token) + "\0",)
    except ValueError:
        raise invalid("NextToken") from None


def token_after(names: list[str]) -> dict[str, str]:
    """The member NextToken if `names`, one more than a page at most, go beyond the page."""
    if len(names) <= PAGE_SIZE:
        return {}
    return {"NextToken": token_of(names[PAGE_SIZE - 1])}
