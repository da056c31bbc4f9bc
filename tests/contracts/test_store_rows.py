"""Rows: what is written is read, keys are ordered component by component, a failed work leaves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from outfall.core.ports import Table


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    parts: tuple[tuple[str, bytes], ...] = ()


NOTES = Table("test.notes", Note)
OTHERS = Table("test.others", Note)
LARGE = Note("x" * 20_000)


def fill(store: Any, *keys: tuple[str, ...]) -> None:
    store.transact(lambda tx: [tx.put(NOTES, key, Note("/".join(key))) for key in keys])


def found(store: Any, *prefix: str, **options: Any) -> list[tuple[str, ...]]:
    return [key for key, _ in store.transact(lambda tx: list(tx.scan(NOTES, prefix, **options)))]


@pytest.mark.parametrize("value", [Note("a", (("b", b"\0\xff"),)), LARGE, Note("")])
def test_a_row_comes_back_as_it_was(store: Any, value: Note) -> None:
    store.transact(lambda tx: tx.put(NOTES, ("k",), value))
    assert store.transact(lambda tx: tx.get(NOTES, ("k",))) == value


def test_tables_do_not_share_keys(store: Any) -> None:
    fill(store, ("k",))
    assert store.transact(lambda tx: (tx.get(OTHERS, ("k",)), list(tx.scan(OTHERS)))) == (None, [])


def test_a_row_is_replaced_and_deleted_once(store: Any) -> None:
    fill(store, ("k",))
    assert store.transact(lambda tx: (tx.put(NOTES, ("k",), LARGE), tx.get(NOTES, ("k",))))[1] == LARGE
    assert store.transact(lambda tx: [tx.delete(NOTES, ("k",)), tx.delete(NOTES, ("k",)), tx.get(NOTES, ("k",))]) == [
        True,
        False,
        None,
    ]


KEYS = [("a",), ("a", ""), ("a", "b"), ("a", "b\0"), ("a", "b\0c"), ("a", "b\1"), ("a", "bc"), ("a\0",), ("a\1",)]
KEYS += [("a\1", "z"), ("b",), ("é",), ("€", "x"), ("\U0001f600",), ("\U0010ffff", "\U0010ffff")]


def test_a_scan_goes_in_the_order_of_tuples(store: Any) -> None:
    fill(store, *reversed(KEYS))
    assert found(store) == KEYS == sorted(KEYS)
    assert found(store, reverse=True) == KEYS[::-1]


PREFIXES: list[tuple[str, ...]] = [(), ("a",), ("a", "b"), ("\U0010ffff",), ("c",)]
STARTS: list[tuple[str, ...]] = [(), ("b",), ("b\0",), ("a", "b"), ("zz",)]


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_keeps_to_its_bounds(store: Any, reverse: bool) -> None:
    fill(store, *KEYS)
    for prefix, starts_with, start in product(PREFIXES, ["", "b", "b\0", "a", "\U0010ffff"], STARTS):
        n = len(prefix)
        expected = [key for key in KEYS if key[:n] == prefix]
        if starts_with:
            expected = [key for key in expected if len(key) > n and key[n].startswith(starts_with)]
        if start:
            expected = [key for key in expected if (key[n:] <= start if reverse else key[n:] >= start)]
        expected = expected[::-1] if reverse else expected
        bounds: dict[str, Any] = {"starts_with": starts_with, "start": start, "reverse": reverse}
        assert found(store, *prefix, **bounds) == expected, (prefix, bounds)
        assert found(store, *prefix, **bounds, limit=2) == expected[:2], (prefix, bounds)


def test_a_scan_goes_on_after_a_key(store: Any) -> None:
    fill(store, ("p", "a"), ("p", "b"), ("p", "c"))
    assert found(store, "p", start=("a\0",)) == [("p", "b"), ("p", "c")]


def test_a_long_scan_reads_every_row_once(store: Any) -> None:
    keys = [("p", f"{number:04}") for number in range(700)]
    fill(store, *keys)
    assert found(store, "p") == keys
    assert found(store, "p", reverse=True) == keys[::-1]


@pytest.mark.parametrize("reverse", [False, True])
def test_rows_may_be_deleted_and_written_while_scanning(store: Any, reverse: bool) -> None:
    keys = [("p", f"{number:04}") for number in range(200)]
    fill(store, *keys)

    def halve(tx: Any) -> list[str]:
        seen = []
        for key, _ in tx.scan(NOTES, ("p",), reverse=reverse):
            seen.append(key[1])
            tx.delete(NOTES, key)
            tx.delete(NOTES, ("p", f"{int(key[1]) + (-1 if reverse else 1):04}"))
            tx.put(NOTES, ("q", key[1]), Note("moved"))
        return seen

    order = range(199, -1, -2) if reverse else range(0, 200, 2)
    assert store.transact(halve) == [f"{number:04}" for number in order]
    assert found(store, "p") == []
    assert len(found(store, "q")) == 100


def test_a_failed_work_leaves_nothing(store: Any) -> None:
    fill(store, ("kept",), ("gone",))
    before = store.transact(lambda tx: tx.get(NOTES, ("kept",)))

    def fail(tx: Any) -> None:
        tx.put(NOTES, ("kept",), LARGE)
        tx.put(NOTES, ("new",), Note("new"))
        tx.delete(NOTES, ("gone",))
        tx.put(OTHERS, ("new",), Note("new"))
        raise KeyError("the work failed")

    with pytest.raises(KeyError, match="the work failed"):
        store.transact(fail)
    assert found(store) == [("gone",), ("kept",)]
    names = [("kept",), ("gone",), ("new",)]
    assert store.transact(lambda tx: [tx.get(NOTES, name) for name in names]) == [before, Note("gone"), None]
    assert store.transact(lambda tx: tx.get(OTHERS, ("new",))) is None


def test_more_rows_than_are_cached_come_back(store: Any) -> None:
    fill(store, *[(str(number),) for number in range(3000)])
    values = store.transact(lambda tx: [tx.get(NOTES, (str(number),)) for number in range(3000)])
    assert values == [Note(str(number)) for number in range(3000)]
