"""Any sequence of works means the same to every engine, whichever share a commit: the SQLite store against its twin in
memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from outfall.store import MemoryStore, SqliteStore
from tests.contracts.test_store_rows import NOTES, Note

QUEUES = st.sampled_from(["q", "r", "s/one"])
GROUPS = st.sampled_from([None, None, "g", "h"])
KEYS = st.tuples(*[st.sampled_from(["", "a", "ab", "a\0", "\1", "é"])] * 2).flatmap(
    lambda key: st.sampled_from([key, key[:1]])
)
TIMES = st.integers(0, 60)
WAITS = st.integers(0, 20)
STREAMS = st.sampled_from(["s", "t"])

Step = tuple[str, tuple[Any, ...], dict[str, Any]]


def step(name: str, *arguments: Any, **options: Any) -> st.SearchStrategy[Step]:
    """A call of a method of `Tx`."""
    return st.tuples(st.just(name), st.tuples(*arguments), st.fixed_dictionaries(options))


HANDLE = st.integers(-8, -1)  # which of the last claims: see `Twins.play`
STEPS = st.one_of(
    step("put", st.just(NOTES), KEYS, st.builds(Note, st.sampled_from(["x", "y", "z" * 9000]))),
    step("get", st.just(NOTES), KEYS),
    step("delete", st.just(NOTES), KEYS),
    step("enqueue", QUEUES, st.just(b"p"), now_ms=TIMES, due_ms=TIMES, group=GROUPS),
    step("enqueue", QUEUES, st.just(b"p"), now_ms=TIMES, due_ms=TIMES, group=GROUPS),
    step("claim", QUEUES, now_ms=TIMES, lease_ms=WAITS, limit=st.integers(1, 4)),
    step("claim", QUEUES, now_ms=TIMES, lease_ms=WAITS, limit=st.integers(1, 4), among=st.integers(0, 6)),
    step("acknowledge", QUEUES, HANDLE),
    step("extend", QUEUES, HANDLE, TIMES),
    step("release", QUEUES, HANDLE, due_ms=TIMES, payload=st.sampled_from([None, b"new"])),
    step("reschedule", QUEUES, st.integers(1, 12), due_ms=TIMES),
    step("expire", QUEUES, TIMES),
    step("purge", QUEUES),
    step("free", st.sampled_from(["", "s/"])),
    step("append", STREAMS, st.just(b"fact")),
    step("forget", STREAMS),
    step("forget", STREAMS, through=st.integers(0, 12)),
)


class Twins(RuleBasedStateMachine):
    """Plays the same works to both, and compares what they say and what they hold."""

    @initialize()
    def open(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.sqlite: Any = SqliteStore.open(Path(self.place.name))
        self.memory: Any = MemoryStore()
        self.handles: list[str] = []
        self.woken: dict[str, list[str]] = {"memory": [], "sqlite": []}
        self.memory.subscribe(self.woken["memory"].append)
        self.sqlite.subscribe(self.woken["sqlite"].append)

    def teardown(self) -> None:
        if hasattr(self, "sqlite"):
            self.sqlite.shut()
            self.place.cleanup()

    def play(self, transact: Any, steps: list[Step], fails: bool) -> list[Any]:
        """What each step answers; with `fails` the work raises at its end."""
        answers: list[Any] = []

        def work(tx: Any) -> None:
            for name, arguments, options in steps:
                if name in ("acknowledge", "extend", "release"):
                    handle = (["0.0"] * 8 + self.handles)[arguments[1]]
                    arguments = (arguments[0], handle, *arguments[2:])
                answers.append(getattr(tx, name)(*arguments, **options))
            if fails:
                raise KeyError

        try:
            transact(work)
        except KeyError:
            answers.append("failed")
        return answers

    @rule(
        steps=st.lists(STEPS, max_size=8),
        fails=st.sampled_from([False, False, False, True]),
        commits=st.sampled_from([False, True, True]),
    )
    def work(self, steps: list[Step], fails: bool, commits: bool) -> None:
        """A work; what it did is committed at once, or with the works after it."""
        answers = self.play(self.memory.transact, steps, fails)
        assert self.play(self.sqlite.transact if commits else self.sqlite._apply, steps, fails) == answers
        if not fails:
            found = [answer for answer in answers if isinstance(answer, list)]
            self.handles += [item.handle for items in found for item in items]
        if commits:
            self.compare()

    def compare(self) -> None:
        def all_of(tx: Any) -> list[Any]:
            seen = [list(tx.scan(NOTES)), list(tx.scan(NOTES, reverse=True)), tx.feed(), tx.due_queues("")]
            seen += [tx.history(stream) for stream in ("s", "t")]
            for queue in ("q", "r", "s/one"):
                seen += [tx.peek(queue), tx.next_due(queue), *(tx.counts(queue, now) for now in (0, 10, 30))]
            return seen

        assert self.sqlite.transact(all_of) == self.memory.transact(all_of)
        assert self.woken["sqlite"] == list(dict.fromkeys(self.woken["memory"]))
        for woken in self.woken.values():
            woken.clear()


TestTwins = Twins.TestCase
TestTwins.settings = settings(
    max_examples=40, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
