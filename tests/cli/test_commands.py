"""The commands that start and stop a server, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.clients.server import free_port, plain_environment


def outfall(environment: dict[str, str], *arguments: str, fails: bool = False) -> str:
    """What a command prints; never a traceback."""
    command = [sys.executable, "-m", "outfall", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr if fails else done.stdout


def test_a_server_in_the_background_from_up_to_down(tmp_path: Path) -> None:
    port = free_port()
    environment = {**plain_environment(), "OUTFALL_PORT": str(port), "OUTFALL_DATA": str(tmp_path / "data")}
    assert "Ready" not in outfall(environment, "wait", "--timeout", "0.1", fails=True)
    assert "outfall up" in outfall(environment, "status", fails=True)
    assert f"127.0.0.1:{port}" in outfall(environment, "up", "-d", "--time-scale", "0.5", "--root-key", "boss:secret")
    try:
        assert outfall(environment, "wait") == "Ready.\n"
        assert "answers at" in outfall(environment, "up", "-d", fails=True)
        status = json.loads(outfall(environment, "status", "-o", "json"))
        assert (status["time_scale"], status["data"]) == (0.5, str(tmp_path / "data"))
        assert f"AWS_ENDPOINT_URL=http://127.0.0.1:{port}" in outfall(environment, "env")
        assert outfall(environment, "events") == "No events yet.\n"
        assert "no event" in outfall(environment, "events", "show", "nonsense", fails=True)
        assert "not waiting" in outfall(environment, "skip", "nonsense", fails=True)
        for command in (["events", "show"], ["events", "redeliver"], ["skip"], ["replay"]):
            assert "letters, digits and hyphens" in outfall(environment, *command, "no id/../?", fails=True)
        assert json.loads(outfall(environment, "skip", "--all", "-o", "json"))["skipped"] == 0
        assert "--clock manual" in outfall(environment, "clock", "advance", "3m", fails=True)
        for move in (["advance", "3m"], ["next"], ["idle"]):
            elsewhere = ("--endpoint", f"http://127.0.0.1:{port}", "-o", "json")
            assert "--clock manual" in outfall({"PATH": environment["PATH"]}, "clock", *move, *elsewhere, fails=True)
        seen = {one["what"]: one["seen"] for one in json.loads(outfall(environment, "doctor", "-o", "json"))}
        assert seen["data directory"].startswith(f"{tmp_path / 'data'}, a durable write takes ")
        assert outfall(environment, "reset", "--yes") == "Reset.\n"
        assert outfall(environment, "logs") == ""
        assert "no log yet" in outfall(environment, "logs", "nobody", fails=True)
    finally:
        outfall(environment, "down")
    outfall(environment, "status", fails=True)


def test_what_is_typed_wrong_is_answered_in_a_line(tmp_path: Path) -> None:
    environment = plain_environment()
    for arguments in (
        ["up", "--data", str(tmp_path), "--ephemeral"],
        ["up", "--root-key", "nosecret"],
        ["up", "--time-scale", "2"],
        ["up", "--chaos", "sometimes"],
        ["up", "--clock", "sundial"],
        ["up", "--keep-history", "0d"],
        ["up", "--keep-history", "forever"],
        ["up", "--store", "nonsense", "--blobs", f"file://{tmp_path}"],
        ["up", "surprise"],
        ["status", "--endpoint", "nonsense"],
        ["status", "--endpoint", "http://127.0.0.1:99999"],
        ["status", "--endpoint", "http://[::1"],
        ["demo", "--endpoint", "http://127.0.0.1:1"],
        ["events", "--surprise"],
        ["skip"],
        ["replay"],
        ["clock", "advance", "soon", "--endpoint", "http://127.0.0.1:1"],
        ["nonsense"],
    ):
        said = outfall(environment, *arguments, fails=True)
        assert said.startswith("Error: "), arguments
        assert said.count("\n") == 1, arguments


def test_what_the_environment_says_of_data_gives_way_to_what_is_typed(tmp_path: Path) -> None:
    port = free_port()
    environment = {**plain_environment(), "OUTFALL_PORT": str(port), "OUTFALL_DATA": str(tmp_path / "data")}
    outfall(environment, "up", "-d", "--ephemeral", "--strict", "--chaos", "seed=7,delay=0.5")
    try:
        status = outfall(environment, "status")
        for told in ("in memory", "enforce, strict", "seed=7,delay=0.5"):
            assert told in status
        assert "in memory" in outfall(environment, "doctor")
    finally:
        outfall(environment, "down")
    assert not (tmp_path / "data").exists()
