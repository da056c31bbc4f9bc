"""A network between nodes and their database that can be cut, and joined again.

With network namespaces where the machine allows them (root, `ip`): each node has a network of its own, joined with the
others' by a bridge, and a cut takes its link down, so that packets vanish. Elsewhere nodes stay in this network, and a
cut is made in the relay between them and the database, which holds back what they say.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import threading
from functools import cache
from pathlib import Path

from . import server


class Relay:
    """Takes connections for a PostgreSQL that listens on a socket in the file system. Cut, it neither closes nor
    answers anything, as a network that is gone."""

    def __init__(self, to: Path, host: str = "127.0.0.1") -> None:
        self._to = str(to)
        self._listening = socket.create_server((host, 0))
        self.port = int(self._listening.getsockname()[1])
        self.joined = threading.Event()
        self.joined.set()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self.joined.wait()
        database = socket.socket(socket.AF_UNIX)
        try:
            database.connect(self._to)
        except OSError:  # it is being restarted
            client.close()
            return
        threading.Thread(target=self._pump, args=(client, database), daemon=True).start()
        self._pump(database, client)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.joined.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.joined.set()
        self._listening.close()


class RelayedNetwork:
    """This machine's own network: each node reaches the database through a relay of its own."""

    def __init__(self, database: Path, nodes: int) -> None:
        self._relays = [Relay(database) for _ in range(nodes)]

    def url(self, node: int, schema: str) -> str:
        return f"postgresql://outfall@127.0.0.1:{self._relays[node].port}/postgres?search_path={schema}"

    def place(self, node: server.Server, number: int) -> None:
        """Nodes stay where they are."""

    def cut(self, node: int) -> None:
        self._relays[node].joined.clear()

    def join(self, node: int) -> None:
        self._relays[node].joined.set()

    def remove(self) -> None:
        for relay in self._relays:
            relay.close()


class Namespaces:
    """A network for each node, and a bridge."""

    def __init__(self, database: Path, nodes: int) -> None:
        word = secrets.token_hex(3)
        self._net = f"10.213.{secrets.randbelow(256)}"
        self._bridge, self._names = f"ofb{word}", [f"outfall-{word}-{n}" for n in range(nodes)]
        self._links = [f"of{word}{n}" for n in range(nodes)]
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("address", "add", f"{self._net}.1/24", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
            for n, (name, link) in enumerate(zip(self._names, self._links, strict=True)):
                _ip("netns", "add", name)
                _ip("link", "add", link, "type", "veth", "peer", "name", "node", "netns", name)
                _ip("link", "set", link, "master", self._bridge, "up")
                _ip("-n", name, "address", "add", f"{self._net}.{n + 10}/24", "dev", "node")
                for device in ("node", "lo"):
                    _ip("-n", name, "link", "set", device, "up")
            self._relay = Relay(database, f"{self._net}.1")
        except BaseException:
            self._take_down()
            raise

    def url(self, node: int, schema: str) -> str:
        return f"postgresql://outfall@{self._net}.1:{self._relay.port}/postgres?search_path={schema}"

    def place(self, node: server.Server, number: int) -> None:
        address = f"{self._net}.{number + 10}"
        node.endpoint = f"http://{address}:{node.port}"
        node.arguments = (*node.arguments, "--host", address)
        node.prefix = ("ip", "netns", "exec", self._names[number])

    def cut(self, node: int) -> None:
        _ip("link", "set", self._links[node], "down")

    def join(self, node: int) -> None:
        _ip("link", "set", self._links[node], "up")

    def remove(self) -> None:
        self._relay.close()
        self._take_down()

    def _take_down(self) -> None:
        for step in [("netns", "del", name) for name in self._names] + [("link", "del", self._bridge)]:
            subprocess.run(["ip", *step], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], capture_output=True, check=True)


@cache
def namespaces_are_allowed() -> bool:
    """Whether this machine lets us make networks."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    try:
        Namespaces(Path("/nowhere"), 1).remove()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


Network = RelayedNetwork | Namespaces


def network(database: Path, nodes: int) -> Network:
    """The best that the machine allows."""
    return Namespaces(database, nodes) if namespaces_are_allowed() else RelayedNetwork(database, nodes)
