"""Which engine keeps the data, and what follows from it: the clock of record, and the nodes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from outfall import __version__
from outfall.core.body import REFERENCES
from outfall.core.ports import Store
from outfall.host.clock import AnyClock, SharedClock, SystemClock
from outfall.host.concurrency import Concurrency
from outfall.host.config import Config
from outfall.host.nodes import Alone, Node
from outfall.host.shared_concurrency import SharedConcurrency
from outfall.host.time_travel import open_clock
from outfall.store.blobs import BlobFiles, Blobs, MemoryBlobs
from outfall.store.errors import StoreError
from outfall.store.memory import MemoryStore
from outfall.store.node_facts import NodeFacts
from outfall.store.opening import open_blobs
from outfall.store.sqlite import SqliteStore


@dataclass(frozen=True, slots=True)
class Engines:
    """What a program runs on."""

    store: Store
    blobs: Blobs
    clock: AnyClock
    node: Alone | Node
    concurrency: Concurrency


async def open_engines(config: Config, endpoint: Callable[[], str], log: Callable[[str], None]) -> Engines:
    """The engines of a configuration. Raises the errors of `store.errors`."""
    if config.store is not None:
        return await _shared(config, endpoint, log)
    store: Store
    blobs: Blobs
    if config.data is None:
        store, blobs = MemoryStore(), MemoryBlobs()
    else:
        store, blobs = SqliteStore.open(config.data), BlobFiles(config.data / "blobs")
        await store.run(lambda tx: blobs.sweep(lambda blob: tx.get(REFERENCES, (blob,)) is not None))
    clock = await open_clock(store, config.clock, SystemClock())
    return Engines(store, blobs, clock, Alone(), Concurrency(config.account_concurrency))


async def _shared(config: Config, endpoint: Callable[[], str], log: Callable[[str], None]) -> Engines:
    if config.blobs is None:
        raise StoreError("Many nodes need a place for large bodies that all of them see: --blobs file:///shared/blobs.")
    try:  # The driver is an optional part.
        from outfall.store.postgres import PostgresStore
        from outfall.store.postgres_members import Members
    except ImportError:
        raise StoreError("The driver for PostgreSQL is not installed: pip install 'outfall[many-machines]'.") from None
    name = secrets.token_hex(6)
    blobs = open_blobs(config.blobs)
    store = await PostgresStore.connect(config.store or "", name)
    concurrency = SharedConcurrency(config.account_concurrency, store, name, log)

    def facts() -> NodeFacts:
        return NodeFacts(name, endpoint(), __version__, running=sum(concurrency.running().values()))

    members = Members(store, facts, config.node_lease_s / 5, log)
    await members.start()
    clock = await open_clock(store, config.clock, SharedClock(members.now_ms))
    node = Node(store, name, members, config.node_lease_s)
    node.on_beat.append(concurrency.tidy)
    return Engines(store, blobs, clock, node, concurrency)
