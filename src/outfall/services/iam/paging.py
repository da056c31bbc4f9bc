"""Lists in pages: MaxItems and Marker in, IsTruncated and Marker out.

Rule: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from outfall.core.service import Request
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
            return {member: shown, "IsTruncated": True, "Marker": _marked(last)}
        shown.append(render(row))
        last = name
    return {member: shown, "IsTruncated": False}


def _marked(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _unmarked(marker: str | None) -> str | None:
    if marker is None:
        return None
    try:
        return base64.b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValidationError("Invalid Marker.") from None
