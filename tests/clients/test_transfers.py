"""Objects with boto3 and with bare HTTP: addressing, checksums, ranges, presigned URLs, and bodies of any size."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from .server import SOON_S, Server

MIB = 1024 * 1024


def send(server: Server, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a request that no SDK has touched."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body, {"Host": parts.netloc, **headers})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.fixture
def bucket(server: Server, request: pytest.FixtureRequest) -> str:
    name = "b-" + hashlib.md5(request.node.name.encode()).hexdigest()[:12]
    server.client("s3").create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize("style", ["path", "virtual"])
def test_presigned_urls(server: Server, bucket: str, version: str, style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = server.client("s3", signature_version=version, s3={"addressing_style": style})
    names = {"Bucket": bucket, "Key": "a b/ü.txt"}

    def url(operation: str, expires_s: int = 60, **more: Any) -> str:
        return s3.generate_presigned_url(operation, Params={**names, **more}, ExpiresIn=expires_s)

    put = url("put_object", ContentType="text/plain", Metadata={"owner": "me"})
    sent = {"Content-Type": "text/plain"} | ({"x-amz-meta-owner": "me"} if version == "s3v4" else {})
    assert send(server, "PUT", put, b"hello", **sent)[0] == 200
    head = server.client("s3").head_object(**names)
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"owner": "me"})
    get = url("get_object", ResponseContentDisposition='attachment; filename="x.txt"')
    status, headers, body = send(server, "GET", get)
    assert (status, body, headers["content-disposition"]) == (200, b"hello", 'attachment; filename="x.txt"')
    assert send(server, "HEAD", url("head_object"))[0] == 200
    status, _, body = send(server, "GET", get.replace("x.txt", "y.txt"))
    assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    with monkeypatch.context() as an_hour_ago:
        now_s = time.time()
        hour_ago = datetime.fromtimestamp(now_s - 3600, UTC)
        an_hour_ago.setattr("botocore.auth.time.time", lambda: now_s - 3600)
        an_hour_ago.setattr("botocore.crt.auth.get_current_datetime", lambda **how: hour_ago)
        late = url("get_object")
    status, _, body = send(server, "GET", late)
    assert status == 403
    assert b"<Code>AccessDenied</Code><Message>Request has expired</Message>" in body
    assert b"<Expires>" in body
    assert b"<ServerTime>" in body


@pytest.mark.parametrize("suffix", ["localhost", "s3.localhost", "localhost.localstack.cloud", "s3.amazonaws.com"])
def test_a_bucket_may_be_a_host(server: Server, bucket: str, suffix: str) -> None:
    s3 = server.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"by host")
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", '
        f'"Resource": "arn:aws:s3:::{bucket}/*"}}]}}'
    )
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert send(server, "GET", f"http://{bucket}.{suffix}:{server.port}/k")[::2] == (200, b"by host")
    # A name that is not this server's own is nobody's bucket: see docs/security.md.
    assert send(server, "GET", f"http://{bucket}.example.com:{server.port}/k")[0] == 403


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_checksums_are_taken_verified_and_told(server: Server, bucket: str, algorithm: str, kind: str) -> None:
    s3 = server.client("s3")
    data = os.urandom(100_000)
    body: Any = data if kind == "bytes" else io.BytesIO(data)
    sent = s3.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[f"Checksum{algorithm}"] == sent[f"Checksum{algorithm}"]
    assert got["Body"].read() == data


def test_without_a_checksum_of_the_client_s3_adds_its_own(server: Server, bucket: str) -> None:
    s3 = server.client("s3", request_checksum_calculation="when_required")
    sent = s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["ChecksumCRC64NVME"] == sent["ChecksumCRC64NVME"]
    assert got["ChecksumType"] == "FULL_OBJECT"


@pytest.mark.parametrize("checksum, status", [("AAAAAA==", 400), ("NhCmhg==", 200)])
def test_a_checksum_may_come_behind_the_body(server: Server, bucket: str, checksum: str, status: int) -> None:
    """As SDKs send a stream over TLS: in chunks, with the checksum of what went before in a trailer."""
    body = f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()
    headers = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
        "X-Amz-Decoded-Content-Length": "5",
    }
    request = AWSRequest("PUT", f"{server.endpoint}/{bucket}/k", headers, b"")
    signer = TrailerAuth(Credentials("test", "test"), "s3", "us-east-1")
    signer.add_auth(request)
    told, _, answer = send(server, "PUT", request.url, body, **dict(request.headers.items()))
    assert (told, b"<Code>BadDigest</Code>" in answer) == (status, status == 400)
    if status == 200:
        got = server.client("s3").get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert (got["Body"].read(), got["ChecksumCRC32"]) == (b"hello", checksum)
        assert "ContentEncoding" not in got


class TrailerAuth(S3SigV4Auth):
    """botocore's signer, told what the payload is."""

    def payload(self, request: Any) -> str:
        return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def test_a_wrong_checksum_leaves_nothing(server: Server, bucket: str) -> None:
    s3 = server.client("s3")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumSHA256="4" * 43 + "=")
    assert caught.value.response["Error"]["Code"] == "BadDigest"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    "asked, start, end",
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-", 10, 100_000),
        ("bytes=-7", 99_993, 100_000),
        ("bytes=99990-200000", 99_990, 100_000),
    ],
)
def test_ranges(server: Server, bucket: str, asked: str, start: int, end: int) -> None:
    s3, data = server.client("s3"), os.urandom(100_000)
    s3.put_object(Bucket=bucket, Key="k", Body=data)
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["Body"].read() == data[start:end]
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (got["ContentRange"], got["ContentLength"]) == (f"bytes {start}-{end - 1}/100000", end - start)


def test_a_range_beyond_the_end(server: Server, bucket: str) -> None:
    s3 = server.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"short")
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="k", Range="bytes=5-")
    response = caught.value.response
    assert (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]) == (416, "InvalidRange")
    assert response["Error"]["ActualObjectSize"] == "5"


def test_head_tells_what_get_gives(server: Server, bucket: str) -> None:
    s3 = server.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ContentType="text/plain", CacheControl="no-cache")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got.pop("Body").read() == b"hello"
    assert head["ContentLength"] == 5
    for told in (head, got):
        for name in ("date", "x-amz-request-id", "x-amz-id-2"):
            told["ResponseMetadata"]["HTTPHeaders"].pop(name)
        told["ResponseMetadata"].pop("RequestId")
        told["ResponseMetadata"].pop("HostId")
    got["ResponseMetadata"].pop("ChecksumAlgorithm")
    assert head == got
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="nope")
    assert caught.value.response["Error"] == {"Code": "404", "Message": "Not Found"}


def memory_mib(server: Server) -> int:
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def test_large_bodies_pass_in_bounded_memory(server: Server, bucket: str, tmp_path: Path) -> None:
    s3, size = server.client("s3"), 96 * MIB
    s3.put_object(Bucket=bucket, Key="small", Body=b"x" * 100_000)
    before = memory_mib(server)
    with (tmp_path / "large").open("w+b") as file:
        file.truncate(size)
        file.write(os.urandom(MIB))
        file.seek(0)
        s3.put_object(Bucket=bucket, Key="k", Body=file)
    digest, seen = hashlib.md5(), 0
    for piece in s3.get_object(Bucket=bucket, Key="k")["Body"].iter_chunks(MIB):
        digest.update(piece)
        seen += len(piece)
    assert seen == size
    assert s3.head_object(Bucket=bucket, Key="k")["ETag"] == f'"{digest.hexdigest()}"'
    assert memory_mib(server) - before < 24


def test_a_body_is_waited_for_before_it_is_sent(server: Server, bucket: str) -> None:
    """`Expect: 100-continue`: a refused request does not have to send its body; an accepted one is asked for it."""
    url = urlsplit(server.client("s3").generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"}))
    target = f"{url.path}?{url.query}"
    for path, first, last in (
        (target, b"HTTP/1.1 100 Continue", b"HTTP/1.1 200 OK"),
        (f"{target}x", b"", b"HTTP/1.1 403"),
    ):
        with socket.create_connection(("127.0.0.1", server.port), timeout=SOON_S) as connection:
            head = f"PUT {path} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
            connection.sendall(head.encode())
            answer = connection.recv(4096)
            if first:
                assert answer.startswith(first)
                connection.sendall(b"hello")
                answer = answer.partition(b"\r\n\r\n")[2] or connection.recv(4096)
            assert answer.startswith(last)


def pieces() -> Iterator[bytes]:
    for _ in range(20):
        yield b"0123456789" * 1000


def test_a_body_of_unknown_length_is_refused_as_s3_does(server: Server, bucket: str) -> None:
    url = server.client("s3").generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    status, _, body = send(server, "PUT", url, pieces())
    assert (status, b"<Code>NotImplemented</Code>" in body) == (501, True)
