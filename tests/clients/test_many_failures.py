"""500 uploads whose function fails, at once: every attempt is made, every record arrives, and the machine bears it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from outfall.cli.client import ask, wait_until

from .road import BAD, Road, keys_of
from .server import SOON_S, Server

UPLOADS = 500
CLIENTS = 8
HELPERS_MAX = 10
PROCESSES_EACH_MAX = 3
"""Of an execution environment: what shuts it off, and the runtime."""
MEMORY_MIB_MAX = 1_024


def test_500_failing_uploads_make_1500_attempts_and_500_records(server: Server) -> None:
    road = Road(server, "many-failures", BAD)
    keys = [f"{number}.jpeg" for number in range(UPLOADS)]
    acknowledged: list[str] = []
    watch = Watch(server)
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda part: road.upload_many(keys[part::CLIENTS], acknowledged), range(CLIENTS)))
    assert len(acknowledged) == UPLOADS
    path = f"/_outfall/api/events?function={road.name}&state=failed&limit=500"
    assert wait_until(lambda: watch.look() and len(ask(server.endpoint, path)["events"]) == UPLOADS, 4 * SOON_S)
    events = ask(server.endpoint, path)["events"]
    assert sum(event["attempts"] for event in events) == 3 * UPLOADS
    assert {event["condition"] for event in events} == {"RetriesExhausted"}
    records = server.drain(road.failure_url, UPLOADS, 2 * SOON_S)
    assert sorted(keys_of(records)) == sorted(keys)
    assert {json.loads(one["Body"])["requestContext"]["approximateInvokeCount"] for one in records} == {3}
    assert server.drain(road.failure_url, 1, 1) == []
    environments_max = ask(server.endpoint, "/_outfall/api/health")["environments"]["max"]
    assert watch.processes <= HELPERS_MAX + PROCESSES_EACH_MAX * environments_max
    assert watch.memory_mib <= MEMORY_MIB_MAX


class Watch:
    """The most processes and memory that a server and all that it started had, of what was seen."""

    def __init__(self, server: Server) -> None:
        assert server.process is not None
        self._root = server.process.pid
        self.processes = 0
        self.memory_mib = 0.0

    def look(self) -> bool:
        """Looks once; always true."""
        family = descendants(self._root)
        self.processes = max(self.processes, len(family))
        self.memory_mib = max(self.memory_mib, sum(proportional_mib(pid) for pid in family))
        return True


def descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def proportional_mib(pid: int) -> float:
    """The memory of a process, its part of what it shares with others."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
