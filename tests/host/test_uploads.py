"""Uploads by an unmodified client through the whole front: HTTP, signature, chunks, digests, blob store."""

from __future__ import annotations

import asyncio
import io
import time
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from outfall.core.body import Body, Content
from outfall.core.errors import AwsError
from outfall.host import intake, stored
from outfall.host.http import HttpRequest, HttpResponse, HttpServer
from outfall.store.blobs import MemoryBlobs
from outfall.wire.message import WireRequest
from outfall.wire.sigv4 import Verifier, parse_authorization

DATA = bytes(range(256)) * 4000


class OneBucket:
    """A front that keeps what is put and gives it back, for the key `test` with the secret `test`."""

    def __init__(self) -> None:
        self.kept: dict[str, Body] = {}
        self.blobs = MemoryBlobs()
        self.payloads: list[str] = []

    async def handle(self, http: HttpRequest) -> HttpResponse:
        request = WireRequest(http.method, http.path, http.query, http.headers)
        try:
            return await self.answer(http, request)
        except AwsError as error:
            text = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
            return HttpResponse(error.status, [("Content-Type", "application/xml")], text.encode())

    async def answer(self, http: HttpRequest, request: WireRequest) -> HttpResponse:
        signed = parse_authorization(request, "s3")
        assert signed is not None
        signing = Verifier().verify(signed, request, "test", int(time.time() * 1000), "s3")
        if http.method == "PUT":
            self.payloads.append(signed.payload_hash)
            body = await intake.take_in(http, request, self.blobs, signed, signing)
            self.kept[http.path] = body
            return HttpResponse(200, [("ETag", f'"{body.md5}"')])
        body = self.kept[http.path]
        return HttpResponse(200, [], stored.pour(Content(body.segments, 0, body.size), self.blobs), body.size)


def played(play):
    """Runs `play(front, endpoint)` in a thread beside the server; returns what it returns."""

    async def run():
        front, server = OneBucket(), HttpServer()
        port = await server.start("127.0.0.1", 0, front.handle)
        try:
            return await asyncio.to_thread(play, front, f"http://127.0.0.1:{port}")
        finally:
            await server.close(0)

    return asyncio.run(run())


def s3(endpoint: str, secret: str = "test", **config):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, **config),
    )


KEYS = ["plain", "a/../b//c", "sp ace+plus&amp;%25", "schön/日本.txt", "tilde~(brackets)!*'"]


@pytest.mark.parametrize("key", KEYS)
def test_any_key_is_signed_and_found_again(key):
    def play(front, endpoint):
        client = s3(endpoint)
        client.put_object(Bucket="b", Key=key, Body=b"small", Metadata={"a": "  two  spaces "})
        assert client.get_object(Bucket="b", Key=key)["Body"].read() == b"small"

    played(play)


@pytest.mark.parametrize("body", [DATA, b""], ids=["large", "empty"])
@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256", "CRC64NVME"])
@pytest.mark.parametrize("stream", [False, True])
def test_bodies_arrive_whole(body, algorithm, stream):
    def play(front, endpoint):
        client = s3(endpoint)
        client.put_object(Bucket="b", Key="k", Body=io.BytesIO(body) if stream else body, ChecksumAlgorithm=algorithm)
        assert client.get_object(Bucket="b", Key="k")["Body"].read() == body
        assert front.kept["/b/k"].checksums[0][0] == algorithm

    played(play)


def test_a_presigned_url_takes_and_gives():
    def play(front, endpoint):
        client = s3(endpoint, signature_version="s3v4")
        url = client.generate_presigned_url("put_object", {"Bucket": "b", "Key": "a b"})
        urllib.request.urlopen(urllib.request.Request(url, DATA, method="PUT")).read()
        url = client.generate_presigned_url("get_object", {"Bucket": "b", "Key": "a b"})
        assert urllib.request.urlopen(url).read() == DATA
        assert front.payloads == ["UNSIGNED-PAYLOAD"]

    played(play)


def test_a_wrong_secret_is_refused_before_the_body_comes():
    def play(front, endpoint):
        with pytest.raises(ClientError) as caught:
            s3(endpoint, secret="other").put_object(Bucket="b", Key="k", Body=DATA)
        assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
        assert front.kept == {}

    played(play)
