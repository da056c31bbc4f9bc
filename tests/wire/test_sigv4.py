"""Signatures: what botocore signs is accepted, and what anybody touched since is refused, in each service's dialect."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from outfall.core.errors import AwsError
from outfall.wire import refusals
from outfall.wire.message import WireRequest
from outfall.wire.sigv4 import Verifier, parse_authorization

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY = "AKIAIOSFODNN7EXAMPLE"
MOMENT = datetime(2026, 9, 14, 15, 20, 0, tzinfo=UTC)
NOW_MS = int(MOMENT.timestamp() * 1000)
HOST = "127.0.0.1:4566"


@pytest.fixture(autouse=True)
def _signing_clock(monkeypatch):
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *a, **k: MOMENT.replace(tzinfo=None))


def signed_by(auth, method, target, headers=(), body=b""):
    """The request as it goes over the wire after botocore signed it."""
    request = AWSRequest(method, f"http://{HOST}{target}", dict(headers), body)
    auth.add_auth(request)
    url = urlsplit(request.url)
    sent = {"host": HOST, **{name.lower(): value for name, value in request.headers.items()}}
    return WireRequest(method, url.path, url.query, sent, body)


def credentials(token=None):
    return Credentials(KEY, SECRET, token)


def by_header(service="sqs", region="us-east-1", token=None):
    return (S3SigV4Auth if service == "s3" else SigV4Auth)(credentials(token), service, region)


def by_url(service="s3", region="us-east-1", expires=3600, token=None):
    return (S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth)(credentials(token), service, region, expires)


def verify(request, kind="json", secret=SECRET, now_ms=NOW_MS):
    signed = parse_authorization(request, kind)
    if signed.access_key != KEY:
        raise refusals.unknown_key(kind, signed.access_key)
    return Verifier().verify(signed, request, secret, now_ms, kind)


def refused(request, kind="json", **how) -> AwsError:
    with pytest.raises(AwsError) as caught:
        verify(request, kind, **how)
    return caught.value


PATH = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5), max_size=4)
VALUE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


def quoted(text):
    from urllib.parse import quote

    return quote(text, safe="-_.~")


@settings(max_examples=60, deadline=None)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD"]),
    path=PATH,
    query=st.lists(st.tuples(VALUE, VALUE), max_size=4),
    extra=st.dictionaries(st.sampled_from(["x-amz-meta-a", "content-type", "x-amz-target", "if-match"]), VALUE),
    body=st.binary(max_size=64),
    service=st.sampled_from(["s3", "sqs", "lambda", "iam"]),
    token=st.sampled_from([None, "FwoG//token=="]),
)
def test_what_botocore_signs_in_a_header_is_accepted(method, path, query, extra, body, service, token):
    target = "/" + "/".join(map(quoted, path))
    if query:
        target += "?" + "&".join(f"{quoted(name)}={quoted(value)}" for name, value in query)
    request = signed_by(by_header(service, token=token), method, target, extra, body)
    kind = "s3" if service == "s3" else "rest-json"
    signed = parse_authorization(request, kind)
    assert (signed.access_key, signed.region, signed.service) == (KEY, "us-east-1", service)
    assert signed.session_token == (token or "")
    context = verify(request, kind)
    assert context.signature == signed.signature


@settings(max_examples=40, deadline=None)
@given(path=PATH, service=st.sampled_from(["s3", "sts"]), token=st.sampled_from([None, "FwoG//token=="]))
def test_what_botocore_presigns_is_accepted(path, service, token):
    request = signed_by(by_url(service, token=token), "GET", "/" + "/".join(map(quoted, path)) + "?Action=x&b=%20")
    kind = "s3" if service == "s3" else "query"
    signed = parse_authorization(request, kind)
    assert (signed.presigned, signed.expires_s, signed.session_token) == (True, 3600, token or "")
    verify(request, kind)


def flipped(text: str, at: int, bit: int) -> str:
    data = bytearray(text.encode())
    data[at % len(data)] ^= 1 << bit
    return data.decode("latin-1")


@settings(max_examples=200, deadline=None)
@given(
    where=st.sampled_from(
        ["method", "path", "query", "body", "signature", "host", "x-amz-date", "content-type", "x-amz-target"]
    ),
    at=st.integers(0, 200),
    bit=st.integers(0, 6),
)
def test_one_flipped_bit_is_refused(where, at, bit):
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage"}
    request = signed_by(by_header("sqs"), "POST", "/a/b?c=d&e=f", headers, b'{"QueueUrl": "x"}')
    if where in ("method", "path", "query"):
        setattr(request, where, flipped(getattr(request, where), at, bit))
    elif where == "body":
        request.body = flipped(request.body.decode(), at, bit).encode("latin-1")
    elif where == "signature":
        start = request.headers["authorization"].index("Credential") + at
        request.headers["authorization"] = flipped(request.headers["authorization"], start, bit)
    else:
        request.headers[where] = flipped(request.headers[where], at, bit)
    assert refused(request, "json").status in (400, 403)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: setattr(r, "path", "/bucket/keY"),
        lambda r: setattr(r, "path", "/bucket//key"),
        lambda r: setattr(r, "query", r.query + "&versionId=1"),
        lambda r: setattr(r, "method", "GET"),
        lambda r: r.headers.update({"x-amz-content-sha256": "0" * 64}),
        lambda r: r.headers.update({"x-amz-meta-a": "other"}),
    ],
)
def test_a_changed_s3_request_is_refused(change):
    request = signed_by(by_header("s3"), "PUT", "/bucket/key?tagging", {"x-amz-meta-a": "one"}, b"body")
    verify(request, "s3")
    change(request)
    error = refused(request, "s3")
    assert (error.code, error.status) == ("SignatureDoesNotMatch", 403)
    assert error.message == (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    )


def test_sigv4_007_s3_tells_what_it_calculated():
    error = refused(signed_by(by_header("s3"), "GET", "/bucket/key"), "s3", secret="other")
    assert list(error.fields) == [
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ]
    assert error.fields["CanonicalRequest"].startswith("GET\n/bucket/key\n\nhost:127.0.0.1:4566\n")
    assert bytes.fromhex(error.fields["StringToSignBytes"]).decode() == error.fields["StringToSign"]


@pytest.mark.parametrize(
    "kind, code, status",
    [
        ("query", "SignatureDoesNotMatch", 403),
        ("json", "InvalidSignatureException", 400),
        ("rest-json", "InvalidSignatureException", 403),
    ],
)
def test_a_wrong_secret_in_each_dialect(kind, code, status):
    error = refused(signed_by(by_header("lambda"), "GET", "/"), kind, secret="other")
    assert (error.code, error.status, error.query_code) == (code, status, "SignatureDoesNotMatch")
    assert error.message.endswith("Consult the service documentation for details.")
    assert not error.fields


def test_a_path_with_dots_and_an_arn_in_it_is_signed_as_lambda_clients_do():
    target = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A111111111111%3Afunction%3Af/./invocations"
    verify(signed_by(by_header("lambda"), "POST", target, {}, b"{}"), "rest-json")


def test_an_s3_key_with_dot_segments_is_left_alone():
    verify(signed_by(by_header("s3"), "PUT", "/bucket/a/../b//c"), "s3")


def test_a_client_that_leaves_characters_of_the_path_unencoded_is_understood():
    request = signed_by(by_header("s3"), "GET", "/bucket/a%28b%29")
    request.path = "/bucket/a(b)"
    verify(request, "s3")


def test_unsigned_requests_claim_nothing():
    for headers in ({}, {"authorization": ""}, {"authorization": " "}):
        assert parse_authorization(WireRequest("GET", "/", "list-type=2", {"host": HOST, **headers}), "s3") is None


@pytest.mark.parametrize("shift_s, accepted", [(0, True), (899, True), (-899, True), (901, False), (-901, False)])
def test_a_clock_may_be_15_minutes_off(shift_s, accepted):
    request = signed_by(by_header("s3"), "GET", "/bucket")
    if accepted:
        verify(request, "s3", now_ms=NOW_MS + shift_s * 1000)
        return
    error = refused(request, "s3", now_ms=NOW_MS + shift_s * 1000)
    assert (error.code, error.status) == ("RequestTimeTooSkewed", 403)
    assert error.message == "The difference between the request time and the current time is too large."


def test_a_skewed_clock_elsewhere_is_a_signature_that_expired():
    request = signed_by(by_header("sqs"), "POST", "/")
    request.headers["x-amz-date"] = "20260914T152000Z"
    error = refused(request, "query", now_ms=NOW_MS + 35 * 60_000)
    assert error.message == (
        "Signature expired: 20260914T152000Z is now earlier than 20260914T154000Z (20260914T155500Z - 15 min.)"
    )


def test_sigv4_004_an_expired_url():
    error = refused(signed_by(by_url(expires=60), "GET", "/bucket/key"), "s3", now_ms=NOW_MS + 61_000)
    assert (error.code, error.status, error.message) == ("AccessDenied", 403, "Request has expired")
    assert error.fields == {
        "X-Amz-Expires": "60",
        "Expires": "2026-09-14T15:21:00Z",
        "ServerTime": "2026-09-14T15:21:01Z",
    }


def test_sigv4_005_headers_that_nobody_signed():
    request = signed_by(by_url(), "PUT", "/bucket/key")
    request.headers["x-amz-date"] = "20260914T152000Z"
    error = refused(request, "s3")
    assert (error.code, error.status) == ("AccessDenied", 403)
    assert error.message == "There were headers present in the request which were not signed"
    assert error.fields == {"HeadersNotSigned": "x-amz-date"}


@pytest.mark.parametrize("missing", ["X-Amz-Signature", "X-Amz-Expires", "X-Amz-Date", "X-Amz-SignedHeaders"])
def test_sigv4_006_a_parameter_of_a_presigned_url_is_missing(missing):
    request = signed_by(by_url(), "PUT", "/bucket/key")
    request.query = "&".join(part for part in request.query.split("&") if not part.startswith(missing + "="))
    error = refused(request, "s3")
    assert (error.code, error.status) == ("AuthorizationQueryParametersError", 400)
    assert error.message == (
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
        "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    )


@pytest.mark.parametrize(
    "expires, text",
    [
        ("604801", "must be less than a week"),
        ("-1", "must be non-negative"),
        ("soon", "should be a number"),
    ],
)
def test_a_presigned_url_lasts_a_week_at_most(expires, text):
    request = signed_by(by_url(), "GET", "/bucket/key")
    request.query = request.query.replace("X-Amz-Expires=3600", f"X-Amz-Expires={expires}")
    error = refused(request, "s3")
    assert error.code == "AuthorizationQueryParametersError"
    assert text in error.message


@pytest.mark.parametrize(
    "kind, header, code",
    [
        ("s3", "AWS4-HMAC-SHA256 Credential=a/20260914/us-east-1/s3/aws4_request", "AuthorizationHeaderMalformed"),
        ("s3", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", "AuthorizationHeaderMalformed"),
        ("s3", "AWS a:b", "InvalidRequest"),
        ("s3", "Bearer x", "InvalidArgument"),
        ("query", "AWS4-HMAC-SHA256 Credential=a/b", "IncompleteSignature"),
        ("json", "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0", "IncompleteSignatureException"),
        ("rest-json", "Basic x", "IncompleteSignatureException"),
        ("json", "", "IncompleteSignatureException"),
    ],
)
def test_incomplete_headers(kind, header, code):
    error = refused(WireRequest("GET", "/", "", {"host": HOST, "authorization": header}), kind)
    assert (error.code, error.status) == (code, 400)


def test_a_signature_that_is_no_hex_is_refused_like_a_wrong_one():
    request = signed_by(by_header("sqs"), "POST", "/")
    request.headers["authorization"] = request.headers["authorization"][:-4] + "Ωé"
    assert refused(request, "json").code == "InvalidSignatureException"


def test_s3_wants_to_know_the_payload():
    request = signed_by(by_header("sqs"), "PUT", "/bucket/key")
    assert refused(request, "s3").message == "Missing required header for this request: x-amz-content-sha256"
    request.headers["x-amz-content-sha256"] = "junk"
    assert refused(request, "s3").code == "InvalidArgument"


def test_unknown_keys_in_each_dialect():
    assert refusals.unknown_key("s3", "AKIA").fields == {"AWSAccessKeyId": "AKIA"}
    assert [
        (e.code, e.status) for e in (refusals.unknown_key(k, "AKIA") for k in ("s3", "query", "json", "rest-json"))
    ] == [
        ("InvalidAccessKeyId", 403),
        ("InvalidClientTokenId", 403),
        ("UnrecognizedClientException", 400),
        ("UnrecognizedClientException", 403),
    ]


def test_the_caches_are_bounded():
    verifier = Verifier(cached_max=4)
    for number in range(50):
        verifier.signing_key(SECRET, "20260914", f"region-{number}", "sqs")
    assert len(verifier._keys) <= 4
