"""The history of a batch: one event for all its messages, found in the traces of all of them, closed after a crash."""

from __future__ import annotations

from typing import Any

from outfall.core.history import AttemptLost, BatchEnded, BatchTaken, Fact
from outfall.core.invocation import EnvironmentSpec, Logging, Outcome, Package, Run
from outfall.core.source import SourceMessage
from outfall.flow import chain, timeline
from outfall.flow.polling import rules, story
from outfall.flow.polling.rules import Batch, Polling
from outfall.store.memory import MemoryStore
from tests.support import ACCOUNT, make_context

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:fn"
FIRST, SECOND = (f"1-00000000-{digit * 24}" for digit in "ab")
POLLING = Polling(QUEUE, FUNCTION)
SPEC = EnvironmentSpec(
    FUNCTION, "$LATEST", "r", "python3.12", "a.b", Package("", ()), (), (), "role", 128, 512, 3, Logging("/g")
)


def taken() -> tuple[Batch, Run]:
    """Three messages, of two traces and of none."""
    messages = [
        SourceMessage(name, f"h-{name}", "b", "md5", {}, {}, trace=trace)
        for name, trace in (("1", FIRST), ("2", SECOND), ("3", ""))
    ]
    gathered, _ = rules.gather(POLLING, rules.NOTHING, messages, 0)
    return gathered, Run(SPEC, "run-1", FUNCTION, gathered.payload(), trace_header=f"Root={FIRST};Parent=0;Sampled=0")


def do(store: MemoryStore, work: Any) -> Any:
    return store.transact(lambda tx: work(make_context(tx)))


def facts(store: MemoryStore) -> list[Fact]:
    found: list[Fact] = do(store, lambda ctx: timeline.facts(ctx.tx, "run-1"))
    return found


def test_a_batch_is_one_event_in_the_chains_of_all_its_messages() -> None:
    store, (gathered, run) = MemoryStore(), taken()
    do(store, lambda ctx: story.begun(ctx, POLLING, gathered, run, 30))
    for trace in (FIRST, SECOND):
        [event] = do(store, lambda ctx, trace=trace: chain.chain(ctx.tx, trace)).events
        assert (event.id, event.kind, event.trace, event.state) == ("run-1", "batch", FIRST, "running")
    [start, _] = facts(store)
    assert isinstance(start, BatchTaken)
    assert (start.count, start.messages) == (3, ("1", "2", "3"))


def test_a_batch_that_a_crash_cut_off_is_closed_at_the_next_start() -> None:
    store, (gathered, run) = MemoryStore(), taken()
    do(store, lambda ctx: story.begun(ctx, POLLING, gathered, run, 30))
    assert do(store, lambda ctx: story.adopt(ctx, all_dead=False)) == 0, "another node may be at work on it"
    assert do(store, lambda ctx: story.adopt(ctx, all_dead=True)) == 1
    lost, end = facts(store)[2:]
    assert isinstance(lost, AttemptLost)
    assert isinstance(end, BatchEnded)
    assert (end.deleted, end.returned) == (0, 3)
    assert do(store, lambda ctx: ctx.tx.get(timeline.EVENTS, ("run-1",))).state == "failed"
    assert do(store, lambda ctx: story.adopt(ctx, all_dead=True)) == 0


def test_a_batch_that_found_no_concurrency_waits_and_then_runs() -> None:
    store, (gathered, run) = MemoryStore(), taken()

    def state() -> tuple[str, int]:
        summary = do(store, lambda ctx: ctx.tx.get(timeline.EVENTS, ("run-1",)))
        return summary.state, summary.due_ms

    do(store, lambda ctx: story.begun(ctx, POLLING, gathered, run, 30))
    now = do(store, lambda ctx: ctx.now)
    do(store, lambda ctx: story.throttled(ctx, run, "why", nominal_ms=1000, wait_ms=1000))
    assert state() == ("waiting", now + 1000)
    do(store, lambda ctx: story.tried(ctx, run))
    assert state() == ("running", 0)


def test_what_a_batch_was_and_answered_is_kept() -> None:
    store, (gathered, run) = MemoryStore(), taken()
    do(store, lambda ctx: story.begun(ctx, POLLING, gathered, run, 30))
    done = [message for message, _ in gathered.entries.values()][:2]
    outcome = Outcome(b'{"batchItemFailures":[{"itemIdentifier":"3"}]}', "", "$LATEST", "stream")
    do(store, lambda ctx: story.ended(ctx, POLLING, gathered, run, outcome, done, 30))
    end = facts(store)[-1]
    assert isinstance(end, BatchEnded)
    assert (end.deleted, end.returned, end.failed) == (2, 1, ("3",))
    kept = do(store, lambda ctx: ctx.tx.get(timeline.ENDED, ("run-1",)))
    assert (kept.payload, kept.last.payload) == (run.payload, outcome.payload)
