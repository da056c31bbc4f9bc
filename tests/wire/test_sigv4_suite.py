"""AWS's published test vectors: the suite for Signature Version 4, and the chunked uploads of the S3 documentation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.core.errors import AwsError
from outfall.wire.message import WireRequest
from outfall.wire.sigv4 import Verifier, canonical_request, parse_authorization

SUITE = json.loads((Path(__file__).parent / "data" / "aws_sig_v4_test_suite.json").read_text())["cases"]
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW_MS = int(datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp() * 1000)
NAMES = [case["name"] for case in SUITE]


def request_of(case: dict[str, Any]) -> WireRequest:
    """The request of a case as the server would have it, with the header that the suite signed it with.

    Some cases are no HTTP that a server takes any more: values folded over several lines, characters of a path that
    nobody encoded. How they are signed is told all the same.
    """
    head, _, body = case["request"].partition("\n\n")
    line, *lines = head.split("\n")
    method, _, rest = line.partition(" ")
    path, _, query = rest.rpartition(" ")[0].partition("?")
    headers: dict[str, str] = {}
    name = ""
    for one in lines:
        value = one
        if not one.startswith(" "):
            name, _, value = one.partition(":")
            name = name.lower()
        joint = "," if not one.startswith(" ") else " "
        headers[name] = f"{headers[name]}{joint}{value.strip()}" if name in headers else value.strip()
    return WireRequest(method, path, query, headers | {"authorization": case["authorization"]}, body.encode())


@pytest.mark.parametrize("case", SUITE, ids=NAMES)
def test_a_case_of_the_suite(case: dict[str, Any]) -> None:
    request = request_of(case)
    signed = parse_authorization(request, "rest-json")
    assert signed is not None
    assert canonical_request(signed, request, "rest-json").decode() == case["canonical"]
    context = Verifier().verify(signed, request, SECRET, NOW_MS, "rest-json")
    assert context.signature == case["authorization"].rpartition("=")[2]
    assert case["to_sign"].split("\n")[2] == context.scope


def flip(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at // 8 % len(data)] ^= 1 << (at % 8)
    return bytes(changed)


PIECES = ("method", "path", "query", "body", "header", "authorization")


@settings(max_examples=400, deadline=None)
@given(case=st.sampled_from(SUITE), piece=st.sampled_from(PIECES), at=st.integers(0, 8 * 400))
def test_one_flipped_bit_anywhere_is_refused(case: dict[str, Any], piece: str, at: int) -> None:
    request = request_of(case)
    before = canonical_of(request)
    if piece == "body":
        request.body = flip(request.body, at) if request.body else b"\1"  # type: ignore[arg-type]
    elif piece == "header":
        names = [name for name in request.headers if name in before[1]]
        name = names[at % len(names)]
        request.headers[name] = flip(request.headers[name].encode(), at).decode("latin-1")
    elif piece == "authorization":
        request.headers[piece] = flip(request.headers[piece].encode(), at).decode("latin-1")
    else:
        text = getattr(request, piece) or "a=b"
        setattr(request, piece, flip(text.encode(), at).decode("latin-1"))
    outcome = judged(request)
    if outcome in (400, 403):
        return
    # Blanks around a value, and how a character is encoded, are no part of what is signed: it is the same request.
    assert outcome == (before[0], case["authorization"].rpartition("=")[2])
    assert piece in ("header", "authorization", "query", "path")


def judged(request: WireRequest) -> int | tuple[bytes, str]:
    """The status of a refusal; what was signed, and the signature, of what is accepted."""
    try:
        signed = parse_authorization(request, "rest-json")
        assert signed is not None
        context = Verifier().verify(signed, request, SECRET, NOW_MS, "rest-json")
    except AwsError as refused:
        return refused.status
    return canonical_request(signed, request, "rest-json"), context.signature


def canonical_of(request: WireRequest) -> tuple[bytes, tuple[str, ...]]:
    signed = parse_authorization(request, "rest-json")
    assert signed is not None
    return canonical_request(signed, request, "rest-json"), signed.signed_headers
