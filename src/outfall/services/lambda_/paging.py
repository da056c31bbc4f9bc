"""Pages of lists: Marker and MaxItems. A marker is the key at which the next page begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeVar

from outfall.core.ports import Key
from outfall.core.tokens import text_of, token_of
from outfall.services.lambda_.errors import InvalidParameterValueException

PAGE_SIZE = 50
"""AWS gives no more than that at once, whatever MaxItems says."""

T = TypeVar("T")


def marker_of(key: Key) -> str:
    """The key as an opaque text."""
    return token_of(json.dumps(key, separators=(",", ":")))


def start_of(marker: str | None) -> Key:
    """The key that a marker stands for; empty without one."""
    if not marker:
        return ()
    try:
        parts = json.loads(text_of(marker))
    except (ValueError, RecursionError) as error:
        raise InvalidParameterValueException("Invalid Marker") from error
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InvalidParameterValueException("Invalid Marker")
    return tuple(parts)


def page(found: Iterator[tuple[Key, T]], prefix: Key, max_items: int | None) -> tuple[list[T], str | None]:
    """The next rows of a scan below `prefix`, and the marker of the page after them if there is one."""
    limit = min(max_items or PAGE_SIZE, PAGE_SIZE)
    rows: list[T] = []
    for key, row in found:
        if len(rows) == limit:
            return rows, marker_of(key[len(prefix) :])
        rows.append(row)
    return rows, None


def with_marker(output: dict[str, object], marker: str | None) -> dict[str, object]:
    """The output of a list, with NextMarker when there is more."""
    return {**output, "NextMarker": marker} if marker else output
