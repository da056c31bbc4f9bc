"""Three nodes as three processes on one PostgreSQL, under load and under blows: kills, stops, a database that restarts.

`python -m tests.clients.nodes SECONDS [SEED]` gives it that long and prints what came of it; the tests have a short
version. Nothing here goes by how much a machine does in a while: a blow lasts until it has struck, and load is waited
for. Limits are for what never happens.
"""

from __future__ import annotations

import collections
import json
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from outfall.cli.client import ask, is_up, wait_until
from tests import postgres

from .partition import Network, network
from .road import Road, make_queue
from .server import Server

LEASE_S = 3
EXPLAINS = {"kill": 1, "pause": 2, "cut": 2, "restart_database": 2}
"""A node that was killed holds nothing any more. One that comes back holds claims again before the others have noticed,
and those are freed with its old ones."""
BLOW_S = 15.0
"""So long after a blow an event may still be taken up again because of it: the lease of a node that is gone, and what
it takes a machine without time to notice."""
LIMIT_S = 120.0
BETWEEN = {"good": 3, "bad": 1, "chat": 2}
"""What is acknowledged at least between two blows."""
MEANWHILE = 6
"""How much of anything is acknowledged at least while a blow lasts: whoever asks the node that was struck may wait for
its answer until the blow is over."""
TAKEN_FOR_DEAD = re.compile(r"^(\S+Z) other nodes took this one for dead: it had told nothing for ([0-9.]+) s", re.M)

TELLING = """import os, time

def handler(event, context):
    with open({runs!r}, "ab", buffering=0) as runs:
        runs.write(f"{{context.aws_request_id}} {{time.time():.3f}}\\n".encode())
    {ending}
"""
ENDINGS = {"good": 'return {"statusCode": 200}', "bad": 'raise Exception("boom!")'}
ATTEMPTS = {"good": 1, "bad": 3}


class Cluster:
    """Nodes that share a database and a directory for large bodies."""

    def __init__(self, directory: Path, count: int = 3, *arguments: str) -> None:
        self.directory = directory
        self.database = postgres.Server(durable=True)
        self.url = self.database.empty()
        shared = ("--blobs", f"file://{directory}/blobs", "--node-lease", str(LEASE_S))
        self.nodes: list[Server] = []
        for number in range(count):
            place = directory / f"node{number}"
            place.mkdir()
            store = ("--store", self.store_url(number))
            self.nodes.append(Server(place, *store, *shared, "--environments", "process", *arguments))

    def store_url(self, node: int) -> str:
        """How a node reaches the database."""
        return self.url

    def start(self) -> Cluster:
        starting = [threading.Thread(target=node.start) for node in self.nodes]
        for thread in starting:
            thread.start()
        for thread in starting:
            thread.join()
        assert wait_until(self._all_know_all, LIMIT_S)
        return self

    def _all_know_all(self) -> bool:
        """Each node reads who is there with its own beat."""
        return all(len(self.listed(node)) == len(self.nodes) for node in range(len(self.nodes)))

    def listed(self, of: int = 0) -> list[dict[str, Any]]:
        """The nodes, as one of them sees them."""
        nodes: list[dict[str, Any]] = ask(self.nodes[of].endpoint, "/_outfall/health")["nodes"]
        return nodes

    def id_of(self, node: int) -> str:
        """The name under which the others know a node."""
        found: list[str] = []

        def told() -> bool:
            found[:] = [one["id"] for one in self.listed(node) if one["this"]]
            return bool(found)

        assert wait_until(told, LIMIT_S)
        return found[0]

    def until_struck_off(self, name: str, by: int) -> None:
        """Waits until a node that tells nothing any more has lost its lease."""
        assert wait_until(lambda: name not in [one["id"] for one in self.listed(by)], LIMIT_S)

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()
        self.database.remove()


class CuttableCluster(Cluster):
    """Each node can be cut off from the database: see `partition`."""

    def __init__(self, directory: Path, network: Callable[[Path, int], Network], *arguments: str) -> None:
        self._make = network
        self.network: Network | None = None
        super().__init__(directory, 3, *arguments)
        assert self.network is not None
        for number, node in enumerate(self.nodes):
            self.network.place(node, number)

    def store_url(self, node: int) -> str:
        if self.network is None:
            self.network = self._make(self.database.directory / ".s.PGSQL.5432", 3)
        return self.network.url(node, self.url.rpartition("=")[2])

    def stop(self) -> None:
        assert self.network is not None
        for node in range(len(self.nodes)):
            self.network.join(node)
        super().stop()
        self.network.remove()


@dataclass(frozen=True)
class Span:
    """When a blow began and ended, how often it may have had an event run again, and which node it struck."""

    begun: float
    ended: float
    most: int
    node: int | None = None


@dataclass
class Storm:
    """Load on a cluster, what was acknowledged of it, and what arrived."""

    cluster: Cluster
    seed: int = 1
    acknowledged: dict[str, list[str]] = field(default_factory=lambda: {"good": [], "bad": [], "chat": []})
    refused: int = 0
    received: list[tuple[str, str]] = field(default_factory=list)
    blows: collections.Counter[str] = field(default_factory=collections.Counter)
    spans: list[Span] = field(default_factory=list)
    over: bool = False

    def __post_init__(self) -> None:
        first = self.cluster.nodes[0]
        self.roads = {
            kind: Road(first, kind, TELLING.format(runs=str(self._runs_file(kind)), ending=ending))
            for kind, ending in ENDINGS.items()
        }
        self.chat, _ = make_queue(first, "chat")
        self._lock = threading.Lock()

    def _runs_file(self, kind: str) -> Path:
        return self.cluster.directory / f"runs-{kind}"

    def client(self, chance: random.Random, service: str) -> Any:
        """Of any node: each answers everything."""
        return chance.choice(self.cluster.nodes).client(service, connect_timeout=2, read_timeout=15)

    def try_it(self, act: Callable[[], Any]) -> Any:
        """What it returns; None if it failed, of which nobody may expect anything."""
        try:
            return act()
        except (BotoCoreError, ClientError):
            with self._lock:
                self.refused += 1
            time.sleep(0.05)
            return None

    def upload(self, kind: str, number: int) -> None:
        chance = random.Random(f"{self.seed} {kind} {number}")
        for count in range(10**6):
            if self.over:
                return
            key, s3 = f"{number}-{count}", self.client(chance, "s3")
            body = b"x" * chance.choice([1, 100, 70_000])
            if self.try_it(lambda s3=s3, key=key, body=body: s3.put_object(Bucket=kind, Key=key, Body=body)):
                self.acknowledged[kind].append(key)
            time.sleep(0.02)

    def send(self) -> None:
        chance = random.Random(f"{self.seed} chat")
        for count in range(10**6):
            if self.over:
                return
            sqs, body = self.client(chance, "sqs"), f"m{count}"
            if self.try_it(lambda sqs=sqs, body=body: sqs.send_message(QueueUrl=self.chat, MessageBody=body)):
                self.acknowledged["chat"].append(body)
            time.sleep(0.02)

    def receive(self) -> None:
        chance = random.Random(f"{self.seed} receive")
        while not self.over:
            self._receive(self.client(chance, "sqs"))

    def _receive(self, sqs: Any) -> int:
        messages = self._take(sqs, self.chat)
        self.received += [(message["Body"], message["MessageId"]) for message in messages]
        return len(messages)

    def _take(self, sqs: Any, url: str) -> list[dict[str, Any]]:
        """Some messages of a queue; they are deleted, or come again."""
        got = self.try_it(
            lambda: sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=10)
        )
        messages: list[dict[str, Any]] = (got or {}).get("Messages", [])
        for message in messages:
            self.try_it(lambda m=message: sqs.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"]))
        return messages

    # Blows. Each returns which node it struck.
    def _pick(self, chance: random.Random) -> tuple[int, int]:
        """A node, and another one."""
        node, other = chance.sample(range(len(self.cluster.nodes)), 2)
        return node, other

    def kill(self, chance: random.Random) -> int:
        node, _ = self._pick(chance)
        self.cluster.nodes[node].kill()
        self.bear_meanwhile()
        self.cluster.nodes[node].start()
        return node

    def pause(self, chance: random.Random) -> int:
        """Longer than its lease, so that others take over what it holds."""
        node, other = self._pick(chance)
        name, process = self.cluster.id_of(node), self.cluster.nodes[node].process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        self.cluster.until_struck_off(name, other)
        self.bear_meanwhile()
        process.send_signal(signal.SIGCONT)
        return node

    def cut(self, chance: random.Random) -> int:
        """A node loses the database for longer than its lease, and finds it again."""
        assert isinstance(self.cluster, CuttableCluster)
        assert self.cluster.network is not None
        node, other = self._pick(chance)
        name = self.cluster.id_of(node)
        self.cluster.network.cut(node)
        self.cluster.until_struck_off(name, other)
        self.bear_meanwhile()
        self.cluster.network.join(node)
        # The network tries again after pauses that have grown meanwhile: the blow is over when the node is back.
        sqs = self.cluster.nodes[node].client("sqs", connect_timeout=2, read_timeout=25)
        assert wait_until(lambda: self.try_it(sqs.list_queues) is not None, LIMIT_S)
        return node

    def restart_database(self, chance: random.Random) -> None:
        self.cluster.database.stop(kill=chance.random() < 0.5)
        time.sleep(0.3)
        self.cluster.database.start()

    def _acknowledged(self) -> dict[str, int]:
        return {kind: len(known) for kind, known in self.acknowledged.items()}

    def bear(self) -> None:
        """Waits until more of everything was acknowledged."""
        wanted = {kind: count + BETWEEN[kind] for kind, count in self._acknowledged().items()}
        borne = wait_until(lambda: all(count >= wanted[kind] for kind, count in self._acknowledged().items()), LIMIT_S)
        assert borne, f"{self._acknowledged()} were acknowledged in {LIMIT_S} s, and not {wanted}"

    def bear_meanwhile(self) -> None:
        """Waits until more of anything was acknowledged."""
        wanted = sum(self._acknowledged().values()) + MEANWHILE
        assert wait_until(lambda: sum(self._acknowledged().values()) >= wanted, LIMIT_S), "nobody answers any more"

    def rage(self, blows: Iterable[str], every_s: float = 0.0) -> None:
        """Load from all sides, and one blow after the other."""
        chance = random.Random(self.seed)
        load = [threading.Thread(target=self.upload, args=(kind, n)) for n, kind in enumerate(("good", "good", "bad"))]
        load += [threading.Thread(target=self.send), threading.Thread(target=self.receive)]
        for thread in load:
            thread.start()
        try:
            for blow in blows:
                time.sleep(every_s)
                self.bear()
                begun = time.time()
                node = getattr(self, blow)(chance)
                self.spans.append(Span(begun, time.time(), EXPLAINS[blow], node))
                self.blows[blow] += 1
            self.bear()
        finally:
            self.over = True
            for thread in load:
                thread.join()

    # What came of it.
    def _waiting(self) -> str:
        """What lies on work queues, to tell of what went wrong."""
        schema = self.cluster.url.rpartition("=")[2]
        asked = "SELECT queue, number, turn, due, enqueued, receives, leased, holder, length(payload)"
        return self.cluster.database.run(f"{asked} FROM {schema}.work")[:4000]

    def starved(self) -> Iterator[Span]:
        """When nodes got no time of the machine for as long as their lease, by what they tell themselves, and were
        taken for dead without a blow."""
        for number, node in enumerate(self.cluster.nodes):
            for at, silent_s in TAKEN_FOR_DEAD.findall(node.log()):
                ended = datetime.fromisoformat(at).timestamp()
                begun = ended - float(silent_s)
                if float(silent_s) >= LEASE_S and not any(
                    span.node == number and span.begun <= ended and span.ended + BLOW_S >= begun for span in self.spans
                ):
                    yield Span(begun, ended, EXPLAINS["pause"], number)

    def explained(self, kind: str, settled: set[str]) -> dict[str, int]:
        """How often functions really ran: for each settled event as often as its record says, and again only where a
        blow fell between two of its runs. The file may end in a line of a run that was killed while it wrote."""
        spans = [*self.spans, *self.starved()]
        ran: dict[str, list[float]] = collections.defaultdict(list)
        for line in self._runs_file(kind).read_text(errors="replace").splitlines():
            request_id, _, at = line.partition(" ")
            ran[request_id].append(float(at))
        again, most = 0, 0
        for request_id in settled:
            runs = sorted(ran[request_id])
            assert len(runs) >= ATTEMPTS[kind], f"{request_id} was settled after {len(runs)} runs"
            blows = sum(span.most for span in spans if span.begun <= runs[-1] and span.ended + BLOW_S >= runs[0])
            extra = len(runs) - ATTEMPTS[kind]
            assert extra <= blows, f"{request_id} ran at {runs}, and the blows were {spans}: {self.blows}"
            again, most = again + extra, max(most, extra)
        return {"runs": sum(map(len, ran.values())), "runs made again": again, "most for one event": most}

    def _until(self, all_here: Callable[[], bool], take: Callable[[], int], patience_s: float) -> None:
        """Takes what comes, until all is here or nothing has come for a long time."""
        end = time.monotonic() + patience_s
        while not all_here() and time.monotonic() < end:
            if take():
                end = time.monotonic() + patience_s

    def arrived(self, kind: str, patience_s: float) -> dict[str, list[tuple[str, str, int]]]:
        """By object key, what records arrived: request id, message id, invoke count."""
        found: dict[str, list[tuple[str, str, int]]] = collections.defaultdict(list)
        road, sqs = self.roads[kind], self.cluster.nodes[1].client("sqs")
        url = road.success_url if kind == "good" else road.failure_url

        def take() -> int:
            messages = self._take(sqs, url)
            for message in messages:
                record = json.loads(message["Body"])
                key = record["requestPayload"]["Records"][0]["s3"]["object"]["key"]
                told = record["requestContext"]
                found[key].append((told["requestId"], message["MessageId"], told["approximateInvokeCount"]))
            return len(messages)

        self._until(lambda: set(self.acknowledged[kind]) <= set(found), take, patience_s)
        return found

    def check(self, patience_s: float = 60) -> dict[str, Any]:
        """Nothing acknowledged is lost, nothing is settled twice, no attempts that nobody can explain. Lost is what has
        not come when nothing has come for `patience_s`."""
        assert wait_until(lambda: all(is_up(node.endpoint) for node in self.cluster.nodes), LIMIT_S)
        figures: dict[str, Any] = {"blows": dict(self.blows), "refused": self.refused}
        for kind, attempts in ATTEMPTS.items():
            found = self.arrived(kind, patience_s)
            lost = set(self.acknowledged[kind]) - set(found)
            assert not lost, f"{len(lost)} acknowledged uploads without a record: {sorted(lost)[:5]}\n{self._waiting()}"
            told = [one for records in found.values() for one in records]
            counts = collections.Counter(request_id for request_id, _, _ in set(told))
            assert max(counts.values()) == 1, "an event was settled twice"
            assert {count for _, _, count in told} == {attempts}
            figures[kind] = {"acknowledged": len(self.acknowledged[kind]), "records": len(counts)}
            figures[kind] |= self.explained(kind, set(counts))
        sent, sqs = set(self.acknowledged["chat"]), self.cluster.nodes[2].client("sqs")
        self._until(lambda: sent <= {body for body, _ in self.received}, lambda: self._receive(sqs), patience_s)
        lost = sent - {body for body, _ in self.received}
        assert not lost, f"{len(lost)} acknowledged messages were not received: {sorted(lost)[:5]}\n{self._waiting()}"
        figures["chat"] = {"acknowledged": len(self.acknowledged["chat"]), "received": len(self.received)}
        figures["chat"]["twice"] = len(self.received) - len(set(self.received))
        return figures


def main(seconds: float, seed: int) -> None:
    """A long storm."""
    chance, end = random.Random(seed), time.monotonic() + seconds

    def blows() -> Iterator[str]:
        while time.monotonic() < end:
            yield chance.choice(["kill", "kill", "kill", "pause", "cut", "restart_database"])

    with tempfile.TemporaryDirectory(prefix="outfall-nodes-") as place:
        cluster = CuttableCluster(Path(place), network, "--time-scale", "0")
        print(type(cluster.network).__name__, "seed", seed, flush=True)
        try:
            storm = Storm(cluster.start(), seed=seed)
            storm.rage(blows(), 1.0)
            print(json.dumps(storm.check(180), indent=1))
        finally:
            cluster.stop()
            for node in cluster.nodes:
                lines = [line for line in node.log().splitlines() if line.startswith("2")]
                print(
                    f"--- {node.endpoint}",
                    *collections.Counter(line[21:100] for line in lines).most_common(12),
                    sep="\n",
                )


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time()))
