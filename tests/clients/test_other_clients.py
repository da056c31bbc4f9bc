"""Clients beside boto3 and the AWS CLI, as their users run them: s3fs, aioboto3, Celery, s3cmd, rclone,
and Powertools inside a function."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from outfall.cli.client import wait_until

from . import installed
from .installed import run
from .road import make_role
from .server import SOON_S, Server

PROGRAMS = Path(__file__).parent / "programs"
PAST_S = 1_000_000_000


@pytest.mark.parametrize("program", ["s3fs_walk.py", "aioboto3_road.py"])
def test_the_asynchronous_clients_of_python(server: Server, program: str) -> None:
    python = installed.python_with("aioboto3", "s3fs")
    assert run(server, python, PROGRAMS / program) == "done\n"


def test_celery_runs_tasks_off_a_queue(server: Server, tmp_path: Path) -> None:
    python = installed.python_with("celery[sqs]")
    results = tmp_path / "results"
    ask = f"from celery_app import add\nfor a in (1, 7, 30): add.delay({str(results)!r}, a, 1)"
    run(server, python, "-c", ask, cwd=PROGRAMS)
    command = [python, "-m", "celery", "-A", "celery_app", "worker", "--pool", "solo", "--loglevel", "ERROR"]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command, cwd=PROGRAMS, env=installed.environment(server), stdout=log, stderr=log)
    try:
        wait_until(lambda: results.exists() and len(results.read_text().split()) == 3, SOON_S)
    finally:
        worker.terminate()
        worker.wait(SOON_S)
    assert sorted(results.read_text().split()) == ["2", "31", "8"], (tmp_path / "worker.log").read_text()


def test_s3cmd(server: Server, tmp_path: Path) -> None:
    host = server.endpoint.removeprefix("http://")
    options = ["--access_key=test", "--secret_key=test", f"--host={host}", f"--host-bucket={host}", "--no-ssl"]

    def s3cmd(*arguments: str) -> str:
        return run(server, installed.command("s3cmd"), "--config=/dev/null", *options, *arguments, cwd=tmp_path)

    (tmp_path / "photos").mkdir()
    for name in ("beach.jpeg", "a b ü.txt"):
        (tmp_path / "photos" / name).write_bytes(os.urandom(50_000))
    (tmp_path / "large").write_bytes(os.urandom(12 * 1024 * 1024))
    s3cmd("mb", "s3://s3cmd")
    s3cmd("sync", "photos/", "s3://s3cmd/photos/")
    s3cmd("put", "--multipart-chunk-size-mb=5", "large", "s3://s3cmd/large")
    listed = s3cmd("ls", "--recursive", "s3://s3cmd")
    assert [line.split("s3://s3cmd/")[1] for line in listed.splitlines()] == [
        "large",
        "photos/a b ü.txt",
        "photos/beach.jpeg",
    ]
    s3cmd("get", "s3://s3cmd/large", "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()
    (tmp_path / "photos" / "beach.jpeg").write_bytes(b"changed")
    assert "beach.jpeg" in s3cmd("sync", "photos/", "s3://s3cmd/photos/")
    assert "upload:" not in s3cmd("sync", "photos/", "s3://s3cmd/photos/")
    s3cmd("cp", "s3://s3cmd/large", "s3://s3cmd/copy")
    s3cmd("mv", "s3://s3cmd/copy", "s3://s3cmd/moved")
    assert "12582912" in s3cmd("info", "s3://s3cmd/moved")
    s3cmd("del", "--recursive", "--force", "s3://s3cmd")
    s3cmd("rb", "s3://s3cmd")
    assert "s3://s3cmd" not in s3cmd("ls").split()


def test_rclone(server: Server, tmp_path: Path) -> None:
    # Buckets take no access lists, as on AWS; this rclone sends one unless it is told which.
    settings = "provider=Other,env_auth=true,region=us-east-1,acl=bucket-owner-full-control,bucket_acl=private"
    remote = f":s3,{settings},endpoint='{server.endpoint}':"

    def rclone(*arguments: str) -> str:
        return run(
            server,
            installed.command("rclone"),
            "--config=",
            "--retries=1",
            "--low-level-retries=1",
            *arguments,
            cwd=tmp_path,
        )

    source = tmp_path / "source"
    for number in range(30):
        path = source / f"folder {number % 3}" / f"ü{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(2000 + number))
        os.utime(path, (PAST_S, PAST_S))
    (source / "large").write_bytes(os.urandom(12 * 1024 * 1024))
    rclone("mkdir", f"{remote}rclone")
    rclone("sync", "source", f"{remote}rclone/tree", "--s3-upload-cutoff=5Mi", "--s3-chunk-size=5Mi")
    rclone("check", "source", f"{remote}rclone/tree", "--download")
    (source / "large").unlink()
    rclone("sync", "source", f"{remote}rclone/tree")
    listed = json.loads(rclone("lsjson", "--recursive", "--files-only", f"{remote}rclone/tree"))
    assert len(listed) == 30
    # The time of a file travels as metadata.
    assert {datetime.fromisoformat(one["ModTime"]).timestamp() for one in listed} == {PAST_S}
    rclone("copyto", f"{remote}rclone/tree/folder 0/ü0.bin", f"{remote}rclone/copy")
    assert json.loads(rclone("size", "--json", f"{remote}rclone/copy"))["bytes"] == 2000
    rclone("purge", f"{remote}rclone")
    assert "rclone" not in rclone("lsd", remote).split()


@pytest.fixture(scope="module")
def powertools(server: Server) -> dict[str, Any]:
    """What each handler of the program is deployed with."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        site = installed.site_with("aws-lambda-powertools")
        for path in site.rglob("*"):
            if path.is_file() and path.suffix != ".pyc" and not path.name.startswith("."):
                packed.write(path, path.relative_to(site))
        packed.write(PROGRAMS / "powertools_handlers.py", "handlers.py")
    role = make_role(server, "powertools", "s3:*", "sqs:*", "logs:*")
    s3 = server.client("s3")
    s3.create_bucket(Bucket="powertools-code")
    s3.put_object(Bucket="powertools-code", Key="code.zip", Body=archive.getvalue())
    s3.create_bucket(Bucket="powertools-kept")
    return {
        "Role": role,
        "Runtime": "python3.13",
        "Code": {"S3Bucket": "powertools-code", "S3Key": "code.zip"},
        "Timeout": 6,
        "Environment": {"Variables": {"KEPT": "powertools-kept", "POWERTOOLS_SERVICE_NAME": "orders"}},
    }


def deployed(server: Server, powertools: dict[str, Any], handler: str) -> str:
    client = server.client("lambda")
    made = client.create_function(FunctionName=handler, Handler=f"handlers.{handler}", **powertools)
    client.get_waiter("function_active_v2").wait(FunctionName=handler, WaiterConfig={"Delay": 1})
    return str(made["FunctionArn"])


def test_powertools_reads_the_event_of_an_upload(server: Server, powertools: dict[str, Any]) -> None:
    arn = deployed(server, powertools, "on_upload")
    queue = server.client("sqs").create_queue(QueueName="powertools-done")["QueueUrl"]
    client, s3 = server.client("lambda"), server.client("s3")
    done = {"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:000000000000:powertools-done"}}
    client.put_function_event_invoke_config(FunctionName="on_upload", DestinationConfig=done)
    s3.create_bucket(Bucket="powertools-photos")
    client.add_permission(
        FunctionName="on_upload",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::powertools-photos",
    )
    listener = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="powertools-photos", NotificationConfiguration={"LambdaFunctionConfigurations": [listener]}
    )
    s3.put_object(Bucket="powertools-photos", Key="a b/ü.jpeg", Body=b"12345")
    (message,) = server.drain(queue, 1)
    payload = json.loads(message["Body"])["responsePayload"]
    assert 0 < payload.pop("left_ms") <= 6_000
    assert payload == {"bucket": "powertools-photos", "key": "a b/ü.jpeg", "size": 5, "name": "ObjectCreated:Put"}


def test_powertools_fails_one_message_of_a_batch(server: Server, powertools: dict[str, Any]) -> None:
    deployed(server, powertools, "on_batch")
    sqs = server.client("sqs")
    dead = sqs.create_queue(QueueName="powertools-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:powertools-dead", "maxReceiveCount": "1"}
    attributes = {"VisibilityTimeout": "6", "RedrivePolicy": json.dumps(redrive)}
    queue = sqs.create_queue(QueueName="powertools-orders", Attributes=attributes)["QueueUrl"]
    for item in ("pen", "broken", "ink"):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"item": item}))
    server.client("lambda").create_event_source_mapping(
        FunctionName="on_batch",
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:powertools-orders",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    (message,) = server.drain(dead, 1)
    assert json.loads(message["Body"]) == {"item": "broken"}
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_powertools_does_the_same_order_once(server: Server, powertools: dict[str, Any]) -> None:
    deployed(server, powertools, "pay")
    client = server.client("lambda")

    def paid(order: str) -> Any:
        answer = client.invoke(FunctionName="pay", Payload=json.dumps({"order": order}))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.load(answer["Payload"])

    first = paid("A-1")
    assert paid("A-1") == first
    assert paid("A-2")["by"] != first["by"]
