"""CBOR as Smithy's RPC v2 has it: what is sent is read, or refused; botocore's cases are in `test_protocols`."""

from __future__ import annotations

import gzip
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outfall.core.errors import AwsError
from outfall.wire import cbor
from outfall.wire.codec import parse
from outfall.wire.identify import finish, route
from outfall.wire.message import WireRequest
from outfall.wire.models import Models

SERVED = frozenset({"cloudwatch"})
SCOPE = "AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0"
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    out = bytearray()
    cbor.write_any(out, value)
    assert cbor.decode(bytes(out)) == value


@pytest.mark.parametrize(
    "body, value",
    [
        ("1bffffffffffffffff", 2**64 - 1),
        ("3863", -100),
        ("f93c00", 1.0),
        ("fa47c35000", 100000.0),
        ("7f657374726561646d696e67ff", "streaming"),
        ("5f42010243030405ff", b"\1\2\3\4\5"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("c11a514b67b0", 1363896240),
    ],
)
def test_examples_of_the_rfc(body: str, value: Any) -> None:
    assert cbor.decode(bytes.fromhex(body)) == value


@pytest.mark.parametrize(
    "body",
    [
        "",
        "61",
        "1c",
        "a1",
        "a10102",
        "9f01",
        "7f01ff",
        "9b00ffffffffffffff",
        "d82a00",
        "f8ff",
        "0000",
        "62ffff",
        "ff",
        "81" * 100 + "00",
        "c1" * 5000 + "00",
    ],
)
def test_what_is_no_cbor_of_this_protocol_is_refused(body: str) -> None:
    with pytest.raises(ValueError):
        cbor.decode(bytes.fromhex(body))


@given(st.binary(max_size=64))
def test_no_bytes_do_worse_than_be_refused(body: bytes) -> None:
    try:
        cbor.decode(body)
    except ValueError:
        pass


def sent(models: Models, headers: dict[str, str], body: bytes, path: str = "/") -> dict[str, Any]:
    request = WireRequest("POST", path, "", {"authorization": SCOPE, **headers}, body)
    return parse(models, finish(route(models, request, SERVED), body, headers.get("content-encoding", "")), request)


WANTED = {"Namespace": "Mine", "MetricData": [{"MetricName": "m", "Value": 1.5, "Timestamp": 1_789_400_807_745}]}
RPC = {"smithy-protocol": "rpc-v2-cbor"}
RPC_PATH = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
TARGET = {"x-amz-target": "GraniteServiceVersion20100801.PutMetricData"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def cbor_body() -> bytes:
    out = bytearray.fromhex("a2") + b"\x69Namespace\x64Mine" + b"\x6aMetricData\x81\xa3" + b"\x6aMetricName\x61m"
    out += b"\x65Value\xfb" + struct.pack(">d", 1.5)
    return bytes(out + b"\x69Timestamp\xc1\xfb" + struct.pack(">d", 1789400807.745))


JSON_BODY = b'{"Namespace":"Mine","MetricData":[{"MetricName":"m","Value":1.5,"Timestamp":1789400807.745}]}'
QUERY_BODY = (
    b"Action=PutMetricData&Version=2010-08-01&Namespace=Mine&MetricData.member.1.MetricName=m"
    b"&MetricData.member.1.Value=1.5&MetricData.member.1.Timestamp=2026-09-14T15:46:47.745Z"
)


@pytest.mark.parametrize(
    "headers, body, path",
    [(RPC, cbor_body(), RPC_PATH), (TARGET, JSON_BODY, "/"), (FORM, QUERY_BODY, "/")],
    ids=["cbor", "json", "query"],
)
def test_cloudwatch_is_spoken_in_three_protocols_compressed_or_not(
    models: Models, headers: dict[str, str], body: bytes, path: str
) -> None:
    assert sent(models, headers, body, path) == WANTED
    assert sent(models, {**headers, "content-encoding": "gzip"}, gzip.compress(body), path) == WANTED


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(JSON_BODY)[:-9], gzip.compress(bytes(20_000_000))],
    ids=["no gzip", "cut off", "too large"],
)
def test_a_compressed_body_that_is_broken_or_too_large_is_refused(models: Models, body: bytes) -> None:
    with pytest.raises(AwsError) as caught:
        sent(models, {**TARGET, "content-encoding": "gzip"}, body)
    assert caught.value.code == "SerializationException"


def test_not_a_number_is_read_as_such(models: Models) -> None:
    body = cbor_body().replace(struct.pack(">d", 1.5), struct.pack(">d", math.nan))
    assert math.isnan(sent(models, RPC, body, RPC_PATH)["MetricData"][0]["Value"])


def test_an_operation_that_no_model_has_is_unknown(models: Models) -> None:
    with pytest.raises(AwsError) as caught:
        sent(models, RPC, b"", "/service/GraniteServiceVersion20100801/operation/Fly")
    assert caught.value.code == "UnknownOperationException"
