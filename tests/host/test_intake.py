"""Bodies: kept as they came, compared with what was declared about them, and gone without a trace when they differ."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import zlib
from hashlib import sha256

import pytest

from outfall.core.body import INLINE_SIZE_MAX, Content, Segment
from outfall.core.errors import AwsError
from outfall.host import declared, intake, stored
from outfall.host.digests import SIZES, Digests, checksum
from outfall.host.exchange import BodyStream, ConnectionLost, HttpRequest
from outfall.store.blobs import BlobFiles, MemoryBlobs
from outfall.wire.message import WireRequest

KILO = b"0123456789abcdef" * 64
LARGE = KILO * 3000


@pytest.fixture(params=["files", "memory"])
def blobs(request, tmp_path):
    return BlobFiles(tmp_path) if request.param == "files" else MemoryBlobs()


def left_over(blobs) -> int:
    """How many blobs there are, whole or half."""
    return blobs.sweep(lambda blob: False)


def upload(data: bytes, headers: dict[str, str] | None = None, piece: int = 200_000, query: str = "") -> HttpRequest:
    body = BodyStream.of(*(data[at : at + piece] for at in range(0, len(data), piece)))
    given = {"content-length": str(len(data)), **(headers or {})}
    return HttpRequest("PUT", "/b/k", query, given, "127.0.0.1", body, len(data))


def take(http: HttpRequest, blobs):
    request = WireRequest(http.method, http.path, http.query, http.headers)
    return asyncio.run(intake.take_in(http, request, blobs, None, None))


def read(content: Content, blobs) -> bytes:
    async def all_of_it() -> bytes:
        return b"".join([piece async for piece in stored.pour(content, blobs)])

    return asyncio.run(all_of_it())


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def crc32(data: bytes) -> str:
    return b64(zlib.crc32(data).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "name, expected",
    [
        ("CRC32", "cbf43926"),
        ("CRC32C", "e3069283"),
        ("CRC64NVME", "ae8b14860a799888"),
        ("SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        ("SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
    ],
)
def test_checksums_have_the_published_values_for_123456789(name, expected):
    one = checksum(name)
    one.update(b"12345")
    one.update(b"6789")
    assert one.digest().hex() == expected
    assert len(one.digest()) == SIZES[name]


def test_digests_of_nothing():
    digests = Digests(["SHA256", "CRC32"])
    assert digests.md5() == hashlib.md5(b"").hexdigest()
    assert digests.checksums() == (("SHA256", b64(sha256(b"").digest())), ("CRC32", "AAAAAA=="))


@pytest.mark.parametrize("size", [0, 1, INLINE_SIZE_MAX, INLINE_SIZE_MAX + 1, 200_001, len(LARGE)])
def test_a_body_is_kept_as_it_came(blobs, size):
    data = LARGE[:size]
    body = take(upload(data, {"x-amz-checksum-crc32": crc32(data)}), blobs)
    assert (body.size, body.md5, body.checksums) == (size, hashlib.md5(data).hexdigest(), (("CRC32", crc32(data)),))
    assert [bool(segment.blob) for segment in body.segments] == ([] if size == 0 else [size > INLINE_SIZE_MAX])
    assert read(Content(body.segments, 0, size), blobs) == data


def test_s3_computes_crc64nvme_when_nothing_is_named(blobs):
    body = take(upload(b"123456789"), blobs)
    assert body.checksums == (("CRC64NVME", "rosUhgp5mIg="),)


WRONG = "1" * 64
# sigv4-008, sigv4-009
REFUSED = [
    (
        {"x-amz-content-sha256": WRONG},
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
    (
        {"x-amz-checksum-crc32": "AAAAAA=="},
        "BadDigest",
        "The CRC32 you specified did not match the calculated checksum.",
    ),
    (
        {"x-amz-checksum-crc64nvme": "AAAAAAAAAAA="},
        "BadDigest",
        "The CRC64NVME you specified did not match the calculated checksum.",
    ),
    ({"x-amz-checksum-crc32": "junk"}, "InvalidRequest", "Value for x-amz-checksum-crc32 header is invalid."),
    ({"x-amz-checksum-sha256": "AAAA"}, "InvalidRequest", "Value for x-amz-checksum-sha256 header is invalid."),
    (
        {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="},
        "InvalidRequest",
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    ),
    (
        {"x-amz-sdk-checksum-algorithm": "CRC32"},
        "InvalidRequest",
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers "
        "were found.",
    ),
    ({"content-md5": b64(bytes(16))}, "BadDigest", "The Content-MD5 you specified did not match what we received."),
    ({"content-md5": "junk"}, "InvalidDigest", "The Content-MD5 you specified was invalid."),
    ({"content-length": str(6 * 1024**3)}, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"),
]


@pytest.mark.parametrize("size", [100, len(LARGE)])
@pytest.mark.parametrize("headers, code, message", REFUSED)
def test_what_does_not_match_is_refused_and_leaves_nothing(blobs, size, headers, code, message):
    with pytest.raises(AwsError) as caught:
        take(upload(LARGE[:size], headers), blobs)
    assert (caught.value.code, caught.value.message, caught.value.status) == (code, message, 400)
    assert left_over(blobs) == 0


def test_parts_spell_the_algorithm_in_lower_case(blobs):
    with pytest.raises(AwsError) as caught:
        take(upload(b"a", {"x-amz-checksum-crc32c": "AAAAAA=="}, query="partNumber=1&uploadId=x"), blobs)
    assert caught.value.message == "The crc32c you specified did not match the calculated checksum."


def test_a_body_that_keeps_all_its_promises(blobs):
    headers = {
        "x-amz-content-sha256": sha256(LARGE).hexdigest(),
        "content-md5": b64(hashlib.md5(LARGE).digest()),
        "x-amz-checksum-crc32": crc32(LARGE),
        "x-amz-sdk-checksum-algorithm": "CRC32",
    }
    assert take(upload(LARGE, headers), blobs).size == len(LARGE)


def trailed(data: bytes, trailer: str, decoded: int | None = None) -> HttpRequest:
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(p), p) for p in (data[at : at + 65536] for at in range(0, len(data), 65536))
    )
    encoded = chunks + b"0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % trailer.encode()
    return upload(
        encoded,
        {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-trailer": "x-amz-checksum-crc32",
            "content-encoding": "aws-chunked",
            "x-amz-sdk-checksum-algorithm": "CRC32",
            "x-amz-decoded-content-length": str(len(data) if decoded is None else decoded),
        },
    )


@pytest.mark.parametrize("size", [0, 10, 70_000, len(LARGE)])
def test_sigv4_003_a_chunked_body_is_stored_decoded(blobs, size):
    data = LARGE[:size]
    body = take(trailed(data, crc32(data)), blobs)
    assert (body.size, body.checksums) == (size, (("CRC32", crc32(data)),))
    assert read(Content(body.segments, 0, size), blobs) == data


@pytest.mark.parametrize(
    "trailer, decoded, code",
    [
        ("AAAAAA==", None, "BadDigest"),
        ("junk", None, "InvalidRequest"),
        (crc32(LARGE), len(LARGE) + 1, "IncompleteBody"),
        (crc32(LARGE), len(LARGE) - 1, "IncompleteBody"),
    ],
)
def test_a_chunked_body_that_differs_leaves_nothing(blobs, trailer, decoded, code):
    with pytest.raises(AwsError) as caught:
        take(trailed(LARGE, trailer, decoded), blobs)
    assert caught.value.code == code
    assert left_over(blobs) == 0


def test_the_decoded_length_has_to_be_told(blobs):
    http = trailed(b"a", crc32(b"a"))
    del http.headers["x-amz-decoded-content-length"]
    with pytest.raises(AwsError) as caught:
        take(http, blobs)
    assert (caught.value.code, caught.value.status) == ("MissingContentLength", 411)


@pytest.mark.parametrize("sent", [10, 3_000_000])
def test_a_body_that_breaks_off_leaves_nothing(blobs, sent):
    http = upload(LARGE)
    http.body = BodyStream()

    async def break_off() -> None:
        request = WireRequest("PUT", "/b/k", "", http.headers)
        taking = asyncio.create_task(intake.take_in(http, request, blobs, None, None))
        for at in range(0, sent, 100_000):
            http.body.feed(LARGE[at : min(at + 100_000, sent)])
            await asyncio.sleep(0)
        http.body.fail(ConnectionLost("gone"))
        with pytest.raises(ConnectionLost):
            await taking

    asyncio.run(break_off())
    assert left_over(blobs) == 0


def test_a_cancelled_upload_leaves_nothing(blobs):
    http = upload(LARGE)
    http.body = BodyStream()

    async def cancel() -> None:
        request = WireRequest("PUT", "/b/k", "", http.headers)
        taking = asyncio.create_task(intake.take_in(http, request, blobs, None, None))
        for at in range(0, 2_500_000, 100_000):
            http.body.feed(LARGE[at : at + 100_000])
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
        await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0)

    asyncio.run(cancel())
    assert left_over(blobs) == 0


@pytest.mark.parametrize("start, length", [(0, 1), (5, 40_000), (32_000, 3_000_000), (3_072_000 + 9, 20), (0, 0)])
def test_ranges_over_segments(blobs, start, length):
    async def stored() -> tuple[Segment, ...]:
        return (await intake.keep(KILO, blobs), await intake.keep(LARGE, blobs), await intake.keep(b"tail" * 9, blobs))

    segments = asyncio.run(stored())
    whole = KILO + LARGE + b"tail" * 9
    assert read(Content(segments, start, length), blobs) == whole[start : start + length]


def test_buffer_has_a_limit():
    assert asyncio.run(intake.buffer(upload(b"a" * 100), 100)) == b"a" * 100
    for http in (upload(b"a" * 101), upload(b"a" * 101)):
        http.content_length = None if http.body.received else 101
        with pytest.raises(AwsError) as caught:
            asyncio.run(intake.buffer(http, 100))
        assert caught.value.status == 413


def test_buffer_checks_what_s3_requests_declare():
    headers = {"content-md5": b64(hashlib.md5(b"<Delete/>").digest())}
    assert asyncio.run(intake.buffer(upload(b"<Delete/>", headers), 100, s3=True)) == b"<Delete/>"
    with pytest.raises(AwsError) as caught:
        asyncio.run(intake.buffer(upload(b"<delete/>", headers), 100, s3=True))
    assert caught.value.code == "BadDigest"


def test_an_unsigned_request_cannot_have_signed_chunks():
    headers = {"x-amz-decoded-content-length": "1"}
    said = declared.declare(headers, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    with pytest.raises(AwsError):
        declared.decoder(said, headers, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", None)
