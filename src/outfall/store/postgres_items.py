"""Items of work queues as a transaction knows them, and what of them is not sent yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from outfall.core.ports import Item
from outfall.store.handles import handle_of

PURGED_AT_ONCE = 20_000
"""Items of a queue without groups; more of them are removed in the seconds after, as on AWS, which takes a minute."""
OVER_MAX = 256
"""Items of a queue that were written and not sent; with more of them a claim has them sent first."""


class Row(NamedTuple):
    """An item. `payload` is None where it is the one that the database has."""

    number: int
    group: str | None
    due: int
    enqueued: int
    receives: int
    first_received: int | None
    leased: bool
    payload: bytes | None = None
    holder: str = ""
    new: bool = False
    """Whether the database has not heard of it."""

    def item(self, payload: bytes) -> Item:
        """What the port calls an item."""
        handle = handle_of(self.number, self.receives)
        return Item(
            self.number,
            handle,
            payload,
            self.due,
            self.enqueued,
            self.receives,
            self.first_received,
            self.leased,
            self.group,
        )


Where = tuple[str, int]
Written = Iterable[tuple[Where, Row | None]]


def columns(rows: list[tuple[object, ...]]) -> list[list[object]]:
    """Rows as columns, as a statement takes them."""
    return [list(column) for column in zip(*rows, strict=True)]


def new_rows(written: Written) -> list[tuple[object, ...]]:
    """What is to be inserted: see `postgres_sql.ENQUEUE`."""
    return [
        (queue, *row[:1], _turn(row), *row[2:7], row.holder, row.group, row.payload)
        for (queue, _), row in written
        if row is not None and row.new
    ]


def changed_rows(written: Written) -> list[tuple[object, ...]]:
    """What is to be changed: see `postgres_sql.CHANGE`."""
    return [
        (queue, row.number, _turn(row), row.due, row.receives, row.first_received, row.leased, row.holder, row.payload)
        for (queue, _), row in written
        if row is not None and not row.new
    ]


def _turn(row: Row) -> int | None:
    return row.due if row.group is None else None
