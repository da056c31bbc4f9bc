"""The aws-chunked encoding: AWS's own vectors, any split of the bytes, and nothing that was touched."""

from __future__ import annotations

import hmac
import itertools
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.core.errors import AwsError
from outfall.wire.chunked import ChunkedDecoder
from outfall.wire.message import WireRequest
from outfall.wire.sigv4 import SigningContext, Verifier, parse_authorization

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SCOPE = "20130524/us-east-1/s3/aws4_request"
NOW_MS = 1369353600_000
BODY = b"a" * 66560
SIGNED = {
    "seed": "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    "chunks": [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
}
TRAILED = {
    "seed": "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    "chunks": [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
    "trailer": "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
}


def context(vector) -> SigningContext:
    key = Verifier().signing_key(SECRET, "20130524", "us-east-1", "s3")
    return SigningContext(key, "20130524T000000Z", SCOPE, vector["seed"])


def encoded(vector, end=b"\r\n") -> bytes:
    pieces = (BODY[:65536], BODY[65536:], b"")
    lines = b"".join(
        b"%x;chunk-signature=%s\r\n%s%s" % (len(piece), signature.encode(), piece, b"\r\n" if piece else b"")
        for piece, signature in zip(pieces, vector["chunks"], strict=True)
    )
    if "trailer" in vector:
        lines += b"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:%s\r\n" % vector["trailer"].encode()
    return lines + end


def decode(decoder: ChunkedDecoder, data: bytes, step: int = 1 << 20) -> bytes:
    out = [piece for at in range(0, len(data), step) for piece in decoder.feed(data[at : at + step])]
    decoder.finish()
    return b"".join(out)


def test_sigv4_001_signed_chunks_of_the_documentation():
    assert len(encoded(SIGNED)) == 66824
    assert decode(ChunkedDecoder(66560, context(SIGNED)), encoded(SIGNED)) == BODY


def test_sigv4_002_signed_chunks_with_a_trailer_of_the_documentation():
    decoder = ChunkedDecoder(66560, context(TRAILED), ("x-amz-checksum-crc32c",))
    assert decode(decoder, encoded(TRAILED)) == BODY
    assert decoder.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


@pytest.mark.parametrize(
    "vector, extra",
    [
        (SIGNED, {"content-length": "66824", "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}),
        (
            TRAILED,
            {
                "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
                "x-amz-trailer": "x-amz-checksum-crc32c",
            },
        ),
    ],
)
def test_the_seed_signatures_of_the_documentation(vector, extra):
    headers = {
        "content-encoding": "aws-chunked",
        "host": "s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        **extra,
    }
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/{SCOPE},SignedHeaders={';'.join(sorted(headers))},"
        f"Signature={vector['seed']}"
    )
    request = WireRequest("PUT", "/examplebucket/chunkObject.txt", "", headers)
    assert Verifier().verify(parse_authorization(request, "s3"), request, SECRET, NOW_MS, "s3") == context(vector)


def unsigned(body: bytes, size: int, trailer: bytes = b"x-amz-checksum-crc32:AAAAAA==\r\n") -> bytes:
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + size]), body[at : at + size]) for at in range(0, len(body), size)
    )
    return chunks + b"0\r\n" + trailer + b"\r\n"


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(0, 30000),
    size=st.integers(8192, 12000),
    cuts=st.lists(st.integers(0, 31000), max_size=30),
)
def test_any_split_of_the_bytes_decodes_alike(length, size, cuts):
    body = bytes(range(256)) * (length // 256 + 1)
    body = body[:length]
    data = unsigned(body, size)
    decoder = ChunkedDecoder(length, None, ("x-amz-checksum-crc32",))
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    out = [piece for a, b in itertools.pairwise(edges) for piece in decoder.feed(data[a:b])]
    decoder.finish()
    assert b"".join(out) == body
    assert decoder.trailers == {"x-amz-checksum-crc32": "AAAAAA=="}


def test_byte_by_byte():
    decoder = ChunkedDecoder(9, None, ("x-amz-checksum-crc32",))
    assert decode(decoder, unsigned(b"\r\nabc\r\n\r\n", 8192), step=1) == b"\r\nabc\r\n\r\n"


@settings(max_examples=80, deadline=None)
@given(at=st.integers(0, 100_000), bit=st.integers(0, 7))
def test_a_flipped_bit_of_a_signed_body_is_refused(at, bit):
    data = bytearray(encoded(TRAILED))
    data[at % len(data)] ^= 1 << bit
    decoder = ChunkedDecoder(66560, context(TRAILED), ("x-amz-checksum-crc32c",))
    try:
        out = decode(decoder, bytes(data))
    except AwsError as error:
        out, code = None, error.code
    if out is None:
        assert code in ("SignatureDoesNotMatch", "IncompleteBody", "MalformedTrailerError", "InvalidChunkSizeError")
    else:  # the case of a trailer's name or of a chunk's length, or white space after a trailer, says nothing
        assert (out, decoder.trailers) == (BODY, {"x-amz-checksum-crc32c": "sOO8/Q=="})


@pytest.mark.parametrize(
    "data, code",
    [
        (b"", "IncompleteBody"),
        (b"5\r\nhello\r\n", "IncompleteBody"),
        (b"5\r\nhel", "IncompleteBody"),
        (b"5\r\nhello\r\n0\r\n", "IncompleteBody"),
        (b"4\r\nhell\r\n0\r\n\r\n", "IncompleteBody"),
        (b"6\r\nhello!\r\n0\r\n\r\n", "IncompleteBody"),
        (b"5\r\nhelloXX0\r\n\r\n", "IncompleteBody"),
        (b"0x5\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
        (b"-5\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
        (b"5;a=b\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
        (b"5" * 5000, "IncompleteBody"),
        (b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "InvalidChunkSizeError"),
        (b"5\r\nhello\r\n0\r\nx-other:1\r\n\r\n", "MalformedTrailerError"),
        (b"5\r\nhello\r\n0\r\n\r\nmore\r\n", "MalformedTrailerError"),
    ],
)
def test_malformed_bodies(data, code):
    with pytest.raises(AwsError) as caught:
        decode(ChunkedDecoder(5), data)
    assert caught.value.code == code


def test_a_declared_trailer_has_to_come():
    with pytest.raises(AwsError) as caught:
        decode(ChunkedDecoder(0, None, ("x-amz-checksum-crc32",)), b"0\r\n\r\n")
    assert caught.value.code == "MalformedTrailerError"


def test_a_chunk_signed_after_the_wrong_predecessor_is_refused():
    ctx = context(SIGNED)
    text = "\n".join(
        ("AWS4-HMAC-SHA256-PAYLOAD", ctx.amz_date, SCOPE, "0" * 64, sha256(b"").hexdigest(), sha256(b"").hexdigest())
    )
    forged = hmac.digest(ctx.key, text.encode(), "sha256").hex().encode()
    with pytest.raises(AwsError) as caught:
        decode(ChunkedDecoder(0, ctx), b"0;chunk-signature=%s\r\n\r\n" % forged)
    assert caught.value.code == "SignatureDoesNotMatch"
