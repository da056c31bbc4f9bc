"""One work queue in memory: its items by number, and by the time at which they can be claimed.

An item without a group can be claimed from its due time (or end of lease) on. Of a group, only the oldest item has a
turn, at its due time or at the end of its lease, even while later ones of the group are under a lease.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import NamedTuple

from sortedcontainers import SortedDict, SortedList


class Row(NamedTuple):
    """An item as it lies in its queue."""

    number: int
    payload: bytes
    due: int
    enqueued: int
    receives: int = 0
    first_received: int | None = None
    leased: bool = False
    group: str | None = None


@dataclass(slots=True)
class _Group:
    """The numbers of a group's items, and the turn of the oldest."""

    numbers: SortedList = field(default_factory=SortedList)
    turn: tuple[int, int] | None = None


class MemoryQueue:
    """Items of one queue. `set` is the only way to change one, and keeps all the orders."""

    def __init__(self) -> None:
        self.items: SortedDict = SortedDict()
        self.turns: SortedList = SortedList()
        self._leases: SortedList = SortedList()
        self._waits: SortedList = SortedList()
        self._groups: dict[str, _Group] = {}
        self._enqueued_min: int | None = None

    def set(self, number: int, row: Row | None) -> Row | None:
        """Puts `row` in the place of what is at `number` (None: nothing); returns what was there."""
        old: Row | None = self.items.get(number)
        if old is not None:
            self._leave(old)
            if row is None:
                del self.items[number]
        if row is not None:
            self.items[number] = row
            self._enter(row)
        return old

    def _leave(self, row: Row) -> None:
        (self._leases if row.leased else self._waits).remove((row.due, row.number))
        if row.group is None:
            self.turns.remove((row.due, row.number))
            return
        group = self._groups[row.group]
        group.numbers.remove(row.number)
        self._settle(row.group, group)

    def _enter(self, row: Row) -> None:
        (self._leases if row.leased else self._waits).add((row.due, row.number))
        if self._enqueued_min is not None:
            self._enqueued_min = min(self._enqueued_min, row.enqueued)
        if row.group is None:
            self.turns.add((row.due, row.number))
            return
        group = self._groups.setdefault(row.group, _Group())
        group.numbers.add(row.number)
        self._settle(row.group, group)

    def _settle(self, name: str, group: _Group) -> None:
        if group.turn is not None:
            self.turns.remove(group.turn)
            group.turn = None
        if not group.numbers:
            del self._groups[name]
            return
        oldest: Row = self.items[group.numbers[0]]
        group.turn = (oldest.due, oldest.number)
        self.turns.add(group.turn)

    def ready(self, now: int, limit: int, among: int = 0) -> list[Row]:
        """Up to `limit` items to claim, those with the earliest turn first (of the first `among`, the oldest) and each
        followed by what comes next in its group, as [SQS FIFO delivery] has it: as many of one group as there are."""
        found: list[Row] = []
        due = (number for _, number in takewhile(lambda place: place[0] <= now, self.turns))
        for number in sorted(islice(due, max(among, limit))) if among else due:
            if len(found) >= limit:
                break
            row: Row = self.items[number]
            found.append(row)
            if row.group is not None:
                self._follow(row.group, now, limit, found)
        return found

    def _follow(self, group: str, now: int, limit: int, found: list[Row]) -> None:
        for number in self._groups[group].numbers.islice(1):
            row: Row = self.items[number]
            if row.due > now or len(found) >= limit:
                return
            found.append(row)

    def later(self, now: int) -> tuple[int, int]:
        """How many leases end after `now`, and how many items are due after it."""
        after = (now + 1,)
        return len(self._leases) - self._leases.bisect_left(after), len(self._waits) - self._waits.bisect_left(after)

    def older(self, enqueued_before: int) -> list[int]:
        """The numbers of items enqueued before that time."""
        if self._enqueued_min is not None and self._enqueued_min >= enqueued_before:
            return []
        self._enqueued_min = min((row.enqueued for row in self.items.values()), default=None)
        return [row.number for row in self.items.values() if row.enqueued < enqueued_before]
