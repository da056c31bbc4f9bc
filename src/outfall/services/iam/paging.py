"""Lists in pages: MaxItems and Marker in, IsTruncated and Marker out.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from outfall.core.service import Request
from outfall.core.tokens import text_of, token_of
from outfall.services.iam.errors import ValidationError

T = TypeVar("T")
PAGE = 100


def page(request: Request, member: str, rows: Iterable[tuple[str, T]], render: Callable[[T], Any]) -> dict[str, Any]:
    """One page of `rows` (each with the name it is ordered by) under `member`."""
    size = request.get("MaxItems") or PAGE
    after = _unmarked(request.get("Marker"))
    shown: list[Any] = []
    last = ""
    for name, row in rows:
        if after is not None and name <= after:
            continue
        if len(shown) == size:
            return {member: shown, "IsTruncated": True, "Marker": token_of(last)}
        shown.append(render(row))
        last = name
    return {member: shown, "IsTruncated": False}


def _unmarked(marker: str | None) -> str | None:
    if marker is None:
        return None
    try:
        return text_of(marker)
    except ValueError:
        raise ValidationError("Invalid Marker.") from None
