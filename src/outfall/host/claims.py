"""What the worker has claimed, and what it may have claimed without knowing: then a claim is held by a node that lives
and that will never do anything about it, and the item would wait for the end of its lease, which may be 16 minutes.

Such claims come from a database that goes away: between a commit and its confirmation, or before a claim could be given
back. The queue is doubtful then, and the next claim from it frees first what is not known of. Beside that somebody
looks every few seconds whether the database tells of claims that nobody here knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from outfall.core.ports import SharedTx, Store, Tx

T = TypeVar("T")


class Claims:
    """The claims of one worker. From a queue only one claim is made at a time, so whatever is claimed from it and not
    held while that is under way is not known of."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, set[str]] = {}
        self._doubtful: set[str] = set()

    def hold(self, queue: str, handles: Iterable[str]) -> None:
        """These claims are known, and somebody works on them."""
        self._held.setdefault(queue, set()).update(handles)

    def let_go(self, queue: str, handle: str) -> None:
        """Nobody works on a claim any more."""
        held = self._held.get(queue, set())
        held.discard(handle)
        if not held:
            self._held.pop(queue, None)

    def doubt(self, queue: str) -> None:
        """There may be claims on this queue that are not known of."""
        if not self._store.exclusive:  # Alone, a process frees them when it starts.
            self._doubtful.add(queue)

    async def claiming(self, queue: str, work: Callable[[Tx], T]) -> T:
        """Runs what claims from a queue, after what is not known of was freed if there may be any. Raises the store's
        errors; of a claim that failed it is not known whether it was made."""
        doubtful = queue in self._doubtful
        self._doubtful.discard(queue)  # Before, so that a doubt that comes up meanwhile is kept.

        def claim(tx: Tx) -> T:
            if doubtful:
                cast(SharedTx, tx).free_strays(queue, self._held.get(queue, ()))
            return work(tx)

        try:
            return await self._store.run(claim, durable=False)
        except BaseException:
            self.doubt(queue)
            raise

    def look(self, tx: Tx, prefix: str) -> None:
        """Doubts the queues on which the database knows more claims of this process than the process does."""
        for queue, handle in cast(SharedTx, tx).claims(prefix):
            if handle not in self._held.get(queue, ()):
                self.doubt(queue)
