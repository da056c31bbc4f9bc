"""`outfall doctor`: what this machine can do for functions, and what is likely to go wrong."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from outfall.cli.client import ask, aws, endpoint_of, endpoint_option, is_up, output_option, print_json
from outfall.cli.findings import Finding, findings
from outfall.cli.up import default_data
from outfall.host.config import DEFAULT_PORT
from outfall.sandbox.bubblewrap import bubblewrap_program

SYNCS = 20
SLOW_SYNC_MS = 10.0


@click.command()
@endpoint_option
@output_option
def doctor(endpoint: str | None, output: str) -> None:
    """Look for what will not work, here and in what the server holds."""
    endpoint = endpoint_of(endpoint)
    findings = [*_machine(), *(_server(endpoint) if is_up(endpoint) else _no_server(endpoint))]
    if output == "json":
        print_json([{"level": level, "what": what, "seen": seen} for level, what, seen in findings])
        return
    for level, what, seen in findings:
        click.echo(f"{'ok  ' if level == 'ok' else 'WARN'}  {what:<22}{seen}")


def _machine() -> Iterator[Finding]:
    yield "ok", "python", sys.version.split()[0]
    node = shutil.which("node")
    yield ("ok", "node", node) if node else ("warn", "node", "not found: Node.js functions cannot run")
    bwrap = bubblewrap_program()
    yield (
        ("ok", "bubblewrap", bwrap)
        if bwrap
        else ("warn", "bubblewrap", "not found: functions run as plain processes, and can see this machine's files")
    )


def _no_server(endpoint: str) -> Iterator[Finding]:
    yield _disk(default_data())
    yield "ok", "server", f"none at {endpoint}; start one with: outfall up"
    if endpoint.endswith(f":{DEFAULT_PORT}") and _taken(DEFAULT_PORT):
        yield "warn", "port", f"something else listens on port {DEFAULT_PORT}: use outfall up --port"


def _server(endpoint: str) -> Iterator[Finding]:
    told = ask(endpoint, "/_outfall/health")
    yield _data(told["data"])
    yield "ok", "server", f"{endpoint}, environments: {told['environments']['kind']}"
    for notice in told["environments"]["notices"].values():
        yield "warn", "runtime", notice
    yield from findings(lambda service: aws(service, endpoint))


def _data(place: str | None) -> Finding:
    """What there is to say of where a server keeps its data: a directory, a database, or None for its memory."""
    if place is None:
        return "ok", "data", "in memory: gone when the server stops"
    if "://" in place:
        return "ok", "data", place
    if not Path(place).exists():
        return "ok", "data directory", f"{place}, on the server's own machine"
    return _disk(Path(place))


def _disk(directory: Path) -> Finding:
    """How fast what is written into a directory, or where it will be made, is safe."""
    while not directory.exists():
        directory = directory.parent
    try:
        with tempfile.NamedTemporaryFile(dir=directory) as file:
            began = time.perf_counter()
            for _ in range(SYNCS):
                os.pwrite(file.fileno(), b"x" * 4096, 0)
                os.fdatasync(file.fileno())
            sync_ms = (time.perf_counter() - began) * 1000 / SYNCS
    except OSError as error:
        return "warn", "data directory", f"{directory} cannot be written: {error.strerror}"
    level = "ok" if sync_ms < SLOW_SYNC_MS else "warn"
    return level, "data directory", f"{directory}, a durable write takes {sync_ms:.2f} ms"


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
