"""What ended long ago is forgotten, in small steps; what still waits or runs never is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from outfall.core.history import Delivered, Undelivered
from outfall.core.invocation import AsyncEvent
from outfall.core.parcel import Parcel, Sender
from outfall.core.ports import Item
from outfall.core.principal import root_of
from outfall.flow import forget, passage, search, timeline
from outfall.flow.polling import story
from outfall.flow.send import Refusal
from tests.contracts.conftest import ENGINES
from tests.simulation.world import Crash, Fragile
from tests.support import ACCOUNT, REGION, T0, make_context

DAY_MS = 86_400_000
KEPT_MS = 14 * DAY_MS
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn"
TABLES = (
    timeline.EVENTS,
    timeline.ENDED,
    timeline.BY_TIME,
    timeline.BY_TRACE,
    passage.UNDELIVERED,
    story.OTHER_TRACES,
)


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    opened = ENGINES[request.param](tmp_path)
    yield opened
    opened.shut()


def do(store: Any, work: Callable[[Any], Any], at: int = T0, **house: Any) -> Any:
    return store.transact(lambda tx: work(make_context(tx, now=at, **house)))


def told(ctx: Any, target: str) -> Delivered:
    return Delivered(at_ms=ctx.now, wall_ms=ctx.now, role="s3", target=target, receipt="r", size=1)


def happen(
    store: Any, name: str, state: Any = "failed", *, at: int = T0, ended: int | None = None, trace: str = ""
) -> None:
    """An event of five facts; one of another trace and a record that did not arrive are part of it."""

    def begin(ctx: Any) -> None:
        summary = timeline.Summary(name, ACCOUNT, REGION, FUNCTION, "s", state, at, at, trace=trace or f"1-{name}")
        timeline.open_event(ctx, summary)
        timeline.belongs(ctx, summary, f"2-{name}")
        ctx.tx.put(story.OTHER_TRACES, (name,), story.Roots((f"2-{name}",)))
        timeline.tell_trace(ctx, f"1-{name}", told(ctx, "bucket"))
        for _ in range(3):
            timeline.tell(ctx, name, told(ctx, "x"))

    def end(ctx: Any) -> None:
        timeline.keep(ctx, AsyncEvent(name, FUNCTION, b"{}", at), always=True)
        parcel = Parcel(b"{}", Sender("destination", root_of(ACCOUNT), event_id=name))
        passage.undelivered(ctx, name, parcel, "arn:aws:sqs:us-east-1:1:q", Refusal("denied", "no"))
        timeline.note(ctx, name, state=state)

    do(store, begin, at)
    do(store, end, at if ended is None else ended)


def rounds(store: Any, at: int, **house: Any) -> int:
    """The chore, for as long as it has something to do; how many steps."""
    do(store, forget.begin, at - forget.ROUND_EVERY_MS)
    steps = 0
    while items := claimed(store, at):
        do(store, partial(forget.step, item=items[0]), at, **house)
        steps += 1
    return steps


def claimed(store: Any, at: int) -> list[Item]:
    found: list[Item] = do(store, lambda ctx: ctx.tx.claim(forget.QUEUE, now_ms=at, lease_ms=1))
    return found


def left(store: Any) -> list[str]:
    """The ids of the events that are still known."""
    return [key[0] for key in store.transact(lambda tx: [key for key, _ in tx.scan(timeline.EVENTS)])]


def rows(store: Any) -> int:
    return int(store.transact(lambda tx: sum(1 for table in TABLES for _ in tx.scan(table))))


def facts(store: Any) -> int:
    return len(store.transact(lambda tx: tx.feed(limit=100_000)))


def test_an_event_is_forgotten_with_all_that_is_known_of_it_two_weeks_after_its_end(store: Any) -> None:
    happen(store, "a", ended=T0 + DAY_MS)
    before = rows(store), facts(store)
    rounds(store, T0 + DAY_MS + KEPT_MS - 1)
    # What happened between events goes by its own time.
    assert (rows(store), facts(store)) == (before[0], before[1] - 1)
    rounds(store, T0 + DAY_MS + KEPT_MS + 1 + forget.ROUND_EVERY_MS)
    assert (rows(store), facts(store)) == (0, 0)


@pytest.mark.parametrize("state", ["queued", "running", "waiting"])
def test_an_event_that_still_waits_or_runs_is_never_forgotten(store: Any, state: str) -> None:
    happen(store, "busy", state)
    happen(store, "done")
    rounds(store, T0 + 10 * KEPT_MS, history_facts_max=1)
    assert left(store) == ["busy"]
    assert len(do(store, lambda ctx: timeline.facts(ctx.tx, "busy"))) == 4


def test_how_long_is_set_at_start(store: Any) -> None:
    happen(store, "a")
    rounds(store, T0 + DAY_MS + 1, history_kept_ms=DAY_MS)
    assert left(store) == []


def test_what_was_sent_again_is_kept_longer(store: Any) -> None:
    happen(store, "a")

    def again(ctx: Any) -> None:
        timeline.tell(ctx, "a", told(ctx, "x"))
        timeline.note(ctx, "a", undelivered=0)

    do(store, again, T0 + KEPT_MS)
    rounds(store, T0 + KEPT_MS + DAY_MS)
    assert left(store) == ["a"]
    rounds(store, T0 + 2 * KEPT_MS + 1 + forget.ROUND_EVERY_MS)
    assert (left(store), facts(store)) == ([], 0)


def test_of_very_many_only_the_newest_are_kept(store: Any) -> None:
    for number in range(60):
        happen(store, f"{number:03}", "succeeded")
    rounds(store, T0 + 1, history_facts_max=100)
    # Of five facts each, and what is kept beyond the limit is one event at most.
    assert left(store) == [f"{number:03}" for number in range(40, 60)]
    happen(store, "060", at=T0 + 2)
    rounds(store, T0 + 2 + forget.ROUND_EVERY_MS, history_facts_max=100)
    assert left(store) == [f"{number:03}" for number in range(41, 61)]


def test_a_history_of_a_trace_that_never_ends_loses_what_is_old(store: Any) -> None:
    for day in range(20):
        do(store, lambda ctx: timeline.tell_trace(ctx, "1-loop", told(ctx, "queue")), T0 + day * DAY_MS)
    rounds(store, T0 + 20 * DAY_MS)
    assert facts(store) == 14


def test_each_step_is_small_and_the_next_follows_at_once(store: Any) -> None:
    for number in range(100):
        happen(store, f"{number:03}")
    # Five hundred facts: three parts to count them, and one that finds none left; five to forget, and a last one.
    assert rounds(store, T0 + KEPT_MS + 1) == 4 + 6 - 1
    assert (rows(store), facts(store)) == (0, 0)


def test_a_crash_in_the_middle_costs_nothing(store: Any) -> None:
    for number in range(30):
        happen(store, f"{number:03}", "waiting" if number % 10 == 9 else "failed")
    at = T0 + KEPT_MS + 1
    do(store, forget.begin, at - forget.ROUND_EVERY_MS)
    before, crashes = (rows(store), facts(store)), 0
    for steps in range(0, 300, 7):
        items = claimed(store, at)
        at += 2

        def fragile(tx: Any, item: Any = items[0], steps: int = steps, at: int = at) -> None:
            forget.step(make_context(Fragile(tx, steps), now=at), item)

        try:
            store.transact(fragile)
        except Crash:
            crashes += 1
            assert (rows(store), facts(store)) == before
        before = rows(store), facts(store)
        if before[1] == 3 * 4:
            break
    rounds(store, at + forget.ROUND_EVERY_MS)
    assert crashes > 20
    assert left(store) == ["009", "019", "029"]
    assert facts(store) == 3 * 4
    assert rows(store) == 3 * 7


def test_facts_of_an_event_that_nobody_knows_go_too(store: Any) -> None:
    do(store, lambda ctx: timeline.tell(ctx, "gone", told(ctx, "x")))
    rounds(store, T0 + KEPT_MS + 1)
    assert facts(store) == 0


def test_a_fact_that_is_no_unicode_is_read_too(store: Any) -> None:
    def tell(ctx: Any) -> None:
        fact = Undelivered(
            at_ms=ctx.now, wall_ms=ctx.now, role="s3", target="x", reason="\ud800", explanation="", body=""
        )
        timeline.tell(ctx, "odd", fact)

    do(store, tell)
    rounds(store, T0 + KEPT_MS - 1)
    assert facts(store) == 1
    rounds(store, T0 + KEPT_MS + 1 + forget.ROUND_EVERY_MS)
    assert facts(store) == 0


def test_the_lists_and_the_feed_bear_the_gap(store: Any) -> None:
    for number in range(10):
        happen(store, f"{number:03}", "waiting" if number in (0, 9) else "failed")
    first = store.transact(lambda tx: tx.feed(limit=1))[0][0]
    rounds(store, T0 + KEPT_MS + 1)
    found, after = do(store, lambda ctx: search.search(ctx.tx, search.Wanted(), limit=100))
    assert [summary.id for summary in found] == ["009", "000"]
    assert not after
    lines = store.transact(lambda tx: tx.feed(after=first, limit=100))
    assert {stream for _, stream, _ in lines} == {"event/000", "event/009"}
    assert store.transact(search.last_number) == lines[-1][0]


def test_the_walk_remembers_little() -> None:
    progress = forget.Progress(1, 2, 3, tuple(range(10**15, 10**15 + forget.MARKS + 1)))
    assert len(msgspec.json.encode(progress)) < 2000
