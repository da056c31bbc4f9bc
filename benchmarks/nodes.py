"""One, two and three nodes against one PostgreSQL, beside the embedded engine: sends, receives, uploads to records.

    python -m benchmarks.nodes [--seconds 3] [--rounds 3] [--uploads 300] [--out FILE]

All configurations take turns in one run, on one machine: load, nodes and database share its cores, so that ratios tell
what the nodes share and not what machines of their own would add. Beside each rate stands where the time went: CPU of
the nodes and of the database, what its connections were seen waiting for, transactions run again, WAL.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from tests import postgres

from benchmarks import processes
from benchmarks.load import Connection, Failed, Work, connect, sending
from benchmarks.nodes_table import table
from benchmarks.peers import OUTFALL, Peer, Running
from benchmarks.road import Road
from benchmarks.scenarios_sqs import BATCH, MESSAGE, make_queue

CLIENTS = 24
LOOK_EVERY_S = 0.01
SETTLE_S = 1.2
"""PostgreSQL's connections tell their counts once a second."""
HANDLER = "def handler(event, context):\n    return {}\n"
ALL = ("embedded", "1 node", "2 nodes", "3 nodes")

WAITS = """SELECT CASE WHEN state = 'idle in transaction' THEN 'the node'
        WHEN wait_event_type IS NULL THEN 'working'
        WHEN wait_event IN ('WALWrite', 'WALSync') THEN 'the disk'
        WHEN wait_event_type = 'Lock' THEN 'another transaction' ELSE 'other' END
    FROM pg_stat_activity WHERE application_name LIKE 'outfall %' AND state <> 'idle'"""
COUNTS = """SELECT xact_commit, xact_rollback, pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal
    FROM pg_stat_database WHERE datname = current_database()"""


@dataclass
class Setup:
    """A configuration: its processes, all on one store."""

    name: str
    nodes: list[Running]

    @property
    def ports(self) -> list[int]:
        """Where it answers."""
        return [node.port for node in self.nodes]


@dataclass
class Measured:
    """What a slice came to."""

    count: int = 0
    seconds: float = 0.0
    nodes_cpu_s: float = 0.0
    database_cpu_s: float = 0.0
    commits: int = 0
    rollbacks: int = 0
    wal: int = 0
    waits: Counter[str] = field(default_factory=Counter)

    def add(self, other: Measured) -> None:
        """One more slice of the same."""
        for name in ("count", "seconds", "nodes_cpu_s", "database_cpu_s", "commits", "rollbacks", "wal"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.waits.update(other.waits)


class Bench:
    """The configurations, the database, and a connection of our own to look at it."""

    def __init__(self, database: postgres.Server, watching: asyncpg.Connection[Any], setups: list[Setup]) -> None:
        self._database = database
        self._watching = watching
        self.setups = setups

    async def slice(self, setup: Setup, load: Callable[[], Awaitable[int]]) -> Measured:
        """What `load`, which tells how much it did, takes of a configuration."""
        before, cpu_s, database_s = await self._counts(), self._cpu_s(setup), self._database_cpu_s()
        waits: Counter[str] = Counter()
        looking = asyncio.create_task(self._look(waits))
        began = time.perf_counter()
        try:
            count = await load()
        finally:
            seconds = time.perf_counter() - began
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        cpu_s, database_s = self._cpu_s(setup) - cpu_s, self._database_cpu_s() - database_s
        await asyncio.sleep(SETTLE_S)
        commits, rollbacks, wal = (b - a for a, b in zip(before, await self._counts(), strict=True))
        return Measured(count, seconds, cpu_s, database_s, commits, rollbacks, wal, waits)

    def _cpu_s(self, setup: Setup) -> float:
        return sum(processes.cpu_s(node.pid) for node in setup.nodes)

    def _database_cpu_s(self) -> float:
        return processes.cpu_s(self._database.pid)

    async def _counts(self) -> tuple[int, int, int]:
        row = await self._watching.fetchrow(COUNTS)
        assert row is not None
        return row[0], row[1], int(row[2])

    async def _look(self, waits: Counter[str]) -> None:
        while True:
            waits.update(row[0] for row in await self._watching.fetch(WAITS))
            await asyncio.sleep(LOOK_EVERY_S)


@contextlib.asynccontextmanager
async def opened(names: tuple[str, ...]) -> AsyncIterator[Bench]:
    """A database that may be killed, and all configurations running."""
    async with contextlib.AsyncExitStack() as stack:
        database = await asyncio.to_thread(postgres.Server, durable=True, options=postgres.AS_IN_USE)
        stack.callback(database.remove)
        setups = []
        for name in names:
            url, count = (database.empty(), int(name[0])) if name != "embedded" else ("", 1)
            peer, nodes = _peer(url, database.directory) if url else OUTFALL, []
            for _ in range(count):
                nodes.append(await Running(peer).start())
                stack.push_async_callback(nodes[-1].stop)
            setups.append(Setup(name, nodes))
        watching = await asyncpg.connect(database.url())
        stack.push_async_callback(watching.close)
        yield Bench(database, watching, setups)


def _peer(url: str, directory: Path) -> Peer:
    def command(port: int, data: Path) -> list[str]:
        place = (data.parent / "blobs").as_uri()
        up = [sys.executable, "-m", "outfall", "up", "--port", str(port)]
        return [*up, "--store", url, "--blobs", place]

    return Peer("outfall", frozenset({"sqs", "s3", "lambda"}), command)


async def driven(setup: Setup, works: dict[int, Work], *, seconds: float = 60.0, count: int | None = None) -> int:
    """Turns that clients of all nodes did, each client at one node."""
    turns, done, end = iter(range(count)) if count is not None else itertools.count(), 0, time.monotonic() + seconds

    async def client(port: int) -> None:
        nonlocal done
        connection = await connect(port)
        try:
            for n in turns:
                await works[port](connection, n)
                done += 1
                if time.monotonic() > end:
                    return
        finally:
            connection.close()

    try:
        async with asyncio.TaskGroup() as group:
            for n in range(CLIENTS):
                group.create_task(client(setup.ports[n % len(setup.ports)]))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return done


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done."""

    seconds: float = 3.0
    uploads: int = 300
    rounds: int = 3


async def sends(bench: Bench, setup: Setup, size: Size) -> Measured:
    """SendMessage to one queue, by way of all nodes."""
    queue = await make_queue(setup.nodes[0], "send")
    works = {
        node.port: sending([node.signer.sqs("SendMessage", QueueUrl=queue, MessageBody=MESSAGE)])
        for node in setup.nodes
    }
    return await bench.slice(setup, lambda: driven(setup, works, seconds=size.seconds))


async def receives(bench: Bench, setup: Setup, size: Size) -> Measured:
    """ReceiveMessage of one message from one queue that never gets empty."""
    queue = await make_queue(setup.nodes[0], "receive")
    filling = {
        node.port: sending([node.signer.sqs("SendMessageBatch", QueueUrl=queue, Entries=BATCH)]) for node in setup.nodes
    }
    await driven(setup, filling, count=int(size.seconds * 400))

    def work(node: Running) -> Work:
        request = node.signer.sqs("ReceiveMessage", QueueUrl=queue)

        async def receive(connection: Connection, _: int) -> None:
            if b"ReceiptHandle" not in (await connection.ask(request)).ok().body:
                raise Failed("a queue ran empty, or a message was not seen")

        return receive

    works = {node.port: work(node) for node in setup.nodes}
    return await bench.slice(setup, lambda: driven(setup, works, seconds=size.seconds))


async def uploads(bench: Bench, setup: Setup, size: Size) -> Measured:
    """Uploads whose function succeeds, until the last record is received."""
    first = setup.nodes[0]
    road = await Road(first, HANDLER).build()

    def put(node: Running) -> Work:
        keys = itertools.count()

        async def work(connection: Connection, _: int) -> None:
            request = node.signer.s3("PUT", f"/{road.bucket}/{node.port}-{next(keys)}", b"x")
            (await connection.ask(request)).ok()

        return work

    works = {node.port: put(node) for node in setup.nodes}

    async def load() -> int:
        receiving = asyncio.create_task(road.receive(road.success, size.uploads, 60.0))
        await driven(setup, works, count=size.uploads)
        await receiving
        if len(road.records) < size.uploads:
            raise Failed(f"{len(road.records)} records of {size.uploads}")
        return len(road.records)

    return await bench.slice(setup, load)


KINDS = {"sends": sends, "receives": receives, "uploads to records": uploads}
Found = dict[tuple[str, str], Measured]


async def measure(size: Size, names: tuple[str, ...] = ALL, kinds: tuple[str, ...] = tuple(KINDS)) -> Found:
    """All kinds on all configurations, by both names."""
    found: Found = {}
    async with opened(names) as bench:
        for kind in kinds:
            for number in range(size.rounds):
                # Each configuration is first as often as last.
                for setup in bench.setups if number % 2 == 0 else bench.setups[::-1]:
                    measured = await KINDS[kind](bench, setup, size)
                    found.setdefault((kind, setup.name), Measured()).add(measured)
                    print(f"  {kind}, {setup.name}: {measured.count / measured.seconds:,.0f}/s", file=sys.stderr)
    return found


def main() -> None:
    """Entry point."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.nodes")
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--uploads", type=int, default=300)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", action="append", choices=tuple(KINDS), help="may be given again")
    options.add_argument("--setup", action="append", choices=ALL, help="may be given again")
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    size = Size(given.seconds, given.uploads, given.rounds)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(measure(size, tuple(given.setup or ALL), tuple(given.only or KINDS)))
    told = table(found, tuple(given.setup or ALL))
    print(told)
    if given.out:
        given.out.write_text(told)


if __name__ == "__main__":
    main()
