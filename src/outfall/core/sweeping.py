"""Rows whose time is over are removed in small parts, so that no transaction is long however many rows there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from outfall.core.context import Context
from outfall.core.ports import Key, Table

T = TypeVar("T")

Sweep = Callable[[Context, Key], Key | None]
"""Looks at some rows from a place on, in all accounts and regions, and removes those whose time is over; the place to
go on at, None at the end."""

ROWS_AT_ONCE = 500


def after(key: Key) -> Key:
    """The place right after a key."""
    return (*key[:-1], key[-1] + "\0")


def over(table: Table[T], is_over: Callable[[Context, T], bool]) -> Sweep:
    """Sweeps a table whose rows tell by themselves whether their time is over."""

    def sweep(ctx: Context, start: Key = ()) -> Key | None:
        rows = list(ctx.tx.scan(table, start=start, limit=ROWS_AT_ONCE))
        for key, row in rows:
            if is_over(ctx, row):
                ctx.tx.delete(table, key)
        return after(rows[-1][0]) if len(rows) == ROWS_AT_ONCE else None

    return sweep
