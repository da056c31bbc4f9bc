"""The chore that removes what is past its time: all sweeps in order, a small part at each claim, begun again after a
crash where it was."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

from tests.support import ACCOUNT, REGION, T0, make_context

from outfall.core import sweeping as rows
from outfall.core.invocation import LogLine
from outfall.core.ports import Item
from outfall.host import sweeping
from outfall.services.events.model import ARCHIVED, ARCHIVES, REPLAYS, Archive, Archived, Event, Replay
from outfall.services.iam.model import DELETION_TASKS, DeletionTask
from outfall.services.logs import writer
from outfall.services.logs.model import CHUNKS, FILTERS, GROUPS, TAIL, Filter
from outfall.services.sqs.model import DELETED, Deleted
from outfall.store.memory import MemoryStore

DAY_MS = 86_400_000
LATER = T0 + 120 * DAY_MS
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"


def do(store: MemoryStore, work: Any, at: int = T0) -> Any:
    return store.transact(lambda tx: work(make_context(tx, now=at)))


def claimed(store: MemoryStore, at: int) -> list[Item]:
    found: list[Item] = do(store, lambda ctx: ctx.tx.claim(sweeping.QUEUE, now_ms=at, lease_ms=1))
    return found


def swept(store: MemoryStore, at: int = LATER) -> int:
    """Goes through the list once; how many parts it took."""
    do(store, sweeping.begin, at - sweeping.EVERY_MS)
    parts = 0
    while items := claimed(store, at):
        do(store, partial(sweeping.step, item=items[0]), at)
        parts += 1
    return parts


def left(store: MemoryStore, table: Any) -> int:
    return sum(1 for _ in store.transact(lambda tx: list(tx.scan(table))))


def test_with_nothing_to_remove_each_sweep_is_one_part_and_then_an_hour_passes() -> None:
    store = MemoryStore()
    assert swept(store) == len(sweeping.SWEEPS)
    assert store.transact(lambda tx: tx.next_due(sweeping.QUEUE)) == LATER + sweeping.EVERY_MS


def test_many_rows_are_removed_in_small_parts() -> None:
    store, many = MemoryStore(), 3 * rows.ROWS_AT_ONCE + 1

    def fill(ctx: Any) -> None:
        for number in range(many):
            ctx.tx.put(DELETED, (ACCOUNT, REGION, f"q{number:06}"), Deleted(ctx.now))
        ctx.tx.put(DELETED, (ACCOUNT, REGION, "z"), Deleted(LATER))

    do(store, fill)
    do(store, sweeping.begin, LATER - sweeping.EVERY_MS)
    counts = [left(store, DELETED)]
    while items := claimed(store, LATER):
        do(store, partial(sweeping.step, item=items[0]), LATER)
        counts.append(left(store, DELETED))
    assert max(before - after for before, after in pairwise(counts)) == rows.ROWS_AT_ONCE
    assert counts[-1] == 1


def test_log_events_past_their_retention_go_stream_by_stream() -> None:
    store, lines = MemoryStore(), 2 * writer.CHUNKS_SWEPT_AT_ONCE + 5

    def fill(ctx: Any) -> None:
        for number in range(lines):
            writer.write(ctx, "g", "s", [LogLine(T0 + number, "x")])
            writer.write(ctx, "kept", "s", [LogLine(T0 + number, "x")])
        writer.write(ctx, "g", "t", [LogLine(T0, "x")])
        group = ctx.tx.get(GROUPS, (ACCOUNT, REGION, "g"))
        ctx.tx.put(GROUPS, group.key, type(group)(group.account, group.region, group.name, T0, retention_days=1))

    do(store, fill)
    assert swept(store) == len(sweeping.SWEEPS) + 2
    assert left(store, CHUNKS) == lines


def test_chunks_across_the_end_of_the_retention_are_kept_and_hold_nothing_up() -> None:
    store, many = MemoryStore(), writer.CHUNKS_SWEPT_AT_ONCE + 5

    def fill(ctx: Any) -> None:
        for _ in range(many):
            writer.write(ctx, "g", "s", [LogLine(LATER - DAY_MS - 5, "x"), LogLine(LATER - DAY_MS + 5, "x")])
        group = ctx.tx.get(GROUPS, (ACCOUNT, REGION, "g"))
        ctx.tx.put(GROUPS, group.key, type(group)(group.account, group.region, group.name, T0, retention_days=1))

    do(store, fill)
    assert swept(store) == len(sweeping.SWEEPS)
    assert left(store, CHUNKS) == many


def test_an_archive_that_takes_nothing_in_lets_go_of_what_is_old() -> None:
    store = MemoryStore()

    def fill(ctx: Any) -> None:
        for name, days in (("old", 1), ("kept", 0)):
            archive = Archive(ACCOUNT, REGION, name, BUS, T0, retention_days=days, count=450, size=900)
            ctx.tx.put(ARCHIVES, archive.key, archive)
            for number in range(450):
                event = Event(str(number), "{}", T0)
                ctx.tx.put(ARCHIVED, (*archive.key, f"{T0:015d}", f"{number:04}"), Archived(event, T0))

    do(store, fill)
    swept(store)
    assert left(store, ARCHIVED) == 450
    found = store.transact(lambda tx: tx.get(ARCHIVES, (ACCOUNT, REGION, "old")))
    assert found is not None
    assert (found.count, found.size) == (0, 0)


def test_what_else_is_over_goes() -> None:
    store = MemoryStore()

    def fill(ctx: Any) -> None:
        for name, ended in (("ended", T0), ("fresh", LATER - DAY_MS), ("runs", 0)):
            replay = Replay(ACCOUNT, REGION, name, "a", BUS, (), 0, 1, T0, ended_ms=ended)
            ctx.tx.put(REPLAYS, replay.key, replay)
        ctx.tx.put(DELETION_TASKS, (ACCOUNT, "t"), DeletionTask("t", T0))
        ctx.tx.put(FILTERS, (ACCOUNT, REGION, "g", TAIL, "over"), Filter("over", "", T0, until_ms=T0 + 1))
        ctx.tx.put(FILTERS, (ACCOUNT, REGION, "g", TAIL, "open"), Filter("open", "", T0, until_ms=LATER + 1))
        ctx.tx.put(FILTERS, (ACCOUNT, REGION, "g", "metric", "m"), Filter("m", "", T0))

    do(store, fill)
    swept(store)
    replays = store.transact(lambda tx: [key[2] for key, _ in tx.scan(REPLAYS)])
    assert replays == ["fresh", "runs"]
    assert left(store, DELETION_TASKS) == 0
    assert store.transact(lambda tx: [key[-1] for key, _ in tx.scan(FILTERS)]) == ["m", "open"]


def test_a_list_that_grew_shorter_with_a_new_version_begins_anew() -> None:
    store = MemoryStore()
    do(store, lambda ctx: ctx.tx.enqueue(sweeping.QUEUE, b'{"sweep":99,"start":["a"]}', now_ms=T0, due_ms=T0))
    assert swept(store) == 1
