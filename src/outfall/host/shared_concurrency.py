"""How many invocations of each function run on all nodes at this moment, and whether one more may start.

Each node writes down what it has, by function or account, and reads what the others have in the same transaction. For a
function with reserved concurrency that is every single run. For an account it is places in bundles, so that most runs
cost no transaction; places that another node holds and does not use are given back within seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from outfall.core.invocation import Run, Throttled
from outfall.core.ports import Store, Tx
from outfall.host.concurrency import ACCOUNT_FULL, RESERVED_TAKEN, Concurrency
from outfall.host.nodes import PLACES, Places
from outfall.store.errors import StoreError

BUNDLE = 20


class SharedConcurrency(Concurrency):
    """Counts running invocations of one node, within limits of all."""

    def __init__(self, account_limit: int, store: Store, node: str, log: Callable[[str], None]) -> None:
        super().__init__(account_limit)
        self._limit = account_limit
        self._store = store
        self._node = node
        self._log = log
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._bundles: dict[str, int] = {}
        self._untold: set[str] = set()

    def _one_at_a_time(self, name: str) -> asyncio.Lock:
        """The lock of a function or account: the same for all who hold it or wait for it, and gone with the last."""
        return self._locks.setdefault(name, asyncio.Lock())

    async def enter(self, run: Run) -> Throttled | None:
        """Takes a place for a run, or says why there is none. Reserved places are a function's own."""
        function = run.environment.function_arn
        account = function.rsplit(":", 2)[0]
        if run.reserved_concurrency is not None:
            async with self._one_at_a_time(function):
                wanted = self._functions[function] + 1
                if not await self._take(function, wanted, wanted, run.reserved_concurrency):
                    return RESERVED_TAKEN
                self._count(run)
            return None
        async with self._one_at_a_time(account):
            needed = self._accounts[account] + 1
            if needed > self._bundles.get(account, 0):
                most = needed + BUNDLE - 1
                taken = await self._take(account, most, needed, self._limit)
                if not taken:
                    return ACCOUNT_FULL
                self._bundles[account] = taken
            self._count(run)
        return None

    async def _take(self, name: str, most: int, least: int, limit: int) -> int:
        """Writes down that this node has `most` places, or as many as there are; 0 if that is less than `least`."""
        if least > limit:
            return 0

        def work(tx: Tx) -> int:
            others = sum(row.count for key, row in tx.scan(PLACES, (name,)) if key[1] != self._node)
            places = min(most, limit - others)
            if places < least:
                return 0
            tx.put(PLACES, (name, self._node), Places(places))
            return places

        try:
            return await self._store.run(work, durable=False)
        except StoreError:
            self._untold.add(name)  # It may be written down all the same.
            raise

    async def leave(self, run: Run) -> None:
        """Gives the place back."""
        await super().leave(run)
        if run.reserved_concurrency is not None:
            await self._tell(run.environment.function_arn)

    async def _tell(self, name: str) -> None:
        """Writes down how many places of a function are used, or of an account are held."""
        async with self._one_at_a_time(name):
            count = self._functions.get(name, 0) or self._bundles.get(name, 0)
            try:
                await self._write(name, count)
                self._untold.discard(name)
            except StoreError as error:
                self._untold.add(name)
                self._log(f"places of {name} are given back later: {error}")

    async def _write(self, name: str, count: int) -> None:
        key = (name, self._node)

        def work(tx: Tx) -> None:
            if count:
                tx.put(PLACES, key, Places(count))
            else:
                tx.delete(PLACES, key)

        await self._store.run(work, durable=False)

    async def tidy(self) -> None:
        """Gives back what is not used, and tells again what could not be told; to be called now and then."""
        for name in list(self._untold):
            await self._tell(name)
        for account, held in list(self._bundles.items()):
            async with self._one_at_a_time(account):
                used = self._accounts.get(account, 0)
                keep = -(-used // BUNDLE) * BUNDLE
                if keep < held:
                    await self._write(account, keep)
                    self._bundles[account] = keep
                    if not keep:
                        del self._bundles[account]
