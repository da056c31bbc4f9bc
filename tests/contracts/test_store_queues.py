"""Work queues: due times, leases, handles, receive counts, groups, counts. Time is an argument; nothing is waited."""

from __future__ import annotations

from typing import Any

import pytest

from outfall.core.ports import Item, QueueCounts

BAD_HANDLES = ["", "x", "1", "1.", ".1", "1.1.1", "-1.1", "1.-1", "1. 1", "².1", "9" * 30 + ".1", "1." + "9" * 30]


def add(
    store: Any, *payloads: str, queue: str = "q", now: int = 0, due: int = 0, group: str | None = None
) -> list[int]:
    return store.transact(
        lambda tx: [tx.enqueue(queue, text.encode(), now_ms=now, due_ms=due, group=group) for text in payloads]
    )


def claim(store: Any, now: int, *, lease: int = 30, limit: int = 1, queue: str = "q") -> list[Item]:
    return store.transact(lambda tx: tx.claim(queue, now_ms=now, lease_ms=lease, limit=limit))


def texts(items: list[Item]) -> str:
    return " ".join(item.payload.decode() for item in items)


def counts(store: Any, now: int, queue: str = "q") -> tuple[int, int, int]:
    found: QueueCounts = store.transact(lambda tx: tx.counts(queue, now))
    return found.ready, found.leased, found.delayed


def call(store: Any, name: str, *arguments: Any, **options: Any) -> Any:
    return store.transact(lambda tx: getattr(tx, name)("q", *arguments, **options))


def test_numbers_grow_over_all_queues(store: Any) -> None:
    numbers = add(store, "a", "b") + add(store, "c", queue="r")
    assert numbers == sorted(set(numbers))


def test_an_item_is_claimed_when_it_is_due(store: Any) -> None:
    add(store, "a", due=100)
    assert claim(store, 99) == []
    (item,) = claim(store, 100)
    assert (item.payload, item.due_ms, item.enqueued_ms, item.receives) == (b"a", 130, 0, 1)
    assert (item.first_received_ms, item.leased, item.group) == (100, True, None)


def test_the_longest_due_comes_first_then_the_oldest(store: Any) -> None:
    add(store, "late", due=20)
    add(store, "early", "next", due=10)
    assert texts(claim(store, 30, limit=2)) == "early next"
    assert texts(claim(store, 30, limit=2)) == "late"


def test_of_the_first_that_are_due_the_oldest_come_first_where_that_is_asked_for(store: Any) -> None:
    add(store, "a", "b")
    again = claim(store, 0, lease=30)[0]
    add(store, "c", "d", now=10, due=10)

    def oldest(now: int, limit: int, among: int) -> str:
        found = store.transact(lambda tx: tx.claim("q", now_ms=now, lease_ms=0, limit=limit, among=among))
        return texts(found)

    assert oldest(29, 9, 9) == "b c d"
    # b, c and d have been due since 29, a since 30.
    assert oldest(30, 1, 3) == "b"
    assert oldest(30, 1, 4) == "a"
    assert oldest(30, 4, 1) == "a b c d", "all that are asked for, in the order of their numbers"
    assert call(store, "acknowledge", again.handle) is False


def test_within_one_work_too_the_oldest_come_first(store: Any) -> None:
    def work(tx: Any) -> list[str]:
        for text in (b"a", b"b", b"c"):
            tx.enqueue("q", text, now_ms=0, due_ms=0)
        first = tx.claim("q", now_ms=0, lease_ms=9, limit=1, among=8)
        tx.release("q", first[0].handle, due_ms=5)
        tx.enqueue("q", b"d", now_ms=0, due_ms=0)
        second = tx.claim("q", now_ms=5, lease_ms=9, limit=2, among=8)
        return [texts(first), texts(second), texts(tx.claim("q", now_ms=5, lease_ms=9, limit=9, among=8))]

    assert store.transact(work) == ["a", "a b", "c d"]


def test_a_lease_hides_an_item_until_it_ends(store: Any) -> None:
    add(store, "a")
    first = claim(store, 0, lease=30)[0]
    assert claim(store, 29) == []
    again = claim(store, 30)[0]
    assert (again.number, again.receives, again.first_received_ms) == (first.number, 2, 0)
    assert again.handle != first.handle


def test_a_handle_is_void_after_the_next_claim(store: Any) -> None:
    add(store, "a")
    old, new = claim(store, 0)[0].handle, claim(store, 30)[0].handle
    assert not call(store, "acknowledge", old)
    assert not call(store, "extend", old, 99)
    assert not call(store, "release", old, due_ms=0)
    assert call(store, "acknowledge", new)
    assert not call(store, "acknowledge", new)


def test_a_handle_is_good_after_its_lease_ran_out_if_nobody_claimed_since(store: Any) -> None:
    add(store, "a")
    assert call(store, "acknowledge", claim(store, 0, lease=1)[0].handle)
    assert counts(store, 99) == (0, 0, 0)


@pytest.mark.parametrize("handle", BAD_HANDLES)
def test_what_is_no_handle_is_void(store: Any, handle: str) -> None:
    add(store, "a")
    claim(store, 0)
    assert not call(store, "acknowledge", handle)
    assert not call(store, "extend", handle, 9)
    assert not call(store, "release", handle, due_ms=9)


def test_a_handle_is_void_on_another_queue(store: Any) -> None:
    add(store, "a")
    add(store, "b", queue="r")
    handle = claim(store, 0, queue="r")[0].handle
    assert not call(store, "acknowledge", handle)


def test_extending_moves_the_end_of_the_lease(store: Any) -> None:
    add(store, "a")
    handle = claim(store, 0, lease=30)[0].handle
    assert call(store, "extend", handle, 50)
    assert claim(store, 49) == []
    assert call(store, "extend", handle, 10)
    assert texts(claim(store, 10)) == "a"


def test_a_released_item_waits_with_its_new_payload(store: Any) -> None:
    add(store, "a")
    handle = claim(store, 0)[0].handle
    assert call(store, "release", handle, due_ms=60, payload=b"b")
    assert counts(store, 59) == (0, 0, 1)
    assert not call(store, "acknowledge", handle)
    (item,) = claim(store, 60)
    assert (item.payload, item.receives) == (b"b", 2)


def test_an_item_that_waits_can_be_rescheduled_and_one_under_a_lease_cannot(store: Any) -> None:
    (number,) = add(store, "a", due=100)
    assert call(store, "reschedule", number, due_ms=5, payload=b"b")
    assert texts(claim(store, 5)) == "b"
    assert not call(store, "reschedule", number, due_ms=0)
    assert not call(store, "reschedule", number + 1, due_ms=0)
    assert not call(store, "reschedule", 1 << 70, due_ms=0)


def test_peeking_shows_all_in_order_and_changes_nothing(store: Any) -> None:
    numbers = add(store, "a", "b", "c", due=9)
    claim(store, 9)
    seen = call(store, "peek")
    assert [(item.number, item.leased, item.receives) for item in seen] == [
        (numbers[0], True, 1),
        (numbers[1], False, 0),
        (numbers[2], False, 0),
    ]
    assert texts(call(store, "peek", after=numbers[0], limit=1)) == "b"
    assert call(store, "peek", after=1 << 70) == []
    assert call(store, "acknowledge", seen[0].handle)


def test_counts_tell_ready_leased_and_delayed(store: Any) -> None:
    add(store, "a", "b", "c")
    add(store, "d", due=50)
    claim(store, 0, lease=10)
    assert counts(store, 5) == (2, 1, 1)
    assert counts(store, 10) == (3, 0, 1)
    assert counts(store, 50) == (4, 0, 0)
    assert counts(store, 0, queue="none") == (0, 0, 0)


def test_expiry_removes_what_was_enqueued_before_in_whatever_order(store: Any) -> None:
    add(store, "new", now=100)
    add(store, "old", "leased", now=10)
    claim(store, 0, limit=3)
    assert call(store, "expire", 10) == 0
    assert call(store, "expire", 100) == 2
    assert call(store, "expire", 100) == 0
    assert texts(call(store, "peek")) == "new"
    assert counts(store, 0) == (0, 1, 0)


@pytest.mark.parametrize("size", [3, 1200])
def test_a_purge_removes_all_and_voids_handles(store: Any, size: int) -> None:
    last = add(store, *["x"] * size)[-1]
    add(store, "other", queue="r")
    handle = claim(store, 0)[0].handle
    assert call(store, "purge") == size
    assert call(store, "purge") == 0
    assert (counts(store, 0), call(store, "peek"), call(store, "next_due"), claim(store, 99)) == (
        (0, 0, 0),
        [],
        None,
        [],
    )
    assert not call(store, "acknowledge", handle)
    (number,) = add(store, "after")
    assert number > last
    assert texts(claim(store, 0, limit=9)) == "after"
    assert texts(claim(store, 0, queue="r")) == "other"


def test_a_purge_that_is_undone_keeps_everything(store: Any) -> None:
    add(store, *["x"] * 1200)

    def fail(tx: Any) -> None:
        tx.purge("q")
        tx.enqueue("q", b"y", now_ms=0, due_ms=0)
        raise KeyError

    with pytest.raises(KeyError):
        store.transact(fail)
    assert counts(store, 0) == (1200, 0, 0)
    assert texts(claim(store, 0)) == "x"


def test_next_due_is_the_earliest_due_time_or_end_of_lease(store: Any) -> None:
    assert call(store, "next_due") is None
    add(store, "a", due=50)
    assert call(store, "next_due") == 50
    add(store, "b", due=5)
    assert call(store, "next_due") == 5
    claim(store, 5, lease=100)
    assert call(store, "next_due") == 50
    claim(store, 50, lease=100)
    assert call(store, "next_due") == 105


def test_due_queues_are_those_that_hold_items(store: Any) -> None:
    add(store, "a", queue="async/one", due=7)
    add(store, "b", queue="async/two", due=3)
    add(store, "c", queue="sqs/one", due=1)
    add(store, "d", queue="async/empty")
    store.transact(lambda tx: tx.purge("async/empty"))
    assert store.transact(lambda tx: tx.due_queues("async/")) == [("async/one", 7), ("async/two", 3)]
    assert [name for name, _ in store.transact(lambda tx: tx.due_queues(""))] == ["async/one", "async/two", "sqs/one"]


def test_freeing_ends_the_leases_of_the_dead(store: Any) -> None:
    add(store, "a", "b", queue="async/one")
    add(store, "c", queue="async/two", group="g")
    add(store, "d", queue="sqs/one")
    claimed = [claim(store, 0, queue=name, lease=900)[0] for name in ("async/one", "async/two", "sqs/one")]
    assert store.transact(lambda tx: tx.free("async/")) == 2
    assert store.transact(lambda tx: tx.free("async/")) == 0
    assert not store.transact(lambda tx: tx.acknowledge("async/one", claimed[0].handle))
    assert [item.receives for item in claim(store, 0, queue="async/one", limit=5)] == [2, 1]
    assert texts(claim(store, 0, queue="async/two")) == "c"
    assert claim(store, 0, queue="sqs/one") == []


def test_a_group_is_claimed_in_order_and_not_while_a_claim_of_it_runs(store: Any) -> None:
    add(store, "a1", group="a")
    add(store, "b1", group="b")
    add(store, "a2", "a3", group="a")
    first = claim(store, 0)
    assert texts(first) == "a1"
    assert texts(claim(store, 0, limit=5)) == "b1"
    assert call(store, "next_due") == 30
    assert call(store, "acknowledge", first[0].handle)
    assert texts(claim(store, 0, limit=5)) == "a2 a3"


def test_several_of_a_group_come_in_one_claim_and_come_again_in_order(store: Any) -> None:
    add(store, "a1", "a2", "a3", group="a")
    first = claim(store, 0, limit=2, lease=10)
    assert texts(first) == "a1 a2"
    assert texts(claim(store, 10, limit=5)) == "a1 a2 a3"


def test_a_group_waits_for_its_oldest(store: Any) -> None:
    add(store, "a1", group="a", due=50)
    add(store, "a2", group="a")
    assert claim(store, 49, limit=5) == []
    assert texts(claim(store, 50, limit=5)) == "a1 a2"


def test_the_oldest_of_a_group_does_not_wait_for_a_lease_behind_it(store: Any) -> None:
    """[LS:test_fifo_message_group_visibility_after_terminate_visibility_timeout]"""
    add(store, "a1", "a2", "a3", group="a")
    first, second = claim(store, 0, limit=2, lease=30)
    assert call(store, "release", first.handle, due_ms=0)
    assert texts(claim(store, 0, limit=5, lease=40)) == "a1"
    assert call(store, "next_due") == 40
    assert call(store, "extend", second.handle, 0)
    assert claim(store, 0, limit=5) == []
    assert texts(claim(store, 40, limit=5)) == "a1 a2 a3"


def test_a_group_goes_on_when_its_oldest_expires(store: Any) -> None:
    add(store, "a1", group="a", now=1, due=1)
    add(store, "a2", group="a", now=5, due=5)
    claim(store, 1, lease=1000)
    assert call(store, "expire", 5) == 1
    assert texts(claim(store, 5)) == "a2"


def test_counts_of_grouped_items(store: Any) -> None:
    add(store, "a1", "a2", "a3", group="a")
    add(store, "b1", group="b", due=40)
    add(store, "plain", due=40)
    claim(store, 0, limit=2, lease=30)
    assert counts(store, 0) == (1, 2, 2)
    assert counts(store, 30) == (3, 0, 2)


def test_what_was_counted_in_a_failed_work_is_forgotten(store: Any) -> None:
    add(store, "a")
    fresh = "never counted before"

    def fail(tx: Any) -> None:
        tx.enqueue(fresh, b"x", now_ms=0, due_ms=0)
        assert tx.counts(fresh, 0).ready == 1
        raise KeyError

    add(store, "a", queue=fresh)
    store.transact(lambda tx: tx.acknowledge(fresh, tx.claim(fresh, now_ms=0, lease_ms=1)[0].handle))
    with pytest.raises(KeyError):
        store.transact(fail)
    assert counts(store, 0, queue=fresh) == (0, 0, 0)


def test_a_failed_work_leaves_queues_as_they_were(store: Any) -> None:
    (number,) = add(store, "a")
    add(store, "g1", "g2", group="g")
    assert counts(store, 0) == (3, 0, 0)

    def fail(tx: Any) -> None:
        tx.enqueue("new", b"x", now_ms=0, due_ms=0)
        tx.enqueue("q", b"x", now_ms=0, due_ms=0, group="g")
        for item in tx.claim("q", now_ms=0, lease_ms=9, limit=3):
            tx.acknowledge("q", item.handle)
        tx.free("")
        raise KeyError

    with pytest.raises(KeyError):
        store.transact(fail)
    assert counts(store, 0) == (3, 0, 0)
    assert counts(store, 0, queue="new") == (0, 0, 0)
    assert [item.receives for item in call(store, "peek")] == [0, 0, 0]
    assert texts(claim(store, 0, limit=9)) == "a g1 g2"
    assert add(store, "z", queue="new")[0] > number
    assert texts(claim(store, 0, queue="new")) == "z"
