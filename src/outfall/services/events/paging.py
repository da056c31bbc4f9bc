"""Limit and NextToken of the operations that list. A token is the last name of the page before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from outfall.core.service import Request
from outfall.core.tokens import text_of, token_of
from outfall.services.events.errors import not_valid

PAGE_SIZE = 100

T = TypeVar("T")


def start_of(request: Request) -> tuple[str, ...]:
    """Where a scan of names goes on; empty without a token."""
    token = request.get("NextToken")
    if not token:
        return ()
    try:
        return (text_of(token) + "\0",)
    except ValueError:
        raise not_valid("NextToken") from None  # AWS's text is not known.


def page(request: Request, member: str, found: Iterable[tuple[str, T]], render: Any) -> dict[str, Any]:
    """The output of a list: the next rows under `member`, and NextToken when there are more."""
    size = request.get("Limit") or PAGE_SIZE
    shown: list[Any] = []
    last = ""
    for name, row in found:
        if len(shown) == size:
            return {member: shown, "NextToken": token_of(last)}
        shown.append(render(row))
        last = name
    return {member: shown}
