"""Any sequence of works means the same to PostgreSQL as to the twin in memory, but for the numbers it gives."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from outfall.core.ports import Item
from outfall.store import MemoryStore
from outfall.store.handles import handle_of, parse_handle
from outfall.store.postgres import PostgresStore
from tests import postgres

from .test_store_twins import NOTES, STEPS, Step


class Names:
    """Which number of one engine is which of the other's; those of a failed work are forgotten."""

    def __init__(self) -> None:
        self.items: dict[int, int] = {}
        self.facts: dict[int, int] = {}

    def learn(self, steps: list[Step], theirs: list[Any], ours: list[Any]) -> None:
        for (name, *_), their, our in zip(steps, theirs, ours, strict=False):
            if name in ("enqueue", "append"):
                (self.items if name == "enqueue" else self.facts)[our] = their

    def item(self, item: Item) -> Item:
        number = self.items[item.number]
        return replace(item, number=number, handle=handle_of(number, item.receives))

    def told(self, name: str, answer: Any) -> Any:
        """An answer of ours in their numbers."""
        if name == "enqueue":
            return self.items[answer]
        if name == "append":
            return self.facts[answer]
        if name in ("claim", "peek"):
            return [self.item(item) for item in answer]
        if name in ("feed", "history"):
            return [(self.facts[fact[0]], *fact[1:]) for fact in answer]
        return answer

    def asked(self, step: Step) -> Step:
        """One of their steps in our numbers."""
        name, arguments, options = step
        back = {their: our for our, their in self.items.items()}
        if name in ("acknowledge", "extend", "release"):
            number, receives = parse_handle(arguments[1]) or (0, 0)
            arguments = (arguments[0], handle_of(back.get(number, 0), receives), *arguments[2:])
        if name == "reschedule":
            arguments = (arguments[0], back.get(arguments[1], 0))
        if name == "forget" and "through" in options:
            mine = [our for our, their in self.facts.items() if their <= options["through"]]
            options = {"through": max(mine, default=0)}
        return name, arguments, options

    def known(self, step: Step) -> Step:
        """One of their steps without numbers that nothing has yet: what a work itself makes has another number here."""
        name, arguments, options = step
        if name == "reschedule" and arguments[1] not in self.items.values():
            arguments = (arguments[0], 0)
        if name == "forget" and "through" in options:
            options = {"through": min(options["through"], max(self.facts.values(), default=0))}
        return name, arguments, options


class Twins(RuleBasedStateMachine):
    """Plays the same works to both, several to a batch, and compares what they say and what they hold."""

    @initialize()
    def open(self) -> None:
        self.ours: Any = PostgresStore.open(postgres.server().empty())
        self.memory: Any = MemoryStore()
        self.names = Names()
        self.handles: list[str] = []

    def teardown(self) -> None:
        if hasattr(self, "ours"):
            self.ours.shut()

    def play(self, store: Any, steps: list[Step], fails: bool) -> list[Any]:
        answers: list[Any] = []

        def work(tx: Any) -> None:
            answers.clear()
            answers.extend(getattr(tx, name)(*arguments, **options) for name, arguments, options in steps)
            if fails:
                raise KeyError

        try:
            store.transact(work)
        except KeyError:
            pass
        return answers

    @rule(steps=st.lists(STEPS, max_size=8), fails=st.sampled_from([False, False, False, True]))
    def work(self, steps: list[Step], fails: bool) -> None:
        known = [
            (name, (arguments[0], (["0.0"] * 8 + self.handles)[arguments[1]], *arguments[2:]), options)
            if name in ("acknowledge", "extend", "release")
            else (name, arguments, options)
            for name, arguments, options in map(self.names.known, steps)
        ]
        theirs = self.play(self.memory, known, fails)
        items, facts = dict(self.names.items), dict(self.names.facts)
        ours = self.play(self.ours, [self.names.asked(step) for step in known], fails)
        self.names.learn(known, theirs, ours)
        assert [self.names.told(step[0], answer) for step, answer in zip(known, ours, strict=True)] == theirs
        if fails:
            self.names.items, self.names.facts = items, facts
        else:
            self.handles += [item.handle for found in theirs if isinstance(found, list) for item in found]
        self.compare()

    def compare(self) -> None:
        asked: list[Step] = [("due_queues", ("",), {}), ("feed", (), {})]
        asked += [("history", (stream,), {}) for stream in ("s", "t")]
        for queue in ("q", "r", "s/one"):
            asked += [("peek", (queue,), {}), ("next_due", (queue,), {})]
            asked += [("counts", (queue, now), {}) for now in (0, 10, 30)]
        theirs, ours = self.play(self.memory, asked, False), self.play(self.ours, asked, False)
        assert [self.names.told(step[0], answer) for step, answer in zip(asked, ours, strict=True)] == theirs

        def rows(tx: Any) -> Any:
            return list(tx.scan(NOTES)), list(tx.scan(NOTES, reverse=True))

        assert self.ours.transact(rows) == self.memory.transact(rows)


TestTwins = Twins.TestCase
TestTwins.settings = settings(
    max_examples=20, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)
