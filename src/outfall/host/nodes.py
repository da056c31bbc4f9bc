"""This process among the nodes on one store: it tells that it lives, and buries those that do not.

What a node holds is bound to its life: claims on work, places to run, mappings to poll. A node that was not seen for
its lease on the store's clock is struck off by whoever notices first, and all of that is free again. It may only
have been stopped: then what it finds out counts no more, since its claims are void (`Tx.acknowledge` answers False).
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

import msgspec

from outfall.core.ports import Key, SharedTx, Store, Table, Tx
from outfall.services.lambda_ import mappings
from outfall.store.errors import StoreError
from outfall.store.node_facts import NodeFacts

if TYPE_CHECKING:
    from outfall.store.postgres_members import Members


class Places(msgspec.Struct, frozen=True):
    """How many runs a node has, or may have, of a function or in an account."""

    count: int


class Owner(msgspec.Struct, frozen=True):
    """The node that polls for a mapping."""

    node: str


PLACES: Table[Places] = Table("host.places", Places)
"""By function ARN, or account and region, and node."""
OWNERS: Table[Owner] = Table("host.owners", Owner)
"""By the mapping's key."""


class Alone:
    """The only process on its store."""

    id = ""

    async def start(self, held: Iterable[str]) -> None:
        """Nobody to tell."""

    async def stop(self) -> None:
        """Nobody to tell."""

    def owns(self, tx: Tx, key: Key) -> bool:
        """It polls for every mapping."""
        return True

    def listed(self) -> list[dict[str, Any]] | None:
        """There is no list."""
        return None


class Node:
    """One of many."""

    def __init__(self, store: Store, name: str, members: Members, lease_s: float) -> None:
        self.id = name
        self._store = store
        self._held: tuple[str, ...] = ()
        self._members = members
        self._lease_s = lease_s
        self._seen: tuple[str, ...] = ()
        self._buried_strangers_s = 0.0
        self.on_beat: list[Callable[[], Any]] = []

    async def start(self, held: Iterable[str]) -> None:
        """Becomes a node that others see. `held` are what the names of queues begin with whose claims end with the
        node that made them."""
        self._held = tuple(held)
        self._members.beaten = self._beaten
        await self._members.join()
        self._seen = self._alive()

    async def stop(self) -> None:
        """Leaves nothing behind that others would have to wait for."""
        with contextlib.suppress(StoreError):  # Then others wait until it was not seen for long enough.
            await self._store.run(lambda tx: self._bury(tx, self.id))
        await self._members.leave()

    def owns(self, tx: Tx, key: Key) -> bool:
        """Whether this node is the one that polls for a mapping: the same answer on all nodes that know of the same
        others, and never two at once, since it is written down."""
        alive = self._alive()
        first = max(alive, key=lambda node: hashlib.sha256("\n".join((node, *key)).encode()).digest(), default=self.id)
        row = tx.get(OWNERS, key)
        owner = row.node if row else ""
        if first != self.id:
            if owner == self.id:
                tx.delete(OWNERS, key)
                tx.wake(mappings.CHANGED_TOPIC)
            return False
        if owner not in ("", self.id):
            return False
        if not owner:
            tx.put(OWNERS, key, Owner(self.id))
        return True

    def listed(self) -> list[dict[str, Any]] | None:
        """All nodes, as `outfall status` tells of them."""
        now_ms = self._members.now_ms()
        return [
            {
                "id": node.id,
                "endpoint": node.endpoint,
                "version": node.version,
                "this": node.id == self.id,
                "started_ms": node.started_ms,
                "seen_ms_ago": max(0, now_ms - node.seen_ms),
                "running": node.running,
            }
            for node in self._members.nodes
        ]

    def _alive(self) -> tuple[str, ...]:
        return tuple(node.id for node in self._members.nodes)

    async def _beaten(self) -> None:
        """After each beat: looks who is gone."""
        members = self._members
        for step in self.on_beat:
            await step()
        if time.monotonic() - members.steady_since_s > self._lease_s:
            # Not sooner: while the database was away, nobody could tell that he lives.
            for node in members.nodes:
                if node.id != self.id and members.now_ms() - node.seen_ms > self._lease_s * 1000:
                    await self._strike(node)
            await self._bury_strangers()
        alive = self._alive()
        if alive != self._seen:
            self._seen = alive
            await self._store.run(lambda tx: tx.wake(mappings.CHANGED_TOPIC))

    async def _strike(self, node: NodeFacts) -> None:
        if await self._members.remove(node):
            await self._store.run(lambda tx: self._bury(tx, node.id))
            await self._members.reload()

    async def _bury_strangers(self) -> None:
        """Those who were struck off by a node that died before it could bury them."""
        if time.monotonic() - self._buried_strangers_s < self._lease_s:
            return
        self._buried_strangers_s = time.monotonic()
        found = await self._store.run(self._all_holders, durable=False)
        await self._members.reload()
        for stranger in found.difference(self._alive()):
            await self._store.run(lambda tx, stranger=stranger: self._bury(tx, stranger))  # type: ignore[misc]

    def _all_holders(self, tx: Tx) -> set[str]:
        shared = cast(SharedTx, tx)
        found = {holder for prefix in self._held for holder in shared.holders(prefix)}
        found |= {row.node for _, row in tx.scan(OWNERS)}
        return found | {key[1] for key, _ in tx.scan(PLACES)}

    def _bury(self, tx: Tx, node: str) -> None:
        """Everything that a node held is free."""
        for prefix in self._held:
            cast(SharedTx, tx).free_of(node, prefix)
        for key, _ in tx.scan(PLACES):
            if key[1] == node:
                tx.delete(PLACES, key)
        for key, owner in tx.scan(OWNERS):
            if owner.node == node:
                tx.delete(OWNERS, key)
        tx.wake(mappings.CHANGED_TOPIC)
