"""What no client should send and what no machine should be like: each a clear refusal, no traceback, and on it goes."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import shlex
import socket
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from .road import make_role
from .server import Server, plain_environment

pytestmark = pytest.mark.usefixtures("goes_on")


def signed(
    server: Server, method: str, path: str, body: bytes = b"", service: str = "s3", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a request that is signed as it should be, whatever is in it."""
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, f"{server.endpoint}{path}", given, body)
    signer(Credentials("test", "test"), service, "us-east-1").add_auth(request)
    return plain(server, method, path, body, dict(request.headers.items()))


def plain(
    server: Server, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def raw(server: Server, data: bytes, *, end: bool = True) -> bytes:
    """What comes back for these bytes, to the end of the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        got = b""
        try:
            connection.sendall(data)
            if end:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                got += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return got


JSON = {"Content_Type": "application/x-amz-json-1.0"}


@pytest.mark.parametrize(
    "body", [b"{", b"not json", b"[]", b'"text"', b"\xff\xfe", b"", b"[" * 100_000, b'{"a":1e999}']
)
def test_malformed_json(server: Server, body: bytes) -> None:
    target = "AmazonSQS.CreateQueue"
    status, _, answer = signed(server, "POST", "/", body, "sqs", X_Amz_Target=target, **JSON)
    assert 400 <= status < 500
    assert json.loads(answer)["__type"]
    status, headers, answer = signed(server, "POST", "/2015-03-31/functions", body, "lambda")
    assert 400 <= status < 500
    assert headers["x-amzn-errortype"]
    assert "Exception" in headers["x-amzn-errortype"]


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><Tagging><TagSet><Tag><Key>&j;</Key><Value>v</Value></Tag></TagSet></Tagging>"
)


@pytest.mark.parametrize("body", [b"<", b"not xml", b"<Other/>", b"\xff\xfe", b"<a>" * 100_000, BOMB, b"<Tagging>"])
def test_malformed_xml(server: Server, body: bytes) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="malformed")
    s3.put_object(Bucket="malformed", Key="k", Body=b"")
    status, _, answer = signed(server, "PUT", "/malformed/k?tagging", body)
    assert (status, b"<Code>MalformedXML</Code>" in answer) == (400, True)


def test_unknown_targets_and_operations(server: Server) -> None:
    status, _, answer = signed(server, "POST", "/", b"{}", "sqs", X_Amz_Target="AmazonSQS.Nonsense", **JSON)
    assert (status, json.loads(answer)["__type"].rpartition("#")[2]) == (400, "UnknownOperationException")
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    status, _, answer = signed(server, "POST", "/", b"Action=Nonsense&Version=2010-05-08", "iam", **form)
    assert (status, b"<Code>InvalidAction</Code>" in answer) == (400, True)
    status, headers, _ = signed(server, "GET", "/2015-03-31/nonsense", b"", "lambda")
    assert status == 404
    assert headers["x-amzn-errortype"]


@pytest.mark.parametrize(
    "service, method, path, body, headers, name",
    [
        ("lambda", "GET", "/2020-04-22/code-signing-configs", b"", {}, "lambda:ListCodeSigningConfigs"),
        ("s3", "GET", "/b?metadataTable", b"", {}, "s3:GetBucketMetadataTableConfiguration"),
        ("dynamodb", "POST", "/", b"{}", {"X_Amz_Target": "DynamoDB_20120810.ListTables", **JSON}, "dynamodb"),
        ("logs", "POST", "/", b"{}", {"X_Amz_Target": "Logs_20140328.DescribeQueries", **JSON}, "logs:DescribeQueries"),
        (
            "iam",
            "POST",
            "/",
            b"Action=GenerateCredentialReport&Version=2010-05-08",
            {"Content_Type": "application/x-www-form-urlencoded"},
            "iam:GenerateCredentialReport",
        ),
    ],
)
def test_what_is_not_served_says_so(
    server: Server, service: str, method: str, path: str, body: bytes, headers: dict[str, str], name: str
) -> None:
    status, _, answer = signed(server, method, path, body, service, **headers)
    assert status == 501
    assert name.encode() in answer


def test_a_changed_body_is_not_believed(server: Server) -> None:
    url = f"{server.endpoint}/"
    request = AWSRequest("POST", url, {"X-Amz-Target": "AmazonSQS.ListQueues"}, b"{}")
    SigV4Auth(Credentials("test", "test"), "sqs", "us-east-1").add_auth(request)
    status, _, answer = plain(server, "POST", "/", b'{"a": 1}', dict(request.headers.items()))
    assert (status, json.loads(answer)["__type"].rpartition("#")[2]) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    "header", ["AWS4-HMAC-SHA256", "Bearer x", "AWS a:b", "AWS4-HMAC-SHA256 Credential=a/b/c", "\x01"]
)
@pytest.mark.parametrize("target", ["/bucket/key", "/2015-03-31/functions"])
def test_nonsense_in_the_authorization_header(server: Server, header: str, target: str) -> None:
    status, _, answer = plain(server, "GET", target, headers={"Authorization": header})
    assert 400 <= status < 500
    assert b"Traceback" not in answer


def test_a_body_that_ends_early_leaves_nothing(server: Server) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket="early")
    data = os.urandom(200_000)
    request = AWSRequest("PUT", f"{server.endpoint}/early/k", {}, data)
    S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1").add_auth(request)
    head = f"PUT /early/k HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(data)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers.items()) + "\r\n"
    raw(server, head.encode() + data[:100_000])
    assert s3.list_objects_v2(Bucket="early")["KeyCount"] == 0
    raw(server, head.encode() + data[:0])
    assert s3.list_objects_v2(Bucket="early")["KeyCount"] == 0
    blobs = server.directory / "data" / "blobs"
    assert [path for path in blobs.rglob("*") if path.is_file() and path.stat().st_size == 100_000] == []


def test_a_head_of_ten_megabytes(server: Server) -> None:
    answer = raw(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 10_000_000 + b"\r\n\r\n", end=False)
    assert answer.startswith(b"HTTP/1.1 4")
    many = b"".join(b"X-%d: y\r\n" % n for n in range(100_000))
    answer = raw(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n", end=False)
    assert answer.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /%00%ff HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    ],
)
def test_what_is_no_http(server: Server, data: bytes) -> None:
    answer = raw(server, data)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def zip_of(*entries: tuple[str, bytes], mode: int = 0o644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


HANDLER = ("app.py", b"def handler(event, context):\n    return 1\n")


def test_archives_that_mean_harm(server: Server) -> None:
    role, client = make_role(server, "harm"), server.client("lambda")

    def create(name: str, archive: bytes) -> Any:
        return client.create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="app.handler", Code={"ZipFile": archive}
        )

    for number, archive in enumerate([b"", b"no zip", zip_of(HANDLER)[:-10], b"PK\x05\x06" + bytes(18)]):
        with pytest.raises(ClientError) as caught:
            create(f"bad-{number}", archive)
        assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("big", "w") as entry,
    ):
        for _ in range(263):
            entry.write(bytes(1024 * 1024))
    with pytest.raises(ClientError) as caught:
        create("bomb", bomb.getvalue())
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert caught.value.response["Error"]["Message"] == "Unzipped size must be smaller than 262144000 bytes"
    outside = server.directory / "outside.py"
    escapes = [("../" * 20 + str(outside)[1:], b"x"), (str(outside), b"x"), ("a/../../../../tmp/outside.py", b"x")]
    for number, escape in enumerate(escapes):
        with pytest.raises(ClientError) as caught:
            create(f"escape-{number}", zip_of(HANDLER, escape))
        assert caught.value.response["Error"] == {
            "Code": "InvalidParameterValueException",
            "Message": "Could not unzip uploaded file. Please check your file, then try to upload again.",
        }
        assert not outside.exists()
        assert not Path("/tmp/outside.py").exists()


def fails_to_start(*command: str) -> str:
    """The one line that a server prints instead of starting."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=plain_environment(), check=False)
    assert done.returncode == 1
    [line] = done.stderr.strip().splitlines()
    return line


def test_a_port_in_use(server: Server, new_server: Callable[..., Server]) -> None:
    other = new_server()
    other.port = server.port
    line = fails_to_start(*other.command())
    assert line == (
        f"Error: port {server.port} is in use: stop what listens there (outfall down), or choose another with --port"
    )


def test_a_data_directory_in_use(server: Server, new_server: Callable[..., Server]) -> None:
    other = new_server()
    other.directory = server.directory
    line = fails_to_start(*other.command())
    assert line.startswith(f"Error: {server.directory}/data: Another process is working on the data directory")


def test_a_data_directory_of_a_newer_version(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    server.stop()
    [file] = [path for path in (server.directory / "data").iterdir() if is_sqlite(path)]
    with sqlite3.connect(file) as database:
        database.execute("UPDATE meta SET value = value + 1 WHERE name = 'schema'")
    database.close()
    before = file.read_bytes()
    line = fails_to_start(*server.command())
    assert line.startswith(f"Error: {server.directory}/data: The data directory was written by a newer version")
    assert file.read_bytes() == before


def is_sqlite(path: Path) -> bool:
    return path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"


def test_what_is_no_data_directory(new_server: Callable[..., Server]) -> None:
    server = new_server()
    (server.directory / "data").write_text("a file")
    done = subprocess.run(
        server.command(), capture_output=True, text=True, timeout=30, env=plain_environment(), check=False
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "is a file" in done.stderr
    (server.directory / "data").unlink()
    (server.directory / "data").mkdir()
    unwritable = Path("/proc/outfall")
    line = fails_to_start(*[str(unwritable) if part.endswith("/data") else part for part in server.command()])
    assert line.startswith("Error: /proc/outfall: ")


class SmallDisk(Server):
    """A server in a mount namespace of its own, with its data on a disk of a few megabytes."""

    def command(self, *more: str) -> list[str]:
        data = self.directory / "data"
        data.mkdir(exist_ok=True)
        mount = (
            f"mount -t tmpfs -o size=12m tmpfs {shlex.quote(str(data))} && exec {shlex.join(super().command(*more))}"
        )
        return ["unshare", "--map-root-user", "--mount", "sh", "-c", mount]

    def seen(self, name: str) -> Path:
        """A file on its disk, as this process sees it."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{self.directory}/data/{name}")


def fill(file: Any) -> None:
    while True:
        file.write(bytes(65536))


def test_a_full_disk(tmp_path: Path) -> None:
    server = SmallDisk(tmp_path)
    server.start()
    try:
        s3, sqs = server.client("s3"), server.client("sqs")
        s3.create_bucket(Bucket="full")
        url = sqs.create_queue(QueueName="full")["QueueUrl"]
        kept = []
        s3.put_object(Bucket="full", Key="before", Body=b"x" * 100_000)
        ballast = server.seen("ballast").open("wb", buffering=0)
        with ballast, pytest.raises(OSError, match="No space"):
            fill(ballast)
        for deed in (
            lambda: s3.put_object(Bucket="full", Key="large", Body=os.urandom(3_000_000)),
            lambda: [kept.append(sqs.send_message(QueueUrl=url, MessageBody="y" * 250_000)) for _ in range(40)],
        ):
            with pytest.raises(ClientError) as caught:
                deed()
            response = caught.value.response
            assert response["ResponseMetadata"]["HTTPStatusCode"] in (500, 503)
        assert s3.get_object(Bucket="full", Key="before")["Body"].read() == b"x" * 100_000
        server.seen("ballast").unlink()
        s3.put_object(Bucket="full", Key="after", Body=b"z" * 3_000_000)
        kept.append(sqs.send_message(QueueUrl=url, MessageBody="after"))
        listed = [one["Key"] for one in s3.list_objects_v2(Bucket="full")["Contents"]]
        assert listed == ["after", "before"]
        got = {message["MessageId"] for message in server.drain(url, len(kept))}
        assert got == {one["MessageId"] for one in kept}
        said = server.log()
        assert "Traceback" not in said
        assert "no space left on the disk" in said
        assert len(re.findall("no space", said)) < 5, "it is told once while it goes on"
    finally:
        server.stop()
    assert "Traceback" not in server.log()
