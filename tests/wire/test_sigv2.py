"""URLs of Signature Version 2: what botocore signs is accepted, and what anybody touched since is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from outfall.core.errors import AwsError
from outfall.wire import claims, sigv2
from outfall.wire.message import WireRequest

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW_MS = int(datetime(2026, 9, 14, 15, 20, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture(autouse=True)
def _signing_clock(monkeypatch):
    monkeypatch.setattr("botocore.auth.time.time", lambda: NOW_MS / 1000)


def presigned(operation, style="path", token=None, **parameters) -> tuple[str, str]:
    """Host and target of a URL that boto3 makes."""
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url="http://localhost:4566",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(signature_version="s3", s3={"addressing_style": style}),
    )
    url = client.generate_presigned_url(operation, Params=parameters, ExpiresIn=600)
    parts = urlsplit(url)
    return parts.netloc, f"{parts.path}?{parts.query}"


def request(method, made, **headers) -> WireRequest:
    path, _, query = made[1].partition("?")
    return WireRequest(method, path, query, {"host": made[0], **headers})


def verify(asked, secret=SECRET, now_ms=NOW_MS):
    signed = sigv2.claim(asked)
    assert signed is not None
    sigv2.verify(signed, asked, secret, now_ms)
    return signed


def refused(asked, **how) -> AwsError:
    with pytest.raises(AwsError) as caught:
        verify(asked, **how)
    return caught.value


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize(
    "method, operation, parameters",
    [
        ("GET", "get_object", {"Key": "beach.jpeg"}),
        ("GET", "get_object", {"Key": "a b/ü+&=?%.txt"}),
        ("GET", "get_object", {"Key": "k", "VersionId": "3/L4kqtJl40Nr8X8gdRQBpUMLUo"}),
        ("GET", "get_object", {"Key": "k", "ResponseContentType": "text/plain; charset=utf-8"}),
        (
            "GET",
            "get_object",
            {"Key": "k", "ResponseContentDisposition": 'attachment; filename="ü &.txt"', "ResponseExpires": 0},
        ),
        ("PUT", "put_object", {"Key": "k"}),
        ("PUT", "put_object", {"Key": "k", "ContentType": "image/jpeg", "Metadata": {"Owner": "me"}, "ACL": "private"}),
        ("PUT", "upload_part", {"Key": "k", "PartNumber": 3, "UploadId": "a.b_c-d/e="}),
        ("POST", "create_multipart_upload", {"Key": "k"}),
        ("GET", "get_object_tagging", {"Key": "k"}),
        ("GET", "list_objects_v2", {"Prefix": "a/b"}),
        ("DELETE", "delete_object", {"Key": "k"}),
        ("HEAD", "head_object", {"Key": "k"}),
    ],
)
def test_what_boto3_presigns_is_accepted(method, operation, parameters, style):
    signed = verify(request(method, presigned(operation, style, Bucket="my-bucket", **parameters)))
    assert (signed.access_key, signed.expires_s, signed.version) == (KEY, NOW_MS // 1000 + 600, 2)


def test_a_session_signs_with_its_token():
    url = presigned("get_object", token="the/token+=", Bucket="b", Key="k")
    assert verify(request("GET", url)).session_token == "the/token+="


def test_headers_that_were_signed_may_come_as_headers():
    host, target = presigned("put_object", Bucket="b", Key="k", ContentType="image/jpeg")
    verify(request("PUT", (host, target), **{"content-type": "image/jpeg"}))
    # [LS:test_s3_put_presigned_url_with_different_headers]
    assert refused(request("PUT", (host, target), **{"content-type": "text/xml"})).code == "SignatureDoesNotMatch"
    target = target.replace("&content-type=image%2Fjpeg", "").replace("content-type=image%2Fjpeg&", "")
    assert "image" not in target
    verify(request("PUT", (host, target), **{"content-type": "image/jpeg"}))
    assert refused(request("PUT", (host, target), **{"content-type": "text/plain"})).code == "SignatureDoesNotMatch"


URL = ("localhost:4566", "/b/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=c2ln&Expires=1789399800")


@pytest.mark.parametrize(
    "change",
    [
        lambda r: setattr(r, "method", "PUT"),
        lambda r: setattr(r, "path", "/b/k2"),
        lambda r: setattr(r, "query", r.query + "&versionId=1"),
        lambda r: setattr(r, "query", r.query.replace("Expires=", "Expires=1")),
        lambda r: setattr(r, "headers", {**r.headers, "x-amz-acl": "public-read"}),
        lambda r: setattr(r, "headers", {**r.headers, "content-type": "text/plain"}),
    ],
)
def test_what_was_touched_is_refused(change):
    asked = request("GET", presigned("get_object", Bucket="b", Key="k"))
    change(asked)
    error = refused(asked)
    assert (error.status, error.code) == (403, "SignatureDoesNotMatch")
    assert error.fields["AWSAccessKeyId"] == KEY
    assert error.fields["StringToSign"].startswith(asked.method)


def test_another_secret_is_refused():
    asked = request("GET", presigned("get_object", Bucket="b", Key="k"))
    assert refused(asked, secret="another").code == "SignatureDoesNotMatch"


def test_when_its_time_is_over_it_is_refused_and_told_both_times():
    asked = request("GET", presigned("get_object", Bucket="b", Key="k"))
    verify(asked, now_ms=NOW_MS + 600_000)
    error = refused(asked, now_ms=NOW_MS + 601_000)
    assert (error.status, error.code, error.message) == (403, "AccessDenied", "Request has expired")
    assert error.fields == {"Expires": "2026-09-14T15:30:00Z", "ServerTime": "2026-09-14T15:30:01Z"}


@pytest.mark.parametrize(
    "query, message",
    [
        ("AWSAccessKeyId=A&Signature=s", "Query-string authentication requires the Signature, Expires and AWSAccess"),
        ("AWSAccessKeyId=A&Expires=1", "Query-string authentication requires the Signature, Expires and AWSAccessKey"),
        ("Signature=s&Expires=1", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId par"),
        ("AWSAccessKeyId=A&Signature=s&Expires=soon", "Invalid date (should be seconds since epoch): soon"),
        ("AWSAccessKeyId=A&Signature=s&Expires=%C2%B2", "Invalid date (should be seconds since epoch): ²"),
        ("AWSAccessKeyId=A&Signature=s&Expires=" + 99 * "9", "Invalid date (should be seconds since epoch): 999"),
    ],
)
def test_half_a_claim_is_refused(query, message):
    error = refused(WireRequest("GET", "/b/k", query, {"host": "localhost:4566"}))
    assert (error.status, error.code) == (403, "AccessDenied")
    assert error.message.startswith(message)


def test_two_claims_are_refused():
    asked = request("GET", URL, authorization="AWS4-HMAC-SHA256 Credential=...")
    assert refused(asked).code == "InvalidArgument"


@pytest.mark.parametrize("query", ["", "Expires=1", "prefix=Signature=", "X-Amz-Signature=1&X-Amz-Algorithm=2"])
def test_other_requests_claim_nothing_of_this_kind(query):
    assert sigv2.claim(WireRequest("GET", "/b", query, {"host": "localhost"})) is None


def test_what_stands_in_the_url_in_the_place_of_headers():
    _, target = presigned(
        "put_object", Bucket="b", Key="k", Metadata={"Owner": "me"}, ACL="private", ChecksumSHA256="4" * 43 + "="
    )
    asked = request("PUT", ("h", f"{target}&x-amz-meta-evil=a%0d%0ab"))
    assert claims.headers_in_url(asked) == {"x-amz-meta-owner": "me", "x-amz-acl": "private"}
    assert claims.headers_in_url(request("GET", URL)) == {}
