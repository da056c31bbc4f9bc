"""History: streams of facts with numbers that only grow."""

from __future__ import annotations

from typing import Any

import pytest


def add(store: Any, stream: str, *facts: bytes) -> list[int]:
    return store.transact(lambda tx: [tx.append(stream, fact) for fact in facts])


def test_a_stream_is_read_in_order_and_in_pieces(store: Any) -> None:
    numbers = add(store, "a", b"1", b"2", b"3")
    assert store.transact(lambda tx: tx.history("a")) == list(zip(numbers, [b"1", b"2", b"3"], strict=True))
    assert store.transact(lambda tx: tx.history("a", after=numbers[0], limit=1)) == [(numbers[1], b"2")]
    assert store.transact(lambda tx: tx.history("none")) == []


def test_the_feed_tells_all_streams(store: Any) -> None:
    a, b, c = add(store, "a", b"1") + add(store, "b", b"2") + add(store, "a", b"3")
    assert store.transact(lambda tx: tx.feed()) == [(a, "a", b"1"), (b, "b", b"2"), (c, "a", b"3")]
    assert store.transact(lambda tx: tx.feed(after=a, limit=1)) == [(b, "b", b"2")]


def test_a_forgotten_stream_is_gone_and_its_numbers_are_not_given_again(store: Any) -> None:
    (old,) = add(store, "a", b"1")
    (kept,) = add(store, "b", b"2")
    (last,) = add(store, "a", b"3")
    store.transact(lambda tx: tx.forget("a"))
    assert store.transact(lambda tx: (tx.history("a"), tx.feed())) == ([], [(kept, "b", b"2")])
    (new,) = add(store, "a", b"4")
    assert new > last > old


def test_a_failed_work_leaves_history_as_it_was(store: Any) -> None:
    add(store, "a", b"1")
    before = store.transact(lambda tx: tx.feed())

    def fail(tx: Any) -> None:
        tx.append("a", b"2")
        tx.append("b", b"3")
        tx.forget("a")
        tx.append("a", b"4")
        raise KeyError

    with pytest.raises(KeyError):
        store.transact(fail)
    assert store.transact(lambda tx: (tx.feed(), tx.history("a"), tx.history("b"))) == (
        before,
        [(before[0][0], b"1")],
        [],
    )


def test_the_older_part_of_a_stream_can_be_forgotten(store: Any) -> None:
    first, second, third = add(store, "a", b"1", b"2", b"3")
    (other,) = add(store, "b", b"4")
    store.transact(lambda tx: tx.forget("a", through=second))
    assert store.transact(lambda tx: (tx.history("a"), tx.feed())) == (
        [(third, b"3")],
        [(third, "a", b"3"), (other, "b", b"4")],
    )
    store.transact(lambda tx: tx.forget("a", through=first))
    assert store.transact(lambda tx: tx.history("a")) == [(third, b"3")]


def test_a_failed_work_leaves_the_older_part_of_a_stream(store: Any) -> None:
    first, second = add(store, "a", b"1", b"2")
    before = store.transact(lambda tx: tx.feed())

    def fail(tx: Any) -> None:
        tx.append("a", b"3")
        tx.forget("a", through=first)
        tx.append("a", b"4")
        tx.forget("a", through=second)
        raise KeyError

    with pytest.raises(KeyError):
        store.transact(fail)
    assert store.transact(lambda tx: (tx.feed(), [number for number, _ in tx.history("a")])) == (
        before,
        [first, second],
    )
