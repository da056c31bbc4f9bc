"""The AWS SDK for JavaScript: every operation of five services, each protocol among them, signed and understood;
uploads from streams and buffers; links; and programs as its users write them."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from outfall.host.compose import SERVICES
from tests.wire.test_every_operation import described, sample

from . import installed
from .server import Server

HERE = Path(__file__).parent / "javascript"
SDK = (
    *("client-iam", "client-lambda", "client-s3", "client-sns", "client-sqs", "client-sts"),
    *("lib-storage", "s3-request-presigner"),
)
SERVED = ("iam", "lambda", "s3", "sqs", "sts")
LEFT_OUT = {
    "s3:PostObject": "a form, not an operation of clients",
    "s3:GetBucketLifecycle": "an older name",
    "lambda:InvokeAsync": "the SDK has it no more",
    "sts:AssumeRoleWithWebIdentity": "nobody signs it",
}


@pytest.fixture(scope="module")
def packages() -> Path:
    """A folder with the SDK in it."""
    return installed.node_modules_with(*(f"@aws-sdk/{name}" for name in SDK))


def run(server: Server, packages: Path, script: str, *arguments: str) -> str:
    """What a script prints."""
    return installed.run(server, installed.command("node"), HERE / script, *arguments, cwd=packages)


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
    answers = json.loads(run(server, packages, "every_operation.mjs", str(tmp_path / "calls.json"), server.endpoint))
    assert len(answers) == len(calls)
    refused = ("Signature", "InvalidAccessKeyId", "IncompleteSignature", "AuthorizationHeader", "XAmzContent", "Unrec")
    wrong = {name: told for name, told in answers.items() if told[0] in (0, 500, 501) or told[1].startswith(refused)}
    assert wrong == {}


def test_streams_buffers_and_links(server: Server, packages: Path) -> None:
    assert json.loads(run(server, packages, "transfers.mjs", server.endpoint)) == {
        "buffer": [200, True],
        "stream": [200, True],
        "sha256": [200, True],
        "linkPut": 200,
        "linkGet": [200, True],
        "linkFlipped": 403,
        "linkOther": 403,
    }


def test_a_program_as_users_write_it(server: Server, packages: Path) -> None:
    script = packages / "as_users_do.mjs"  # `import` looks for packages beside the program
    script.write_bytes((HERE / script.name).read_bytes())
    assert installed.run(server, installed.command("node"), script) == "done\n"
