"""The real server as a process of its own, to be used, killed and started again."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from outfall.cli.client import is_up, wait_until

CONFIG = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=70)
SOON_S = 60
"""What is awaited comes within this time on any machine, or not at all."""
PORTS = range(20_000, 32_000)
"""Below those that Linux gives to whoever asks for any: no client's end of a connection is in the way."""


@cache
def _ports() -> Iterator[int]:
    """Ports that no other process of tests is given: each is marked with a name that ends with this process."""
    marks = []
    for port in random.sample(PORTS, len(PORTS)):
        mark, probe = socket.socket(socket.AF_UNIX), socket.socket()
        try:
            mark.bind(f"\0outfall-tests-port-{port}")
            probe.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
            continue
        finally:
            probe.close()
        marks.append(mark)
        yield port


def free_port() -> int:
    """A port for a server that may be stopped and started again."""
    return next(_ports())


@cache
def has_namespaces() -> bool:
    """Whether this machine lets this user make namespaces: Ubuntu lets root alone, many containers nobody."""
    tried = subprocess.run(["unshare", "--map-root-user", "--mount", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def plain_environment() -> dict[str, str]:
    """This process's environment without anything that configures AWS clients, and with this Python's commands."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONDONTWRITE"))}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept


class Server:
    """One server on one data directory and one port."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.directory = directory
        self.arguments = arguments
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._clients: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self.prefix: tuple[str, ...] = ()
        """What it is started with, as a program that puts it into another network."""
        self.environment: dict[str, str] = {}
        """What it finds beside the plain environment."""

    def command(self, *more: str) -> list[str]:
        """What is typed to start it."""
        command = [*self.prefix, sys.executable, "-m", "outfall", "up", "--port", str(self.port)]
        return [*command, "--data", str(self.directory / "data"), *self.arguments, *more]

    def start(self, *more: str) -> Server:
        environment = plain_environment() | self.environment
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(self.command(*more), stdout=log, stderr=log, env=environment)
        process = self.process
        up_or_gone = wait_until(lambda: is_up(self.endpoint) or process.poll() is not None, SOON_S)
        if not up_or_gone or process.poll() is not None:
            raise AssertionError(f"the server did not start:\n{self.log()}")
        return self

    def kill(self) -> None:
        """As a power cut would: no farewell."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SOON_S)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def log(self) -> str:
        return (self.directory / "server.log").read_text(errors="replace")

    def client(
        self,
        service: str,
        key: str = "test",
        secret: str = "test",
        token: str | None = None,
        region: str = "us-east-1",
        **settings: Any,
    ) -> Any:
        """A boto3 client, made once for each way of asking; `settings` go into its configuration."""
        spot = repr((service, key, secret, token, region, settings))
        if spot not in self._clients:
            session = boto3.session.Session(key, secret, token, region)
            config = CONFIG.merge(Config(**settings))
            self._clients[spot] = session.client(service, endpoint_url=self.endpoint, config=config)
        return self._clients[spot]

    def drain(self, queue_url: str, want: int, timeout_s: float = SOON_S) -> list[dict[str, Any]]:
        """Messages of a queue, deleted as they are received, until there are `want` or time is over."""
        sqs, got, end = self.client("sqs"), [], time.monotonic() + timeout_s
        while len(got) < want and time.monotonic() < end:
            answer = sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            for message in answer.get("Messages", []):
                got.append(message)
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return got
