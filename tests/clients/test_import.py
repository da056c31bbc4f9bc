"""Outgrowing one machine: a data directory becomes two nodes' database and bucket, in the middle of a retry wait."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from outfall.cli.client import ask, wait_until
from outfall.testing import running
from tests import postgres

from .road import BAD, Road, keys_of
from .server import SOON_S, Server, plain_environment

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
LARGE = os.urandom(200_000)


@pytest.fixture
def bucket() -> Iterator[str]:
    """Where the nodes' large bodies go: a bucket of another server of S3, which here is Outfall itself."""
    with running() as elsewhere:
        elsewhere.client("s3").create_bucket(Bucket="blobs")
        yield f"s3://blobs/nodes?endpoint={elsewhere.endpoint}"


@pytest.fixture
def database() -> Iterator[str]:
    yield from postgres.fresh()


def outfall(*arguments: str, good: bool = True) -> str:
    command = [sys.executable, "-m", "outfall", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=plain_environment() | KEYS, timeout=2 * SOON_S)
    assert (done.returncode == 0) == good, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_everything_goes_on_where_it_was(tmp_path: Path, database: str, bucket: str) -> None:
    alone = Server(tmp_path / "alone")
    alone.directory.mkdir()
    alone.start()
    road = Road(alone, "photos", BAD)
    alone.client("s3").put_object(Bucket="photos", Key="large", Body=LARGE)
    chat = alone.client("sqs").create_queue(QueueName="chat")["QueueUrl"]
    alone.client("sqs").send_message(QueueUrl=chat, MessageBody="before")

    def waiting() -> list[Any]:
        return [one for one in ask(alone.endpoint, "/_outfall/api/events")["events"] if one["state"] == "waiting"]

    assert wait_until(lambda: len(waiting()) == 1, SOON_S)
    shared = ("--store", database, "--blobs", bucket)
    assert "Another process is working" in outfall("import", str(alone.directory / "data"), *shared, good=False)
    alone.stop()
    told = outfall("import", str(alone.directory / "data"), *shared)
    assert told.startswith(f"Moved {alone.directory / 'data'}: ")
    assert "into an empty one" in outfall("import", str(alone.directory / "data"), *shared, good=False)

    nodes = [Server(tmp_path / name, *shared, "--node-lease", "3") for name in ("one", "two")]
    try:
        for node in nodes:
            node.directory.mkdir()
            node.environment = KEYS
            node.start()
        one, two = nodes
        assert one.client("s3").get_object(Bucket="photos", Key="large")["Body"].read() == LARGE
        two.client("s3").put_object(Bucket="photos", Key="larger", Body=LARGE + LARGE)
        assert one.client("s3").get_object(Bucket="photos", Key="larger")["Body"].read() == LARGE + LARGE
        (message,) = two.drain(chat.replace(str(alone.port), str(two.port)), 1)
        assert message["Body"] == "before"
        url = road.failure_url.replace(str(alone.port), str(one.port))
        records: list[Any] = []

        def arrived() -> bool:
            outfall("skip", "--all", "--endpoint", two.endpoint)
            records.extend(one.drain(url, 2, 1))
            return len(records) == 2

        assert wait_until(arrived, SOON_S)
        assert sorted(keys_of(records)) == ["large", "larger"]
    finally:
        for node in nodes:
            node.stop()
