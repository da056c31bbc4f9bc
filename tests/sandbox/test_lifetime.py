"""How environments end: with their sandbox, with the server, and when they were idle."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from outfall.sandbox import CannotLaunch, memory, opening
from tests.sandbox.conftest import Bench, function, open_bench, stored

SERVER = """
import asyncio, sys, time
from pathlib import Path
from tests.sandbox.conftest import function, open_bench
bench = open_bench(Path(sys.argv[1]), sys.argv[2])
source = '''
import os, subprocess, time
def handler(event, context):
    subprocess.Popen(["sleep", "%s"], start_new_session=True)
    print("started", flush=True)
    if event: time.sleep(60)
'''
bench.invoke(function(source % sys.argv[3], timeout_s=60))
print("up", flush=True)
bench.invoke(function(source % sys.argv[3], timeout_s=60, version="2"), b'{"stay":1}')
"""


def processes_with(text: str) -> list[int]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path("/proc", name, "cmdline").read_bytes()
        except OSError:
            continue
        if text.encode() in line:
            found.append(int(name))
    return found


@pytest.mark.parametrize("driver", ["process", "bubblewrap"])
def test_a_killed_server_leaves_no_process(driver: str, tmp_path: Path) -> None:
    nap = f"98765.{time.time_ns() % 10**9}"
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    chosen = driver if driver == "process" or _isolates(tmp_path / "trial") else "process"
    server = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "work"), chosen, nap],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"up\n"
    _until(lambda: len(processes_with(nap)) >= 3)
    server.send_signal(signal.SIGKILL)
    server.wait()
    server.stdout.close()
    _until(lambda: processes_with(nap) == [] and processes_with(str(tmp_path / "work")) == [])


def _isolates(directory: Path) -> bool:
    try:
        bench = open_bench(directory, "bubblewrap")
    except CannotLaunch:
        return False
    bench(bench.sandbox.close())
    bench.runner.close()
    return True


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


async def _emptied(directory: Path) -> None:
    async with asyncio.timeout(60):
        while list(directory.iterdir()):
            await asyncio.sleep(0.02)


def _close(bench: Bench) -> None:
    bench(bench.sandbox.close())
    bench.runner.close()


def test_idle_environments_end(tmp_path: Path) -> None:
    bench = open_bench(tmp_path, "process", idle_s=0.05)
    spec = function("import uuid\nme = str(uuid.uuid4())\ndef handler(event, context):\n    return me\n")
    first = bench.invoke(spec)
    bench(_emptied(tmp_path / "tmp"))
    assert bench.invoke(spec).payload != first.payload
    _close(bench)


def test_the_environment_that_was_idle_longest_makes_way(tmp_path: Path) -> None:
    bench = open_bench(tmp_path, "process", environments_max=2)
    specs = [
        function("n = 0\ndef handler(e, c):\n    global n\n    n += 1\n    return n\n", version=str(v))
        for v in range(3)
    ]
    assert [bench.invoke(specs[at]).payload for at in (0, 1, 0, 2, 0, 1)] == [b"1", b"1", b"2", b"1", b"3", b"1"]
    _close(bench)


def test_a_warm_parent_that_died_is_replaced(tmp_path: Path) -> None:
    bench = open_bench(tmp_path, "process")
    source = "import os\ndef handler(event, context):\n    return 1\n"
    assert bench.invoke(function(source)).payload == b"1"
    parent = bench.sandbox._plain._process
    assert parent is not None
    parent.kill()
    parent.wait()
    assert bench.invoke(function(source, revision="2")).payload == b"1"
    _close(bench)


def test_why_environments_do_not_start_is_told_once_until_one_does(tmp_path: Path) -> None:
    bench = open_bench(tmp_path, "process")
    good = function("def handler(event, context):\n    return 1\n")
    bad = function("", code=stored(b"no archive"))
    for _ in range(3):
        assert b"did not start" in bench.invoke(bad).payload
    assert len([line for line in bench.said if "did not start" in line]) == 1
    assert bench.invoke(good).payload == b"1"
    bench.invoke(bad)
    assert len([line for line in bench.said if "did not start" in line]) == 2
    _close(bench)


def test_without_cgroups_memory_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_cgroups", lambda: None)
    bench = open_bench(tmp_path, "process")
    source = (
        "import time\ndef handler(event, context):\n    kept = []\n"
        "    while True:\n        time.sleep(0.01)\n"
        "        if len(kept) < 60: kept.append(bytearray(b'x' * 4000000))\n"
    )
    outcome = bench.invoke(function(source))
    assert json.loads(outcome.payload)["errorMessage"].endswith("signal: killed")
    assert outcome.logs[-1].text.endswith("Status: error\tError Type: Runtime.OutOfMemory\t\n")
    _close(bench)


def test_the_memory_of_a_process_that_is_gone_is_nothing() -> None:
    assert (memory.peak_mb(2**22 + 1), memory.resident_mb(2**22 + 1)) == (0, 0)


def test_an_unknown_driver_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no driver nonsense"):
        open_bench(tmp_path, "nonsense")
